//! `session`: a meeting is recorded, corrected, or was recorded by mistake.

mod moving;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use clap::{Args, Subcommand};
use sync_core::change::Grounds;
use sync_core::id::SessionId;
use sync_core::moving::Slot;
use sync_core::record::session::{
    Attendance, Cell, Count, Minutes, PartOfDay, Phase, Session, SessionState, Theme, TimeOfDay,
};

use super::when::{When, ask};
use super::{CommandError, codes, find, words};
use crate::device::Device;
use crate::recording::{Details, Meetings, NewSession, Who, participant_of};

#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// Record a meeting of a group. Where it is recorded already, this adds to it.
    Record {
        /// The group: its name or id, or the beginning of either
        group: String,
        /// The day it was; today unless said
        #[arg(long)]
        date: Option<When>,
        /// The part of the day
        #[arg(long, value_parser = codes!(PartOfDay), default_value = "morning")]
        part: PartOfDay,
        /// The day is right, though it looks wrong
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        said: Box<Said>,
    },
    /// Correct a recorded meeting; setting one of two clashing values settles the clash.
    Edit {
        /// The meeting's id or its beginning; or its group, followed by the day
        session: String,
        /// The day, where a group is given
        date: Option<When>,
        /// The part of the day, where a group met more than once
        #[arg(long, value_parser = codes!(PartOfDay))]
        part: Option<PartOfDay>,
        /// The day can't be corrected so; said where it can
        #[arg(long = "date", hide = true)]
        other_date: Option<String>,
        #[command(flatten)]
        said: Box<Said>,
    },
    /// Move a meeting that was recorded under a wrong day or part of the day, with all that was said of it.
    Move {
        /// The meeting's id or its beginning; or its group, followed by the day
        session: String,
        /// The day, where a group is given
        date: Option<When>,
        /// The part of the day, where a group met more than once
        #[arg(long, value_parser = codes!(PartOfDay))]
        part: Option<PartOfDay>,
        /// The day it was; the same unless said
        #[arg(long, required_unless_present_any = ["to_part", "back"])]
        to: Option<When>,
        /// The part of the day it was; the same unless said
        #[arg(long, value_parser = codes!(PartOfDay))]
        to_part: Option<PartOfDay>,
        /// The day is right, though it looks wrong
        #[arg(long)]
        yes: bool,
        /// Take the move back: it was under the right day at first
        #[arg(long, conflicts_with_all = ["to", "to_part"])]
        back: bool,
        /// Why, in one line; everybody who reads the record's history sees it
        #[arg(long)]
        reason: Grounds,
    },
    /// Say that a meeting never was, or is of another group: it counts nowhere. Nothing is deleted.
    Void {
        /// The meeting's id or its beginning; or its group, followed by the day
        session: String,
        /// The day, where a group is given
        date: Option<When>,
        /// The part of the day, where a group met more than once
        #[arg(long, value_parser = codes!(PartOfDay))]
        part: Option<PartOfDay>,
        /// Take it back
        #[arg(long)]
        back: bool,
        /// Why, in one line
        #[arg(long)]
        reason: Grounds,
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

impl SessionCommand {
    /// The texts in it that people will read.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Record { said, .. } | Self::Edit { said, .. } => {
                said.summary.as_deref().into_iter().collect()
            }
            Self::Move { reason, .. } | Self::Void { reason, .. } => vec![reason.as_str()],
            Self::Double { .. } => Vec::new(),
        }
    }
}

#[derive(Debug, Args)]
pub struct Said {
    /// When it began, 08:30
    #[arg(long)]
    pub(super) starts_at: Option<TimeOfDay>,
    /// How long it took
    #[arg(long, value_parser = minutes)]
    pub(super) minutes: Option<Minutes>,
    /// The phase of the method that the group is in
    #[arg(long, value_parser = codes!(Phase))]
    pub(super) phase: Option<Phase>,
    /// A theme that was spoken of; may be given several times
    #[arg(long, value_delimiter = ',', value_parser = codes!(Theme))]
    pub(super) theme: Vec<Theme>,
    /// A theme that was noted by mistake
    #[arg(long, value_delimiter = ',', value_parser = codes!(Theme))]
    pub(super) not_theme: Vec<Theme>,
    /// Who was there, P01,P02
    #[arg(long, value_delimiter = ',', value_parser = who)]
    pub(super) present: Vec<Who>,
    /// Who came late
    #[arg(long, value_delimiter = ',', value_parser = who)]
    pub(super) late: Vec<Who>,
    /// Who was not there
    #[arg(long, value_delimiter = ',', value_parser = who)]
    pub(super) absent: Vec<Who>,
    /// Who had said that they would not come
    #[arg(long, value_delimiter = ',', value_parser = who)]
    pub(super) excused: Vec<Who>,
    /// Whose mark is taken back
    #[arg(long, value_delimiter = ',', value_parser = who)]
    pub(super) unmark: Vec<Who>,
    /// Heads counted in an open circle, female/16_24=12; may be given several times
    #[arg(long, value_delimiter = ',', value_parser = counted)]
    pub(super) headcount: Vec<(Cell, Count)>,
    /// How it went: about the process, never about one person
    #[arg(long)]
    pub(super) summary: Option<String>,
    /// The record is complete
    #[arg(long)]
    pub(super) submit: bool,
}

