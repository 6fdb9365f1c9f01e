//! What facilitators record. Few days, few people: so that they meet in the same records.

use sync_core::change::Grounds;
use sync_core::form::{Edit, EditError};
use sync_core::id::{DocumentId, GroupId, ParticipantId, SessionId, StreamId};
use sync_core::moving::Slot;
use sync_core::record::participant::{Exit, Participant};
use sync_core::record::session::{Attendance, PartOfDay, Session, SessionEdit, SessionState, Theme};
use sync_core::record::{AgeBand, Kinded, Sex};
use sync_core::tablet::{NotSaved, Output};
use sync_core::time::Date;
use sync_core::value::Pseudonym;

use crate::village::day;
use crate::world::{Sound, World};

const DAYS: i64 = 3;
const LONG_ACCOUNTS: i8 = 16;

/// What somebody says of a meeting.
#[derive(Debug, Default)]
struct Account {
    minutes: Option<i64>,
    marks: Vec<(ParticipantId, Option<Attendance>)>,
    themes: Vec<(Theme, bool)>,
    words: Option<String>,
    state: Option<SessionState>,
}

impl Account {
    fn drawn(world: &mut World, at: usize, group: GroupId) -> Self {
        let people = world.slates[at].tablet.all::<Participant>(group.into());
        let people: Vec<(ParticipantId, String)> =
            people.into_iter().map(|(id, one)| (id.into(), one.code.to_string())).collect();
        let gone = world.remembered.iter().filter(|(of, _)| *of == group).map(|(_, code)| code);
        let gone: Vec<String> = gone.cloned().collect();
        let dice = &mut world.dice;
        let mut account = Self::default();
        for (person, _) in &people {
            if dice.percent(40) {
                let mark = if dice.percent(90) { dice.pick(Attendance::ALL) } else { None };
                account.marks.push((*person, mark));
            }
        }
        if dice.percent(60) {
            account.minutes = Some(15 * dice.between(2, 8));
        }
        if dice.percent(40) {
            account.themes.extend(dice.pick(Theme::ALL).map(|theme| (theme, dice.percent(80))));
        }
        if dice.percent(40) {
            // Now and then of somebody by their code, as they should not.
            let named = if dice.percent(40) { dice.pick(&people) } else { None };
            let erased = if dice.percent(30) { dice.pick(&gone) } else { None };
            let who = erased.or(named.map(|(_, code)| code)).unwrap_or("They".to_owned());
            account.words = Some(format!("{who} spoke of {}.", dice.between(1, 999)));
        }
        if dice.percent(10) {
            // Only supervisors verify.
            account.state = dice.pick(&[SessionState::Draft, SessionState::Submitted]);
        }
        account
    }

    fn write(&self, session: &mut SessionEdit<'_>) -> Result<(), EditError> {
        if let Some(minutes) = self.minutes {
            session.minutes().set(minutes.try_into()?)?;
        }
        for (person, mark) in &self.marks {
            match mark {
                Some(mark) => session.attendance().put(person, *mark)?,
                None => session.attendance().clear(person)?,
            }
        }
        for (theme, spoken_of) in &self.themes {
            if *spoken_of { session.themes().insert(theme)? } else { session.themes().remove(theme)? }
        }
        self.state.map_or(Ok(()), |state| session.state().set(state))
    }
}

/// A meeting is recorded, perhaps one that a co-facilitator records too.
pub(super) fn meet(world: &mut World) -> Sound<bool> {
    let Some((at, group)) = somewhere(world) else { return Ok(false) };
    let date = some_day(world);
    let part = if world.dice.percent(80) { PartOfDay::Morning } else { PartOfDay::Evening };
    let account = Account::drawn(world, at, group);
    let slot = Slot::of(group, date, part, |id| world.slates[at].tablet.record(id));
    edit::<Session>(world, at, group, slot.id, |session| {
        slot.begin(session)?;
        account.write(session)?;
        account.words.as_deref().map_or(Ok(()), |words| session.summary().append(words))
    })
}

/// Somebody goes over a meeting that is there, and settles what clashes in what they touch.
pub(super) fn correct(world: &mut World) -> Sound<bool> {
    let Some((at, group)) = somewhere(world) else { return Ok(false) };
    let there = world.slates[at].tablet.all::<Session>(group.into());
    let Some((id, session)) = world.dice.pick(&there) else { return Ok(false) };
    let account = Account::drawn(world, at, group);
    edit::<Session>(world, at, group, id, |edit| {
        account.write(edit)?;
        let words = account.words.as_deref().map(|words| session.summary.replacen("They", words, 1));
        words.map_or(Ok(()), |words| edit.summary().write(&words))
    })
}

/// Meetings told of at such length that handing them in, or reading them, takes more than one request.
pub(super) fn tell_at_length(world: &mut World) -> Sound<bool> {
    let Some((at, group)) = somewhere(world) else { return Ok(false) };
    tell_at_length_at(world, at, group).map(|()| true)
}

