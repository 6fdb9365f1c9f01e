//! `show`: one record in words.

use std::fmt::Display;
use std::io::Write;

use clap::Args;
use sync_core::area;
use sync_core::id::{DocumentId, SessionId};
use sync_core::record::session::{Attendance, PartOfDay, Session};
use sync_core::record::{Group, Kind, Participant};
use sync_core::tablet::Tablet;
use sync_core::time::Date;

use super::{CommandError, codes, find, words};
use crate::device::Device;
use crate::recording::{Meetings, participants_of};

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The record's id or its beginning; or a group's name, for one of its meetings followed by the day
    id: String,
    /// The day, where a group is given
    date: Option<Date>,
    /// The part of the day, where a group met more than once
    #[arg(long, value_parser = codes!(PartOfDay))]
    part: Option<PartOfDay>,
}

pub(super) fn run(device: &Device, what: &ShowArgs, out: &mut dyn Write) -> Result<(), CommandError> {
    let tablet = device.tablet();
    let id = match what.date {
        Some(_) => find::session(tablet, &what.id, what.date, what.part)?.into(),
        None => find::record(tablet, &what.id)?,
    };
    match tablet.place_of(id) {
        Some((Kind::Group, _)) => group(tablet, &tablet.read(id)?, id, out)?,
        Some((Kind::Participant, _)) => participant(tablet, &tablet.read(id)?, out)?,
        _ => session(tablet, id.into(), &tablet.read(id)?, out)?,
    }
    row(out, "Id", id)?;
    clashes(tablet, id, out)?;
    waits(tablet, id, out)
}

fn row(out: &mut dyn Write, name: &str, value: impl Display) -> Result<(), CommandError> {
    Ok(writeln!(out, "  {name:<14}{value}")?)
}

/// A row where there is something to say.
fn told(out: &mut dyn Write, name: &str, value: Option<impl Display>) -> Result<(), CommandError> {
    value.map_or(Ok(()), |value| row(out, name, value))
}

fn place(group: &Group) -> String {
    area::find(group.area.code()).map_or_else(|| group.area.to_string(), |area| area.path())
}

fn group(tablet: &Tablet, group: &Group, id: DocumentId, out: &mut dyn Write) -> Result<(), CommandError> {
    writeln!(out, "{}, a {}", group.name, words::plain(group.kind))?;
    row(out, "Village", place(group))?;
    row(out, "Method", words::plain(group.modality))?;
    told(out, "Setting", group.setting.map(words::plain))?;
    told(out, "Cohort", group.cohort.map(words::plain))?;
    row(out, "Status", words::plain(group.status))?;
    told(out, "Began", group.starts_on.map(words::day))?;
    let held = Meetings::of(tablet, id.into()).counted.len();
    let planned = group.planned_sessions.map(|planned| format!(" of {planned} planned")).unwrap_or_default();
    row(out, "Meetings", format!("{held}{planned}"))?;
    row(out, "Participants", participants_of(tablet, id.into()).len())
}

fn participant(tablet: &Tablet, one: &Participant, out: &mut dyn Write) -> Result<(), CommandError> {
    let group: Group = tablet.read(one.group)?;
    writeln!(out, "Participant {} of {}", one.code, group.name)?;
    row(out, "Village", place(&group))?;
    told(out, "Sex", one.sex.map(words::plain))?;
    told(out, "Age", one.age_band.map(words::age))?;
    told(out, "Family", one.family.as_ref())?;
    let how = one.consent_method.map(words::plain).unwrap_or_default();
    let by = if one.consent_guardian == Some(true) { ", by a guardian" } else { "" };
    let to = one.consent_purpose.map(|to| format!(", to {}", words::plain(to))).unwrap_or_default();
    told(out, "Consent", one.consent_date.map(|date| format!("{how} on {}{to}{by}", words::day(date))))?;
    told(out, "Withdrawn", one.consent_withdrawn.map(words::day))?;
    told(out, "Left", one.exit.map(words::plain))?;
    told(out, "Erased", one.erased.map(words::day))
}

