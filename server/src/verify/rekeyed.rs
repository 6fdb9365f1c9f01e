//! Changes that were let in under another name, because their number was taken.

use std::collections::BTreeSet;

use diesel::prelude::*;
use sync_core::change::{Change, Digest};
use sync_core::document::Document;
use sync_core::id::BatchId;
use sync_core::record::Place;

use super::batches::Listed;
use crate::on_each;
use crate::store::schema::quarantine;
use crate::store::{Conn, Db, StoreError};

/// What a batch listed and a document holds re-keyed, because its number was taken: as it is there now. What it was is
/// kept where it was quarantined.
pub(super) fn listed_as_it_was(
    tx: &mut Conn<'_>,
    place: Place,
    document: &Document,
    listed: &BTreeSet<Listed>,
) -> Result<Vec<Listed>, StoreError> {
    let rekeyed = document.rekeyed();
    if rekeyed.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(Db<BatchId>, Vec<u8>)> = on_each!(tx, |c| quarantine::table
        .filter(quarantine::document_id.eq(Db(place.document)))
        .filter(quarantine::released_at.is_not_null())
        .select((quarantine::batch_id, quarantine::bytes))
        .load(c))?;
    let known =
        rows.into_iter().filter(|(Db(batch), bytes)| listed.contains(&(*batch, place, Digest::of(bytes))));
    let now = known.filter_map(|(Db(batch), bytes)| {
        let was = Change::parse(&bytes).ok()?;
        let now = rekeyed.get(&was.hash())?;
        let faithful = was.rekeyed(&rekeyed).is_some_and(|again| again.hash() == now.hash());
        faithful.then(|| (batch, place, Digest::of(now.bytes())))
    });
    Ok(now.collect())
}
