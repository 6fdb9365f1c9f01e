//! Computing rows and facts again from the documents: on request, after a restore, and where a new version of the program asks for rows
//! that an earlier one did not write ([`catch_up`](super::catch_up)).
//!
//! Some documents at a time are read and opened, and their rows computed, with no lock held ([`Computed::after`]). Then the rows that differ
//! are written under the locks of the streams ([`Computed::write`]).

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::id::{DocumentId, GroupId, Id, StreamId};
use sync_core::record::{Place, Record};
use uuid::Uuid;

use super::load_all;
use crate::facts;
use crate::on_each;
use crate::projection::{self, Rows, Subject};
use crate::store::schema::{documents, streams};
use crate::store::{Conn, Db, Store, StoreError, identity};

/// How many documents one transaction compares with their rows, while it holds the locks of their streams: other writers wait
/// no longer.
const AT_ONCE: i64 = 100;

/// What a rebuild found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many documents were compared with their rows.
    pub documents: u64,
    /// How many of them had other rows than they must have.
    pub mended: u64,
    /// How many could not be read; their rows are as they were. `ihuriro verify` names them.
    pub unreadable: u64,
    /// Of how many groups, and in how many sums over groups, the facts were not what they must be.
    pub facts: u64,
}

impl Rebuilt {
    fn add(&mut self, more: Self) {
        self.documents += more.documents;
        self.mended += more.mended;
        self.unreadable += more.unreadable;
        self.facts += more.facts;
    }
}

/// Computes all rows and facts again and writes those that differ. Others may write meanwhile: a transaction compares
/// `AT_ONCE` documents under the locks of their streams, or counts the facts of one group under its lock.
///
/// # Errors
/// Those of the store. What is mended stays; the next rebuild begins from the first document.
pub async fn rebuild(store: &Store) -> Result<Rebuilt, StoreError> {
    // Rows first, since facts are counted from rows; sums over groups last, since they are sums of facts. The version
    // is written at the end, so that a rebuild that is cut short is done again.
    let mut rebuilt = Rebuilt::default();
    let mut after = Some(BEGINNING);
    while let Some(start) = after {
        let some = store.read("compute rows again", move |tx| Computed::after(tx, start)).await?;
        after = some.last;
        rebuilt.add(store.write("write rows again", move |tx| some.write(tx)).await?);
    }
    let streams = store.read("streams", streams_of).await?;
    for stream in streams {
        let differed = store.write("count facts", move |tx| recount(tx, stream)).await?;
        rebuilt.facts += u64::from(differed);
    }
    rebuilt.facts += store.write("mend sums of facts", facts::mend_sums).await?;
    store.write("projection version", |tx| identity::set_projection(tx, projection::VERSION)).await?;
    Ok(rebuilt)
}

/// As [`rebuild`], in one transaction, for a restore that nobody else sees yet.
///
/// # Errors
/// Those of the store.
pub fn rebuild_within(tx: &mut Conn<'_>) -> Result<Rebuilt, StoreError> {
    let mut rebuilt = Rebuilt::default();
    let mut after = Some(BEGINNING);
    while let Some(start) = after {
        let some = Computed::after(tx, start)?;
        rebuilt.add(some.write(tx)?);
        after = some.last;
    }
    for stream in streams_of(tx)? {
        rebuilt.facts += u64::from(recount(tx, stream)?);
    }
    rebuilt.facts += facts::mend_sums(tx)?;
    identity::set_projection(tx, projection::VERSION)?;
    Ok(rebuilt)
}

fn streams_of(tx: &mut Conn<'_>) -> Result<Vec<StreamId>, StoreError> {
    let all: Vec<Db<StreamId>> =
        on_each!(tx, |c| streams::table.order(streams::id).select(streams::id).load(c))?;
    Ok(all.into_iter().map(|Db(id)| id).collect())
}

