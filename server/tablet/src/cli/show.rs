//! `show`: one record in words.

use std::fmt::Display;
use std::io::Write;

use clap::Args;
use sync_core::id::{DocumentId, GroupId, ParticipantId, SessionId};
use sync_core::record::session::{Attendance, PartOfDay, Session};
use sync_core::record::{Group, Kind, Participant};
use sync_core::tablet::Tablet;
use sync_core::time::Date;

use super::session::who;
use super::when::When;
use super::{CommandError, codes, find, lesson, neighbours, words};
use crate::device::Device;
use crate::recording::{Meetings, counted_people, marks_of, participant_of, participants_of};

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The record's id or its beginning, or a participant's code; or a group's name, followed by the day of one of its
    /// meetings or the code of somebody
    id: String,
    /// The day or the code, where a group is given
    of: Option<String>,
    /// The part of the day, where a group met more than once
    #[arg(long, value_parser = codes!(PartOfDay))]
    part: Option<PartOfDay>,
}

pub(super) fn run(device: &Device, what: &ShowArgs, out: &mut dyn Write) -> Result<(), CommandError> {
    let tablet = device.tablet();
    let id = match what.of.as_deref().map(|of| (of.parse::<When>(), who(of))) {
        None => find::record(tablet, &what.id)?,
        Some((Ok(day), _)) => {
            find::session(tablet, &what.id, Some(day.on(device.clock().today())), what.part)?.into()
        }
        Some((Err(_), Ok(who))) => {
            let (group, _) = find::group(tablet, &what.id)?;
            participant_of(tablet, group, &who)?.into()
        }
        Some((Err(no_day), Err(_))) => return Err(no_day.into()),
    };
    one(device, id, out)
}

/// Shows a record of any kind.
pub(super) fn one(device: &Device, id: DocumentId, out: &mut dyn Write) -> Result<(), CommandError> {
    let tablet = device.tablet();
    match tablet.place_of(id) {
        Some((Kind::Group, _)) => group(tablet, &tablet.read(id)?, id, out)?,
        Some((Kind::Participant, _)) => participant(device, id.into(), &tablet.read(id)?, out)?,
        Some((Kind::Lesson | Kind::SharedLesson, _)) => lesson::show(device, &id.to_string(), out)?,
        Some((Kind::Referral, _)) => super::referral::say(device, id, &tablet.read(id)?, out)?,
        Some((Kind::Incident, _)) => super::incident::say(tablet, &tablet.read(id)?, out)?,
        Some((Kind::Screening, _)) => super::screening::say(tablet, id, &tablet.read(id)?, out)?,
        _ => session(tablet, id.into(), &tablet.read(id)?, out)?,
    }
    row(out, "Id", id)?;
    clashes(tablet, id, out)?;
    waits(tablet, id, out)
}

pub(super) fn row(out: &mut dyn Write, name: &str, value: impl Display) -> Result<(), CommandError> {
    Ok(writeln!(out, "  {name:<14}{value}")?)
}

/// A row where there is something to say.
pub(super) fn told(out: &mut dyn Write, name: &str, value: Option<impl Display>) -> Result<(), CommandError> {
    value.map_or(Ok(()), |value| row(out, name, value))
}

fn group(tablet: &Tablet, group: &Group, id: DocumentId, out: &mut dyn Write) -> Result<(), CommandError> {
    writeln!(out, "{}, a {}", group.name, words::plain(group.kind))?;
    row(out, "Village", words::place(group.area.code()))?;
    row(out, "Method", words::plain(group.modality))?;
    told(out, "Setting", group.setting.map(words::plain))?;
    told(out, "Cohort", group.cohort.map(words::plain))?;
    row(out, "Status", words::plain(group.status))?;
    told(out, "Void", group.void.as_ref().map(|why| format!("{why}; nothing of it counts")))?;
    told(out, "Began", group.starts_on.map(words::day))?;
    let held = Meetings::of(tablet, id.into()).counted.len();
    let planned = group.planned_sessions.map(|planned| format!(" of {planned} planned")).unwrap_or_default();
    row(out, "Meetings", format!("{held}{planned}"))?;
    row(out, "Participants", counted_people(tablet, id.into()).len())?;
    neighbours::overlaps(tablet, (id.into(), group), out)
}

fn participant(
    device: &Device,
    id: ParticipantId,
    one: &Participant,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let tablet = device.tablet();
    let group: Group = tablet.read(one.group)?;
    writeln!(out, "Participant {} of {}", one.code, group.name)?;
    row(out, "Village", words::place(group.area.code()))?;
    if let Some(on) = one.erased {
        return row(out, "Erased", format!("asked for it on {}; nothing of them is shown", words::day(on)));
    }
    told(out, "Sex", one.sex.map(words::plain))?;
    told(out, "Age", one.age_band.map(words::age))?;
    told(out, "Family", one.family.as_ref())?;
    let how = one.consent_method.map(words::plain).unwrap_or_default();
    let by = if one.consent_guardian == Some(true) { ", by a guardian" } else { "" };
    let to = one.consent_purpose.map(|to| format!(", to {}", words::plain(to))).unwrap_or_default();
    told(out, "Consent", one.consent_date.map(|date| format!("{how} on {}{to}{by}", words::day(date))))?;
    told(out, "Withdrawn", one.consent_withdrawn.map(words::day))?;
    told(out, "Left", one.exit.map(words::plain))?;
    told(out, "Meetings", attended(tablet, one.group, id))?;
    told(out, "Void", one.void.as_ref().map(|why| format!("{why}; counts nowhere")))?;
    let same = one.same_as.map(|other| format!("{}, who counts", words::code_of(tablet, other)));
    told(out, "The same as", same)?;
    for (device, code) in &one.split {
        row(out, "Not", format!("whom {} marks so: that is {code}", words::tablet_of(tablet, *device)))?;
    }
    let doubted = device.doubted(id, one);
    if !doubted.is_empty() {
        let tablets = words::listed(doubted.iter().map(|one| words::tablet_of(tablet, *one)));
        row(out, "In doubt", format!("registered on {tablets}; one person or two?"))?;
        let (group, code) = (&group.name, &one.code);
        writeln!(out, "If one: ihuriro tablet participant confirm \"{group}\" {code}")?;
        writeln!(out, "If two: ihuriro tablet participant split \"{group}\" {code} TABLET --reason \"why\"")?;
    }
    Ok(())
}

