//! Who counts in whose place among the participants of a group, as rows.
//!
//! The rows of a group follow from all its participants, so they are computed again whenever one of these is written. Whoever
//! projects a participant holds the lock of its stream, so that of two written at once the later one sees the other.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::id::{GroupId, ParticipantId};
use sync_core::person::stand_for;

use crate::on_each;
use crate::store::schema::{participants, people};
use crate::store::{Conn, Db, StoreError};

/// Of each participant whom another one counts for, that one.
type People = BTreeMap<ParticipantId, ParticipantId>;

/// Writes the rows of a group in the place of those that it has, where they differ; gives those participants in whose place
/// somebody else counts than before. A group has few, mostly none.
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

/// Takes a participant out of the rows of its group, before its own row goes.
pub(super) fn clear(tx: &mut Conn<'_>, id: ParticipantId) -> Result<(), StoreError> {
    let of = people::participant_id.eq(Db(id)).or(people::person_id.eq(Db(id)));
    on_each!(tx, |c| diesel::delete(people::table.filter(of)).execute(c))?;
    Ok(())
}

/// Whether the row of a participant is not the one that it must have.
pub(super) fn differ(tx: &mut Conn<'_>, id: ParticipantId, group: GroupId) -> Result<bool, StoreError> {
    Ok(there(tx, group)?.get(&id) != compute(tx, group)?.get(&id))
}

fn there(tx: &mut Conn<'_>, group: GroupId) -> Result<People, StoreError> {
    let rows: Vec<(Db<ParticipantId>, Db<ParticipantId>)> = on_each!(tx, |c| people::table
        .filter(people::group_id.eq(Db(group)))
        .select((people::participant_id, people::person_id))
        .load(c))?;
    Ok(rows.into_iter().map(|(Db(participant), Db(person))| (participant, person)).collect())
}

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
        .select(participants::id)
        .load(c))?;
    let standing: BTreeSet<Db<ParticipantId>> = standing.into_iter().collect();
    let said =
        said.into_iter().filter_map(|(Db(id), of)| Some((id, of.filter(|of| standing.contains(of))?.0)));
    Ok(stand_for(&said.collect()).into_iter().filter(|(id, person)| id != person).collect())
}