/// A participant by code or id.
pub(super) fn who(text: &str) -> Result<Who, sync_core::value::Why> {
    // People write `P01, P02`, too.
    match text.trim().parse() {
        Ok(id) => Ok(Who::Id(id)),
        Err(_) => text.trim().parse().map(Who::Code),
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

impl TryFrom<Said> for Details {
    type Error = CommandError;

    fn try_from(said: Said) -> Result<Self, CommandError> {
        let marks = [
            (said.present, Attendance::Present),
            (said.late, Attendance::Late),
            (said.absent, Attendance::Absent),
            (said.excused, Attendance::Excused),
        ];
        let attendance =
            marks.into_iter().flat_map(|(who, mark)| who.into_iter().map(move |who| (who, mark)));
        let mut headcount = BTreeMap::new();
        for (cell, heads) in said.headcount {
            if headcount.insert(cell, heads).is_some_and(|before| before != heads) {
                return Err(CommandError::CountedTwice { cell });
            }
        }
        Ok(Self {
            starts_at: said.starts_at,
            minutes: said.minutes,
            phase: said.phase,
            themes: said.theme.into_iter().collect(),
            not_themes: said.not_theme.into_iter().collect(),
            attendance: attendance.collect(),
            unmarked: said.unmark,
            facilitators: BTreeSet::new(),
            headcount,
            summary: said.summary,
            state: said.submit.then_some(SessionState::Submitted),
        })
    }
}

pub(super) fn run(
    device: &mut Device,
    command: SessionCommand,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let today = device.clock().today();
    let mut came = Vec::new();
    let mut details = |said: Box<Said>| {
        let details = Details::try_from(*said)?;
        came = details
            .attendance
            .iter()
            .filter(|(_, mark)| mark.attended())
            .map(|(who, _)| who.clone())
            .collect();
        Ok::<_, CommandError>(details)
    };
    let adds = matches!(command, SessionCommand::Record { .. });
    let (saved, recorded) = match command {
        SessionCommand::Record { group, date, part, yes, said } => {
            let (group, _) = find::group(device.tablet(), &group)?;
            let date = date.map_or(today, |date| date.on(today));
            // Of a meeting that is recorded already, somebody was asked before.
            let there = Slot::of(group, date, part, |id| device.tablet().record(id)).begun;
            ask(today, Some(date), device.tablet().began_on(group), yes || there)?;
            let recorded =
                device.record_session(group, NewSession { date, part, details: details(said)? })?;
            (if recorded.begun { "Saved" } else { "Saved, added to what was recorded" }, recorded)
        }
        SessionCommand::Edit { session, date, part, other_date, said } => {
            let session = find::session(device.tablet(), &session, date.map(|date| date.on(today)), part)?;
            if other_date.is_some() {
                let session = find::short(session, &find::everything(device.tablet()));
                return Err(CommandError::DayIsFixed { session });
            }
            ("Saved", device.edit_session(session, &details(said)?)?)
        }
        SessionCommand::Move { session, date, part, to, to_part, yes, back, reason } => {
            let session = find::session(device.tablet(), &session, date.map(|date| date.on(today)), part)?;
            if back {
                return moving::back(device, session, &reason, out);
            }
            let to = moving::Target { date: to.map(|to| to.on(today)), part: to_part, yes };
            return moving::put(device, session, &to, &reason, out);
        }
        SessionCommand::Void { session, date, part, back, reason } => {
            let session = find::session(device.tablet(), &session, date.map(|date| date.on(today)), part)?;
            device.void_session(session, back, &reason)?;
            let said = words::record(device.tablet(), session.into());
            match back {
                false => writeln!(out, "Saved: {said} was recorded by mistake, and counts nowhere.")?,
                true => writeln!(out, "Saved: {said} counts again.")?,
            }
            return Ok(());
        }
        SessionCommand::Double { session, of, none: _ } => {
            return double(device, &session, of.as_deref(), out);
        }
    };
    let tablet = device.tablet();
    let saved = if recorded.changed { saved } else { "Nothing to change" };
    let what = words::record(tablet, recorded.session.into());
    writeln!(out, "{saved}: {what} ({}).", find::short(recorded.session, &find::everything(tablet)))?;
    // Whoever records under an ended lease is shown nothing of what the tablet holds.
    if device.may_show().is_err() {
        return Ok(());
    }
    if let Some(replaced) = words::replaced(tablet, recorded.session).filter(|_| adds && recorded.changed) {
        writeln!(out, "Look again: it said otherwise before, and that is replaced: {replaced}.")?;
    }
    let session: Session = tablet.read(recorded.session)?;
    let group = session.group;
    if !Meetings::of(tablet, group).counted.contains(&recorded.session)
        && let Some(why) = words::set_aside(tablet, &session)
    {
        writeln!(out, "Look again: this record counts nowhere, as it was {why}.")?;
    }
    if let Some(void) = words::void(&tablet.read(group)?) {
        writeln!(out, "Look again: {void}")?;
    }
    for who in came {
        let id = participant_of(tablet, group, &who)?;
        if let Some(why) = words::gone(&tablet.read(id)?) {
            writeln!(out, "Look again: {} {why}, and is marked as having come.", words::code_of(tablet, id))?;
        }
    }
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
