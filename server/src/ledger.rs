//! Documents, and the order of their changes.
//!
//! A stream numbers its changes from 1 without gaps: each gets its number under the stream's row lock, in the
//! transaction that stores it. So a cursor can never step over a change that commits late, on either database. The lock
//! is taken last, when all is decided ([`keep`]); a document that somebody else wrote in between sends the whole use
//! case round again.

mod authors;
mod keep;
mod rebuild;
mod streams;

pub use authors::{Author, authors, names, web_author};
pub use keep::{Gain, Origin, keep};
pub use rebuild::catch_up;
pub use streams::{StreamKind, StreamRow, assigned_streams, create_stream, stream};

use diesel::prelude::*;
use sync_core::change::ChangeHash;
use sync_core::document::Document;
use sync_core::id::{DocumentId, StreamId};
use sync_core::record::Kind;

use crate::on_each;
use crate::store::schema::documents;
use crate::store::{Code, Conn, Db, StoreError};

/// A document as the store has it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub kind: Kind,
    pub stream: StreamId,
    /// Counts the document's writes.
    pub version: i64,
    pub snapshot: Vec<u8>,
    /// Ascending.
    pub heads: Vec<ChangeHash>,
}

impl Stored {
    /// # Errors
    /// [`StoreError::Damaged`] if it does not open.
    pub fn open(&self) -> Result<Document, StoreError> {
        Document::load(self.kind, &self.snapshot).map_err(|_| StoreError::Damaged("a document"))
    }
}

/// The document with this id, if the store has it.
///
/// # Errors
/// Those of the store.
pub fn load(tx: &mut Conn<'_>, id: DocumentId) -> Result<Option<Stored>, StoreError> {
    type Row = (Code<Kind>, Db<StreamId>, i64, Vec<u8>, Vec<u8>);
    let row: Option<Row> = on_each!(tx, |c| documents::table
        .find(Db(id))
        .select((
            documents::kind,
            documents::stream_id,
            documents::version,
            documents::snapshot,
            documents::heads
        ))
        .first(c)
        .optional())?;
    Ok(row.map(|(Code(kind), Db(stream), version, snapshot, heads)| Stored {
        kind,
        stream,
        version,
        snapshot,
        heads: heads.as_chunks().0.iter().copied().map(ChangeHash::from_bytes).collect(),
    }))
}
