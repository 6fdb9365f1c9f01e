//! `participant`: somebody joins, is corrected, or was recorded by mistake.

use std::io::Write;

use clap::{Args, Subcommand};
use sync_core::change::Grounds;
use sync_core::fold::fold;
use sync_core::id::{DeviceId, ParticipantId};
use sync_core::record::participant::{ConsentMethod, Exit, Participant, Purpose};
use sync_core::record::{AgeBand, Sex};
use sync_core::time::Date;
use sync_core::value::Pseudonym;

use super::session::who;
use super::when::{When, ask};
use super::{CommandError, codes, find, words};
use crate::device::Device;
use crate::recording::{Consent, NewParticipant, ParticipantDetails, Undone, Who, free_code, participant_of};

#[derive(Debug, Subcommand)]
pub enum ParticipantCommand {
    /// Add a participant to a group, under a code; never under a name.
    Add {
        /// The group: its name or id, or the beginning of either
        group: String,
        /// The code, P07; the next free one unless said
        #[arg(long)]
        code: Option<Pseudonym>,
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
        /// The exit was recorded by mistake: they are in the group
        #[arg(long, conflicts_with = "exit", requires = "reason")]
        not_left: bool,
        /// The withdrawal was recorded by mistake. Who consents again does so with --consent
        #[arg(long, conflicts_with = "withdrawn", requires = "reason")]
        not_withdrawn: bool,
        /// Why, in one line; everybody who reads the record's history sees it
        #[arg(long)]
        reason: Option<Grounds>,
    },
    /// Say that somebody was recorded by mistake: they count nowhere. Nothing is deleted.
    Void {
        /// The group: its name or id, or the beginning of either
        group: String,
        /// The participant: code or id
        #[arg(value_parser = who)]
        participant: Who,
        /// Take it back
        #[arg(long)]
        back: bool,
        /// Why, in one line
        #[arg(long)]
        reason: Grounds,
    },
    /// Note that somebody asked to be erased: nothing of them is shown from now on, and they count nowhere. It can't be taken back; what is
    /// recorded of them goes when your manager confirms it.
    Erase {
        /// The group: its name or id, or the beginning of either
        group: String,
        /// The participant: code or id
        #[arg(value_parser = who)]
        participant: Who,
        /// The day on which they asked; today unless said
        #[arg(long)]
        date: Option<When>,
    },
    /// Say that two codes are one person, who counts once.
    SameAs {
        /// The group: its name or id, or the beginning of either
        group: String,
        /// The code that is not to be counted, or the id
        #[arg(value_parser = who)]
        participant: Who,
        /// The code of the same person that counts, or the id
        #[arg(value_parser = who, required_unless_present = "none")]
        of: Option<Who>,
        /// Take it back: they are two people
        #[arg(long, conflicts_with = "of")]
        none: bool,
        /// Why, in one line
        #[arg(long)]
        reason: Grounds,
    },
    /// Two tablets gave one code to two people: tell them apart.
    Split {
        /// The group: its name or id, or the beginning of either
        group: String,
        /// The code that stands for two people, or the id
        #[arg(value_parser = who)]
        participant: Who,
        /// Whose tablet meant somebody else: a name, "me", or the tablet's id
        #[arg(value_name = "TABLET")]
        device: String,
        /// The code of that other person from now on; the next free one unless said
        code: Option<Pseudonym>,
        /// Take it back: they are one person
        #[arg(long, conflicts_with = "code")]
        back: bool,
        /// Why, in one line
        #[arg(long)]
        reason: Grounds,
    },
    /// Say that a code which two tablets gave stands for one person; of the whole group where no code is given.
    Confirm {
        /// The group: its name or id, or the beginning of either
        group: String,
        /// The participant: code or id
        #[arg(value_parser = who)]
        participant: Option<Who>,
    },
}

impl ParticipantCommand {
    /// The texts in it that people will read.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Edit { reason, .. } => reason.iter().map(Grounds::as_str).collect(),
            Self::Void { reason, .. } | Self::SameAs { reason, .. } | Self::Split { reason, .. } => {
                vec![reason.as_str()]
            }
            Self::Add { .. } | Self::Erase { .. } | Self::Confirm { .. } => Vec::new(),
        }
    }
}

