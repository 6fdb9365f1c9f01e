//! `participant add` and `participant edit`.

use std::io::Write;

use clap::{Args, Subcommand};
use sync_core::record::participant::{ConsentMethod, Exit, Purpose};
use sync_core::record::{AgeBand, Sex};
use sync_core::time::Date;
use sync_core::value::Pseudonym;

use super::session::who;
use super::{CommandError, codes, find, words};
use crate::device::Device;
use crate::recording::{Consent, NewParticipant, ParticipantDetails, Who, participant_of};

#[derive(Debug, Subcommand)]
pub enum ParticipantCommand {
    /// Add a participant to a group, under a code; never under a name.
    Add {
        /// The group: its name or id, or the beginning of either
        group: String,
        /// The code, P07
        #[arg(long)]
        code: Pseudonym,
        #[command(flatten)]
        said: Said,
    },
    /// Correct what is recorded of a participant; setting one of two clashing values settles the clash.
    Edit {
        /// The group: its name or id, or the beginning of either
        group: String,
        /// The participant: code or id
        #[arg(value_parser = who)]
        participant: Who,
        #[command(flatten)]
        said: Said,
    },
}

#[derive(Debug, Args)]
pub struct Said {
    /// Their sex, as they say it
    #[arg(long, value_parser = codes!(Sex))]
    sex: Option<Sex>,
    /// Years of age
    #[arg(long, value_parser = codes!(AgeBand))]
    age_band: Option<AgeBand>,
    /// The family's code, F03
    #[arg(long)]
    family: Option<Pseudonym>,
    /// How they consented
    #[arg(long, value_parser = codes!(ConsentMethod))]
    consent: Option<ConsentMethod>,
    /// When they consented; today unless said
    #[arg(long)]
    consent_date: Option<Date>,
    /// What they consented to
    #[arg(long, value_parser = codes!(Purpose), default_value = "participation")]
    consent_to: Purpose,
    /// A guardian consented
    #[arg(long)]
    guardian: bool,
    /// The day they withdrew their consent
    #[arg(long)]
    withdrawn: Option<Date>,
    /// How they left the group
    #[arg(long, value_parser = codes!(Exit))]
    exit: Option<Exit>,
}

impl Said {
    fn details(self, today: Date) -> Result<ParticipantDetails, CommandError> {
        if self.consent.is_none() && (self.consent_date.is_some() || self.guardian) {
            return Err(CommandError::ConsentHow);
        }
        let consent = self.consent.map(|method| Consent {
            purpose: self.consent_to,
            method,
            date: self.consent_date.unwrap_or(today),
            guardian: self.guardian.then_some(true),
        });
        let Self { sex, age_band, family, withdrawn, exit, .. } = self;
        Ok(ParticipantDetails { sex, age_band, family, consent, withdrawn, exit })
    }
}

pub(super) fn run(
    device: &mut Device,
    command: ParticipantCommand,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let today = device.clock().today();
    match command {
        ParticipantCommand::Add { group, code, said } => {
            let (group, named) = find::group(device.tablet(), &group)?;
            let details = said.details(today)?;
            let consented = details.consent.is_some();
            let id = device.add_participant(group, NewParticipant { code: code.clone(), details })?;
            writeln!(out, "Saved: participant {code} of {} ({id}).", named.name)?;
            if !consented {
                let group = &named.name;
                writeln!(
                    out,
                    "No consent is recorded yet; add it with: \
                     ihuriro tablet participant edit \"{group}\" {code} --consent oral"
                )?;
            }
        }
        ParticipantCommand::Edit { group, participant, said } => {
            let (group, named) = find::group(device.tablet(), &group)?;
            let id = participant_of(device.tablet(), group, &participant)?;
            let changed = device.edit_participant(id, said.details(today)?)?;
            let saved = if changed { "Saved" } else { "Nothing to change" };
            writeln!(out, "{saved}: participant {} of {}.", words::code_of(device.tablet(), id), named.name)?;
        }
    }
    Ok(())
}