pub(super) fn tell_at_length_at(world: &mut World, at: usize, group: GroupId) -> Sound {
    for date in 1..=LONG_ACCOUNTS {
        let date = day(2, date);
        let words = format!("They spoke of {date}. ").repeat(750);
        let id = SessionId::of(group, date, PartOfDay::Morning.ordinal(), 0);
        edit::<Session>(world, at, group, id, |session| {
            session.group().set(group)?;
            session.date().set(date)?;
            session.part().set(PartOfDay::Morning)?;
            session.summary().write(&words)
        })?;
    }
    Ok(())
}

pub(super) fn join(world: &mut World) -> Sound<bool> {
    let Some((at, group)) = somewhere(world) else { return Ok(false) };
    join_at(world, at, group)
}

pub(in crate::world) fn join_at(world: &mut World, at: usize, group: GroupId) -> Sound<bool> {
    let code = format!("P{:02}", world.dice.between(1, 20)).parse();
    let code: Pseudonym = code.map_err(|_| "a code").expect("a pseudonym");
    join_as(world, at, group, code)
}

pub(super) fn join_as(world: &mut World, at: usize, group: GroupId, code: Pseudonym) -> Sound<bool> {
    let id = ParticipantId::of(group, &code);
    edit::<Participant>(world, at, group, id, |person| {
        person.group().set(group)?;
        person.code().set(code)
    })
}

pub(super) fn tell(world: &mut World) -> Sound<bool> {
    let Some((at, group, id)) = somebody(world) else { return Ok(false) };
    let dice = &mut world.dice;
    let (sex, band, exit) = (dice.pick(Sex::ALL), dice.pick(AgeBand::ALL), dice.pick(Exit::ALL));
    let (says, withdraws, leaves) = (dice.percent(60), dice.percent(20), dice.percent(20));
    let date = some_day(world);
    edit::<Participant>(world, at, group, id, |person| {
        sex.filter(|_| says).map_or(Ok(()), |sex| person.sex().set(sex))?;
        band.map_or(Ok(()), |band| person.age_band().set(band))?;
        exit.filter(|_| leaves).map_or(Ok(()), |exit| person.exit().set(exit))?;
        if withdraws { person.consent_withdrawn().set(date) } else { person.consent_date().set(date) }
    })
}

pub(super) fn erase(world: &mut World) -> Sound<bool> {
    let Some((at, group, id)) = somebody(world) else { return Ok(false) };
    let date = some_day(world);
    edit::<Participant>(world, at, group, id, |person| person.erased().set(date))
}

/// Some tablet, and a group that it holds.
pub(super) fn somewhere(world: &mut World) -> Option<(usize, GroupId)> {
    let at = (!world.slates.is_empty()).then(|| world.dice.below(world.slates.len()))?;
    let groups = world.slates[at].tablet.groups();
    Some((at, world.dice.pick(&groups)?))
}

pub(super) fn somebody(world: &mut World) -> Option<(usize, GroupId, DocumentId)> {
    let (at, group) = somewhere(world)?;
    let people = world.slates[at].tablet.all::<Participant>(group.into());
    let (id, _) = world.dice.pick(&people)?;
    Some((at, group, id))
}

pub(super) fn some_day(world: &mut World) -> Date {
    day(3, world.dice.between(1, DAYS) as i8)
}

/// Carries an edit out.
pub(super) fn edit<R: Kinded>(
    world: &mut World,
    at: usize,
    home: impl Into<StreamId>,
    id: impl Into<DocumentId>,
    edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
) -> Sound<bool> {
    let moment = world.moment_of(at);
    let outputs = world.slates[at].tablet.edit(&moment, home.into(), id, edit);
    keep(world, at, outputs)
}

/// The same; the change says why it was written.
pub(super) fn edit_because<R: Kinded>(
    world: &mut World,
    at: usize,
    group: GroupId,
    id: DocumentId,
    grounds: &Grounds,
    edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
) -> Sound<bool> {
    let moment = world.moment_of(at);
    let outputs = world.slates[at].tablet.edit_because(&moment, group.into(), id, grounds, edit);
    keep(world, at, outputs)
}

/// Has an edit on the disk; says whether there is one. The tablet may be killed right before that, or right after.
fn keep(world: &mut World, at: usize, outputs: Result<Vec<Output>, NotSaved>) -> Sound<bool> {
    let Ok(outputs) = outputs else {
        world.coverage.count("edits refused");
        return Ok(false);
    };
    let any = !outputs.is_empty();
    for output in outputs {
        if world.dice.percent(2) {
            world.coverage.count("fault: tablet killed before an edit was kept");
            world.slates[at].reopen();
            return Ok(false);
        }
        if let Output::Persist(writes) = output {
            world.slates[at].persist(writes);
        }
    }
    world.look()?;
    if world.dice.percent(2) {
        world.coverage.count("fault: tablet killed after an edit was kept");
        world.slates[at].reopen();
    }
    Ok(any)
}
