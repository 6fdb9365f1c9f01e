//! Counting the months of a group, from its rows.
//!
//! A session counts once in the row of all, once in that of its phase, part of the day and state, and once in the row of each sex, age band
//! and pair of them of which somebody came, by its register or by its headcount. The two are never added up.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::Bool;
use sync_core::double::SetAside;
use sync_core::id::{ParticipantId, SessionId};
use sync_core::person::{Mark, of_whom};

use super::affected::Affected;
use super::group::{Group, Meeting, UNKNOWN};
use super::rows::{Cell, Counts, Fact, MonthDoubts};
use crate::doubt::{consent_doubt, day_doubt, marks, one_or_two};
use crate::on_each;
use crate::store::schema::{headcounts, participants, possible_doubles, sessions};
use crate::store::{Conn, Db, StoreError};

/// How many ids one query names.
const AT_ONCE: usize = 500;

/// What the sessions of some months hold.
#[derive(Debug, Default)]
struct Recorded {
    marks: BTreeMap<SessionId, Vec<Mark>>,
    heads: BTreeMap<SessionId, Vec<(String, String, i64)>>,
    /// Those that look like a record of the same meeting as others, with these.
    alike: BTreeMap<SessionId, Vec<SessionId>>,
    /// Those of which the day may be wrong.
    doubted: BTreeSet<SessionId>,
}

/// What was counted in some months of a group.
#[derive(Debug)]
pub(super) struct Counted {
    /// In the order of their values.
    pub(super) facts: Vec<Fact>,
    /// The months of everybody who came in one of them.
    pub(super) came: BTreeMap<ParticipantId, BTreeSet<String>>,
    /// Those that say something, in the order of their months.
    pub(super) doubts: Vec<MonthDoubts>,
}

