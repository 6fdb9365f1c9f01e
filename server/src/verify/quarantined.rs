//! Quarantined changes.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::change::{Change, Digest};
use sync_core::id::{BatchId, DocumentId, StreamId};
use sync_core::quarantine::Reason;
use sync_core::record::Place;
use uuid::Uuid;

use super::batches::listed;
use super::{AT_ONCE, About, Seen, documents};
use crate::on_each;
use crate::store::schema::{documents as table, quarantine};
use crate::store::{At, Conn, Db, StoreError};

#[derive(Queryable, Selectable)]
#[diesel(table_name = quarantine)]
struct Row {
    id: Vec<u8>,
    digest: Vec<u8>,
    stream_id: Db<StreamId>,
    document_id: Db<DocumentId>,
    kind: String,
    batch_id: Db<BatchId>,
    reason: String,
    released_at: Option<At>,
    rejected_at: Option<At>,
    bytes: Vec<u8>,
}

/// Checks those that follow `after`; gives the id of the last of them.
pub(super) fn check(tx: &mut Conn<'_>, after: &[u8]) -> Result<(Seen, Option<Vec<u8>>), StoreError> {
    let rows: Vec<Row> = on_each!(tx, |c| quarantine::table
        .filter(quarantine::id.gt(after))
        .order(quarantine::id)
        .limit(AT_ONCE)
        .select(Row::as_select())
        .load(c))?;
    let listed = listed(tx, &rows.iter().map(|row| row.batch_id).collect())?;
    let released = rows.iter().filter(|row| row.released_at.is_some()).map(|row| row.document_id);
    let homes: BTreeMap<DocumentId, documents::Row> = {
        let ids: BTreeSet<Db<DocumentId>> = released.collect();
        let rows: Vec<documents::Row> = on_each!(tx, |c| table::table
            .filter(table::id.eq_any(&ids))
            .select(documents::Row::as_select())
            .load(c))?;
        rows.into_iter().map(|row| (row.id.0, row)).collect()
    };
    let mut seen = Seen::default();
    for row in &rows {
        seen.checked.quarantined += 1;
        let about = About::Quarantined(Uuid::from_slice(&row.id).unwrap_or_default());
        let digest = Digest::of(&row.bytes);
        // Work under an erased record that a keeper rejected is deleted.
        if row.rejected_at.is_some() && row.bytes.is_empty() && row.reason == Reason::Erased.code() {
            continue;
        }
        seen.check(row.digest == digest.as_bytes(), about, "its digest is not that of its bytes");
        seen.check(Reason::of(&row.reason, "", "").is_some(), about, "its reason is none that there is");
        let place = |kind| Place { stream: row.stream_id.0, document: row.document_id.0, kind };
        let signed =
            row.kind.parse().is_ok_and(|kind| listed.contains(&(row.batch_id.0, place(kind), digest)));
        seen.check(signed, about, "its batch does not list it");
        if row.released_at.is_some() {
            let document = homes.get(&row.document_id.0).and_then(documents::Row::open);
            let change = Change::parse(&row.bytes).ok();
            let merged = document
                .zip(change)
                .is_some_and(|(there, change)| there.has_taken(&change, &there.rekeyed()));
            seen.check(merged, about, "it was released, but its document does not hold it");
        }
    }
    Ok((seen, rows.last().map(|row| row.id.clone())))
}
