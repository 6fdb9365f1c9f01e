//! Conflicts as answers show them: every value, who wrote it, and when.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use sync_core::conflict::{Conflict, conflicts};
use sync_core::document::Document;
use sync_core::id::DeviceId;
use utoipa::ToSchema;

use crate::clock::timestamp;
use crate::ledger;
use crate::store::{Conn, StoreError};

/// A field that two people set differently at the same time, until somebody settles it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Clash {
    /// The field; for an entry `attendance/<participant>`.
    #[schema(example = "minutes")]
    field: String,
    /// All values; the last is the one shown where there is room for one.
    values: Vec<ClashingValue>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClashingValue {
    /// Empty where the value was taken back.
    #[schema(example = "90")]
    value: String,
    /// The name of the person who wrote it, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// The tablet, or the person themselves at the web interface.
    #[schema(value_type = Uuid)]
    device: DeviceId,
    /// That tablet's clock when it was written.
    at: Timestamp,
}

/// Every conflict in a document.
///
/// # Errors
/// Those of the store.
pub(super) fn clashes(tx: &mut Conn<'_>, document: &Document) -> Result<Vec<Clash>, StoreError> {
    let found = conflicts(document);
    let authors: BTreeSet<DeviceId> =
        found.iter().flat_map(|conflict| &conflict.claims).map(|claim| claim.device).collect();
    let names = ledger::names(tx, &authors)?;
    let clash = |Conflict { field, claims }| Clash {
        field,
        values: claims
            .into_iter()
            .map(|claim| ClashingValue {
                value: claim.value,
                by: names.get(&claim.device).cloned(),
                device: claim.device,
                at: timestamp(claim.at),
            })
            .collect(),
    };
    Ok(found.into_iter().map(clash).collect())
}
