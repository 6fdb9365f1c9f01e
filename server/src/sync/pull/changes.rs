//! A stream, change by change.

use diesel::prelude::*;
use sync_core::id::{DeviceId, DocumentId};
use sync_core::record::Kind;
use sync_core::wire::{Entry, Tells};

use super::Reader;
use crate::ledger::StreamRow;
use crate::on_each;
use crate::store::schema::{changes, length};
use crate::store::{Code, Conn, Db, StoreError};

/// How many changes are looked at in one query.
const ROWS: i64 = 512;

impl Reader {
    /// The changes of others after the one numbered `from`.
    pub(super) fn changes(
        &mut self,
        tx: &mut Conn<'_>,
        stream: &StreamRow,
        from: u64,
    ) -> Result<Tells, StoreError> {
        type Row = (i64, Code<Kind>, Db<DocumentId>, i32, Db<DeviceId>, Vec<u8>);
        let (author, incarnation) = self.author;
        let mut entries = Vec::new();
        let mut to = from;
        while to < stream.last_seq && self.budget > 0 {
            let after = to as i64;
            let rows: Vec<Row> = on_each!(tx, |c| changes::table
                .filter(changes::stream_id.eq(Db(stream.id)).and(changes::seq.gt(after)))
                // Of a document that was erased only the tombstone is sent.
                .filter(length(changes::bytes).gt(0))
                .filter(changes::author.ne(Db(author)).or(changes::incarnation.ne(i64::from(incarnation))))
                .order(changes::seq)
                .limit(ROWS)
                .select((
                    changes::seq,
                    changes::kind,
                    changes::document_id,
                    changes::schema,
                    changes::author,
                    changes::bytes,
                ))
                .load(c))?;
            let last = (rows.len() as i64) < ROWS;
            for (seq, Code(kind), Db(document), schema, Db(author), change) in rows {
                if !self.takes(change.len(), entries.is_empty()) {
                    return Ok(Tells::Changes { from, to, entries });
                }
                to = seq as u64;
                self.authors.insert(author);
                entries.push(Entry { kind, document, schema: schema as u32, change: change.into() });
            }
            // The numbers up to the stream's end are the tablet's own changes: it has read past them, too.
            if last {
                to = stream.last_seq;
            }
        }
        Ok(Tells::Changes { from, to, entries })
    }
}
