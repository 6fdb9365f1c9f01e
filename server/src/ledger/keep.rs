//! Carrying out a plan: numbers, changes, documents, fingerprints, rows and facts, under the locks of the streams.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::result::DatabaseErrorKind;
use diesel::result::Error::DatabaseError;
use sync_core::change::{Change, ChangeHash};
use sync_core::cursor::Fingerprint;
use sync_core::id::{BatchId, DeviceId, DocumentId, GroupId, Id, StreamId};
use sync_core::merge::After;
use sync_core::record::Place;
use sync_core::time::Millis;

use super::Stored;
use crate::facts;
use crate::on_each;
use crate::projection::{self, Differences, Rows, Subject};
use crate::store::schema::{changes, documents, streams};
use crate::store::{At, Code, Conn, Db, StoreError};

/// Rows of one statement: PostgreSQL takes 65,535 values in one, and a row has eleven.
const AT_ONCE: usize = 1_000;

/// Where a change comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The batch that vouches for it; `None` for a change that was written at the web interface.
    pub batch: Option<BatchId>,
    /// The version of the data dictionary under which it was written.
    pub schema: u32,
}

/// A document that gained changes.
#[derive(Debug)]
pub struct Gain {
    pub stream: StreamId,
    pub id: DocumentId,
    /// The stored document on which the plan was made; `None` for a document that begins.
    before: Option<Stored>,
    after: After,
    /// The heads of `after`, ascending.
    heads: Vec<ChangeHash>,
    /// The rows of `after`.
    rows: Rows,
    /// The new changes, each after those that it builds on.
    fresh: Vec<(Origin, Change)>,
}

impl Gain {
    /// What a document gained in its stream. Heads and rows are computed here, while no lock is held. `fresh` are the
    /// new changes, each after those that it builds on: tablets read them in this order.
    pub fn new(
        stream: StreamId,
        id: DocumentId,
        before: Option<Stored>,
        after: After,
        fresh: Vec<(Origin, Change)>,
    ) -> Self {
        let place = Place { stream, document: id, kind: after.document.kind() };
        let (heads, rows) = (after.document.heads(), Rows::of(place, &after.document, &after.record));
        Self { stream, id, before, after, heads, rows, fresh }
    }

    fn place(&self) -> Place {
        Place { stream: self.stream, document: self.id, kind: self.after.document.kind() }
    }

    /// The batches that vouch for its changes.
    pub fn batches(&self) -> impl Iterator<Item = BatchId> {
        self.fresh.iter().filter_map(|(origin, _)| origin.batch)
    }

    /// The new changes that are re-keyed, by the hash that each had before.
    pub fn rekeyed(&self) -> impl Iterator<Item = (ChangeHash, &Change)> {
        self.fresh.iter().filter_map(|(_, change)| Some((change.was()?, change)))
    }

    /// How many changes are new.
    pub fn changes(&self) -> usize {
        self.fresh.len()
    }
}

/// A document that must still be as it was loaded when something is written: it gained nothing because a dependency of a change is missing, or a
/// record that begins is about it.
#[derive(Debug, Clone, Copy)]
pub struct Lacking {
    pub stream: StreamId,
    pub id: DocumentId,
    /// The version of the document as it was loaded; `None` where there was no document.
    pub version: Option<i64>,
}

/// Stores what documents gained, stream by stream, and projects it. The documents in `lacking` must be as they were
/// loaded: otherwise the missing dependency may have come meanwhile, or whom a record is about may have been erased.
///
/// Takes the row lock of each stream, in the order of their ids, and holds all of them until the transaction ends.
/// Nothing is opened, parsed or merged under a lock; the facts of the months concerned are counted ([`facts::fold`]).
///
/// # Errors
/// [`StoreError::Raced`] if one of the documents was written since it was loaded, and those of the store.
pub fn keep(tx: &mut Conn<'_>, gains: &[Gain], lacking: &[Lacking], now: Millis) -> Result<(), StoreError> {
    let mut by_stream: BTreeMap<StreamId, Vec<&Gain>> = BTreeMap::new();
    for gain in gains {
        by_stream.entry(gain.stream).or_default().push(gain);
    }
    for one in lacking {
        by_stream.entry(one.stream).or_default();
    }
    // In the order of ids: two pushes that touch the same streams queue and never deadlock.
    for (stream, gains) in by_stream {
        let total: usize = gains.iter().map(|gain| gain.fresh.len()).sum();
        // 1. The lock, which gives out the numbers. From here on nobody else writes to a document of the stream.
        let (seq, mut fingerprint) = lock(tx, stream, total as i64)?;
        as_loaded(tx, stream, lacking.iter().filter(|one| one.stream == stream))?;
        if gains.is_empty() {
            continue;
        }
        // 2. The fingerprint, by what differs.
        for gain in &gains {
            let old = gain.before.as_ref().map(|before| before.heads.as_slice()).unwrap_or_default();
            fingerprint =
                fingerprint.replace(Fingerprint::of(gain.id, old), Fingerprint::of(gain.id, &gain.heads));
        }
        // 3. Documents first: a version that differs ends it here. Then the changes, the rows, and the facts that
        //    follow from them.
        write_documents(tx, &gains, now)?;
        write_changes(tx, &gains, seq, now)?;
        let differences = project(tx, &gains)?;
        facts::fold(tx, GroupId::from_uuid(stream.uuid()), &differences)?;
        let row = streams::table.find(Db(stream));
        let bytes = fingerprint.as_bytes().to_vec();
        on_each!(tx, |c| diesel::update(row).set(streams::fingerprint.eq(bytes)).execute(c))?;
    }
    Ok(())
}

