//! What is answered to whoever reads published tables only, and asks for something else.

use serde_json::Value;

use super::tables;
use crate::problem::{Problem, kind};
use crate::store::{Conn, StoreError};

/// Names the tables of the latest releases, and the address of all.
///
/// # Errors
/// Those of the store.
pub(crate) fn only_published(tx: &mut Conn<'_>) -> Result<Problem, StoreError> {
    let releases = tables::releases(tx)?;
    let problem = Problem::of(
        kind::ONLY_PUBLISHED,
        "Totals are answered to the organisation that they are about. What everybody may read of it are the tables that `tables` names, \
         and those of earlier releases: GET /v1/published lists them.",
    );
    Ok(problem.with("tables", Value::from(tables::addresses(&releases))))
}
