//! Groups, participants and meetings, as tables.

use std::collections::BTreeSet;
use std::io::Write;

use comfy_table::{Table, presets};
use sync_core::id::{ParticipantId, SessionId};
use sync_core::record::{Participant, Session};

use super::{CommandError, find, words};
use crate::device::Device;
use crate::recording::{Meetings, counted_people, participants_of};

pub(super) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(header.to_vec());
    table
}

pub(super) fn groups(device: &Device, out: &mut dyn Write) -> Result<(), CommandError> {
    let tablet = device.tablet();
    let groups = find::groups(tablet);
    if groups.is_empty() {
        writeln!(
            out,
            "This tablet holds no group yet. Sync first, or ask your manager to assign you to one."
        )?;
        return Ok(());
    }
    let all = find::everything(tablet);
    let mut table = table(["Group", "Method", "Village", "Participants", "Meetings", "Id"]);
    for (id, group) in &groups {
        table.add_row(vec![
            group.name.to_string(),
            words::plain(group.modality),
            words::place(group.area.code()),
            counted_people(tablet, *id).len().to_string(),
            Meetings::of(tablet, *id).counted.len().to_string(),
            find::short(*id, &all),
        ]);
    }
    writeln!(out, "{table}")?;
    for (id, group) in &groups {
        if let Some(why) = &group.void {
            let short = find::short(*id, &all);
            writeln!(out, "Left out: {} ({short}), begun by mistake ({why}).", group.name)?;
        }
    }
    Ok(())
}

pub(super) fn participants(device: &Device, group: &str, out: &mut dyn Write) -> Result<(), CommandError> {
    let tablet = device.tablet();
    let (id, group) = find::group(tablet, group)?;
    let participants = participants_of(tablet, id);
    if participants.is_empty() {
        writeln!(out, "{} has no participants on this tablet yet.", group.name)?;
        return Ok(());
    }
    let all = find::everything(tablet);
    let mut table = table(["Code", "Sex", "Age", "Family", "Consent", "Left", "Id"]);
    let counted = counted_people(tablet, id);
    let listed = |(id, _): &&(ParticipantId, Participant)| counted.contains(id) || group.void.is_some();
    for (id, one) in participants.iter().filter(listed) {
        let consent = match (one.consents(), one.consent_withdrawn) {
            (true, _) => one.consent_date.map(words::day).unwrap_or_default(),
            (_, Some(day)) => format!("withdrawn {}", words::day(day)),
            (_, None) => "not recorded".into(),
        };
        table.add_row(vec![
            one.code.to_string(),
            one.sex.map(words::plain).unwrap_or_default(),
            one.age_band.map(words::age).unwrap_or_default().to_owned(),
            one.family.as_ref().map(ToString::to_string).unwrap_or_default(),
            consent,
            one.exit.map(words::plain).unwrap_or_default(),
            find::short(*id, &all),
        ]);
    }
    writeln!(out, "{} has {}.", group.name, words::count(counted.len(), "participant"))?;
    if let Some(void) = words::void(&group) {
        writeln!(out, "{void}")?;
    }
    writeln!(out, "{table}")?;
    for (id, one) in &participants {
        let tablet = device.tablet();
        let code = &one.code;
        if let Some(why) = &one.void {
            writeln!(out, "Left out: {code}, recorded by mistake ({why}).")?;
        } else if let Some(other) = one.same_as.filter(|_| !counted.contains(id)) {
            writeln!(out, "Left out: {code}, who is {}.", words::code_of(tablet, other))?;
        }
        let doubted = device.doubted(*id, one);
        if !doubted.is_empty() {
            let tablets = words::listed(doubted.iter().map(|one| words::tablet_of(tablet, *one)));
            writeln!(
                out,
                "{code} was registered on {tablets}: one person or two? Look at: ihuriro tablet show {}",
                find::short(*id, &all)
            )?;
        }
    }
    Ok(())
}

pub(super) fn sessions(device: &Device, group: &str, out: &mut dyn Write) -> Result<(), CommandError> {
    let tablet = device.tablet();
    let (id, group) = find::group(tablet, group)?;
    let meetings = Meetings::of(tablet, id);
    let mut sessions: Vec<_> = meetings.all.iter().collect();
    sessions.sort_by_key(|(_, session)| (session.date, session.part));
    if sessions.is_empty() {
        writeln!(out, "No meeting of {} is recorded on this tablet yet.", group.name)?;
        return Ok(());
    }
    let all = find::everything(tablet);
    let mut alike: BTreeSet<(SessionId, SessionId)> = BTreeSet::new();
    let mut table =
        table(["Date", "Part", "Minutes", "Phase", "Came", "State", "Clashes", "Double of", "Id"]);
    let listed = |(id, session): &&(&SessionId, &Session)| {
        meetings.counted.contains(id) || session.double_of.is_some() || group.void.is_some()
    };
    for (id, session) in sessions.iter().filter(listed) {
        let clashes = tablet.conflicts(**id).map_or(0, |conflicts| conflicts.len());
        alike.extend(meetings.like(**id).into_iter().map(|other| (other.min(**id), other.max(**id))));
        table.add_row(vec![
            session.date.to_string(),
            session.part.to_string(),
            session.minutes.map(|minutes| minutes.to_string()).unwrap_or_default(),
            session.phase.map(words::plain).unwrap_or_default(),
            words::came(session),
            session.state.to_string(),
            if clashes == 0 { String::new() } else { clashes.to_string() },
            session.double_of.map(|of| find::short(of, &all)).unwrap_or_default(),
            find::short(**id, &all),
        ]);
    }
    writeln!(out, "{} has {}.", group.name, words::count(meetings.counted.len(), "recorded meeting"))?;
    if let Some(void) = words::void(&group) {
        writeln!(out, "{void}")?;
    }
    writeln!(out, "{table}")?;
    for (id, session) in sessions.iter().filter(|one| !listed(one)) {
        let why = match (&session.void, session.moved_to) {
            (Some(why), _) => format!("recorded by mistake ({why})"),
            (None, Some(to)) => format!("moved to {}", find::short(to, &all)),
            (None, None) => "a move that was taken back".to_owned(),
        };
        let (day, part, short) = (words::day(session.date), session.part, find::short(**id, &all));
        writeln!(out, "Left out: {short}, {day} ({part}), {why}.")?;
        if !tablet.recorded_since(**id).is_empty() {
            writeln!(out, "Something was recorded in it since. Look at: ihuriro tablet show {short}")?;
        }
    }
    for (one, other) in alike {
        let said = |id: SessionId| {
            let session = &meetings.all[&id];
            format!("{} ({}, {})", find::short(id, &all), words::day(session.date), session.part)
        };
        writeln!(out, "{} and {} look like one meeting, recorded twice.", said(one), said(other))?;
        let (one, other) = (find::short(one, &all), find::short(other, &all));
        writeln!(out, "If so, say which is wrong: ihuriro tablet session double {one} --of {other}")?;
    }
    Ok(())
}
