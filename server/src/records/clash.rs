//! Conflicts as answers show them: every value, who wrote it, on which tablet, and when. Read from the projection.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::id::{DeviceId, DocumentId};
use sync_core::record::Kind;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::timestamp;
use crate::doubt::{HANDED_IN, HandedIn, clock_off};
use crate::ledger;
use crate::on_each;
use crate::store::schema::{batches, changes, conflict_claims, conflicts};
use crate::store::{At, Conn, Db, StoreError};

/// A field that two people set differently at the same time, until somebody settles it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Clash {
    /// Names the conflict with just these values: it changes when another value joins them.
    pub(super) id: Uuid,
    /// The field; for an entry `attendance/<participant>`.
    #[schema(example = "minutes")]
    field: String,
    /// All values; the last is the one shown where there is room for one. Of a text, what the lines concerned say in each
    /// version.
    values: Vec<ClashingValue>,
    /// Of a text, what the lines concerned read now, with all that was written merged letter by letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "The Peoople were calm.")]
    reads: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClashingValue {
    /// Empty where the value was taken back.
    #[schema(example = "90")]
    value: String,
    /// The name of the person who wrote it, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// The name of their tablet; none for what was written at the web interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    tablet: Option<String>,
    /// The tablet, or the person themselves at the web interface.
    #[schema(value_type = Uuid)]
    device: DeviceId,
    /// That tablet's clock when it was written.
    at: Timestamp,
    /// When the service got it.
    #[serde(skip_serializing_if = "Option::is_none")]
    received_at: Option<Timestamp>,
    /// By how many seconds that tablet's clock was behind the service's when it handed this in, less than none where it was
    /// ahead; about. Absent where it is not known, be it that the service's own clock is in doubt, and for what was written at
    /// the web interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_off_by_seconds: Option<i64>,
}

/// Every conflict in a record, in the order of the data dictionary.
///
/// # Errors
/// Those of the store.
pub(crate) fn clashes(tx: &mut Conn<'_>, record: DocumentId, kind: Kind) -> Result<Vec<Clash>, StoreError> {
    let found: Vec<(Vec<u8>, String)> = on_each!(tx, |c| conflicts::table
        .filter(conflicts::document_id.eq(Db(record)))
        .select((conflicts::id, conflicts::field))
        .load(c))?;
    let mut all = with_values(tx, found)?;
    let row = |field: &str| {
        let name = field.split('/').next();
        kind.fields().iter().position(|row| Some(row.name) == name)
    };
    all.sort_by(|one, other| (row(&one.field), &one.field).cmp(&(row(&other.field), &other.field)));
    Ok(all)
}

/// Conflicts by id and field, in the same order, with their values.
///
/// # Errors
/// Those of the store.
pub(super) fn with_values(
    tx: &mut Conn<'_>,
    found: Vec<(Vec<u8>, String)>,
) -> Result<Vec<Clash>, StoreError> {
    type Row = (Vec<u8>, Option<String>, String, Db<DeviceId>, At, Option<At>, Option<HandedIn>);
    let ids: Vec<&[u8]> = found.iter().map(|(id, _)| id.as_slice()).collect();
    let change = changes::document_id.eq(conflicts::document_id).and(changes::hash.eq(conflict_claims::hash));
    let rows: Vec<Row> = on_each!(tx, |c| conflict_claims::table
        .inner_join(conflicts::table)
        .left_join(changes::table.on(change))
        .left_join(batches::table.on(batches::id.nullable().eq(changes::batch_id.nullable())))
        .filter(conflicts::id.eq_any(&ids))
        .order((conflict_claims::conflict_id, conflict_claims::place))
        .select((
            conflict_claims::conflict_id,
            conflicts::reads,
            conflict_claims::value,
            conflict_claims::author,
            conflict_claims::written_at,
            changes::received_at.nullable(),
            HANDED_IN.nullable(),
        ))
        .load(c))?;
    let authors: BTreeSet<DeviceId> = rows.iter().map(|(_, _, _, Db(author), ..)| *author).collect();
    let authors = ledger::authors(tx, &authors)?;
    let mut values: BTreeMap<Vec<u8>, (Option<String>, Vec<ClashingValue>)> = BTreeMap::new();
    for (id, reads, value, Db(device), At(at), received, batch) in rows {
        let author = authors.get(&device);
        values.entry(id).or_insert_with(|| (reads, Vec::new())).1.push(ClashingValue {
            value,
            by: author.map(|author| author.person.clone()),
            tablet: author.and_then(|author| author.tablet.clone()),
            device,
            at: timestamp(at),
            received_at: received.map(|At(at)| timestamp(at)),
            clock_off_by_seconds: clock_off(batch),
        });
    }
    let clash = |(id, field): (Vec<u8>, String)| {
        let name = Uuid::from_slice(&id).map_err(|_| StoreError::Damaged("a conflict"))?;
        let (reads, values) = values.remove(&id).unwrap_or_default();
        Ok(Clash { id: name, field, values, reads })
    };
    found.into_iter().map(clash).collect()
}
