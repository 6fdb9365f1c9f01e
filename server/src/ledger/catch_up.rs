//! Rows of an earlier version of the projection are computed again in the background, step by step, while the service answers from the rows
//! that are there.
//!
//! How far that has come stands in the store: it goes on after a restart, and several services share the work. Meanwhile the documents up to
//! that place have rows of this version, the others rows of an earlier one, and totals say that their groups are being counted.

use uuid::Uuid;

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
    match store.read("compute rows again", Step::next).await? {
        Some(step) => store.write("write rows again", move |tx| step.write(tx)).await,
        None => Ok(CaughtUp::Whole),
    }
}

/// The next documents, and the place from which they were read.
struct Step {
    start: Option<Uuid>,
    computed: Computed,
}

impl Step {
    /// `None` where all rows are of this version. Opens each document; takes no lock.
    fn next(tx: &mut Conn<'_>) -> Result<Option<Self>, StoreError> {
        if identity::projection(tx)? >= projection::VERSION {
            return Ok(None);
        }
        let start = identity::caught_up_to(tx, projection::VERSION)?;
        Ok(Some(Self { start, computed: Computed::after(tx, start.unwrap_or(BEGINNING))? }))
    }

    fn write(&self, tx: &mut Conn<'_>) -> Result<CaughtUp, StoreError> {
        // Where another service has gone on from the same place meanwhile, this step is done. Were its place written all the same, it
        // could stand there for ever after the other came to the end.
        identity::take_turns(tx)?;
        let done = identity::projection(tx)? >= projection::VERSION;
        if done || identity::caught_up_to(tx, projection::VERSION)? != self.start {
            return Ok(CaughtUp::Partly);
        }
        let written = self.computed.write(tx)?;
        tracing::info!(documents = written.documents, mended = written.mended, "computed rows again");
        let Some(last) = self.computed.last else {
            // Facts follow from all rows of a group, so they are counted when these are there.
            facts::note_all_due(tx)?;
            identity::set_projection(tx, projection::VERSION)?;
            return Ok(CaughtUp::Whole);
        };
        identity::set_caught_up_to(tx, projection::VERSION, last)?;
        Ok(CaughtUp::Partly)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{fresh, fresh_postgres};

    #[test]
    fn a_service_that_is_late_does_not_write_a_place_that_another_has_left() {
        let (sqlite, _folder) = fresh();
        for store in [sqlite, fresh_postgres()] {
            let next = || store.read_blocking("test", Step::next).expect("it is read");
            let mut late = next().expect("a step");
            late.computed.last = Some(Uuid::max());
            let in_time = next().expect("the same step");
            let write =
                |step: Step| store.write_blocking("test", move |tx| step.write(tx)).expect("it is written");
            assert_eq!(write(in_time), CaughtUp::Whole, "there are no documents");
            assert_eq!(write(late), CaughtUp::Partly, "it is to look again");
            let place = |tx: &mut Conn<'_>| identity::caught_up_to(tx, projection::VERSION);
            assert_eq!(store.read_blocking("test", place).expect("it is read"), None);
            assert!(next().is_none());
        }
    }
}