#[derive(Debug, Args)]
pub struct Said {
    /// Their sex, as they say it
    #[arg(long, value_parser = codes!(Sex))]
    pub(super) sex: Option<Sex>,
    /// Years of age
    #[arg(long, value_parser = codes!(AgeBand))]
    pub(super) age_band: Option<AgeBand>,
    /// The family's code, F03
    #[arg(long)]
    pub(super) family: Option<Pseudonym>,
    /// How they consented
    #[arg(long, value_parser = codes!(ConsentMethod))]
    pub(super) consent: Option<ConsentMethod>,
    /// When they consented; today unless said, or the day that is recorded
    #[arg(long)]
    pub(super) consent_date: Option<When>,
    /// What they consented to; participation unless said, or what is recorded
    #[arg(long, value_parser = codes!(Purpose))]
    pub(super) consent_to: Option<Purpose>,
    /// A guardian consented
    #[arg(long)]
    pub(super) guardian: bool,
    /// The day they withdrew their consent
    #[arg(long)]
    pub(super) withdrawn: Option<When>,
    /// The days are right, though they look wrong
    #[arg(long)]
    pub(super) yes: bool,
    /// How they left the group
    #[arg(long, value_parser = codes!(Exit))]
    pub(super) exit: Option<Exit>,
}

impl Said {
    /// What to record of somebody of whom so much is `known`. Who says only how they consented does not move the day of it.
    pub(super) fn details(
        self,
        today: Date,
        known: Option<&Participant>,
    ) -> Result<ParticipantDetails, CommandError> {
        let (consented, withdrawn) = (self.consent_date, self.withdrawn);
        let [consented, withdrawn] = [consented, withdrawn].map(|day| day.map(|day| day.on(today)));
        // People may be asked for their consent before their group begins.
        ask(today, consented, None, self.yes)?;
        ask(today, withdrawn, None, self.yes)?;
        let said_when_or_to = self.consent_date.is_some() || self.consent_to.is_some();
        if self.consent.is_none() && (said_when_or_to || self.guardian) {
            return Err(CommandError::ConsentHow);
        }
        let stands = known.filter(|one| one.consents());
        let (since, to) =
            (stands.and_then(|one| one.consent_date), stands.and_then(|one| one.consent_purpose));
        let consent = self.consent.map(|method| Consent {
            purpose: self.consent_to.or(to).unwrap_or(Purpose::Participation),
            method,
            date: consented.or(since).unwrap_or(today),
            guardian: self.guardian.then_some(true),
        });
        let Self { sex, age_band, family, exit, .. } = self;
        Ok(ParticipantDetails { sex, age_band, family, consent, withdrawn, exit, ..Default::default() })
    }
}

/// Somebody of a group, and how people call them.
fn somebody(device: &Device, group: &str, who: &Who) -> Result<(ParticipantId, String), CommandError> {
    let (group, named) = find::group(device.tablet(), group)?;
    let id = participant_of(device.tablet(), group, who)?;
    Ok((id, format!("participant {} of {}", words::code_of(device.tablet(), id), named.name)))
}

