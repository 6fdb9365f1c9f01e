//! What somebody decided to leave out for good: what goes with it, and the tablets that ask after it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use sync_core::change::{Change, ChangeHash, Digest};
use sync_core::id::DocumentId;
use sync_core::limits::MAX_ASKED_AFTER;
use sync_core::quarantine::Rejection;
use sync_core::wire::Rejected;

use super::apart::{self, Arrival};
use crate::on_each;
use crate::store::schema::{quarantine, users};
use crate::store::{Conn, Db, StoreError};

/// What waits and builds on a change, also by way of each other: without that one it can never be merged.
pub(crate) fn built_on(tx: &mut Conn<'_>, below: &Arrival) -> Result<Vec<Arrival>, StoreError> {
    let Ok(change) = Change::parse(&below.bytes) else { return Ok(Vec::new()) };
    let waiting = apart::undecided(tx, below.item.document)?.into_iter();
    let mut waiting: Vec<(Change, Arrival)> =
        waiting.filter_map(|one| Some((Change::parse(&one.bytes).ok()?, one))).collect();
    let (mut hashes, mut found) = (BTreeSet::from([change.hash()]), Vec::new());
    loop {
        let builds = |one: &mut (Change, Arrival)| one.0.deps().any(|hash| hashes.contains(&hash));
        let (more, built): (Vec<ChangeHash>, Vec<Arrival>) =
            waiting.extract_if(.., builds).map(|(change, one)| (change.hash(), one)).unzip();
        if built.is_empty() {
            return Ok(found);
        }
        hashes.extend(more);
        found.extend(built);
    }
}

/// What was rejected of that which a tablet asks after. It can name only what it has.
pub(super) fn of(tx: &mut Conn<'_>, waiting: &[Digest]) -> Result<Vec<Rejected>, StoreError> {
    type Row = (Db<DocumentId>, Vec<u8>, String, Option<String>);
    let waiting: Vec<&[u8]> =
        waiting.iter().take(MAX_ASKED_AFTER).map(|digest| digest.as_bytes().as_slice()).collect();
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let by = users::table.on(quarantine::rejected_by.eq(users::id.nullable()));
    let rows: Vec<Row> = on_each!(tx, |c| quarantine::table
        .inner_join(by)
        .filter(quarantine::digest.eq_any(&waiting).and(quarantine::released_at.is_null()))
        .select((quarantine::document_id, quarantine::bytes, users::name, quarantine::rejected_because))
        .load(c))?;
    let rejected = rows.into_iter().map(|(Db(document), bytes, by, because)| {
        let rejection = Rejection { by, because: because.unwrap_or_default() };
        Rejected { document, digest: Digest::of(&bytes), rejection }
    });
    Ok(rejected.collect())
}