/// `present 5, absent 2, last on 5 March 2026`: how somebody is marked in the meetings that count.
fn attended(tablet: &Tablet, group: GroupId, id: ParticipantId) -> Option<String> {
    let meetings = Meetings::of(tablet, group);
    let counted = meetings.all.iter().filter(|(id, _)| meetings.counted.contains(id));
    let people = participants_of(tablet, group).into_iter().collect();
    let marks: Vec<(Date, Attendance)> = counted
        .filter_map(|(session, one)| {
            let marks = marks_of(tablet, &people, *session).into_iter();
            let theirs = marks.filter(|(who, _)| *who == id).map(|(_, mark)| mark);
            Some((one.date, theirs.max_by_key(|mark| mark.attended())?))
        })
        .collect();
    let of = |mark: Attendance| {
        let days = || marks.iter().filter(move |(_, one)| *one == mark).map(|(day, _)| *day);
        days().max().map(|last| format!("{mark} {}, last on {}", days().count(), words::day(last)))
    };
    let told: Vec<String> = Attendance::ALL.iter().filter_map(|mark| of(*mark)).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn session(
    tablet: &Tablet,
    id: SessionId,
    session: &Session,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let group: Group = tablet.read(session.group)?;
    writeln!(out, "Meeting of {} on {}, {}", group.name, words::day(session.date), session.part)?;
    row(out, "Village", words::place(group.area.code()))?;
    row(out, "State", session.state)?;
    if tablet.changed_since_verified(id) {
        row(out, "Since", "it was verified it was changed")?;
    }
    told(out, "Returned", session.returned.as_ref())?;
    let of_group = || group.void.as_ref().map(|why| format!("its group was begun by mistake ({why})"));
    let void = session.void.as_ref().map(ToString::to_string).or_else(of_group);
    told(out, "Void", void.map(|why| format!("{why}; counts nowhere")))?;
    let other = |id: SessionId| words::record(tablet, id.into());
    told(out, "Moved to", session.moved_to.map(|to| format!("{}, which counts", other(to))))?;
    told(out, "Moved from", session.moved_from.map(other))?;
    doubles(tablet, id, session, out)?;
    told(out, "Began at", session.starts_at)?;
    told(out, "Minutes", session.minutes)?;
    told(out, "Phase", session.phase.map(words::plain))?;
    if !session.themes.is_empty() {
        row(out, "Themes", words::listed(session.themes.iter().map(words::plain)))?;
    }
    row(out, "Facilitators", words::facilitators(tablet, session))?;
    let marks = marks_of(tablet, &participants_of(tablet, session.group).into_iter().collect(), id);
    for mark in Attendance::ALL {
        let marked = marks.iter().filter(|(_, one)| one == mark);
        let mut codes: Vec<String> = marked.map(|(who, _)| words::code_of(tablet, *who)).collect();
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
    let since = tablet.recorded_since(id);
    for step in since.chunks(1) {
        row(out, "Not counted", words::steps(tablet, step))?;
    }
    if !since.is_empty() {
        writeln!(
            out,
            "Whoever recorded that had not heard. Your supervisor can carry it over to where it counts."
        )?;
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
    let first = match (tablet.place_of(id), conflicts.first()) {
        (Some((kind, _)), Some(first)) if kind != Kind::Group => first,
        _ => return Ok(writeln!(out, "Your manager can settle it.")?),
    };
    let short = find::short(id, &find::everything(tablet));
    let field = words::typed(&words::field(tablet, &first.field));
    let right = words::typed(if first.reads.is_some() { "the right words" } else { first.shown() });
    let which = if conflicts.len() == 1 { "it" } else { "each" };
    let settle = format!("ihuriro tablet settle {short} {field} --with {right} --reason \"why\"");
    writeln!(out, "Settle {which} with what is right, as: {settle}")?;
    Ok(())
}

fn waits(tablet: &Tablet, id: DocumentId, out: &mut dyn Write) -> Result<(), CommandError> {
    let waiting = tablet.outbox().filter(|waiting| waiting.document == id).count();
    if waiting > 0 {
        let verb = if waiting == 1 { "waits" } else { "wait" };
        writeln!(out, "\n{} to it {verb} to be handed in.", words::count(waiting, "change"))?;
    }
    for quarantined in tablet.quarantined().filter(|waiting| waiting.document == id) {
        writeln!(out, "\nA change to it is quarantined at the server: {}", words::quarantined(quarantined))?;
    }
    Ok(())
}
