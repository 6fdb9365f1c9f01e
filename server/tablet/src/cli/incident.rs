//! `incident`: something happened at a meeting that needed care.

use std::io::Write;

use clap::{Args, Subcommand};
use sync_core::help::Urgent;
use sync_core::id::{IncidentId, SessionId};
use sync_core::record::incident::{Action, IncidentType, Severity};
use sync_core::record::referral::ServiceKind;
use sync_core::record::session::{PartOfDay, Session};
use sync_core::record::{Incident, Kind};
use sync_core::tablet::Tablet;

use super::care::{Voided, area_of, at_once, groups, saved};
use super::list::table;
use super::show::{row, told};
use super::when::When;
use super::{CommandError, codes, find, words};
use crate::device::Device;
use crate::recording::{Done, NewIncident, of_group};

#[derive(Debug, Subcommand)]
pub enum IncidentCommand {
    /// Record something that happened at a meeting and needed care. What can't wait is told first: what to do, and whom to call.
    Record {
        /// The meeting's id or its beginning; or its group, followed by the day. The only group unless said
        session: Option<String>,
        /// The day, where a group is given; today unless said
        date: Option<When>,
        /// The part of the day, where a group met more than once
        #[arg(long, value_parser = codes!(PartOfDay))]
        part: Option<PartOfDay>,
        /// What it was
        #[arg(long, value_parser = codes!(IncidentType))]
        kind: IncidentType,
        /// How grave
        #[arg(long, value_parser = codes!(Severity))]
        severity: Severity,
        #[command(flatten)]
        done: Said,
    },
    /// Add what was done about an incident, and who was told.
    Act {
        /// The incident's id or the end of it
        id: String,
        #[command(flatten)]
        done: Said,
    },
    /// List incidents, the latest first.
    List {
        /// The group: its name or id, or the beginning of either; all groups unless said
        group: Option<String>,
        /// Also those that are void
        #[arg(long)]
        all: bool,
    },
    /// Show an incident in words.
    Show {
        /// Its id or the end of it
        id: String,
    },
    /// Say that an incident was recorded by mistake. Nothing is deleted.
    Void(Voided),
}

#[derive(Debug, Clone, Args)]
pub struct Said {
    /// What was done; may be given several times
    #[arg(long, value_delimiter = ',', value_parser = codes!(Action))]
    action: Vec<Action>,
    /// Who was asked for help; may be given several times
    #[arg(long, value_delimiter = ',', value_parser = codes!(ServiceKind))]
    escalated_to: Vec<ServiceKind>,
}

impl From<Said> for Done {
    fn from(said: Said) -> Self {
        Self {
            actions: said.action.into_iter().collect(),
            escalated_to: said.escalated_to.into_iter().collect(),
        }
    }
}

impl IncidentCommand {
    /// The texts in it that people will read.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Void(void) => vec![void.reason.as_str()],
            _ => Vec::new(),
        }
    }

    pub(super) fn shows(&self) -> bool {
        matches!(self, Self::List { .. } | Self::Show { .. })
    }
}

pub(super) fn run(
    device: &mut Device,
    command: IncidentCommand,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let meant = |device: &Device, said: &str| find::of_kind(device.tablet(), said, Kind::Incident);
    match command {
        IncidentCommand::Record { session, date, part, kind, severity, done } => {
            // Whatever becomes of the record: whoever types this needs help now.
            let session = meeting(device, session.as_deref(), date, part);
            let of = session.as_ref().ok().and_then(|id| device.tablet().read::<Session>(*id).ok());
            at_once(device, Urgent::of_incident(kind), of.and_then(|of| area_of(device, of.group)), out)?;
            let session = session?;
            let id = device.record_incident(NewIncident { session, kind, severity, done: done.into() })?;
            saved(device, id, out)
        }
        IncidentCommand::Act { id, done } => {
            let id = IncidentId::from(meant(device, &id)?);
            let added = device.act_on_incident(id, &done.into())?;
            let saved = if added { "Saved" } else { "Nothing to change" };
            Ok(writeln!(out, "{saved}: {}.", words::record(device.tablet(), id.into()))?)
        }
        IncidentCommand::List { group, all } => list(device, group.as_deref(), all, out),
        IncidentCommand::Show { id } => super::show::one(device, meant(device, &id)?, out),
        IncidentCommand::Void(void) => {
            let id = meant(device, &void.id)?;
            void.put(device, id, |device, id, back, why| device.void_incident(id, back, why), out)
        }
    }
}

