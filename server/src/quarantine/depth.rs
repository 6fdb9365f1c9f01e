//! How much waits, for whoever watches over the service: numbers alone.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use sync_core::quarantine::Reason;

use crate::on_each;
use crate::store::schema::quarantine;
use crate::store::{Conn, StoreError};

/// How many changes wait for a decision, for each reason, also where none do.
///
/// # Errors
/// Those of the store.
pub(crate) fn waiting(tx: &mut Conn<'_>) -> Result<BTreeMap<&'static str, i64>, StoreError> {
    let counted: Vec<(String, i64)> = on_each!(tx, |c| quarantine::table
        .filter(quarantine::released_at.is_null())
        .filter(quarantine::rejected_at.is_null())
        .group_by(quarantine::reason)
        .select((quarantine::reason, count_star()))
        .load(c))?;
    let of =
        |code: &str| counted.iter().find(|(reason, _)| reason == code).map_or(0, |(_, waiting)| *waiting);
    Ok(Reason::CODES.into_iter().map(|code| (code, of(code))).collect())
}