/// One of the tablets that gave a code, by the name of its person.
fn tablet_of(
    device: &Device,
    id: ParticipantId,
    one: &Participant,
    said: &str,
) -> Result<DeviceId, CommandError> {
    let tablet = device.tablet();
    let mut all = tablet.begun_by(id);
    all.extend(one.split.keys());
    let folded = fold(said);
    let means = |device: &&DeviceId| {
        let name = fold(tablet.name_of(**device).unwrap_or_default());
        let own = **device == tablet.device() && ["me", "mine", "my"].contains(&folded.as_str());
        own || (!folded.is_empty() && (name.starts_with(&folded) || device.to_string().starts_with(&folded)))
    };
    let found: Vec<DeviceId> = all.iter().filter(means).copied().collect();
    match found.as_slice() {
        [one] => Ok(*one),
        _ => {
            let there = all.iter().map(|device| words::tablet_of(tablet, *device));
            Err(CommandError::WhichTablet { said: said.to_owned(), there: words::listed(there) })
        }
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
            let code = match code.or_else(|| free_code(device.tablet(), group)) {
                Some(code) => code,
                None => return Err(CommandError::NoFreeCode),
            };
            let details = said.details(today, None)?;
            let consented = details.consent.is_some();
            let id = device.add_participant(group, NewParticipant { code: code.clone(), details })?;
            writeln!(out, "Saved: participant {code} of {} ({id}).", named.name)?;
            if let Some(void) = words::void(&named) {
                writeln!(out, "Look again: {void}")?;
            }
            if !consented {
                let group = &named.name;
                writeln!(
                    out,
                    "No consent is recorded yet; add it with: \
                     ihuriro tablet participant edit \"{group}\" {code} --consent oral"
                )?;
            }
        }
        ParticipantCommand::Edit { group, participant, said, not_left, not_withdrawn, reason } => {
            let (group, named) = find::group(device.tablet(), &group)?;
            let id = participant_of(device.tablet(), group, &participant)?;
            let known: Participant = device.tablet().read(id)?;
            let mut details = said.details(today, Some(&known))?;
            let undone = [(not_left, Undone::Exit), (not_withdrawn, Undone::Withdrawal)];
            details.undone = undone.into_iter().filter(|(said, _)| *said).map(|(_, undone)| undone).collect();
            details.grounds = reason;
            let changed = device.edit_participant(id, details)?;
            let saved = if changed { "Saved" } else { "Nothing to change" };
            writeln!(out, "{saved}: participant {} of {}.", words::code_of(device.tablet(), id), named.name)?;
        }
        ParticipantCommand::Void { group, participant, back, reason } => {
            let (id, said) = somebody(device, &group, &participant)?;
            device.void_participant(id, back, &reason)?;
            match back {
                false => writeln!(out, "Saved: {said} was recorded by mistake, and counts nowhere.")?,
                true => writeln!(out, "Saved: {said} counts again.")?,
            }
        }
        ParticipantCommand::Erase { group, participant, date } => {
            let (id, said) = somebody(device, &group, &participant)?;
            let noted = device.ask_to_erase(id, date.map_or(today, |date| date.on(today)))?;
            let saved = if noted { "Saved" } else { "Nothing to change" };
            writeln!(
                out,
                "{saved}: {said} asked to be erased, and is not shown any more. Tell your manager, who erases what is recorded."
            )?;
        }
        ParticipantCommand::SameAs { group, participant, of, none: _, reason } => {
            let (id, said) = somebody(device, &group, &participant)?;
            let other = match of {
                Some(of) => Some(somebody(device, &group, &of)?),
                None => None,
            };
            device.mark_same(id, other.as_ref().map(|(id, _)| *id), &reason)?;
            match other {
                Some((_, other)) => writeln!(out, "Saved: {said} is {other}, who counts once.")?,
                None => writeln!(out, "Saved: {said} is somebody by themselves.")?,
            }
        }
        ParticipantCommand::Split { group, participant, device: whose, code, back, reason } => {
            let (id, said) = somebody(device, &group, &participant)?;
            let one: Participant = device.tablet().read(id)?;
            let tablet = tablet_of(device, id, &one, &whose)?;
            let name = words::tablet_of(device.tablet(), tablet);
            if back {
                let changed = device.split_back(id, tablet, &reason)?;
                let saved = if changed { "Saved" } else { "Nothing to change" };
                writeln!(out, "{saved}: what {name} marks under this code is of {said}.")?;
                return Ok(());
            }
            let code = match code.or_else(|| free_code(device.tablet(), one.group)) {
                Some(code) => code,
                None => return Err(CommandError::NoFreeCode),
            };
            device.split_participant(id, tablet, code.clone(), &reason)?;
            writeln!(
                out,
                "Saved: whom {name} marks as {} is participant {code}, also from now on.",
                one.code
            )?;
            writeln!(out, "Tell your colleague the new code.")?;
        }
        ParticipantCommand::Confirm { group, participant: Some(who) } => {
            let (id, said) = somebody(device, &group, &who)?;
            let doubted = device.confirm_participant(id)?;
            let saved = if doubted { "Saved" } else { "Nothing to change" };
            writeln!(out, "{saved}: {said} is one person.")?;
        }
        ParticipantCommand::Confirm { group, participant: None } => {
            let (group, named) = find::group(device.tablet(), &group)?;
            let confirmed = device.confirm_group(group)?;
            let codes = confirmed.iter().map(|id| words::code_of(device.tablet(), *id));
            match confirmed.len() {
                0 => writeln!(out, "Nothing to change: no code of {} was given by two tablets.", named.name)?,
                _ => writeln!(out, "Saved: of {}, {} each one person.", named.name, words::listed(codes))?,
            }
        }
    }
    Ok(())
}
