//! Documents: that they open, are where they say, and hold what the log and the rows say.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::change::{Change, ChangeHash, Digest};
use sync_core::cursor::Fingerprint;
use sync_core::document::Document;
use sync_core::id::{BatchId, DeviceId, DocumentId, Id, StreamId};
use sync_core::record::Place;
use uuid::Uuid;

use super::batches::{Listed, listed};
use super::rekeyed::listed_as_it_was;
use super::{AT_ONCE, About, Seen};
use crate::ledger::forgotten;
use crate::on_each;
use crate::projection::{self, Rows, Subject};
use crate::store::schema::{changes, documents};
use crate::store::{Conn, Db, StoreError};

/// A document as its row says, however wrong that is.
#[derive(Queryable, Selectable)]
#[diesel(table_name = documents)]
pub(super) struct Row {
    pub(super) id: Db<DocumentId>,
    kind: String,
    snapshot: Vec<u8>,
    heads: Vec<u8>,
}

impl Row {
    pub(super) fn open(&self) -> Option<Document> {
        Document::load(self.kind.parse().ok()?, &self.snapshot).ok()
    }
}

/// A change as the log has it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = changes)]
struct Logged {
    document_id: Db<DocumentId>,
    stream_id: Db<StreamId>,
    seq: i64,
    hash: Vec<u8>,
    kind: String,
    author: Db<DeviceId>,
    incarnation: i64,
    batch_id: Option<Db<BatchId>>,
    bytes: Vec<u8>,
}

/// Checks the documents of a stream; gives the sum of their fingerprints.
pub(super) fn check(tx: &mut Conn<'_>, stream: StreamId, seen: &mut Seen) -> Result<Fingerprint, StoreError> {
    let mut sum = Fingerprint::default();
    let mut after = Db(DocumentId::from_uuid(Uuid::nil()));
    loop {
        let rows: Vec<Row> = on_each!(tx, |c| documents::table
            .filter(documents::stream_id.eq(Db(stream)).and(documents::id.gt(after)))
            .order(documents::id)
            .limit(AT_ONCE)
            .select(Row::as_select())
            .load(c))?;
        let Some(last) = rows.last() else { return Ok(sum) };
        after = last.id;
        let ids: Vec<DocumentId> = rows.iter().map(|row| row.id.0).collect();
        let mut logged = logged(tx, &ids)?;
        let batches = logged.values().flatten().filter_map(|change| change.batch_id).collect();
        let mut listed = listed(tx, &batches)?;
        let mut projected = Rows::load(tx, &ids)?;
        for row in rows {
            let id = row.id.0;
            let log = logged.remove(&id).unwrap_or_default();
            seen.checked.documents += 1;
            seen.checked.changes += log.len() as u64;
            let Some(document) = row.open() else {
                seen.wrong(About::Document(id), "it does not open");
                continue;
            };
            let heads = document.heads();
            let part = Fingerprint::of(id, &heads);
            sum = sum.replace(Fingerprint::default(), part);
            let noted = heads.iter().flat_map(|head| *head.as_bytes()).eq(row.heads);
            seen.check(noted, About::Document(id), "its heads are not those that are noted");
            let place = Place { stream, document: id, kind: document.kind() };
            record(tx, place, &document, projected.remove(&id), seen)?;
            listed.extend(listed_as_it_was(tx, place, &document, &listed)?);
            log_of(place, &document, log, &listed, seen);
        }
    }
}

fn logged(tx: &mut Conn<'_>, ids: &[DocumentId]) -> Result<BTreeMap<DocumentId, Vec<Logged>>, StoreError> {
    let ids: Vec<Db<DocumentId>> = ids.iter().copied().map(Db).collect();
    let rows: Vec<Logged> = on_each!(tx, |c| changes::table
        .filter(changes::document_id.eq_any(&ids))
        .select(Logged::as_select())
        .load(c))?;
    let mut all: BTreeMap<DocumentId, Vec<Logged>> = BTreeMap::new();
    for row in rows {
        all.entry(row.document_id.0).or_default().push(row);
    }
    Ok(all)
}

/// The record as the document has it, and the rows that were computed from it.
fn record(
    tx: &mut Conn<'_>,
    place: Place,
    document: &Document,
    there: Option<Rows>,
    seen: &mut Seen,
) -> Result<(), StoreError> {
    let about = About::Document(place.document);
    let Ok(record) = document.record() else {
        seen.wrong(about, "its record is not as the data dictionary says");
        return Ok(());
    };
    seen.check(record.check_home(place).is_ok(), about, "its record belongs to another stream");
    let rows = Rows::of(place, document, &record);
    let subject = Subject { place, record: &record, rows: &rows };
    let differs = projection::differs(tx, subject, &there.unwrap_or_default())?;
    seen.check(!differs, about, "its rows are not those that it must have; `ihuriro rebuild` mends them");
    Ok(())
}

/// The changes of a document, and those that the log has of it.
fn log_of(place: Place, document: &Document, log: Vec<Logged>, listed: &BTreeSet<Listed>, seen: &mut Seen) {
    let mut held: BTreeMap<ChangeHash, Change> =
        document.changes().into_iter().map(|change| (change.hash(), change)).collect();
    for row in log {
        // What the log had of a document that was erased is given up.
        if document.is_erased() && row.bytes.is_empty() && row.hash == forgotten(row.seq) {
            continue;
        }
        let about = About::Number(row.stream_id.0, row.seq);
        let hash = row.hash.as_slice().try_into().map(ChangeHash::from_bytes).ok();
        let Some(change) = hash.and_then(|hash| held.remove(&hash)) else {
            seen.wrong(about, "its document does not hold it");
            continue;
        };
        let actor = change.actor();
        let author = (actor.device, i64::from(actor.incarnation)) == (row.author.0, row.incarnation);
        seen.check(author, about, "its author is not the one that wrote it");
        let home = (row.stream_id.0, row.kind.parse()) == (place.stream, Ok(place.kind));
        seen.check(home, about, "its document is in another stream, or of another kind");
        // Given up when the log was compacted, or there whole.
        let sound = row.bytes.is_empty() || row.bytes == change.bytes();
        seen.check(sound, about, "its bytes are not those that its document holds");
        let signed =
            row.batch_id.is_none_or(|Db(batch)| listed.contains(&(batch, place, Digest::of(change.bytes()))));
        seen.check(signed, about, "its batch does not list it");
    }
    for hash in held.into_keys() {
        seen.wrong(About::Change(place.document, hash), "the log does not have it");
    }
}
