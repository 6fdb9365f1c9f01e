//! The log is bounded: of old changes only the word stays (who wrote what when, and which tablet vouched for it), their
//! bytes are given up. Nothing is lost by that: the document holds every change whole. A tablet that is further behind
//! asks what differs, and gets documents.

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

/// How many changes one transaction gives up: others wait no longer than that.
const AT_ONCE: i64 = 1000;

/// When a change may be given up, by its age in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Once it is so old and every tablet that reads the stream is past it.
    pub past: u32,
    /// Once it is so old, wherever tablets are.
    pub anyway: u32,
}

impl Default for Policy {
    /// Three months: a tablet that syncs at all is past by then. A year: one that does not may be in a drawer.
    fn default() -> Self {
        Self { past: 90, anyway: 365 }
    }
}

/// What it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compacted {
    pub streams: u64,
    pub changes: u64,
    /// Streams with a change that its document does not hold: nothing of them is given up from there on.
    /// `ihuriro verify` names it.
    pub held: u64,
}

/// Gives up what the policy lets go, stream by stream, while the service goes on.
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
        let mut before = compacted.changes;
        loop {
            let step = store.write("compact", move |tx| step(tx, stream, policy, now)).await?;
            match step {
                Step::Done => break,
                Step::Held => {
                    compacted.held += 1;
                    break;
                }
                Step::Gave(changes) => compacted.changes += changes,
            }
        }
        if std::mem::replace(&mut before, compacted.changes) < compacted.changes {
            compacted.streams += 1;
        }
    }
    Ok(compacted)
}

enum Step {
    Gave(u64),
    Done,
    /// The next change is not in its document.
    Held,
}

/// Gives up the next changes of a stream.
fn step(tx: &mut Conn<'_>, stream: StreamId, policy: Policy, now: Millis) -> Result<Step, StoreError> {
    // Takes the stream's lock: whoever writes to it waits.
    let from: i64 = on_each!(tx, |c| diesel::update(streams::table.find(Db(stream)))
        .set(streams::compacted_to.eq(streams::compacted_to))
        .returning(streams::compacted_to)
        .get_result(c))?;
    let to = horizon(tx, stream, policy, now)?.min(from + AT_ONCE);
    if to <= from {
        return Ok(Step::Done);
    }
    let range = || changes::stream_id.eq(Db(stream)).and(changes::seq.gt(from)).and(changes::seq.le(to));
    type Row = (i64, Vec<u8>, Db<DocumentId>, Vec<u8>);
    let rows: Vec<Row> = on_each!(tx, |c| changes::table
        .filter(range())
        .order(changes::seq)
        .select((changes::seq, changes::hash, changes::document_id, changes::bytes))
        .load(c))?;
    let held = held(tx, rows.iter().map(|(_, _, Db(id), _)| *id).collect())?;
    let sound = |(_, hash, Db(id), bytes): &&Row| {
        let hash = hash.as_slice().try_into().map(ChangeHash::from_bytes).ok();
        let change = hash.and_then(|hash| held.get(&(*id, hash)));
        change.is_some_and(|change| change.bytes() == bytes.as_slice())
    };
    let Some((to, ..)) = rows.iter().take_while(sound).last() else { return Ok(Step::Held) };
    let (to, count) = (*to, rows.iter().take_while(sound).count());
    on_each!(tx, |c| {
        let old = changes::stream_id.eq(Db(stream)).and(changes::seq.gt(from)).and(changes::seq.le(to));
        diesel::update(changes::table.filter(old)).set(changes::bytes.eq(Vec::<u8>::new())).execute(c)?;
        diesel::update(streams::table.find(Db(stream))).set(streams::compacted_to.eq(to)).execute(c)
    })?;
    Ok(Step::Gave(count as u64))
}

/// Up to which change the policy lets go.
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
    // A tablet that has not yet said where it is reads documents first.
    Ok(anyway.max(slowest.map_or(old, |slowest| slowest.min(old))))
}

/// The last change that the store received before a moment; 0 for none.
fn last_before(tx: &mut Conn<'_>, stream: StreamId, moment: Millis) -> Result<i64, StoreError> {
    let last: Option<i64> = on_each!(tx, |c| changes::table
        .filter(changes::stream_id.eq(Db(stream)).and(changes::received_at.lt(At(moment))))
        .select(max(changes::seq))
        .first(c))?;
    Ok(last.unwrap_or(0))
}

/// The changes that documents hold.
fn held(
    tx: &mut Conn<'_>,
    ids: BTreeSet<DocumentId>,
) -> Result<BTreeMap<(DocumentId, ChangeHash), Change>, StoreError> {
    let ids: Vec<DocumentId> = ids.into_iter().collect();
    let mut held = BTreeMap::new();
    for (id, stored) in load_all(tx, &ids)? {
        // One that does not open holds nothing; `ihuriro verify` names it.
        let changes = stored.open().map(|document| document.changes()).unwrap_or_default();
        held.extend(changes.into_iter().map(|change| ((id, change.hash()), change)));
    }
    Ok(held)
}