/// The meeting that is meant: by its id, or of a group on a day; today's of the only group where nobody says more.
fn meeting(
    device: &Device,
    said: Option<&str>,
    date: Option<When>,
    part: Option<PartOfDay>,
) -> Result<SessionId, CommandError> {
    let (tablet, today) = (device.tablet(), device.clock().today());
    let on = |date: Option<When>| Some(date.map_or(today, |date| date.on(today)));
    Ok(match (said, said.and_then(|said| said.parse::<When>().ok())) {
        (None, _) => find::session(tablet, &find::only_group(tablet)?.to_string(), on(date), part)?,
        // Only a day is given.
        (Some(_), Some(day)) if date.is_none() => {
            find::session(tablet, &find::only_group(tablet)?.to_string(), on(Some(day)), part)?
        }
        (Some(said), _) if date.is_some() || find::group(tablet, said).is_ok() => {
            find::session(tablet, said, on(date), part)?
        }
        (Some(said), _) => find::session(tablet, said, None, part)?,
    })
}

fn list(device: &Device, group: Option<&str>, every: bool, out: &mut dyn Write) -> Result<(), CommandError> {
    let tablet = device.tablet();
    let (all, mut left_out, mut rows) = (find::everything(tablet), 0, Vec::new());
    for (group, named) in groups(device, group)? {
        for (id, one) in of_group::<Incident>(tablet, group) {
            if every || one.void.is_none() {
                rows.push((id, named.name.to_string(), one))
            } else {
                left_out += 1
            }
        }
    }
    rows.sort_by_key(|(id, ..)| std::cmp::Reverse(*id));
    writeln!(out, "{}.", words::count(rows.len(), "incident"))?;
    let mut table = table(["Group", "Meeting", "Kind", "Severity", "Done", "Told", "Void", "Id"]);
    for (id, group, one) in &rows {
        table.add_row(vec![
            group.clone(),
            words::day_of(tablet, one.session),
            words::plain(one.kind),
            one.severity.map(words::plain).unwrap_or_default(),
            one.action.iter().map(words::plain).collect::<Vec<_>>().join(", "),
            one.escalated_to.iter().map(words::plain).collect::<Vec<_>>().join(", "),
            one.void.as_ref().map(ToString::to_string).unwrap_or_default(),
            find::end(*id, &all),
        ]);
    }
    if !rows.is_empty() {
        writeln!(out, "{table}")?;
    }
    if left_out > 0 {
        writeln!(out, "Left out: {left_out} void; see --all.")?;
    }
    Ok(())
}

/// `the incident (suicide risk) at the meeting of Abahuje on 5 March 2026 (morning)`.
pub(super) fn named(tablet: &Tablet, one: &Incident) -> String {
    format!("the incident ({}) at {}", words::plain(one.kind), words::record(tablet, one.session.into()))
}

/// The incident, field by field.
pub(super) fn say(tablet: &Tablet, one: &Incident, out: &mut dyn Write) -> Result<(), CommandError> {
    writeln!(out, "Incident at {}", words::record(tablet, one.session.into()))?;
    row(out, "Kind", words::plain(one.kind))?;
    told(out, "Severity", one.severity.map(words::plain))?;
    let listed = |all: Vec<String>| (!all.is_empty()).then(|| words::listed(all));
    told(out, "Done", listed(one.action.iter().map(words::plain).collect()))?;
    told(out, "Told", listed(one.escalated_to.iter().map(words::plain).collect()))?;
    told(out, "Void", one.void.as_ref())
}