/// Takes the lock of a stream and holds it until the transaction ends: nobody else writes to it, and what was committed before is seen by the queries
/// that follow.
///
/// # Errors
/// Those of the store.
pub fn hold(tx: &mut Conn<'_>, stream: StreamId) -> Result<(), StoreError> {
    lock(tx, stream, 0).map(|_| ())
}

/// Takes a stream's row lock by taking `count` numbers; gives the number before the first of them, and the fingerprint.
/// Other transactions that want numbers of the stream wait here until this one ends (on PostgreSQL ten seconds at most,
/// then they run again).
fn lock(tx: &mut Conn<'_>, stream: StreamId, count: i64) -> Result<(i64, Fingerprint), StoreError> {
    let (last, fingerprint): (i64, Vec<u8>) =
        on_each!(tx, |c| diesel::update(streams::table.find(Db(stream)))
            .set(streams::last_seq.eq(streams::last_seq + count))
            .returning((streams::last_seq, streams::fingerprint))
            .get_result(c))?;
    let fingerprint = fingerprint.as_slice().try_into().map_err(|_| StoreError::Damaged("a stream"))?;
    Ok((last - count, Fingerprint::from_bytes(fingerprint)))
}

/// Checks, under the lock of the stream, that documents are as they were loaded.
///
/// # Errors
/// [`StoreError::Raced`] if one of them was written, or begun, since.
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

/// Writes the documents: new ones in one statement, the others one by one, each only if it still has the version on
/// which the plan was made.
///
/// # Errors
/// [`StoreError::Raced`] if one of them was written or begun since.
fn write_documents(tx: &mut Conn<'_>, gains: &[&Gain], now: Millis) -> Result<(), StoreError> {
    let content = |gain: &Gain| {
        (
            documents::snapshot.eq(gain.after.snapshot.clone()),
            documents::operations.eq(gain.after.operations as i64),
            documents::heads.eq(gain.heads.iter().flat_map(|head| *head.as_bytes()).collect::<Vec<u8>>()),
            documents::updated_at.eq(At(now)),
        )
    };
    let (mut written, mut new) = (0, Vec::new());
    for gain in gains {
        match &gain.before {
            Some(before) => {
                written += on_each!(tx, |c| diesel::update(documents::table.find(Db(gain.id)))
                    .filter(documents::version.eq(before.version))
                    .set((documents::version.eq(before.version + 1), content(gain)))
                    .execute(c))?;
            }
            None => new.push((
                documents::id.eq(Db(gain.id)),
                documents::kind.eq(Code(gain.after.document.kind())),
                documents::stream_id.eq(Db(gain.stream)),
                documents::version.eq(1),
                content(gain),
            )),
        }
    }
    for some in new.chunks(AT_ONCE) {
        let inserted =
            on_each!(tx, |c| diesel::insert_into(documents::table).values(some.to_vec()).execute(c));
        written += inserted.map_err(|error| match error {
            StoreError::Query(DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => StoreError::Raced,
            error => error,
        })?;
    }
    if written == gains.len() { Ok(()) } else { Err(StoreError::Raced) }
}

/// Writes the new changes under the numbers after `seq`.
fn write_changes(tx: &mut Conn<'_>, gains: &[&Gain], seq: i64, now: Millis) -> Result<(), StoreError> {
    let all = gains.iter().flat_map(|gain| gain.fresh.iter().map(move |fresh| (*gain, fresh)));
    let row = |(seq, (gain, (origin, change))): (i64, (&Gain, &(Origin, Change)))| {
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
    };
    let rows: Vec<_> = (seq + 1..).zip(all).map(row).collect();
    for some in rows.chunks(AT_ONCE) {
        on_each!(tx, |c| diesel::insert_into(changes::table).values(some).execute(c))?;
    }
    Ok(())
}

/// Brings the rows of the documents up to date; gives what changed. A new document has no rows, so none are read for
/// it.
fn project(tx: &mut Conn<'_>, gains: &[&Gain]) -> Result<Differences, StoreError> {
    let written: Vec<DocumentId> =
        gains.iter().filter(|gain| gain.before.is_some()).map(|gain| gain.id).collect();
    let there = Rows::load(tx, &written)?;
    let subjects: Vec<Subject<'_>> = gains
        .iter()
        .map(|gain| Subject { place: gain.place(), record: &gain.after.record, rows: &gain.rows })
        .collect();
    projection::project(tx, &subjects, there)
}
