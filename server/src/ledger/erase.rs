//! Erasing documents: the person whom they are about asked for it, their time is over, or their organisation left.
//!
//! A tombstone takes the place of the document ([`Document::tombstone`](sync_core::document::Document::tombstone)). It stands in the
//! stream as a change of its own, so that every tablet hears of it with its next sync. Of the changes that the document had, the rows stay, so
//! that the numbers of the stream have no gap; their bytes and hashes go. What was quarantined for the document goes, too.
//!
//! What remains are the statements that tablets signed: they list each change by a digest, among those of other records.

use diesel::prelude::*;
use sync_core::change::Change;
use sync_core::id::{DocumentId, StreamId, UserId};
use sync_core::merge::After;
use sync_core::record::{Kind, Place, SCHEMA};
use sync_core::time::Millis;

use super::{Gain, Origin, keep, known_streams, load_all};
use crate::on_each;
use crate::projection::CoverageId;
use crate::store::schema::{changes, documents, erasures, overlap_statements, quarantine};
use crate::store::{At, Code, Conn, Db, StoreError};

/// A document that was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    pub place: Place,
    pub at: Millis,
    /// Who did it; `None` of the service and the operator, and where it was done again after a restore.
    pub by: Option<UserId>,
}

/// Erases documents, also such as this store does not have: what a tablet hands in for them later is quarantined then. A
/// stream that the store does not have is left out, and noted all the same. Gives how many became tombstones.
///
/// # Errors
/// Those of [`keep`].
pub fn erase(tx: &mut Conn<'_>, all: &[Erasure], now: Millis) -> Result<usize, StoreError> {
    let known = known_streams(tx, all.iter().map(|one| one.place.stream))?;
    let there = all.iter().filter(|one| known.contains(&one.place.stream));
    let ids: Vec<DocumentId> = there.clone().map(|one| one.place.document).collect();
    let mut stored = load_all(tx, &ids)?;
    let mut gains = Vec::new();
    for Erasure { place: Place { stream, document, kind }, .. } in there {
        let before = stored.remove(document);
        if before.as_ref().is_some_and(|before| before.heads == [Change::tombstone(*kind).hash()]) {
            continue;
        }
        let fresh = vec![(Origin { batch: None, schema: SCHEMA }, Change::tombstone(*kind))];
        gains.push(Gain::new(*stream, *document, before, After::erased(*kind), fresh));
    }
    keep(tx, &gains, &[], now)?;
    ids.iter().try_for_each(|id| forget(tx, *id))?;
    for group in all.iter().filter(|one| one.place.kind == Kind::Group) {
        forget_words(tx, CoverageId::of(group.place.document.into()))?;
    }
    note(tx, all)?;
    Ok(gains.len())
}

/// The documents of a kind in a stream that are not erased, by id. Nothing of them is read.
///
/// # Errors
/// Those of the store.
pub fn live(tx: &mut Conn<'_>, stream: StreamId, kind: Kind) -> Result<Vec<DocumentId>, StoreError> {
    let rows: Vec<Db<DocumentId>> = on_each!(tx, |c| documents::table
        .filter(documents::stream_id.eq(Db(stream)))
        .filter(documents::kind.eq(Code(kind)))
        .filter(documents::heads.ne(tombstone_heads(kind)))
        .order(documents::id)
        .select(documents::id)
        .load(c))?;
    Ok(rows.into_iter().map(|Db(id)| id).collect())
}

/// The heads of a document that was erased, as its row has them: nothing is ever merged with a tombstone.
pub fn tombstone_heads(kind: Kind) -> Vec<u8> {
    Change::tombstone(kind).hash().as_bytes().to_vec()
}

/// A document as it stands, wherever it lives.
#[derive(Debug, Clone, Copy)]
pub struct Stands {
    pub place: Place,
    pub version: i64,
    pub is_erased: bool,
}

