//! What becomes of each change that arrived: decided document by document while nothing is locked ([`decide`]), and
//! written if what the decision rests on still stands ([`Decided::write`]).

use std::collections::{BTreeMap, BTreeSet};

use sync_core::change::Digest;
use sync_core::id::{DeviceId, DocumentId, StreamId, UserId};
use sync_core::merge::{Incoming, Standing, plan};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::Place;
use sync_core::time::Millis;

use super::astray;
use super::authority::Authorities;
use super::evidence::Evidence;
use super::quarantined::{self, Arrival, Before};
use crate::ledger::{self, Gain, Lacking, Origin, Stored, keep};
use crate::store::{Conn, StoreError};

/// A change to decide about.
struct Candidate {
    arrival: Arrival,
    standing: Standing,
    /// Whether it was quarantined before.
    waited: bool,
}

impl Candidate {
    /// A quarantined change for which a keeper vouches, or that waits only for a dependency.
    fn waived(arrival: Arrival) -> Self {
        Self { arrival, standing: Standing::Waived, waited: true }
    }
}

/// What becomes of the changes that arrived, and what is to be written for that. Nothing is written before
/// [`Decided::write`].
#[derive(Debug)]
pub(super) struct Decided {
    /// One for each arrival, in their order.
    pub(super) outcomes: Vec<Outcome>,
    work: Work,
    rests_on: Basis,
}

/// What is to be written.
#[derive(Debug, Default)]
struct Work {
    gains: Vec<Gain>,
    lacking: Vec<Lacking>,
    /// Each with whether it was quarantined before.
    quarantined: Vec<(Arrival, Reason, bool)>,
    /// Quarantined changes that are merged now.
    released: Vec<Arrival>,
}

/// What was read of quarantine, to be compared when it is written. Documents are compared by their versions.
#[derive(Debug, Default)]
struct Basis {
    /// The arrivals, and what was known of them.
    arrived: Vec<(DocumentId, Digest)>,
    known: BTreeMap<(DocumentId, Digest), Before>,
    /// All changes that were decided about: the arrivals, and `waiting`.
    considered: BTreeSet<(DocumentId, Digest)>,
    /// Quarantined changes of the same documents that waited for a dependency.
    waiting: BTreeSet<(DocumentId, Digest)>,
}

