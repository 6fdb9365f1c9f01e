//! Rejected changes: which changes are rejected with them.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::change::{Change, ChangeHash};
use sync_core::id::DocumentId;

use super::quarantined::{self, Arrival};
use crate::store::{Conn, StoreError};

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
