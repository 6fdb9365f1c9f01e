//! Computing rows and facts again from the documents: on request, after a restore, and where a new version of the
//! program asks for rows that an earlier one did not write.

use std::collections::BTreeSet;

use diesel::prelude::*;
use sync_core::id::{DocumentId, GroupId, Id, StreamId};
use uuid::Uuid;

use super::load_all;
use crate::facts;
use crate::on_each;
use crate::projection::{self, Rows, Subject};
use crate::store::schema::{documents, streams};
use crate::store::{Conn, Db, Store, StoreError, identity};

/// How many documents one transaction opens and compares, while it holds the locks of their streams: other writers wait
/// no longer.
const AT_ONCE: i64 = 200;

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

/// Brings the rows up to the version of the projection that this program writes. Costs one query where they are.
///
/// # Errors
/// Those of [`rebuild`].
pub async fn catch_up(store: &Store) -> Result<(), StoreError> {
    let written = store.read("projection version", identity::projection).await?;
    if written < projection::VERSION {
        let Rebuilt { documents, mended, unreadable, facts } = rebuild(store).await?;
        tracing::info!(documents, mended, unreadable, facts, "computed the rows again");
    }
    Ok(())
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
        let (some, last) = store.write("compute rows again", move |tx| some(tx, start)).await?;
        rebuilt.add(some);
        after = last;
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
        let (some, last) = some(tx, start)?;
        rebuilt.add(some);
        after = last;
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
const BEGINNING: Uuid = Uuid::nil();

/// Compares the next documents after `start`, and mends their rows; gives the last of them, `None` where there are no
/// more.
fn some(tx: &mut Conn<'_>, start: Uuid) -> Result<(Rebuilt, Option<Uuid>), StoreError> {
    let ids: Vec<(Db<DocumentId>, Db<StreamId>)> = on_each!(tx, |c| documents::table
        .filter(documents::id.gt(Db(DocumentId::from_uuid(start))))
        .order(documents::id)
        .limit(AT_ONCE)
        .select((documents::id, documents::stream_id))
        .load(c))?;
    // The locks of the streams, in the order of their ids, before anything is read: nobody may write one of these
    // documents, or another from which its rows follow, between reading it here and writing its rows.
    let streams: BTreeSet<StreamId> = ids.iter().map(|(_, Db(stream))| *stream).collect();
    for stream in streams {
        hold(tx, stream)?;
    }
    let ids: Vec<DocumentId> = ids.into_iter().map(|(Db(id), _)| id).collect();
    let mut there = Rows::load(tx, &ids)?;
    let mut rebuilt = Rebuilt { documents: ids.len() as u64, ..Rebuilt::default() };
    for (id, stored) in load_all(tx, &ids)? {
        let Ok((document, record)) = stored.read() else {
            tracing::warn!(document = %id, "its rows stay as they are: it can't be read");
            rebuilt.unreadable += 1;
            continue;
        };
        let rows = Rows::of(id, &document, &record);
        let subject = Subject { id, record: &record, rows: &rows };
        if projection::mend(tx, subject, there.remove(&id))?.is_some() {
            rebuilt.mended += 1;
        }
    }
    Ok((rebuilt, ids.last().map(|id| id.uuid())))
}
