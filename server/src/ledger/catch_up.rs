//! Rows of an earlier version of the projection are computed again in the background, step by step, while the service answers from the rows
//! that are there.
//!
//! How far that has come stands in the store: it goes on after a restart, and several services share the work. Meanwhile the documents up to
//! that place have rows of this version, the others rows of an earlier one, and totals say that their groups are being counted.

use super::rebuild::{BEGINNING, Computed};
use crate::facts;
use crate::projection;
use crate::store::{Conn, Store, StoreError, identity};

/// How far the rows are of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaughtUp {
    /// All of them are.
    Whole,
    /// There are more documents to look at.
    Partly,
}

/// Brings the rows of the next documents up to the version of the projection that this program writes. Costs one query where all are.
///
/// # Errors
/// Those of the store. What is written stays, and the next call goes on from there.
pub async fn catch_up(store: &Store) -> Result<CaughtUp, StoreError> {
    let next = |tx: &mut Conn<'_>| -> Result<Option<Computed>, StoreError> {
        if identity::projection(tx)? >= projection::VERSION {
            return Ok(None);
        }
        let start = identity::caught_up_to(tx, projection::VERSION)?.unwrap_or(BEGINNING);
        Computed::after(tx, start).map(Some)
    };
    let Some(some) = store.read("compute rows again", next).await? else {
        return Ok(CaughtUp::Whole);
    };
    // Another service may write the same step at the same time: the rows are compared, so the second changes nothing.
    store
        .write("write rows again", move |tx| {
            let written = some.write(tx)?;
            tracing::info!(documents = written.documents, mended = written.mended, "computed rows again");
            match some.last {
                Some(last) => {
                    identity::set_caught_up_to(tx, projection::VERSION, last)?;
                    Ok(CaughtUp::Partly)
                }
                None => {
                    // Facts follow from all rows of a group, so they are counted when these are there.
                    facts::note_all_due(tx)?;
                    identity::set_projection(tx, projection::VERSION)?;
                    Ok(CaughtUp::Whole)
                }
            }
        })
        .await
}