/// How a document stands, where the store has it.
///
/// # Errors
/// Those of the store.
pub fn stands(tx: &mut Conn<'_>, id: DocumentId) -> Result<Option<Stands>, StoreError> {
    type Row = (Db<StreamId>, Code<Kind>, i64, Vec<u8>);
    let row: Option<Row> = on_each!(tx, |c| documents::table
        .filter(documents::id.eq(Db(id)))
        .select((documents::stream_id, documents::kind, documents::version, documents::heads))
        .first(c)
        .optional())?;
    Ok(row.map(|(Db(stream), Code(kind), version, heads)| Stands {
        place: Place { stream, document: id, kind },
        version,
        is_erased: heads == tombstone_heads(kind),
    }))
}

/// Gives up what the log and quarantine hold of a document but its tombstone.
fn forget(tx: &mut Conn<'_>, id: DocumentId) -> Result<(), StoreError> {
    let tombstones: Vec<Vec<u8>> = Kind::ALL.iter().map(|kind| tombstone_heads(*kind)).collect();
    let old: Vec<(Db<StreamId>, i64)> = on_each!(tx, |c| changes::table
        .filter(changes::document_id.eq(Db(id)).and(changes::hash.ne_all(&tombstones)))
        .select((changes::stream_id, changes::seq))
        .load(c))?;
    for (Db(stream), seq) in old {
        // The hash of a change that says little can be found by trying what it may have said.
        let nothing = (changes::bytes.eq(Vec::<u8>::new()), changes::hash.eq(forgotten(seq)));
        let row = changes::table.find((Db(stream), seq));
        on_each!(tx, |c| diesel::update(row).set(nothing).execute(c))?;
    }
    let waits = quarantine::table.filter(quarantine::document_id.eq(Db(id)));
    on_each!(tx, |c| diesel::delete(waits).execute(c))?;
    Ok(())
}

/// Of overlaps of a group that was erased it stays that they were settled, and by whom; what people wrote of them goes.
fn forget_words(tx: &mut Conn<'_>, group: CoverageId) -> Result<(), StoreError> {
    let of = overlap_statements::first_id.eq(Db(group)).or(overlap_statements::second_id.eq(Db(group)));
    on_each!(tx, |c| diesel::update(overlap_statements::table.filter(of))
        .set(overlap_statements::words.eq(None::<String>))
        .execute(c))?;
    Ok(())
}

/// What stands in the place of the hash of a change that was erased: it tells the change's number alone.
pub fn forgotten(seq: i64) -> Vec<u8> {
    let mut hash = vec![0; 24];
    hash.extend(seq.to_be_bytes());
    hash
}

fn note(tx: &mut Conn<'_>, all: &[Erasure]) -> Result<(), StoreError> {
    let row = |Erasure { place, at, by }: &Erasure| {
        (
            erasures::document_id.eq(Db(place.document)),
            erasures::stream_id.eq(Db(place.stream)),
            erasures::kind.eq(Code(place.kind)),
            erasures::erased_at.eq(At(*at)),
            erasures::erased_by.eq(by.map(Db)),
        )
    };
    for one in all.iter().map(row) {
        on_each!(tx, |c| diesel::insert_into(erasures::table)
            .values(one)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

/// How many documents were ever erased here.
///
/// # Errors
/// Those of the store.
pub fn count_erased(tx: &mut Conn<'_>) -> Result<i64, StoreError> {
    on_each!(tx, |c| erasures::table.count().get_result(c))
}

/// All documents that were ever erased here, in the order of their ids.
///
/// # Errors
/// Those of the store.
pub fn erased(tx: &mut Conn<'_>) -> Result<Vec<Erasure>, StoreError> {
    type Row = (Db<DocumentId>, Db<StreamId>, Code<Kind>, At, Option<Db<UserId>>);
    let rows: Vec<Row> = on_each!(tx, |c| erasures::table
        .order(erasures::document_id)
        .select((
            erasures::document_id,
            erasures::stream_id,
            erasures::kind,
            erasures::erased_at,
            erasures::erased_by
        ))
        .load(c))?;
    let erasure = |(Db(document), Db(stream), Code(kind), At(at), by): Row| Erasure {
        place: Place { stream, document, kind },
        at,
        by: by.map(|Db(by)| by),
    };
    Ok(rows.into_iter().map(erasure).collect())
}