/// Counts some months of a group.
pub(super) fn count(tx: &mut Conn<'_>, group: &Group, affected: &Affected) -> Result<Counted, StoreError> {
    let asked: BTreeMap<SessionId, &Meeting> = group
        .sessions
        .iter()
        .filter(|(_, meeting)| affected.month(&meeting.month))
        .map(|(id, meeting)| (*id, meeting))
        .collect();
    let recorded = Recorded::load(tx, &asked)?;
    let mut cells: BTreeMap<(&str, Told<'_>), Counts> = BTreeMap::new();
    let mut doubts: BTreeMap<&str, MonthDoubts> = BTreeMap::new();
    let mut came: BTreeMap<ParticipantId, BTreeSet<String>> = BTreeMap::new();
    for (id, meeting) in asked {
        let month = meeting.month.as_str();
        let doubt = doubts.entry(month).or_insert_with(|| MonthDoubts::none(group.id, month));
        doubt.recorded_since += i64::from(group.recorded_since(id, meeting));
        match group.left_out(id) {
            Some(SetAside::Void) => doubt.void += 1,
            Some(SetAside::Moved) => doubt.moved += 1,
            Some(SetAside::Double) => doubt.doubles += 1,
            None => {
                let attended = recorded.attended(group, id);
                doubt.possible_doubles += i64::from(recorded.has_a_double(group, id));
                doubt.date_doubts += i64::from(recorded.doubted.contains(&id));
                doubt.void_attendances += attended.void;
                doubt.without_record += attended.unknown;
                for who in &attended.known {
                    came.entry(*who).or_default().insert(meeting.month.clone());
                }
                let heads = recorded.heads.get(&id).map(Vec::as_slice).unwrap_or_default();
                for (cell, counts) in of_session(group, meeting, &attended, heads) {
                    let sum = cells.entry((month, cell)).or_default();
                    *sum = sum.with(counts, |one, other| one + other);
                }
            }
        }
    }
    let fact = |((month, cell), counts): ((&str, Told<'_>), Counts)| Fact {
        group_id: Db(group.id),
        month: month.to_owned(),
        cell: Cell::of(cell),
        counts,
    };
    let mut doubts: Vec<MonthDoubts> = doubts.into_values().collect();
    if affected.people() {
        doubts.push(of_people(tx, group)?);
    }
    doubts.retain(|one| *one != MonthDoubts::none(group.id, &one.month));
    doubts.sort_unstable();
    Ok(Counted { facts: cells.into_iter().map(fact).collect(), came, doubts })
}

/// Who came to a session.
#[derive(Debug, Default)]
struct Attended {
    /// Those who have a record in the group.
    known: BTreeSet<ParticipantId>,
    /// How many have none.
    unknown: i64,
    /// How many are left out as their record is void.
    void: i64,
}

impl Recorded {
    /// Whether a session looks like a record of the same meeting as another one that counts.
    fn has_a_double(&self, group: &Group, id: SessionId) -> bool {
        self.alike.get(&id).into_iter().flatten().any(|other| group.left_out(*other).is_none())
    }

    fn attended(&self, group: &Group, id: SessionId) -> Attended {
        let marks = self.marks.get(&id).map(Vec::as_slice).unwrap_or_default();
        let came =
            of_whom(marks, |mark| group.splits.owner(mark)).into_iter().filter(|(_, mark)| mark.attended());
        let owners: BTreeSet<ParticipantId> = came.map(|(owner, _)| owner).collect();
        let mut attended = Attended::default();
        let mut unknown = BTreeSet::new();
        for owner in owners {
            let record = group.participants.get(&owner);
            if record.is_some_and(|one| one.void) {
                attended.void += 1;
                continue;
            }
            let who = record.and_then(|_| group.stand_ins.get(&owner)).copied().unwrap_or(owner);
            if group.participants.contains_key(&who) {
                attended.known.insert(who);
            } else {
                unknown.insert(who);
            }
        }
        attended.unknown = unknown.len() as i64;
        attended
    }

    fn load(tx: &mut Conn<'_>, asked: &BTreeMap<SessionId, &Meeting>) -> Result<Self, StoreError> {
        let ids: Vec<SessionId> = asked.keys().copied().collect();
        let mut recorded = Self { marks: marks(tx, &ids, None)?, ..Self::default() };
        let ids: Vec<Db<SessionId>> = ids.into_iter().map(Db).collect();
        for some in ids.chunks(AT_ONCE) {
            recorded.load_some(tx, some)?;
        }
        Ok(recorded)
    }

    fn load_some(&mut self, tx: &mut Conn<'_>, ids: &[Db<SessionId>]) -> Result<(), StoreError> {
        let heads: Vec<(Db<SessionId>, String, String, i32)> = on_each!(tx, |c| headcounts::table
            .filter(headcounts::session_id.eq_any(ids))
            .filter(headcounts::heads.gt(0))
            .select((headcounts::session_id, headcounts::sex, headcounts::age_band, headcounts::heads))
            .load(c))?;
        for (Db(session), sex, age_band, heads) in heads {
            self.heads.entry(session).or_default().push((sex, age_band, heads.into()));
        }
        let alike: Vec<(Db<SessionId>, Db<SessionId>)> = on_each!(tx, |c| possible_doubles::table
            .filter(possible_doubles::session_id.eq_any(ids))
            .load(c))?;
        for (Db(id), Db(other)) in alike {
            self.alike.entry(id).or_default().push(other);
        }
        let doubted: Vec<Db<SessionId>> = on_each!(tx, |c| sessions::table
            .filter(sessions::id.eq_any(ids))
            .filter(diesel::dsl::sql::<Bool>(&day_doubt("sessions")))
            .select(sessions::id)
            .load(c))?;
        self.doubted.extend(doubted.into_iter().map(|Db(id)| id));
        Ok(())
    }
}

/// The values of a [`Cell`], in its order.
type Told<'a> = [&'a str; 5];

/// What one session adds to each cell in which it stands.
fn of_session<'a>(
    group: &'a Group,
    meeting: &'a Meeting,
    attended: &Attended,
    heads: &'a [(String, String, i64)],
) -> BTreeMap<Told<'a>, Counts> {
    let all: Told<'_> = [""; 5];
    let told: Told<'_> = ["", "", &meeting.phase, &meeting.part_of_day, &meeting.state];
    let mut cells = BTreeMap::from([(all, Counts::default()), (told, Counts::default())]);
    let mut add = |sex: &'a str, age_band: &'a str, attendances: i64, heads: i64| {
        let people =
            [(sex, age_band), (sex, ""), ("", age_band)].map(|(sex, age_band)| [sex, age_band, "", "", ""]);
        for cell in people.into_iter().chain([all, told]) {
            let counts = cells.entry(cell).or_default();
            counts.attendances += attendances;
            counts.heads += heads;
        }
    };
    for person in attended.known.iter().filter_map(|who| group.participants.get(who)) {
        add(&person.sex, &person.age_band, 1, 0);
    }
    if attended.unknown > 0 {
        add(UNKNOWN, UNKNOWN, attended.unknown, 0);
    }
    for (sex, age_band, heads) in heads {
        add(sex, age_band, 0, *heads);
    }
    for counts in cells.values_mut() {
        counts.sessions = 1;
        counts.by_register = i64::from(counts.attendances > 0);
        counts.by_headcount = i64::from(counts.heads > 0);
        counts.minutes = meeting.minutes;
    }
    cells
}

/// What should be known of the people of a group, whatever the month.
fn of_people(tx: &mut Conn<'_>, group: &Group) -> Result<MonthDoubts, StoreError> {
    let mut doubts = MonthDoubts::none(group.id, "");
    if group.void {
        return Ok(doubts);
    }
    let counted = |tx: &mut Conn<'_>, condition: String| -> Result<i64, StoreError> {
        on_each!(tx, |c| participants::table
            .filter(participants::group_id.eq(Db(group.id)))
            .filter(diesel::dsl::sql::<Bool>(&condition))
            .count()
            .get_result(c))
    };
    doubts.one_or_two = counted(tx, one_or_two("participants"))?;
    doubts.consent_date_doubts = counted(tx, consent_doubt("participants"))?;
    Ok(doubts)
}
