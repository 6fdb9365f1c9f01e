//! `session record`, `session edit` and `session double`.

use std::io::Write;

use clap::{Args, Subcommand};
use sync_core::id::SessionId;
use sync_core::record::session::{
    Attendance, Cell, Count, Minutes, PartOfDay, Phase, SessionState, Theme, TimeOfDay,
};
use sync_core::time::Date;

use super::{CommandError, codes, find, words};
use crate::device::Device;
use crate::recording::{Details, NewSession, Who};

#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// Record a meeting of a group. Where it is recorded already, this adds to it.
    Record {
        /// The group: its name or id, or the beginning of either
        group: String,
        /// The day it was; today unless said
        #[arg(long)]
        date: Option<Date>,
        /// The part of the day
        #[arg(long, value_parser = codes!(PartOfDay), default_value = "morning")]
        part: PartOfDay,
        #[command(flatten)]
        said: Box<Said>,
    },
    /// Correct a recorded meeting; setting one of two clashing values settles the clash.
    Edit {
        /// The meeting's id or its beginning; or its group, followed by the day
        session: String,
        /// The day, where a group is given
        date: Option<Date>,
        /// The part of the day, where a group met more than once
        #[arg(long, value_parser = codes!(PartOfDay))]
        part: Option<PartOfDay>,
        #[command(flatten)]
        said: Box<Said>,
    },
    /// Say that a meeting was recorded twice, once under a wrong day: totals count it once. Nothing is deleted.
    Double {
        /// The record that is not to be counted: its id or its beginning
        session: String,
        /// The record of the same meeting that counts: its id or its beginning
        #[arg(long, required_unless_present = "none")]
        of: Option<String>,
        /// Take it back: it is a meeting of its own
        #[arg(long, conflicts_with = "of")]
        none: bool,
    },
}

#[derive(Debug, Args)]
pub struct Said {
    /// When it began, 08:30
    #[arg(long)]
    starts_at: Option<TimeOfDay>,
    /// How long it took
    #[arg(long, value_parser = minutes)]
    minutes: Option<Minutes>,
    /// The phase of the method that the group is in
    #[arg(long, value_parser = codes!(Phase))]
    phase: Option<Phase>,
    /// A theme that was spoken of; may be given several times
    #[arg(long, value_delimiter = ',', value_parser = codes!(Theme))]
    theme: Vec<Theme>,
    /// A theme that was noted by mistake
    #[arg(long, value_delimiter = ',', value_parser = codes!(Theme))]
    not_theme: Vec<Theme>,
    /// Who was there, P01,P02
    #[arg(long, value_delimiter = ',', value_parser = who)]
    present: Vec<Who>,
    /// Who came late
    #[arg(long, value_delimiter = ',', value_parser = who)]
    late: Vec<Who>,
    /// Who was not there
    #[arg(long, value_delimiter = ',', value_parser = who)]
    absent: Vec<Who>,
    /// Who had said that they would not come
    #[arg(long, value_delimiter = ',', value_parser = who)]
    excused: Vec<Who>,
    /// Whose mark is taken back
    #[arg(long, value_delimiter = ',', value_parser = who)]
    unmark: Vec<Who>,
    /// Heads counted in an open circle, female/16_24=12; may be given several times
    #[arg(long, value_delimiter = ',', value_parser = counted)]
    headcount: Vec<(Cell, Count)>,
    /// How it went: about the process, never about one person
    #[arg(long)]
    summary: Option<String>,
    /// The record is complete
    #[arg(long)]
    submit: bool,
}

/// A participant by code or id.
pub(super) fn who(text: &str) -> Result<Who, sync_core::value::Why> {
    match text.parse() {
        Ok(id) => Ok(Who::Id(id)),
        Err(_) => text.to_uppercase().parse().map(Who::Code),
    }
}

fn minutes(text: &str) -> Result<Minutes, sync_core::value::Why> {
    Minutes::try_from(text.parse::<i64>().unwrap_or_default())
}

fn counted(text: &str) -> Result<(Cell, Count), String> {
    let (cell, count) = text.split_once('=').ok_or("must be written as female/16_24=12")?;
    let cell = cell.parse().map_err(|why: sync_core::value::Why| why.to_string())?;
    let count = count.parse::<i64>().map_err(|_| "must end in a whole number, as female/16_24=12")?;
    Ok((cell, Count::try_from(count).map_err(|why| why.to_string())?))
}

impl From<Said> for Details {
    fn from(said: Said) -> Self {
        let marks = [
            (said.present, Attendance::Present),
            (said.late, Attendance::Late),
            (said.absent, Attendance::Absent),
            (said.excused, Attendance::Excused),
        ];
        let attendance =
            marks.into_iter().flat_map(|(who, mark)| who.into_iter().map(move |who| (who, mark)));
        Self {
            starts_at: said.starts_at,
            minutes: said.minutes,
            phase: said.phase,
            themes: said.theme.into_iter().collect(),
            not_themes: said.not_theme.into_iter().collect(),
            attendance: attendance.collect(),
            unmarked: said.unmark,
            facilitators: std::collections::BTreeSet::new(),
            headcount: said.headcount.into_iter().collect(),
            summary: said.summary,
            state: said.submit.then_some(SessionState::Submitted),
        }
    }
}

pub(super) fn run(
    device: &mut Device,
    command: SessionCommand,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let (saved, recorded) = match command {
        SessionCommand::Record { group, date, part, said } => {
            let (group, _) = find::group(device.tablet(), &group)?;
            let date = date.unwrap_or_else(|| device.clock().today());
            let recorded =
                device.record_session(group, NewSession { date, part, details: (*said).into() })?;
            (if recorded.begun { "Saved" } else { "Saved, added to what was recorded" }, recorded)
        }
        SessionCommand::Edit { session, date, part, said } => {
            let session = find::session(device.tablet(), &session, date, part)?;
            ("Saved", device.edit_session(session, &(*said).into())?)
        }
        SessionCommand::Double { session, of, none: _ } => {
            return double(device, &session, of.as_deref(), out);
        }
    };
    let tablet = device.tablet();
    let saved = if recorded.changed { saved } else { "Nothing to change" };
    let what = words::record(tablet, recorded.session.into());
    writeln!(out, "{saved}: {what} ({}).", find::short(recorded.session, &find::everything(tablet)))?;
    for conflict in tablet.conflicts(recorded.session)? {
        writeln!(out, "Still to settle: {}.", words::conflict(tablet, &conflict))?;
    }
    Ok(())
}

fn double(
    device: &mut Device,
    session: &str,
    of: Option<&str>,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let session = find::session(device.tablet(), session, None, None)?;
    let of = match of {
        Some(of) => Some(find::session(device.tablet(), of, None, None)?),
        None => None,
    };
    device.mark_double(session, of)?;
    let said = |id: SessionId| words::record(device.tablet(), id.into());
    match of {
        Some(of) => writeln!(out, "Saved: {} is a double of {}, which counts.", said(session), said(of))?,
        None => writeln!(out, "Saved: {} counts as a meeting of its own.", said(session))?,
    }
    Ok(())
}
