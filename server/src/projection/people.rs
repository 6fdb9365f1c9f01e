//! Which participant of a group counts in whose place, as rows.
//!
//! The rows of a group follow from all its participants, so they are computed again whenever one of these changes its
//! `same_as` or `void`, or is erased. The writer holds the lock of the group's stream: of two participants written at once the later
//! sees the row of the earlier (READ COMMITTED).

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::id::{GroupId, ParticipantId};
use sync_core::person::stand_for;

use crate::on_each;
use crate::store::schema::{participants, people};
use crate::store::{Conn, Db, StoreError};

/// For each participant in whose place another counts, that other one.
type People = BTreeMap<ParticipantId, ParticipantId>;

/// Writes the rows of a group, all of them, where one differs; gives the participants in whose place another counts
/// than before. A group has few such rows, mostly none.
pub(super) fn write(tx: &mut Conn<'_>, group: GroupId) -> Result<BTreeSet<ParticipantId>, StoreError> {
    let (old, new) = (there(tx, group)?, compute(tx, group)?);
    let changed: BTreeSet<ParticipantId> =
        old.keys().chain(new.keys()).filter(|id| old.get(id) != new.get(id)).copied().collect();
    if changed.is_empty() {
        return Ok(changed);
    }
    let row = |(participant, person): (&ParticipantId, &ParticipantId)| {
        (
            people::participant_id.eq(Db(*participant)),
            people::group_id.eq(Db(group)),
            people::person_id.eq(Db(*person)),
        )
    };
    let rows: Vec<_> = new.iter().map(row).collect();
    on_each!(tx, |c| {
        diesel::delete(people::table.filter(people::group_id.eq(Db(group)))).execute(c)?;
        for some in rows.chunks(super::write::ROWS) {
            diesel::insert_into(people::table).values(some).execute(c)?;
        }
        Ok(())
    })?;
    Ok(changed)
}

/// Deletes the rows that name a participant, before its own row is deleted.
pub(super) fn clear(tx: &mut Conn<'_>, id: ParticipantId) -> Result<(), StoreError> {
    let of = people::participant_id.eq(Db(id)).or(people::person_id.eq(Db(id)));
    on_each!(tx, |c| diesel::delete(people::table.filter(of)).execute(c))?;
    Ok(())
}

/// Whether the row of a participant is not the one that it must have.
pub(super) fn differ(tx: &mut Conn<'_>, id: ParticipantId, group: GroupId) -> Result<bool, StoreError> {
    Ok(there(tx, group)?.get(&id) != compute(tx, group)?.get(&id))
}

/// The rows that a group has.
fn there(tx: &mut Conn<'_>, group: GroupId) -> Result<People, StoreError> {
    let rows: Vec<(Db<ParticipantId>, Db<ParticipantId>)> = on_each!(tx, |c| people::table
        .filter(people::group_id.eq(Db(group)))
        .select((people::participant_id, people::person_id))
        .load(c))?;
    Ok(rows.into_iter().map(|(Db(participant), Db(person))| (participant, person)).collect())
}

/// The rows that a group must have, from the rows of its participants: `sync_core::person::people`, in two queries.
fn compute(tx: &mut Conn<'_>, group: GroupId) -> Result<People, StoreError> {
    let said: Vec<(Db<ParticipantId>, Option<Db<ParticipantId>>)> = on_each!(tx, |c| participants::table
        .filter(participants::group_id.eq(Db(group)))
        .filter(participants::same_as.is_not_null())
        .select((participants::id, participants::same_as))
        .load(c))?;
    if said.is_empty() {
        return Ok(People::new());
    }
    let standing: Vec<Db<ParticipantId>> = on_each!(tx, |c| participants::table
        .filter(participants::group_id.eq(Db(group)))
        .filter(participants::void.is_null())
        .filter(participants::erased.eq(false))
        .select(participants::id)
        .load(c))?;
    let standing: BTreeSet<Db<ParticipantId>> = standing.into_iter().collect();
    let said =
        said.into_iter().filter_map(|(Db(id), of)| Some((id, of.filter(|of| standing.contains(of))?.0)));
    Ok(stand_for(&said.collect()).into_iter().filter(|(id, person)| id != person).collect())
}
