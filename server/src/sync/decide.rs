//! What becomes of each change that arrived: decided document by document while nothing is locked ([`decide`]), and
//! written if what the decision rests on still stands ([`Decided::write`]).

mod decided;
mod document;

use std::collections::{BTreeMap, BTreeSet};

use sync_core::change::Digest;
use sync_core::id::{DeviceId, DocumentId, UserId};
use sync_core::merge::Standing;
use sync_core::quarantine::Outcome;
use sync_core::record::Place;
use sync_core::time::Millis;

use super::authority::Authorities;
use super::evidence::Evidence;
use super::holding::Writable;
use super::quarantined::{self, Arrival, Before};
use crate::ledger::{Gain, Stored};
use crate::store::{Conn, StoreError};
pub(super) use decided::Decided;
use decided::{Basis, Work};
use document::{Documents, of_document, of_elsewhere, settle};

/// A change to decide about.
struct Candidate {
    arrival: Arrival,
    standing: Standing,
    /// Whether it was quarantined before.
    waited: bool,
}

impl Candidate {
    fn is_waived(&self) -> bool {
        self.standing == Standing::Waived
    }

    /// A quarantined change for which a keeper vouches, or that waits only for a dependency.
    fn waived(arrival: Arrival) -> Self {
        Self { arrival, standing: Standing::Waived, waited: true }
    }
}

/// Gives every arrival its outcome. `may_write` are the streams to which the user of each tablet may write.
pub(super) fn decide(
    tx: &mut Conn<'_>,
    may_write: &BTreeMap<DeviceId, Writable>,
    arrivals: Vec<Arrival>,
) -> Result<Decided, StoreError> {
    let arrived: Vec<(DocumentId, Digest)> = arrivals.iter().map(Arrival::key).collect();
    let known = quarantined::known(tx, &arrived)?;
    let mut outcomes = vec![Outcome::Duplicate; arrivals.len()];
    let (mut indices, mut candidates) = (Vec::new(), Vec::new());
    for (index, mut arrival) in arrivals.into_iter().enumerate() {
        let before = known.get(&arrival.key());
        let standing = match before {
            // A rejection holds however often the change is handed in.
            Some(Before::Rejected(reason)) => {
                outcomes[index] = Outcome::Quarantined(reason.clone());
                continue;
            }
            // A keeper has vouched for it and it could not be merged then: it is decided again under the keeper's
            // authority.
            Some(Before::Waived(keeper)) => {
                arrival.waived_by = Some(*keeper);
                Standing::Waived
            }
            _ => {
                let theirs = may_write.get(&arrival.device);
                let home = (arrival.item.stream, arrival.item.kind.lives_in());
                let assigned = theirs.is_some_and(|streams| streams.contains(&home));
                if assigned { Standing::Assigned } else { Standing::Stranger }
            }
        };
        indices.push(index);
        candidates.push(Candidate { arrival, standing, waited: before.is_some() });
    }
    let mut decided = settle_all(tx, candidates)?;
    for (index, outcome) in indices.into_iter().zip(decided.outcomes) {
        outcomes[index] = outcome;
    }
    decided.outcomes = outcomes;
    (decided.rests_on.arrived, decided.rests_on.known) = (arrived, known);
    Ok(decided)
}

/// Decides again about quarantined changes for which a keeper vouches, and writes it, in one transaction. Changes that
/// waited for them go with them. Gives the outcomes, in the order of `arrivals`, and how many other changes are merged.
pub(crate) fn decide_again(
    tx: &mut Conn<'_>,
    arrivals: Vec<Arrival>,
    now: Millis,
) -> Result<(Vec<Outcome>, usize), StoreError> {
    let decided = settle_all(tx, arrivals.into_iter().map(Candidate::waived).collect())?;
    // The statements that vouch for them were written down when they were quarantined.
    decided.write(tx, &mut Evidence::default(), now)?;
    let merged: usize = decided.work.gains.iter().map(Gain::changes).sum();
    let accepted = decided.outcomes.iter().filter(|outcome| **outcome == Outcome::Accepted).count();
    Ok((decided.outcomes, merged - accepted))
}

/// Decides about all candidates, document by document. All these documents are in memory together, within the bounds of
/// [`Room`](super::bounds::Room).
fn settle_all(tx: &mut Conn<'_>, candidates: Vec<Candidate>) -> Result<Decided, StoreError> {
    let mut outcomes = vec![Outcome::Duplicate; candidates.len()];
    let mut considered: BTreeSet<(DocumentId, Digest)> =
        candidates.iter().map(|one| one.arrival.key()).collect();
    let mut by_place: BTreeMap<Place, Vec<(usize, Candidate)>> = BTreeMap::new();
    for (index, candidate) in candidates.into_iter().enumerate() {
        by_place.entry(candidate.arrival.place()).or_default().push((index, candidate));
    }
    // A few queries for all documents together, instead of some for each.
    let mut there = Documents::load(tx, &by_place)?;
    let waiting: BTreeSet<(DocumentId, Digest)> =
        there.waiting.values().flatten().map(Arrival::key).collect();
    considered.extend(&waiting);
    let arrived = by_place.values().flatten().map(|(_, candidate)| &candidate.arrival);
    let authorities = Authorities::of(tx, arrived.chain(there.waiting.values().flatten()))?;
    let mut work = Work::default();
    for (place, arrived) in by_place {
        let (indices, arrived): (Vec<usize>, Vec<Candidate>) = arrived.into_iter().unzip();
        for (index, outcome) in
            indices.into_iter().zip(settle(tx, &mut there, place, arrived, &authorities, &mut work)?)
        {
            outcomes[index] = outcome;
        }
    }
    let rests_on = Basis { considered, waiting, ..Basis::default() };
    Ok(Decided { outcomes, work, rests_on })
}

/// What would become of a quarantined change if this keeper released it now. Writes nothing.
pub(crate) fn foresee(
    tx: &mut Conn<'_>,
    before: Option<Stored>,
    mut arrival: Arrival,
    keeper: UserId,
) -> Result<Outcome, StoreError> {
    let place = arrival.place();
    arrival.waived_by = Some(keeper);
    let authorities = Authorities::of(tx, [&arrival])?;
    let candidate = [Candidate::waived(arrival)];
    let mut planned = if quarantined::misplaced(place, before.as_ref()) {
        of_elsewhere(tx, place, &candidate, &authorities)?
    } else {
        of_document(tx, place, before, &candidate, &authorities)?
    };
    Ok(planned.outcomes.swap_remove(0))
}
