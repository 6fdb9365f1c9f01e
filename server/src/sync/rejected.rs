//! Rejected changes: which changes are rejected with them, and what tablets that ask are told.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::change::{Change, ChangeHash, Digest};
use sync_core::id::DocumentId;
use sync_core::limits::MAX_ASKED_AFTER;
use sync_core::quarantine::Rejection;
use sync_core::wire::Rejected;

use super::quarantined::{self, Arrival};
use crate::on_each;
use crate::store::schema::{quarantine, users};
use crate::store::{Conn, Db, StoreError};

/// The quarantined changes that build on these, directly or through each other: once these are rejected, they can never
/// be merged.
pub(crate) fn built_on(tx: &mut Conn<'_>, below: &[Arrival]) -> Result<Vec<Arrival>, StoreError> {
    let mut by_document: BTreeMap<DocumentId, BTreeSet<ChangeHash>> = BTreeMap::new();
    for one in below {
        let hash = Change::parse(&one.bytes).ok().map(|change| change.hash());
        by_document.entry(one.item.document).or_default().extend(hash);
    }
    let mut found = Vec::new();
    for (document, hashes) in by_document {
        found.extend(above(hashes, quarantined::undecided(tx, document)?));
    }
    Ok(found)
}

/// The changes of one document that build on changes with these hashes. Each round finds the next ones; it ends when
/// none is found.
fn above(mut hashes: BTreeSet<ChangeHash>, waiting: Vec<Arrival>) -> Vec<Arrival> {
    let parsed = waiting.into_iter().filter_map(|one| Some((Change::parse(&one.bytes).ok()?, one)));
    let (mut waiting, mut found): (Vec<(Change, Arrival)>, _) = (parsed.collect(), Vec::new());
    loop {
        let builds = |one: &mut (Change, Arrival)| one.0.deps().any(|hash| hashes.contains(&hash));
        let (more, built): (Vec<ChangeHash>, Vec<Arrival>) =
            waiting.extract_if(.., builds).map(|(change, one)| (change.hash(), one)).unzip();
        if built.is_empty() {
            return found;
        }
        hashes.extend(more);
        found.extend(built);
    }
}

/// The rejected changes among those that a tablet asks about. A digest can be known only from the change's bytes, so
/// the question needs no further permission.
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
        .select((quarantine::document_id, quarantine::digest, users::name, quarantine::rejected_because))
        .load(c))?;
    let rejected = rows.into_iter().map(|(Db(document), digest, by, because)| {
        let digest = digest.try_into().map_err(|_| StoreError::Damaged("a quarantined change"))?;
        let rejection = Rejection { by, because: because.unwrap_or_default() };
        Ok(Rejected { document, digest: Digest::from_bytes(digest), rejection })
    });
    rejected.collect()
}
