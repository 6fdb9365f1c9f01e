//! Compaction: the bytes of old changes are given up, so that the log stays bounded. The row of a change stays, with
//! its author, time and batch. Nothing is lost: the document holds every change, byte for byte. A tablet whose cursor
//! is further behind begins an agreement, and gets documents.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::{max, min};
use diesel::prelude::*;
use sync_core::change::{Change, ChangeHash};
use sync_core::id::{DocumentId, StreamId};
use sync_core::time::Millis;

use super::load_all;
use crate::on_each;
use crate::store::schema::{assignments, changes, devices, readings, streams};
use crate::store::{At, Conn, Db, Store, StoreError};

/// How many changes are looked at and given up at once. Every document of these changes is opened, with no lock held.
const AT_ONCE: i64 = 1000;

/// The age, in days, from which the bytes of a change may be given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The age of a change that every tablet which reads the stream has read.
    pub past: u32,
    /// The age of any change, wherever tablets are.
    pub anyway: u32,
}

impl Default for Policy {
    /// Three months: a tablet that syncs at all has read the change by then. A year: a tablet that has not may lie in a
    /// drawer.
    fn default() -> Self {
        Self { past: 90, anyway: 365 }
    }
}

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compacted {
    /// How many streams had changes to give up.
    pub streams: u64,
    pub changes: u64,
    /// How many streams have a change that its document does not hold: from that change on nothing is given up.
    /// `ihuriro verify` names it.
    pub held: u64,
}

/// Gives up the changes that the policy allows, stream by stream, while the service goes on.
///
/// # Errors
/// Those of the store; what was done stays.
pub async fn compact(store: &Store, policy: Policy, now: Millis) -> Result<Compacted, StoreError> {
    let all: Vec<Db<StreamId>> = store
        .read("streams to compact", |tx| {
            on_each!(tx, |c| streams::table.select(streams::id).order(streams::id).load(c))
        })
        .await?;
    let mut compacted = Compacted::default();
    for Db(stream) in all {
        let before = compacted.changes;
        loop {
            let step = store.read("look at old changes", move |tx| look(tx, stream, policy, now)).await?;
            match step {
                Step::Done => break,
                Step::Held => {
                    compacted.held += 1;
                    break;
                }
                Step::Give { from, to } => {
                    compacted.changes +=
                        store.write("compact", move |tx| give_up(tx, stream, from, to)).await?;
                }
            }
        }
        compacted.streams += u64::from(compacted.changes > before);
    }
    Ok(compacted)
}

enum Step {
    /// The changes after the first number, up to the second, may be given up.
    Give {
        from: i64,
        to: i64,
    },
    Done,
    /// The next change is not in its document.
    Held,
}

/// Which changes of a stream may be given up next. Takes no lock: no document ever loses a change, so what its documents hold now they hold
/// when the changes are given up.
fn look(tx: &mut Conn<'_>, stream: StreamId, policy: Policy, now: Millis) -> Result<Step, StoreError> {
    let from: i64 = on_each!(tx, |c| streams::table.find(Db(stream)).select(streams::compacted_to).first(c))?;
    let to = horizon(tx, stream, policy, now)?.min(from + AT_ONCE);
    if to <= from {
        return Ok(Step::Done);
    }
    // A change is given up only if its document holds it byte for byte: otherwise its row is the last copy. The first
    // change that is missing ends it, as a cursor can't step over a gap.
    type Row = (i64, Vec<u8>, Db<DocumentId>, Vec<u8>);
    let rows: Vec<Row> = on_each!(tx, |c| changes::table
        .filter(changes::stream_id.eq(Db(stream)).and(changes::seq.gt(from)).and(changes::seq.le(to)))
        .order(changes::seq)
        .select((changes::seq, changes::hash, changes::document_id, changes::bytes))
        .load(c))?;
    let held = held(tx, rows.iter().map(|(_, _, Db(id), _)| *id).collect())?;
    let sound = |(_, hash, Db(id), bytes): &&Row| {
        // Of a document that was erased the bytes are given up already.
        if bytes.is_empty() {
            return true;
        }
        let hash = hash.as_slice().try_into().map(ChangeHash::from_bytes).ok();
        let change = hash.and_then(|hash| held.get(&(*id, hash)));
        change.is_some_and(|change| change.bytes() == bytes.as_slice())
    };
    let last = rows.iter().take_while(sound).last();
    Ok(last.map_or(Step::Held, |(to, ..)| Step::Give { from, to: *to }))
}

/// Gives up the bytes of changes, in one transaction under the lock of their stream; gives how many. None where another service was
/// faster. The bytes and the mark of how far go together, so that no tablet is sent an empty change.
fn give_up(tx: &mut Conn<'_>, stream: StreamId, from: i64, to: i64) -> Result<u64, StoreError> {
    let moved = on_each!(tx, |c| diesel::update(streams::table.find(Db(stream)))
        .filter(streams::compacted_to.eq(from))
        .set(streams::compacted_to.eq(to))
        .execute(c))?;
    if moved == 0 {
        return Ok(0);
    }
    let old = changes::stream_id.eq(Db(stream)).and(changes::seq.gt(from)).and(changes::seq.le(to));
    let count = on_each!(tx, |c| diesel::update(changes::table.filter(old))
        .set(changes::bytes.eq(Vec::<u8>::new()))
        .execute(c))?;
    Ok(count as u64)
}

/// The number of the last change that the policy allows to give up.
fn horizon(tx: &mut Conn<'_>, stream: StreamId, policy: Policy, now: Millis) -> Result<i64, StoreError> {
    let anyway = last_before(tx, stream, now.plus_days(-i64::from(policy.anyway)))?;
    let old = last_before(tx, stream, now.plus_days(-i64::from(policy.past)))?;
    let reads = assignments::table
        .filter(assignments::group_id.eq(Db(stream)).and(assignments::ended_at.is_null()))
        .select(assignments::user_id);
    let slowest: Option<i64> = on_each!(tx, |c| readings::table
        .inner_join(devices::table)
        .filter(readings::stream_id.eq(Db(stream)))
        .filter(devices::revoked_at.is_null())
        .filter(devices::user_id.eq_any(reads))
        .select(min(readings::position))
        .first(c))?;
    // A tablet that has no reading of the stream yet begins with documents: no change is kept for it.
    Ok(anyway.max(slowest.map_or(old, |slowest| slowest.min(old))))
}

/// The number of the last change that the store received before a moment; 0 for none.
fn last_before(tx: &mut Conn<'_>, stream: StreamId, moment: Millis) -> Result<i64, StoreError> {
    let last: Option<i64> = on_each!(tx, |c| changes::table
        .filter(changes::stream_id.eq(Db(stream)).and(changes::received_at.lt(At(moment))))
        .select(max(changes::seq))
        .first(c))?;
    Ok(last.unwrap_or(0))
}

/// The changes that these documents hold. Opens each.
fn held(
    tx: &mut Conn<'_>,
    ids: BTreeSet<DocumentId>,
) -> Result<BTreeMap<(DocumentId, ChangeHash), Change>, StoreError> {
    let ids: Vec<DocumentId> = ids.into_iter().collect();
    let mut held = BTreeMap::new();
    for (id, stored) in load_all(tx, &ids)? {
        // A document that does not open holds nothing for sure, so its changes are kept; `ihuriro verify` names it.
        let changes = stored.open().map(|document| document.changes()).unwrap_or_default();
        held.extend(changes.into_iter().map(|change| ((id, change.hash()), change)));
    }
    Ok(held)
}
