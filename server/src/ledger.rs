//! Documents, and the order of their changes.
//!
//! A stream numbers its changes from 1 without gaps: each change gets its number under the stream's row lock, in the
//! transaction that stores it. So a cursor can never step over a change that commits late, on either database. The lock
//! is taken last, when all is decided ([`keep`]), and held until the commit. Documents are read without a lock: where
//! somebody else wrote one in between, its version differs, and the whole use case runs again.

mod authors;
mod catch_up;
mod compact;
mod erase;
mod keep;
mod rebuild;
mod streams;

pub use authors::{Author, authors, names, service_author, web_author};
pub use catch_up::{CaughtUp, catch_up};
pub use compact::{Compacted, Policy, compact};
pub use erase::{Erasure, count_erased, erase, erased, forgotten, live, stands, tombstone_heads};
pub use keep::{Gain, Lacking, Origin, hold, keep};
pub use rebuild::{Rebuilt, rebuild, rebuild_within};
pub use streams::{
    StreamKind, StreamRow, begin_partnership, create_stream, give_key, known_streams, readable_streams,
    renew_key, stream, stream_keys,
};

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::change::ChangeHash;
use sync_core::document::Document;
use sync_core::id::{DocumentId, StreamId};
use sync_core::record::{Kind, Place, Record};

use crate::on_each;
use crate::store::schema::{documents, length};
use crate::store::{Code, Conn, Db, StoreError};

/// A document as the store has it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub kind: Kind,
    pub stream: StreamId,
    /// Counts the document's writes, from 1. A writer whose version is an old one has lost a race.
    pub version: i64,
    pub snapshot: Vec<u8>,
    /// The document's heads, ascending.
    pub heads: Vec<ChangeHash>,
}

impl Stored {
    /// The place of the document, whose id is `id`.
    pub fn home(&self, id: DocumentId) -> Place {
        Place { stream: self.stream, document: id, kind: self.kind }
    }

    /// Opens the document. Costs as much as it holds, with its history.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it does not open.
    pub fn open(&self) -> Result<Document, StoreError> {
        Document::load(self.kind, &self.snapshot).map_err(|_| StoreError::Damaged("a document"))
    }

    /// The document and its record.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it does not open or its record can't be read.
    pub fn read(&self) -> Result<(Document, Record), StoreError> {
        let document = self.open()?;
        let record = document.record().map_err(|_| StoreError::Damaged("a record"))?;
        Ok((document, record))
    }
}

/// Goes through the documents of a stream that are `of` some kinds, in the order of their ids. A few of them are in memory at a time.
///
/// # Errors
/// Those of the store and of `each`.
pub fn each_in_stream<E: From<StoreError>>(
    tx: &mut Conn<'_>,
    stream: StreamId,
    of: impl Fn(Kind) -> bool,
    mut each: impl FnMut(&mut Conn<'_>, DocumentId, Stored) -> Result<(), E>,
) -> Result<(), E> {
    let rows: Vec<(Db<DocumentId>, Code<Kind>)> = on_each!(tx, |c| documents::table
        .filter(documents::stream_id.eq(Db(stream)))
        .order(documents::id)
        .select((documents::id, documents::kind))
        .load(c))?;
    let ids: Vec<DocumentId> =
        rows.into_iter().filter(|(_, Code(kind))| of(*kind)).map(|(Db(id), _)| id).collect();
    for some in ids.chunks(IN_MEMORY) {
        for (id, stored) in load_all(tx, some)? {
            each(tx, id, stored)?;
        }
    }
    Ok(())
}

/// How many whole documents are in memory at a time where all of a stream are gone through: each may be a mebibyte.
const IN_MEMORY: usize = 16;

/// The document with this id, if the store has it.
///
/// # Errors
/// Those of the store.
pub fn load(tx: &mut Conn<'_>, id: DocumentId) -> Result<Option<Stored>, StoreError> {
    Ok(load_all(tx, &[id])?.remove(&id))
}

/// The size of a document, known without opening it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Its operations, with its history.
    pub operations: u64,
    /// The bytes of its snapshot.
    pub bytes: u64,
}

/// The sizes of the documents among `ids` that live in one of these streams.
///
/// # Errors
/// Those of the store.
pub fn sizes(
    tx: &mut Conn<'_>,
    streams: &[StreamId],
    ids: &[DocumentId],
) -> Result<BTreeMap<DocumentId, Size>, StoreError> {
    let streams: Vec<Db<StreamId>> = streams.iter().copied().map(Db).collect();
    let mut found = BTreeMap::new();
    for some in ids.chunks(AT_ONCE) {
        let rows: Vec<(Db<DocumentId>, i64, i32)> = on_each!(tx, |c| documents::table
            .filter(documents::id.eq_any(some.iter().copied().map(Db)))
            .filter(documents::stream_id.eq_any(&streams))
            .select((documents::id, documents::operations, length(documents::snapshot)))
            .load(c))?;
        let size = |operations: i64, bytes: i32| Size {
            operations: operations.unsigned_abs(),
            bytes: bytes.unsigned_abs().into(),
        };
        found.extend(rows.into_iter().map(|(Db(id), operations, bytes)| (id, size(operations, bytes))));
    }
    Ok(found)
}

/// How many documents one query asks for.
const AT_ONCE: usize = 500;

/// The places of the documents among `ids` that the store has.
///
/// # Errors
/// Those of the store.
pub fn homes(tx: &mut Conn<'_>, ids: &[DocumentId]) -> Result<BTreeMap<DocumentId, Place>, StoreError> {
    let mut found = BTreeMap::new();
    for some in ids.chunks(AT_ONCE) {
        let rows: Vec<(Db<DocumentId>, Code<Kind>, Db<StreamId>)> = on_each!(tx, |c| documents::table
            .filter(documents::id.eq_any(some.iter().copied().map(Db)))
            .select((documents::id, documents::kind, documents::stream_id))
            .load(c))?;
        found.extend(
            rows.into_iter()
                .map(|(Db(document), Code(kind), Db(stream))| (document, Place { stream, document, kind })),
        );
    }
    Ok(found)
}

/// The documents among `ids` that the store has, with their snapshots.
///
/// # Errors
/// Those of the store.
pub fn load_all(tx: &mut Conn<'_>, ids: &[DocumentId]) -> Result<BTreeMap<DocumentId, Stored>, StoreError> {
    type Row = (Db<DocumentId>, Code<Kind>, Db<StreamId>, i64, Vec<u8>, Vec<u8>);
    let mut found = BTreeMap::new();
    for some in ids.chunks(AT_ONCE) {
        let rows: Vec<Row> = on_each!(tx, |c| documents::table
            .filter(documents::id.eq_any(some.iter().copied().map(Db)))
            .select((
                documents::id,
                documents::kind,
                documents::stream_id,
                documents::version,
                documents::snapshot,
                documents::heads
            ))
            .load(c))?;
        found.extend(rows.into_iter().map(|(Db(id), Code(kind), Db(stream), version, snapshot, heads)| {
            let heads = heads.as_chunks().0.iter().copied().map(ChangeHash::from_bytes).collect();
            (id, Stored { kind, stream, version, snapshot, heads })
        }));
    }
    Ok(found)
}