fn session(
    tablet: &Tablet,
    id: SessionId,
    session: &Session,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let group: Group = tablet.read(session.group)?;
    writeln!(out, "Meeting of {} on {}, {}", group.name, words::day(session.date), session.part)?;
    row(out, "Village", place(&group))?;
    row(out, "State", session.state)?;
    doubles(tablet, id, session, out)?;
    told(out, "Began at", session.starts_at)?;
    told(out, "Minutes", session.minutes)?;
    told(out, "Phase", session.phase.map(words::plain))?;
    if !session.themes.is_empty() {
        row(out, "Themes", words::listed(session.themes.iter().map(words::plain)))?;
    }
    row(out, "Facilitators", words::facilitators(tablet, session))?;
    for mark in Attendance::ALL {
        let marked = session.attendance.iter().filter(|(_, one)| *one == mark);
        let mut codes: Vec<String> = marked.map(|(id, _)| words::code_of(tablet, *id)).collect();
        codes.sort();
        if !codes.is_empty() {
            let name = mark.code();
            let (first, rest) = name.split_at(1);
            row(out, &format!("{}{rest}", first.to_uppercase()), codes.join(", "))?;
        }
    }
    if !session.headcount.is_empty() {
        let cells = session.headcount.iter().map(|(cell, count)| format!("{count} {}", words::heads(cell)));
        row(out, "Headcount", words::listed(cells))?;
    }
    if session.commemoration() {
        row(out, "Period", "commemoration (7 April to 3 July)")?;
    }
    for (number, line) in session.summary.lines().enumerate() {
        row(out, if number == 0 { "Summary" } else { "" }, line)?;
    }
    Ok(())
}

fn doubles(
    tablet: &Tablet,
    id: SessionId,
    session: &Session,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let meetings = Meetings::of(tablet, session.group);
    let said = |of: SessionId| words::record(tablet, of.into());
    let counts = if meetings.counted.contains(&id) { "" } else { "; that one counts" };
    told(out, "Double of", session.double_of.map(|of| format!("{}{counts}", said(of))))?;
    let alike = meetings.like(id);
    told(
        out,
        "Perhaps",
        (!alike.is_empty())
            .then(|| format!("a double of {}", words::listed(alike.iter().map(|other| said(*other))))),
    )
}

fn clashes(tablet: &Tablet, id: DocumentId, out: &mut dyn Write) -> Result<(), CommandError> {
    let conflicts = tablet.conflicts(id)?;
    if conflicts.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\nSet differently by different people; nothing is lost, somebody has to say what is right:"
    )?;
    for conflict in &conflicts {
        writeln!(out, "  {}", words::conflict(tablet, conflict))?;
    }
    let short = find::short(id, &find::everything(tablet));
    match tablet.place_of(id) {
        Some((Kind::Session, _)) => {
            writeln!(
                out,
                "Settle it with the right value, as: ihuriro tablet session edit {short} --minutes 90"
            )?;
        }
        Some((Kind::Participant, _)) => {
            writeln!(out, "Settle it with the right value, by: ihuriro tablet participant edit")?;
        }
        _ => writeln!(out, "Your manager can settle it.")?,
    }
    Ok(())
}

fn waits(tablet: &Tablet, id: DocumentId, out: &mut dyn Write) -> Result<(), CommandError> {
    let waiting = tablet.outbox().filter(|waiting| waiting.document == id).count();
    if waiting > 0 {
        let verb = if waiting == 1 { "waits" } else { "wait" };
        writeln!(out, "\n{} to it {verb} to be handed in.", words::count(waiting, "change"))?;
    }
    for apart in tablet.apart().filter(|waiting| waiting.document == id) {
        writeln!(out, "\nA change to it is kept apart at the server: {}", words::apart(apart))?;
    }
    Ok(())
}
