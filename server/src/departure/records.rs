//! The records of an organisation as lines: as each reads, what is doubted or in conflict of it, its history, and its document.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::BASE64;
use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sync_core::document::Document;
use sync_core::id::{DeviceId, DocumentId, SessionId, StreamId};
use sync_core::reading;
use sync_core::record::Kind;

use super::Refused;
use super::folder::{Content, Folder, Lines};
use crate::clock::timestamp;
use crate::doubt;
use crate::ledger::{self, Stored};
use crate::on_each;
use crate::records::clash::{Clash, clashes};
use crate::records::history::{self, HistoryItem};
use crate::store::schema::{erasures, quarantine};
use crate::store::{At, Code, Conn, Db, StoreError};

/// A record.
#[derive(Serialize)]
struct Line<'a> {
    id: DocumentId,
    kind: Kind,
    /// The id of the group, which is that of its stream.
    group: StreamId,
    record: Map<String, Value>,
    #[serde(flatten)]
    doubts: Doubts,
    conflicts: Vec<Clash>,
    history: Vec<Change<'a>>,
}

/// What somebody should look at.
#[derive(Default, Serialize)]
struct Doubts {
    /// Of a session, whether totals count it.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<bool>,
    /// Sessions that look like a record of the same meeting.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    possible_doubles: Vec<SessionId>,
    /// Why a day of it may be wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    day_doubt: Option<String>,
}

/// A change as histories tell it, with the login of its author.
#[derive(Serialize)]
struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<&'a str>,
    #[serde(flatten)]
    item: HistoryItem,
}

/// A document, as Automerge saves it.
#[derive(Serialize)]
struct Automerge {
    id: DocumentId,
    kind: Kind,
    automerge: String,
}

/// The files of records, while they are written.
pub(super) struct Records<'a> {
    of_kind: BTreeMap<Kind, Lines>,
    documents: Lines,
    counts: BTreeMap<Kind, u64>,
    logins: &'a BTreeMap<DeviceId, String>,
    /// The sessions of the whole store that totals leave out.
    left_out: BTreeSet<SessionId>,
}

impl<'a> Records<'a> {
    pub(super) fn begin(
        tx: &mut Conn<'_>,
        folder: &Folder,
        logins: &'a BTreeMap<DeviceId, String>,
    ) -> Result<Self, Refused> {
        let file = |kind: &Kind| Ok((*kind, folder.file(&format!("{}s.jsonl", kind.code()))?));
        let of_kind = Kind::ALL.iter().map(file).collect::<Result<_, Refused>>()?;
        let counts = Kind::ALL.iter().map(|kind| (*kind, 0)).collect();
        let documents = folder.file("documents.jsonl")?;
        Ok(Self { of_kind, documents, counts, logins, left_out: doubt::all_left_out(tx)? })
    }

    /// Writes all records of a stream that are not erased. A few of them are in memory at a time.
    pub(super) fn stream(&mut self, tx: &mut Conn<'_>, stream: StreamId) -> Result<(), Refused> {
        ledger::each_in_stream(tx, stream, |_| true, |tx, id, stored| self.record(tx, id, &stored))
    }

    fn record(&mut self, tx: &mut Conn<'_>, id: DocumentId, stored: &Stored) -> Result<(), Refused> {
        let (kind, document) = (stored.kind, stored.open()?);
        if document.is_erased() {
            return Ok(());
        }
        let history = history::whole(tx, id, &document)?;
        let login = |item: &HistoryItem| self.logins.get(&item.device).map(String::as_str);
        let line = Line {
            id,
            kind,
            group: stored.stream,
            record: nested(&document),
            doubts: self.doubts(tx, id, kind)?,
            conflicts: clashes(tx, id, kind)?,
            history: history.into_iter().map(|item| Change { login: login(&item), item }).collect(),
        };
        if let Some(file) = self.of_kind.get_mut(&kind) {
            file.put(&line)?;
        }
        self.documents.put(&Automerge { id, kind, automerge: BASE64.encode(&stored.snapshot) })?;
        *self.counts.entry(kind).or_default() += 1;
        Ok(())
    }

