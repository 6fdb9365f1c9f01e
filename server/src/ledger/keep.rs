//! Carrying out what was planned: numbers, changes, documents, fingerprints and rows, under the locks of the streams.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::change::{Change, ChangeHash};
use sync_core::cursor::Fingerprint;
use sync_core::id::{BatchId, DeviceId, DocumentId, GroupId, StreamId};
use sync_core::merge::After;
use sync_core::record::Record;
use sync_core::time::Millis;

use super::Stored;
use crate::on_each;
use crate::projection;
use crate::store::schema::{changes, documents, streams};
use crate::store::{At, Code, Conn, Db, StoreError};

/// Rows of one statement: PostgreSQL takes 65,535 values in one, and a row has eleven.
const AT_ONCE: usize = 1_000;

/// Where a change comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The batch that vouches for it; none for what is written at the web interface.
    pub batch: Option<BatchId>,
    pub schema: u32,
}

/// A document that gained changes.
#[derive(Debug)]
pub struct Gain {
    pub stream: StreamId,
    pub id: DocumentId,
    /// What the plan was made on.
    pub before: Option<Stored>,
    pub after: After,
    /// The new changes, in the order in which they are to be read.
    pub fresh: Vec<(Origin, Change)>,
}

/// A document that gained nothing because something lacks what it builds on.
#[derive(Debug, Clone, Copy)]
pub struct Lacking {
    pub stream: StreamId,
    pub id: DocumentId,
    /// Of the document as it was loaded; none where there was none.
    pub version: Option<i64>,
}

/// Stores what documents gained, all in the order of their streams, and projects them. Those that lack something are held to be
/// as they were loaded: what they lack may have come meanwhile.
///
/// # Errors
/// [`StoreError::Raced`] if one of the documents was written since it was loaded, and those of the store.
pub fn keep(tx: &mut Conn<'_>, gains: Vec<Gain>, lacking: &[Lacking], now: Millis) -> Result<(), StoreError> {
    let mut by_stream: BTreeMap<StreamId, Vec<Gain>> = BTreeMap::new();
    for gain in gains {
        by_stream.entry(gain.stream).or_default().push(gain);
    }
    for one in lacking {
        by_stream.entry(one.stream).or_default();
    }
    // In the order of their ids, so that two pushes that touch the same streams queue and never deadlock.
    for (stream, gains) in by_stream {
        let total: usize = gains.iter().map(|gain| gain.fresh.len()).sum();
        let (mut seq, mut fingerprint) = lock(tx, stream, total as i64)?;
        as_loaded(tx, stream, lacking.iter().filter(|one| one.stream == stream))?;
        if gains.is_empty() {
            continue;
        }
        let mut groups: BTreeSet<GroupId> = BTreeSet::new();
        for gain in gains {
            let old = gain.before.as_ref().map(|before| before.heads.as_slice()).unwrap_or_default();
            let heads = gain.after.document.heads();
            fingerprint =
                fingerprint.replace(Fingerprint::of(gain.id, old), Fingerprint::of(gain.id, &heads));
            write_document(tx, &gain, &heads, now)?;
            seq = write_changes(tx, &gain, seq, now)?;
            projection::project(tx, gain.id, &gain.after.document, &gain.after.record)?;
            if let Record::Participant(participant) = &gain.after.record {
                groups.insert(participant.group);
            }
        }
        for group in groups {
            projection::project_people(tx, group)?;
        }
        let row = streams::table.find(Db(stream));
        let bytes = fingerprint.as_bytes().to_vec();
        on_each!(tx, |c| diesel::update(row).set(streams::fingerprint.eq(bytes)).execute(c))?;
    }
    Ok(())
}

