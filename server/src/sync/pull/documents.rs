//! A stream, document by document: all of them, or those that differ.

use std::collections::BTreeSet;

use diesel::prelude::*;
use sync_core::agreement;
use sync_core::change::ChangeHash;
use sync_core::cursor::Mark;
use sync_core::id::{DeviceId, DocumentId, StreamId};
use sync_core::record::Kind;
use sync_core::wire::{Tells, Whole};

use super::Reader;
use crate::ledger::StreamRow;
use crate::on_each;
use crate::store::schema::{changes, documents};
use crate::store::{At, Code, Conn, Db, StoreError};

/// How many documents are looked at in one query.
const ROWS: i64 = 64;

type Row = (Db<DocumentId>, Code<Kind>, Vec<u8>);

impl Reader {
    /// The documents after the document `after`, in the order of their ids. `at` is given back as the tablet sent it:
    /// documents may hold later changes, which come a second time when the tablet reads on, and are known to it then.
    pub(super) fn copy(
        &mut self,
        tx: &mut Conn<'_>,
        stream: &StreamRow,
        at: u64,
        mut after: DocumentId,
    ) -> Result<Tells, StoreError> {
        let mut found = Vec::new();
        let mut more = true;
        while more && self.budget > 0 {
            let rows: Vec<Row> = on_each!(tx, |c| documents::table
                .filter(documents::stream_id.eq(Db(stream.id)).and(documents::id.gt(Db(after))))
                .filter(
                    documents::kind
                        .ne(Kind::SharedLesson.code())
                        .or(documents::updated_at.ge(At(self.since)))
                )
                .order(documents::id)
                .limit(ROWS)
                .select((documents::id, documents::kind, documents::snapshot))
                .load(c))?;
            more = rows.len() as i64 == ROWS;
            after = rows.last().map_or(after, |(Db(id), ..)| *id);
            if !self.take_all(rows, &mut found) {
                more = true;
            }
        }
        self.note_authors(tx, &found)?;
        Ok(Tells::Documents { at, more, message: Vec::new().into(), documents: found })
    }

    /// The answer in an agreement: a message about further differences, and documents that the tablet wants. Costs the
    /// heads of every document of the stream, each round.
    pub(super) fn differences(
        &mut self,
        tx: &mut Conn<'_>,
        stream: &StreamRow,
        message: &[u8],
        wanted: &[Mark],
    ) -> Result<Tells, StoreError> {
        let marks = marks(tx, stream.id)?;
        let reply = if message.is_empty() {
            Vec::new()
        } else {
            let marks: Vec<Mark> = marks.iter().map(|(mark, _)| *mark).collect();
            // A message that can't be read gets an empty answer: the tablet ends the comparison and goes by the
            // fingerprint.
            agreement::answer(&marks, message, self.room).unwrap_or_default()
        };
        let wanted: BTreeSet<Mark> = wanted.iter().copied().collect();
        let wanted = marks.into_iter().filter(|(mark, _)| wanted.contains(mark));
        let wanted: Vec<DocumentId> = wanted.map(|(_, id)| id).collect();
        let mut found = Vec::new();
        let mut more = false;
        for some in wanted.chunks(ROWS as usize) {
            let rows: Vec<Row> = on_each!(tx, |c| documents::table
                .filter(documents::id.eq_any(some.iter().copied().map(Db)))
                .order(documents::id)
                .select((documents::id, documents::kind, documents::snapshot))
                .load(c))?;
            if !self.take_all(rows, &mut found) {
                more = true;
                break;
            }
        }
        self.note_authors(tx, &found)?;
        Ok(Tells::Documents { at: stream.last_seq, more, message: reply.into(), documents: found })
    }

    /// Adds documents as long as the budget lasts; gives whether all of them went in.
    fn take_all(&mut self, rows: Vec<Row>, found: &mut Vec<Whole>) -> bool {
        for (Db(document), Code(kind), snapshot) in rows {
            if !self.takes(snapshot.len(), found.is_empty()) {
                return false;
            }
            found.push(Whole { kind, document, snapshot: snapshot.into() });
        }
        true
    }

    /// Notes the authors of these documents, so that their names are sent.
    fn note_authors(&mut self, tx: &mut Conn<'_>, found: &[Whole]) -> Result<(), StoreError> {
        for some in found.chunks(ROWS as usize) {
            let authors: Vec<Db<DeviceId>> = on_each!(tx, |c| changes::table
                .filter(changes::document_id.eq_any(some.iter().map(|whole| Db(whole.document))))
                .select(changes::author)
                .distinct()
                .load(c))?;
            self.authors.extend(authors.into_iter().map(|Db(author)| author));
        }
        Ok(())
    }
}

/// Every document of a stream with its mark.
fn marks(tx: &mut Conn<'_>, stream: StreamId) -> Result<Vec<(Mark, DocumentId)>, StoreError> {
    let rows: Vec<(Db<DocumentId>, Vec<u8>)> = on_each!(tx, |c| documents::table
        .filter(documents::stream_id.eq(Db(stream)))
        .select((documents::id, documents::heads))
        .load(c))?;
    let mark = |(Db(id), heads): (Db<DocumentId>, Vec<u8>)| {
        let heads: Vec<ChangeHash> =
            heads.as_chunks().0.iter().copied().map(ChangeHash::from_bytes).collect();
        (Mark::of(id, &heads), id)
    };
    Ok(rows.into_iter().map(mark).collect())
}
