//! Which months of a group must be counted again, for what changed in its rows.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::id::{ParticipantId, SessionId};

use super::group::{Group, month};
use crate::on_each;
use crate::projection::{Differences, SessionChange};
use crate::store::schema::{attendances, possible_doubles, sessions};
use crate::store::{Conn, Db, StoreError};

/// What must be counted again.
#[derive(Debug)]
pub(super) enum Affected {
    All,
    Some {
        /// `2026-03`
        months: BTreeSet<String>,
        /// Whether what is said of people whatever the month is among it.
        people: bool,
    },
}

impl Affected {
    pub(super) fn month(&self, month: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some { months, .. } => months.contains(month),
        }
    }

    pub(super) fn people(&self) -> bool {
        matches!(self, Self::All | Self::Some { people: true, .. })
    }

    /// What these differences affect, in a group that is already as they leave it.
    pub(super) fn by(
        tx: &mut Conn<'_>,
        group: &Group,
        differences: &Differences,
    ) -> Result<Self, StoreError> {
        if differences.group_counts_otherwise() {
            return Ok(Self::All);
        }
        let changes: Vec<SessionChange<'_>> = differences.sessions().collect();
        let mut months: BTreeSet<String> = changes.iter().map(|one| month(one.date)).collect();
        let linked = linked(group, &changes);
        // Whether two sessions are told to look alike follows from whether both count.
        let alike = alike(tx, &linked)?;
        let meetings =
            linked.iter().chain(&alike).chain(&differences.alike).filter_map(|id| group.sessions.get(id));
        months.extend(meetings.map(|meeting| meeting.month.clone()));
        let changed: BTreeSet<ParticipantId> =
            differences.participants().chain(differences.people.iter().copied()).collect();
        months.append(&mut months_of(tx, group, &changed)?);
        Ok(Self::Some { months, people: differences.of_participants() })
    }
}

/// The sessions that may count otherwise, as one that they refer to does, or did, or one that refers to them.
fn linked(group: &Group, changes: &[SessionChange<'_>]) -> BTreeSet<SessionId> {
    let moved = changes.iter().filter(|one| one.old != one.new);
    let mut near: BTreeMap<SessionId, BTreeSet<SessionId>> = BTreeMap::new();
    let mut link = |one: SessionId, to: &[SessionId]| {
        for other in to {
            near.entry(one).or_default().insert(*other);
            near.entry(*other).or_default().insert(one);
        }
    };
    for (id, meeting) in &group.sessions {
        let others = [meeting.says.moved_to, meeting.says.moved_from, meeting.says.double_of];
        link(*id, &others.into_iter().flatten().collect::<Vec<_>>());
    }
    let mut left: Vec<SessionId> = Vec::new();
    for one in moved {
        link(one.id, one.old.as_ref().map(|old| old.others.as_slice()).unwrap_or_default());
        left.push(one.id);
    }
    let mut found = BTreeSet::new();
    while let Some(id) = left.pop() {
        if found.insert(id) {
            left.extend(near.get(&id).into_iter().flatten());
        }
    }
    found
}

/// The sessions that look like a record of the same meeting as one of these.
fn alike(tx: &mut Conn<'_>, sessions: &BTreeSet<SessionId>) -> Result<BTreeSet<SessionId>, StoreError> {
    let ids: Vec<Db<SessionId>> = sessions.iter().copied().map(Db).collect();
    let mut found = BTreeSet::new();
    for some in ids.chunks(AT_ONCE) {
        let others: Vec<Db<SessionId>> = on_each!(tx, |c| possible_doubles::table
            .filter(possible_doubles::session_id.eq_any(some))
            .select(possible_doubles::other_id)
            .load(c))?;
        found.extend(others.into_iter().map(|Db(id)| id));
    }
    Ok(found)
}

/// The months in which a mark counts for one of these: under their own code, under one that was given to them, or in whose place
/// they count.
fn months_of(
    tx: &mut Conn<'_>,
    group: &Group,
    changed: &BTreeSet<ParticipantId>,
) -> Result<BTreeSet<String>, StoreError> {
    if changed.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut codes = changed.clone();
    codes.extend(group.stand_ins.iter().filter(|(_, person)| changed.contains(person)).map(|(id, _)| *id));
    let codes: Vec<Db<ParticipantId>> = group.splits.codes_of(&codes).into_iter().map(Db).collect();
    let mut months = BTreeSet::new();
    for some in codes.chunks(AT_ONCE) {
        let days: Vec<String> = on_each!(tx, |c| attendances::table
            .inner_join(sessions::table.on(sessions::id.eq(attendances::session_id)))
            .filter(attendances::participant_id.eq_any(some))
            .filter(sessions::group_id.eq(Db(group.id)))
            .select(sessions::date)
            .distinct()
            .load(c))?;
        months.extend(days.iter().map(|day| month(day)));
    }
    Ok(months)
}

/// How many ids one query names.
const AT_ONCE: usize = 500;