/// Takes a stream's row lock by taking `count` numbers; gives the number before the first of them. Whoever else
/// wants numbers waits here until this transaction ends.
fn lock(tx: &mut Conn<'_>, stream: StreamId, count: i64) -> Result<(i64, Fingerprint), StoreError> {
    let (last, fingerprint): (i64, Vec<u8>) =
        on_each!(tx, |c| diesel::update(streams::table.find(Db(stream)))
            .set(streams::last_seq.eq(streams::last_seq + count))
            .returning((streams::last_seq, streams::fingerprint))
            .get_result(c))?;
    let fingerprint = fingerprint.as_slice().try_into().map_err(|_| StoreError::Damaged("a stream"))?;
    Ok((last - count, Fingerprint::from_bytes(fingerprint)))
}

/// Whether documents are as they were loaded, now that nobody else writes to their stream.
fn as_loaded<'a>(
    tx: &mut Conn<'_>,
    stream: StreamId,
    lacking: impl Iterator<Item = &'a Lacking>,
) -> Result<(), StoreError> {
    let mut loaded: BTreeMap<Db<DocumentId>, Option<i64>> =
        lacking.map(|one| (Db(one.id), one.version)).collect();
    let ids: Vec<Db<DocumentId>> = loaded.keys().copied().collect();
    for some in ids.chunks(AT_ONCE) {
        let now: Vec<(Db<DocumentId>, i64)> = on_each!(tx, |c| documents::table
            .filter(documents::id.eq_any(some))
            .filter(documents::stream_id.eq(Db(stream)))
            .select((documents::id, documents::version))
            .load(c))?;
        for (id, version) in now {
            if loaded.remove(&id) != Some(Some(version)) {
                return Err(StoreError::Raced);
            }
        }
    }
    if loaded.values().any(Option::is_some) { Err(StoreError::Raced) } else { Ok(()) }
}

fn write_document(
    tx: &mut Conn<'_>,
    gain: &Gain,
    heads: &[ChangeHash],
    now: Millis,
) -> Result<(), StoreError> {
    let document = &gain.after.document;
    let content = (
        documents::snapshot.eq(&gain.after.snapshot),
        documents::operations.eq(gain.after.operations as i64),
        documents::heads.eq(heads.iter().flat_map(|head| *head.as_bytes()).collect::<Vec<u8>>()),
        documents::updated_at.eq(At(now)),
    );
    let written = match &gain.before {
        Some(before) => on_each!(tx, |c| diesel::update(documents::table.find(Db(gain.id)))
            .filter(documents::version.eq(before.version))
            .set((documents::version.eq(before.version + 1), content))
            .execute(c))?,
        None => {
            let row = (
                documents::id.eq(Db(gain.id)),
                documents::kind.eq(Code(document.kind())),
                documents::stream_id.eq(Db(gain.stream)),
                documents::version.eq(1),
                content,
            );
            on_each!(tx, |c| diesel::insert_into(documents::table)
                .values(row)
                .on_conflict(documents::id)
                .do_nothing()
                .execute(c))?
        }
    };
    if written == 1 { Ok(()) } else { Err(StoreError::Raced) }
}

/// Writes what is new of a document under the numbers after `seq`; gives the last of them.
fn write_changes(tx: &mut Conn<'_>, gain: &Gain, seq: i64, now: Millis) -> Result<i64, StoreError> {
    let rows: Vec<_> = (seq + 1..)
        .zip(&gain.fresh)
        .map(|(seq, (origin, change))| {
            let author: DeviceId = change.actor().device;
            (
                changes::stream_id.eq(Db(gain.stream)),
                changes::seq.eq(seq),
                changes::hash.eq(change.hash().as_bytes().to_vec()),
                changes::document_id.eq(Db(gain.id)),
                changes::kind.eq(Code(gain.after.document.kind())),
                changes::author.eq(Db(author)),
                changes::incarnation.eq(i64::from(change.actor().incarnation)),
                changes::schema.eq(origin.schema as i32),
                changes::batch_id.eq(origin.batch.map(Db)),
                changes::received_at.eq(At(now)),
                changes::bytes.eq(change.bytes().to_vec()),
            )
        })
        .collect();
    for some in rows.chunks(AT_ONCE) {
        on_each!(tx, |c| diesel::insert_into(changes::table).values(some).execute(c))?;
    }
    Ok(seq + gain.fresh.len() as i64)
}