/// Counts the facts of a group again, under the lock of its stream; gives whether they differed.
fn recount(tx: &mut Conn<'_>, stream: StreamId) -> Result<bool, StoreError> {
    hold(tx, stream)?;
    facts::recount(tx, GroupId::from_uuid(stream.uuid()))
}

/// Takes a stream's row lock until the transaction ends, by a write that changes nothing.
fn hold(tx: &mut Conn<'_>, stream: StreamId) -> Result<(), StoreError> {
    let row = streams::table.find(Db(stream));
    on_each!(tx, |c| diesel::update(row).set(streams::last_seq.eq(streams::last_seq)).execute(c))?;
    Ok(())
}

/// The id before all others.
pub(super) const BEGINNING: Uuid = Uuid::nil();

/// Some documents, with the rows that they must have.
#[derive(Debug)]
pub(super) struct Computed {
    documents: Vec<Must>,
    unreadable: u64,
    /// The id of the last document; `None` where there are no more.
    pub(super) last: Option<Uuid>,
}

#[derive(Debug)]
struct Must {
    place: Place,
    /// The version of the document from which the rows were computed.
    version: i64,
    record: Record,
    rows: Rows,
}

impl Computed {
    /// The next documents after `start`, in the order of their ids. Opens each; takes no lock.
    pub(super) fn after(tx: &mut Conn<'_>, start: Uuid) -> Result<Self, StoreError> {
        let ids: Vec<Db<DocumentId>> = on_each!(tx, |c| documents::table
            .filter(documents::id.gt(Db(DocumentId::from_uuid(start))))
            .order(documents::id)
            .limit(AT_ONCE)
            .select(documents::id)
            .load(c))?;
        let ids: Vec<DocumentId> = ids.into_iter().map(|Db(id)| id).collect();
        let last = ids.last().filter(|_| ids.len() as i64 == AT_ONCE).map(|id| id.uuid());
        let mut some = Self { documents: Vec::new(), unreadable: 0, last };
        for (id, stored) in load_all(tx, &ids)? {
            let Ok((document, record)) = stored.read() else {
                tracing::warn!(document = %id, "its rows stay as they are: it can't be read");
                some.unreadable += 1;
                continue;
            };
            let (place, version) = (stored.home(id), stored.version);
            let rows = Rows::of(place, &document, &record);
            some.documents.push(Must { place, version, record, rows });
        }
        Ok(some)
    }

    /// Writes the rows that differ, under the locks of the streams of these documents.
    pub(super) fn write(&self, tx: &mut Conn<'_>) -> Result<Rebuilt, StoreError> {
        // 1. The locks of the streams, in the order of their ids: nobody may write one of these documents, or another from
        //    which its rows follow, while they are compared.
        let streams: BTreeSet<StreamId> = self.documents.iter().map(|one| one.place.stream).collect();
        for stream in streams {
            hold(tx, stream)?;
        }
        // 2. A document that somebody wrote to since it was read has its rows from that.
        let ids: Vec<DocumentId> = self.documents.iter().map(|one| one.place.document).collect();
        let versions: Vec<(Db<DocumentId>, i64)> = on_each!(tx, |c| documents::table
            .filter(documents::id.eq_any(ids.iter().copied().map(Db)))
            .select((documents::id, documents::version))
            .load(c))?;
        let versions: BTreeMap<DocumentId, i64> =
            versions.into_iter().map(|(Db(id), version)| (id, version)).collect();
        let stands = |one: &&Must| versions.get(&one.place.document) == Some(&one.version);
        // 3. The comparison with the rows that are there.
        let mut there = Rows::load(tx, &ids)?;
        let documents = self.documents.len() as u64 + self.unreadable;
        let mut rebuilt = Rebuilt { documents, unreadable: self.unreadable, ..Rebuilt::default() };
        for Must { place, record, rows, .. } in self.documents.iter().filter(stands) {
            let subject = Subject { place: *place, record, rows };
            if projection::mend(tx, subject, there.remove(&place.document))?.is_some() {
                rebuilt.mended += 1;
            }
        }
        Ok(rebuilt)
    }
}