/// Gives every arrival its outcome. `may_write` are the streams to which the user of each tablet may write.
pub(super) fn decide(
    tx: &mut Conn<'_>,
    may_write: &BTreeMap<DeviceId, BTreeSet<StreamId>>,
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
                let assigned = theirs.is_some_and(|streams| streams.contains(&arrival.item.stream));
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

impl Decided {
    /// Writes what was decided, if what it rests on still stands. `evidence` has the statements that vouch for the
    /// changes. Rows of quarantined changes are locked as they are written, then streams ([`keep`]), until the
    /// transaction ends.
    ///
    /// # Errors
    /// [`StoreError::Raced`] if somebody wrote to one of the documents since, or decided about one of the changes.
    pub(super) fn write(
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
        if unheard { Err(StoreError::Raced) } else { Ok(()) }
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
    let mut outcomes = if quarantined::misplaced(place, before.as_ref()) {
        of_elsewhere(tx, place, &candidate, &authorities)?
    } else {
        of_document(tx, place, before, &candidate, &authorities)?.0
    };
    Ok(outcomes.swap_remove(0))
}

/// What the store has of the documents for which changes arrived.
struct Documents {
    /// Documents for which changes arrived where they live; of one that lives elsewhere only its place is read.
    stored: BTreeMap<DocumentId, Stored>,
    /// Quarantined changes that wait for a dependency, which may have arrived now.
    waiting: BTreeMap<Place, Vec<Arrival>>,
    /// The place of each, also of documents that begin with this request: it may name one id in two places.
    homes: BTreeMap<DocumentId, Place>,
}

impl Documents {
    fn load<T>(tx: &mut Conn<'_>, arrived: &BTreeMap<Place, T>) -> Result<Self, StoreError> {
        let ids: BTreeSet<DocumentId> = arrived.keys().map(|place| place.document).collect();
        let ids: Vec<DocumentId> = ids.into_iter().collect();
        let mut waiting: BTreeMap<Place, Vec<Arrival>> = BTreeMap::new();
        for arrival in quarantined::waiting(tx, &ids)? {
            waiting.entry(arrival.place()).or_default().push(arrival);
        }
        let homes = ledger::homes(tx, &ids)?;
        let at_home = homes.values().filter(|home| arrived.contains_key(home));
        let stored = ledger::load_all(tx, &at_home.map(|home| home.document).collect::<Vec<_>>())?;
        Ok(Self { stored, waiting, homes })
    }
}

/// Decides about the arrivals of one document, with the quarantined changes that wait for a dependency. Gives the
/// outcomes of the arrivals, and adds what is to be written to `work`.
fn settle(
    tx: &mut Conn<'_>,
    there: &mut Documents,
    place: Place,
    mut arrived: Vec<Candidate>,
    authorities: &Authorities,
    work: &mut Work,
) -> Result<Vec<Outcome>, StoreError> {
    // 1. Waiting changes are tried again, except those that have arrived again. Changes of strangers can release none.
    let count = arrived.len();
    if arrived.iter().any(|one| one.standing != Standing::Stranger) {
        let mut waiting = there.waiting.remove(&place).unwrap_or_default();
        waiting.retain(|one| arrived.iter().all(|other| other.arrival.key() != one.key()));
        arrived.extend(waiting.into_iter().map(Candidate::waived));
    }
    // 2. The plan, or, where the id is that of a document elsewhere, a refusal that does not tell so.
    let version = there.stored.get(&place.document).map(|stored| stored.version);
    let (mut decided, gain) = match there.homes.get(&place.document) {
        Some(home) if *home != place => (of_elsewhere(tx, place, &arrived, authorities)?, None),
        _ => of_document(tx, place, there.stored.remove(&place.document), &arrived, authorities)?,
    };
    // 3. What is to be written. Where a dependency is missing, it may come before this is written: the document's
    //    version is compared then.
    match gain {
        Some(gain) => {
            there.homes.insert(place.document, place);
            work.gains.push(gain);
        }
        None if decided[..count].contains(&Outcome::Quarantined(Reason::MissingDependency)) => {
            work.lacking.push(Lacking { stream: place.stream, id: place.document, version });
        }
        None => {}
    }
    for (one, outcome) in arrived.into_iter().zip(&decided) {
        match outcome {
            // It keeps the reason that it has: that somebody else handed it in as well is no better one.
            Outcome::Quarantined(Reason::Unvouched) if one.waited => {}
            Outcome::Quarantined(reason) => {
                work.quarantined.push((one.arrival, reason.clone(), one.waited));
            }
            Outcome::Accepted | Outcome::Duplicate if one.waited => work.released.push(one.arrival),
            Outcome::Accepted | Outcome::Duplicate => {}
        }
    }
    decided.truncate(count);
    Ok(decided)
}

/// The outcomes of changes for a record whose id is that of a record in another stream or of another kind: none is
/// merged. Otherwise they are those that the changes would have if there were no such record. Ids of meetings follow
/// from groups and days: somebody who could tell more would learn of any group when it met.
fn of_elsewhere(
    tx: &mut Conn<'_>,
    place: Place,
    arrived: &[Candidate],
    authorities: &Authorities,
) -> Result<Vec<Outcome>, StoreError> {
    let (outcomes, _) = of_document(tx, place, None, arrived, authorities)?;
    let outcomes = outcomes.into_iter().map(|outcome| match outcome {
        Outcome::Accepted | Outcome::Duplicate => Outcome::Quarantined(quarantined::elsewhere()),
        quarantined => quarantined,
    });
    Ok(outcomes.collect())
}

/// Plans the changes of one document. Gives their outcomes, and what the document gains, with its rows, where one is
/// accepted.
fn of_document(
    tx: &mut Conn<'_>,
    place: Place,
    before: Option<Stored>,
    arrived: &[Candidate],
    authorities: &Authorities,
) -> Result<(Vec<Outcome>, Option<Gain>), StoreError> {
    let incoming: Vec<Incoming<'_>> = arrived
        .iter()
        .map(|Candidate { arrival, standing, .. }| Incoming {
            bytes: &arrival.bytes,
            schema: arrival.item.schema,
            device: arrival.device,
            standing: *standing,
            authority: authorities.behind(arrival),
        })
        .collect();
    let snapshot = before.as_ref().map(|before| before.snapshot.as_slice());
    let plan = plan(place, snapshot, &incoming).map_err(|_| StoreError::Damaged("a document"))?;
    let Some(after) = plan.after else { return Ok((plan.outcomes, None)) };
    // A record names the record that it is about when it begins: if that one is of another group, nothing is merged,
    // since all that came builds on the beginning.
    if before.is_none()
        && let Some(reason) = astray::reason(tx, place, &after.record)?
    {
        let quarantined = |outcome| match outcome {
            Outcome::Accepted => Outcome::Quarantined(reason.clone()),
            other => other,
        };
        return Ok((plan.outcomes.into_iter().map(quarantined).collect(), None));
    }
    let origin = |index: usize| {
        let Arrival { batch, item, .. } = &arrived[index].arrival;
        Origin { batch: Some(*batch), schema: item.schema }
    };
    let fresh = plan.fresh.into_iter().map(|(index, change)| (origin(index), change)).collect();
    let gain = Gain::new(place.stream, place.document, before, after, fresh);
    Ok((plan.outcomes, Some(gain)))
}