    fn doubts(&self, tx: &mut Conn<'_>, id: DocumentId, kind: Kind) -> Result<Doubts, StoreError> {
        match kind {
            Kind::Session => {
                let id = SessionId::from(id);
                Ok(Doubts {
                    counts: Some(!self.left_out.contains(&id)),
                    possible_doubles: doubt::alike(tx, &[id])?.remove(&id).unwrap_or_default(),
                    day_doubt: doubt::of_sessions(tx, &[id])?.remove(&id),
                })
            }
            Kind::Participant => {
                let day_doubt = doubt::of_participants(tx, &[id.into()])?.remove(&id.into());
                Ok(Doubts { day_doubt, ..Doubts::default() })
            }
            _ => Ok(Doubts::default()),
        }
    }

    /// Makes sure that the files are on the disk; gives how many records there are of each kind.
    pub(super) fn finish(self) -> Result<(BTreeMap<Kind, u64>, Vec<Content>), Refused> {
        let files = self.of_kind.into_values().chain([self.documents]);
        Ok((self.counts, files.map(Lines::finish).collect::<Result<_, _>>()?))
    }
}

/// The record under the names of the data dictionary; the entries of a map or set stand in an object of their own.
fn nested(document: &Document) -> Map<String, Value> {
    let mut record = Map::new();
    for (field, words) in reading::read(document) {
        match field.split_once('/') {
            None => drop(record.insert(field, words.into())),
            Some((map, key)) => {
                let entries = record.entry(map).or_insert_with(|| json!({}));
                if let Some(entries) = entries.as_object_mut() {
                    entries.insert(key.to_owned(), words.into());
                }
            }
        }
    }
    record
}

/// Writes the changes of a stream that are quarantined and were not let in, each as its tablet handed it in; none of a record that was erased.
pub(super) fn quarantined(tx: &mut Conn<'_>, stream: StreamId, out: &mut Lines) -> Result<(), Refused> {
    type Key = (Db<DocumentId>, Vec<u8>);
    type Decision = (Option<At>, Option<String>);
    type Row = (Key, Code<Kind>, Db<DeviceId>, String, At, Decision, Vec<u8>);
    let mut after: Option<Key> = None;
    loop {
        let rows: Vec<Row> = on_each!(tx, |c, Backend| {
            let mut rows = quarantine::table
                .filter(quarantine::stream_id.eq(Db(stream)))
                .filter(quarantine::released_at.is_null())
                .order((quarantine::document_id, quarantine::digest))
                .limit(SOME)
                .select((
                    (quarantine::document_id, quarantine::digest),
                    quarantine::kind,
                    quarantine::device_id,
                    quarantine::reason,
                    quarantine::received_at,
                    (quarantine::rejected_at, quarantine::rejected_because),
                    quarantine::bytes,
                ))
                .into_boxed::<Backend>()
                .filter(quarantine::document_id.ne_all(erasures::table.select(erasures::document_id)));
            if let Some((document, digest)) = &after {
                let further = quarantine::document_id.eq(document).and(quarantine::digest.gt(digest));
                rows = rows.filter(quarantine::document_id.gt(document).or(further));
            }
            rows.load(c)
        })?;
        let Some((last, ..)) = rows.last() else { return Ok(()) };
        after = Some(last.clone());
        for ((Db(id), _), Code(kind), Db(device), reason, At(received), (rejected, because), bytes) in rows {
            out.put(&json!({
                "record_id": id, "kind": kind, "group": stream, "device": device, "reason": reason,
                "received_at": timestamp(received),
                "rejected_at": rejected.map(|At(at)| timestamp(at)), "rejected_because": because,
                "automerge_change": BASE64.encode(&bytes),
            }))?;
        }
    }
}

/// How many quarantined changes are in memory at a time.
const SOME: i64 = 100;
