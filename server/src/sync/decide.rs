//! What becomes of each change that arrived: decided document by document, then carried out.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::change::Digest;
use sync_core::id::{DeviceId, DocumentId, StreamId, UserId};
use sync_core::merge::{Incoming, Standing, plan};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::Place;
use sync_core::time::Millis;

use super::apart::{self, Arrival, Before};
use super::astray;
use super::authority::Authorities;
use super::evidence::Evidence;
use crate::ledger::{self, Gain, Lacking, Origin, Stored, keep};
use crate::store::{Conn, StoreError};

/// A change to decide about.
struct Candidate {
    arrival: Arrival,
    standing: Standing,
    /// It was set apart before.
    waited: bool,
}

impl Candidate {
    /// One that was set apart and that somebody answers for, or that waits only for something to build on.
    fn waived(arrival: Arrival) -> Self {
        Self { arrival, standing: Standing::Waived, waited: true }
    }
}

/// Gives every arrival its outcome, and stores what follows from them. `may_write` says where each tablet's user may
/// write, `evidence` has what was signed for them.
pub(super) fn decide(
    tx: &mut Conn<'_>,
    may_write: &BTreeMap<DeviceId, BTreeSet<StreamId>>,
    arrivals: Vec<Arrival>,
    evidence: &mut Evidence,
    now: Millis,
) -> Result<Vec<Outcome>, StoreError> {
    let known = apart::known(tx, &arrivals)?;
    let mut outcomes = vec![Outcome::Duplicate; arrivals.len()];
    let (mut indices, mut candidates) = (Vec::new(), Vec::new());
    for (index, mut arrival) in arrivals.into_iter().enumerate() {
        let before = known.get(&arrival.key());
        let standing = match before {
            Some(Before::Rejected(reason)) => {
                outcomes[index] = Outcome::Quarantined(reason.clone());
                continue;
            }
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
    let (decided, _) = settle_all(tx, candidates, evidence, now)?;
    for (index, outcome) in indices.into_iter().zip(decided) {
        outcomes[index] = outcome;
    }
    Ok(outcomes)
}

/// Decides again about changes that were set apart, as if their authors were assigned. What waited for them goes on with
/// them: gives their outcomes, in their order, and how many others are merged.
pub(crate) fn decide_again(
    tx: &mut Conn<'_>,
    arrivals: Vec<Arrival>,
    now: Millis,
) -> Result<(Vec<Outcome>, usize), StoreError> {
    let all = arrivals.into_iter().map(Candidate::waived).collect();
    // What was signed for them was written down when they were set apart.
    let (outcomes, merged) = settle_all(tx, all, &mut Evidence::default(), now)?;
    let accepted = outcomes.iter().filter(|outcome| **outcome == Outcome::Accepted).count();
    Ok((outcomes, merged - accepted))
}

/// Decides about all of them, document by document; gives their outcomes, in their order, and how many changes are merged.
fn settle_all(
    tx: &mut Conn<'_>,
    candidates: Vec<Candidate>,
    evidence: &mut Evidence,
    now: Millis,
) -> Result<(Vec<Outcome>, usize), StoreError> {
    let mut outcomes = vec![Outcome::Duplicate; candidates.len()];
    let mut considered: BTreeSet<(DocumentId, Digest)> =
        candidates.iter().map(|one| one.arrival.key()).collect();
    let mut by_place: BTreeMap<Place, Vec<(usize, Candidate)>> = BTreeMap::new();
    for (index, candidate) in candidates.into_iter().enumerate() {
        by_place.entry(candidate.arrival.place()).or_default().push((index, candidate));
    }
    let mut there = Documents::load(tx, &by_place)?;
    considered.extend(there.waiting.values().flatten().map(Arrival::key));
    let arrived = by_place.values().flatten().map(|(_, candidate)| &candidate.arrival);
    let authorities = Authorities::of(tx, arrived.chain(there.waiting.values().flatten()))?;
    let (mut gains, mut lacking) = (Vec::new(), Vec::new());
    for (place, arrived) in by_place {
        let (indices, arrived): (Vec<usize>, Vec<Candidate>) = arrived.into_iter().unzip();
        let version = there.stored.get(&place.document).map(|stored| stored.version);
        let (decided, gain) = settle(tx, &mut there, place, arrived, &authorities, evidence, now)?;
        if gain.is_none() && decided.contains(&Outcome::Quarantined(Reason::MissingDependency)) {
            lacking.push(Lacking { stream: place.stream, id: place.document, version });
        }
        gains.extend(gain);
        for (index, outcome) in indices.into_iter().zip(decided) {
            outcomes[index] = outcome;
        }
    }
    let merged = gains.iter().map(|gain: &Gain| gain.fresh.len()).sum();
    let gained: Vec<DocumentId> = gains.iter().map(|gain| gain.id).collect();
    for (origin, _) in gains.iter().flat_map(|gain| &gain.fresh) {
        if let Some(batch) = origin.batch {
            evidence.write(tx, batch, now)?;
        }
    }
    keep(tx, gains, &lacking, now)?;
    // Under the locks that `keep` took: what began to wait meanwhile may wait for just this.
    if apart::that_wait(tx, &gained)?.iter().any(|one| !considered.contains(one)) {
        return Err(StoreError::Raced);
    }
    Ok((outcomes, merged))
}

/// What would become of a change that was set apart, if this keeper released it now.
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
    let mut outcomes = if apart::misplaced(place, before.as_ref()) {
        of_elsewhere(tx, place, &candidate, &authorities)?
    } else {
        of_document(tx, place, before, &candidate, &authorities)?.0
    };
    Ok(outcomes.swap_remove(0))
}

/// What the store has of the documents that something arrived for.
struct Documents {
    /// Those that something arrived for where they live. Of others nothing is read but where that is.
    stored: BTreeMap<DocumentId, Stored>,
    /// What waits for something to build on: it may have arrived.
    waiting: BTreeMap<Place, Vec<Arrival>>,
    /// Where each lives, those too that begin with this request: it may name an id in two places.
    homes: BTreeMap<DocumentId, Place>,
}

impl Documents {
    fn load<T>(tx: &mut Conn<'_>, arrived: &BTreeMap<Place, T>) -> Result<Self, StoreError> {
        let ids: BTreeSet<DocumentId> = arrived.keys().map(|place| place.document).collect();
        let ids: Vec<DocumentId> = ids.into_iter().collect();
        let mut waiting: BTreeMap<Place, Vec<Arrival>> = BTreeMap::new();
        for arrival in apart::waiting(tx, &ids)? {
            waiting.entry(arrival.place()).or_default().push(arrival);
        }
        let homes = ledger::homes(tx, &ids)?;
        let at_home = homes.values().filter(|home| arrived.contains_key(home));
        let stored = ledger::load_all(tx, &at_home.map(|home| home.document).collect::<Vec<_>>())?;
        Ok(Self { stored, waiting, homes })
    }
}

/// Decides about the arrivals of one document, with what waits for them. Gives the outcomes of the arrivals, and what is
/// to be kept.
fn settle(
    tx: &mut Conn<'_>,
    there: &mut Documents,
    place: Place,
    mut arrived: Vec<Candidate>,
    authorities: &Authorities,
    evidence: &mut Evidence,
    now: Millis,
) -> Result<(Vec<Outcome>, Option<Gain>), StoreError> {
    let count = arrived.len();
    if arrived.iter().any(|one| one.standing != Standing::Stranger) {
        let mut waiting = there.waiting.remove(&place).unwrap_or_default();
        waiting.retain(|one| arrived.iter().all(|other| other.arrival.key() != one.key()));
        arrived.extend(waiting.into_iter().map(Candidate::waived));
    }
    let (mut decided, gain) = match there.homes.get(&place.document) {
        Some(home) if *home != place => (of_elsewhere(tx, place, &arrived, authorities)?, None),
        _ => of_document(tx, place, there.stored.remove(&place.document), &arrived, authorities)?,
    };
    if gain.is_some() {
        there.homes.insert(place.document, place);
    }
    for (one, outcome) in arrived.iter().zip(&decided) {
        match outcome {
            // It waits for a better reason than that somebody else brought it too.
            Outcome::Quarantined(Reason::Unvouched) if one.waited => {}
            Outcome::Quarantined(reason) => {
                if !one.waited {
                    evidence.write(tx, one.arrival.batch, now)?;
                }
                apart::set(tx, &one.arrival, reason, now)?;
            }
            Outcome::Accepted | Outcome::Duplicate if one.waited => apart::release(tx, &one.arrival, now)?,
            Outcome::Accepted | Outcome::Duplicate => {}
        }
    }
    decided.truncate(count);
    Ok((decided, gain))
}

/// What becomes of changes for a record whose id is that of one that lives elsewhere: nothing is merged. Beyond that it is
/// what would become of them if there were no such record. Ids of meetings follow from groups and days, so whoever could
/// tell the two apart would learn of any group when it met.
fn of_elsewhere(
    tx: &mut Conn<'_>,
    place: Place,
    arrived: &[Candidate],
    authorities: &Authorities,
) -> Result<Vec<Outcome>, StoreError> {
    let (outcomes, _) = of_document(tx, place, None, arrived, authorities)?;
    let outcomes = outcomes.into_iter().map(|outcome| match outcome {
        Outcome::Accepted | Outcome::Duplicate => Outcome::Quarantined(apart::elsewhere()),
        quarantined => quarantined,
    });
    Ok(outcomes.collect())
}

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
    // What a record is about is named once, when it begins: all that came builds on that.
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
    let gain = Gain { stream: place.stream, id: place.document, before, after, fresh };
    Ok((plan.outcomes, Some(gain)))
}
