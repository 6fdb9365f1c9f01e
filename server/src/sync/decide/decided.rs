//! What was decided, and writing it.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::change::{Change, ChangeHash, Digest};
use sync_core::id::DocumentId;
use sync_core::quarantine::{Outcome, Reason};
use sync_core::time::Millis;

use crate::ledger::{Gain, Lacking, keep};
use crate::store::{Conn, StoreError};
use crate::sync::evidence::Evidence;
use crate::sync::quarantined::{self, Arrival, Before};

/// What becomes of the changes that arrived, and what is to be written for that. Nothing is written before
/// [`Decided::write`].
#[derive(Debug)]
pub(in crate::sync) struct Decided {
    /// One for each arrival, in their order.
    pub(in crate::sync) outcomes: Vec<Outcome>,
    pub(super) work: Work,
    pub(super) rests_on: Basis,
}

/// What is to be written.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) gains: Vec<Gain>,
    pub(super) lacking: Vec<Lacking>,
    /// Each with whether it was quarantined before.
    pub(super) quarantined: Vec<(Arrival, Reason, bool)>,
    /// Quarantined changes that are merged now.
    pub(super) released: Vec<Arrival>,
}

/// What was read of quarantine, to be compared when it is written. Documents are compared by their versions.
#[derive(Debug, Default)]
pub(super) struct Basis {
    /// The arrivals, and what was known of them.
    pub(super) arrived: Vec<(DocumentId, Digest)>,
    pub(super) known: BTreeMap<(DocumentId, Digest), Before>,
    /// All changes that were decided about: the arrivals, and `waiting`.
    pub(super) considered: BTreeSet<(DocumentId, Digest)>,
    /// Quarantined changes of the same documents that waited for a dependency.
    pub(super) waiting: BTreeSet<(DocumentId, Digest)>,
}

impl Decided {
    /// Writes what was decided, if what it rests on still stands. `evidence` has the statements that vouch for the
    /// changes. Rows of quarantined changes are locked as they are written, then streams ([`keep`]), until the
    /// transaction ends.
    ///
    /// # Errors
    /// [`StoreError::Raced`] if somebody wrote to one of the documents since, or decided about one of the changes.
    pub(in crate::sync) fn write(
        &self,
        tx: &mut Conn<'_>,
        evidence: &mut Evidence,
        now: Millis,
    ) -> Result<(), StoreError> {
        // 1. What was read of quarantine still stands.
        let Self { work, rests_on, .. } = self;
        if !rests_on.stands(tx)? {
            return Err(StoreError::Raced);
        }
        // 2. Quarantine. A change is written after the statement that vouches for it.
        for (arrival, reason, waited) in &work.quarantined {
            if !waited {
                evidence.write(tx, arrival.batch, now)?;
            }
            quarantined::set(tx, arrival, reason, now)?;
        }
        for arrival in &work.released {
            quarantined::release(tx, arrival, now)?;
        }
        for original in self.stood_for(tx)? {
            quarantined::release(tx, &original, now)?;
        }
        // 3. Documents and changes, under the locks of their streams.
        for batch in work.gains.iter().flat_map(Gain::batches) {
            evidence.write(tx, batch, now)?;
        }
        keep(tx, &work.gains, &work.lacking, now)?;
        // 4. Another push may have quarantined a change for lack of one that this push merges. Under the lock of the
        //    stream either it finds the document changed, or this push sees its change here, and is prepared again.
        //    (That rests on READ COMMITTED: a query after the lock sees what the other push has committed.)
        let gained: Vec<DocumentId> = work.gains.iter().map(|gain| gain.id).collect();
        let unheard =
            quarantined::that_wait(tx, &gained)?.into_iter().any(|one| !rests_on.considered.contains(&one));
        if unheard || !self.stood_for(tx)?.is_empty() { Err(StoreError::Raced) } else { Ok(()) }
    }

    /// The quarantined changes of which a new change is the re-keyed form: it says what they say. Mostly the two come together; a store
    /// that was restored may get them by different ways.
    fn stood_for(&self, tx: &mut Conn<'_>) -> Result<Vec<Arrival>, StoreError> {
        let mut found = Vec::new();
        for gain in &self.work.gains {
            let rekeyed: BTreeMap<ChangeHash, &Change> = gain.rekeyed().collect();
            for (arrival, was) in
                quarantined::undecided_with(tx, gain.id, &rekeyed.keys().copied().collect())?
            {
                if rekeyed[&was.hash()].stands_for(&was) {
                    found.push(arrival);
                }
            }
        }
        Ok(found)
    }
}

impl Basis {
    /// Whether nobody has released, rejected or vouched for one of the changes that were read since.
    fn stands(&self, tx: &mut Conn<'_>) -> Result<bool, StoreError> {
        let waited: BTreeSet<DocumentId> = self.waiting.iter().map(|(id, _)| *id).collect();
        let waiting: BTreeSet<(DocumentId, Digest)> =
            quarantined::that_wait(tx, &waited.into_iter().collect::<Vec<_>>())?.into_iter().collect();
        Ok(self.waiting.is_subset(&waiting) && quarantined::known(tx, &self.arrived)? == self.known)
    }
}
