//! Groups whose facts wait to be counted again: as that was too much work for whoever changed one of their rows, or as what is
//! known of a clock changed, which is no matter of one stream.
//!
//! They are counted in a transaction that reads, with no lock held; what was counted is written if nobody wrote to the group
//! meanwhile (its stream stands where it stood) nor counted it again (it is due as it was), and counted again otherwise.

use diesel::prelude::*;
use sync_core::id::GroupId;
use uuid::Uuid;

use super::affected::Affected;
use super::change::Change;
use super::group::Group;
use crate::on_each;
use crate::store::schema::{facts_due, groups, streams};
use crate::store::{Conn, Db, Store, StoreError};

/// How often a group is counted again that somebody keeps writing to, before others have their turn.
const TRIES: u32 = 3;
/// How many groups one query asks for.
const AT_ONCE: usize = 500;

/// Says that the facts of these groups are to be counted again. Of a group that the store does not have there are none: a tablet may name
/// one whose every change is quarantined.
///
/// # Errors
/// Those of the store.
pub(crate) fn note(tx: &mut Conn<'_>, groups: &[GroupId]) -> Result<(), StoreError> {
    let mut there: Vec<Db<GroupId>> = Vec::new();
    for some in groups.chunks(AT_ONCE) {
        let some = streams::table.filter(streams::id.eq_any(some.iter().copied().map(Db)));
        there.extend(on_each!(tx, |c| some.select(streams::id).load::<Db<GroupId>>(c))?);
    }
    for Db(group) in there {
        let token = facts_due::token.eq(Uuid::new_v4().as_bytes().to_vec());
        on_each!(tx, |c| diesel::insert_into(facts_due::table)
            .values((facts_due::group_id.eq(Db(group)), token.clone()))
            .on_conflict(facts_due::group_id)
            .do_update()
            .set(token)
            .execute(c))?;
    }
    Ok(())
}

/// Says that the facts of all groups are to be counted again.
///
/// # Errors
/// Those of the store.
pub(crate) fn note_all(tx: &mut Conn<'_>) -> Result<(), StoreError> {
    let all: Vec<Db<GroupId>> = on_each!(tx, |c| groups::table.select(groups::id).load(c))?;
    note(tx, &all.into_iter().map(|Db(id)| id).collect::<Vec<_>>())
}

pub(super) fn is(tx: &mut Conn<'_>, group: GroupId) -> Result<bool, StoreError> {
    let there: i64 =
        on_each!(tx, |c| facts_due::table.filter(facts_due::group_id.eq(Db(group))).count().get_result(c))?;
    Ok(there > 0)
}

/// A group was counted again just now, under the lock of its stream.
pub(super) fn done(tx: &mut Conn<'_>, group: GroupId) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::delete(facts_due::table.find(Db(group))).execute(c))?;
    Ok(())
}

/// Counts those again that are due; gives how many there were.
///
/// # Errors
/// Those of the store; what was done stays.
pub async fn catch_up(store: &Store) -> Result<u64, StoreError> {
    type Due = Vec<(Db<GroupId>, Vec<u8>)>;
    let due: Due = store
        .read("facts due", |tx| {
            on_each!(tx, |c| facts_due::table.select((facts_due::group_id, facts_due::token)).load(c))
        })
        .await?;
    let count = due.len() as u64;
    for (Db(group), token) in due {
        for _ in 0..TRIES {
            if count_again(store, group, token.clone()).await? {
                break;
            }
        }
    }
    Ok(count)
}

/// Says whether it is done.
async fn count_again(store: &Store, group: GroupId, token: Vec<u8>) -> Result<bool, StoreError> {
    let counted = move |tx: &mut Conn<'_>| -> Result<_, StoreError> {
        let last: Option<i64> =
            on_each!(tx, |c| streams::table.find(Db(group)).select(streams::last_seq).first(c).optional())?;
        let change = match Group::load(tx, group)? {
            Some(group) => Some(Change::of(tx, group, Affected::All)?),
            None => None,
        };
        Ok((last, change))
    };
    let (last, change) = store.read("count facts again", counted).await?;
    store
        .write("write facts again", move |tx| {
            // Takes the stream's lock.
            let now: Option<i64> = on_each!(tx, |c| diesel::update(streams::table.find(Db(group)))
                .set(streams::last_seq.eq(streams::last_seq))
                .returning(streams::last_seq)
                .get_result(c)
                .optional())?;
            if now != last {
                return Ok(false);
            }
            // Somebody else did it meanwhile, or said that it must be done again.
            let due = facts_due::table.find(Db(group)).filter(facts_due::token.eq(&token));
            if on_each!(tx, |c| diesel::delete(due).execute(c))? == 0 {
                return Ok(true);
            }
            if let Some(change) = &change {
                change.write(tx)?;
            }
            Ok(true)
        })
        .await
}
