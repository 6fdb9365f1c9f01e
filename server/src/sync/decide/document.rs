//! Deciding about the changes of one document.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::change::Change;
use sync_core::id::DocumentId;
use sync_core::merge::{Incoming, Standing, plan};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::Place;

use super::Candidate;
use super::decided::Work;
use crate::ledger::{self, Gain, Lacking, Origin, Stored};
use crate::store::{Conn, StoreError};
use crate::sync::astray;
use crate::sync::authority::Authorities;
use crate::sync::quarantined::{self, Arrival};

/// What the store has of the documents for which changes arrived.
pub(super) struct Documents {
    /// Documents for which changes arrived where they live; of one that lives elsewhere only its place is read.
    stored: BTreeMap<DocumentId, Stored>,
    /// Quarantined changes that wait for a dependency, which may have arrived now.
    pub(super) waiting: BTreeMap<Place, Vec<Arrival>>,
    /// The place of each, also of documents that begin with this request: it may name one id in two places.
    homes: BTreeMap<DocumentId, Place>,
}

impl Documents {
    pub(super) fn load<T>(tx: &mut Conn<'_>, arrived: &BTreeMap<Place, T>) -> Result<Self, StoreError> {
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
pub(super) fn settle(
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
    let planned = match there.homes.get(&place.document) {
        Some(home) if *home != place => of_elsewhere(tx, place, &arrived, authorities)?,
        _ => of_document(tx, place, there.stored.remove(&place.document), &arrived, authorities)?,
    };
    let Planned { outcomes: mut decided, rekeyed, gain, about } = planned;
    work.lacking.extend(about);
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
    for (index, (one, outcome)) in arrived.into_iter().zip(&mut decided).enumerate() {
        match outcome {
            // It was merged re-keyed, since what it builds on was. Its tablet holds it as it was, and goes on asking after it until it
            // has the re-keyed form: so to the tablet it is a quarantined change that was let in.
            Outcome::Accepted if rekeyed.contains(&index) && !one.waited => {
                work.quarantined.push((one.arrival.clone(), Reason::MissingDependency, false));
                work.released.push(one.arrival);
                *outcome = Outcome::Quarantined(Reason::MissingDependency);
            }
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
pub(super) fn of_elsewhere(
    tx: &mut Conn<'_>,
    place: Place,
    arrived: &[Candidate],
    authorities: &Authorities,
) -> Result<Planned, StoreError> {
    let planned = of_document(tx, place, None, arrived, authorities)?;
    let outcomes = planned.outcomes.into_iter().map(|outcome| match outcome {
        Outcome::Accepted | Outcome::Duplicate => Outcome::Quarantined(quarantined::elsewhere()),
        quarantined => quarantined,
    });
    Ok(Planned { outcomes: outcomes.collect(), ..Planned::default() })
}

/// What becomes of the changes of one document.
#[derive(Default)]
pub(super) struct Planned {
    /// One for each change, in their order.
    pub(super) outcomes: Vec<Outcome>,
    /// The accepted changes that are merged re-keyed.
    rekeyed: BTreeSet<usize>,
    /// What the document gains, with its rows, where a change is accepted.
    gain: Option<Gain>,
    /// Of a record that begins: whom it is about, as they stood. They may be erased before this is written.
    about: Option<Lacking>,
}

/// Plans the changes of one document.
pub(super) fn of_document(
    tx: &mut Conn<'_>,
    place: Place,
    before: Option<Stored>,
    arrived: &[Candidate],
    authorities: &Authorities,
) -> Result<Planned, StoreError> {
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
    let Some(after) = plan.after else {
        return Ok(Planned { outcomes: plan.outcomes, ..Planned::default() });
    };
    // A record names the record that it is about when it begins. If it may not begin, nothing is merged, since all that came builds on the beginning.
    let mut about = None;
    if before.is_none() {
        match astray::begins(tx, place, &after.record, arrived.iter().any(Candidate::is_waived))? {
            Ok(whom) => about = whom,
            Err(reason) => {
                let quarantined = |outcome| match outcome {
                    Outcome::Accepted => Outcome::Quarantined(reason.clone()),
                    other => other,
                };
                let outcomes = plan.outcomes.into_iter().map(quarantined).collect();
                return Ok(Planned { outcomes, ..Planned::default() });
            }
        }
    }
    let is_rekeyed = |(index, change): &(usize, Change)| {
        (change.bytes() != arrived[*index].arrival.bytes).then_some(*index)
    };
    let rekeyed = plan.fresh.iter().filter_map(is_rekeyed).collect();
    let origin = |index: usize| {
        let Arrival { batch, item, .. } = &arrived[index].arrival;
        Origin { batch: Some(*batch), schema: item.schema }
    };
    let fresh = plan.fresh.into_iter().map(|(index, change)| (origin(index), change)).collect();
    let gain = Gain::new(place.stream, place.document, before, after, fresh);
    Ok(Planned { outcomes: plan.outcomes, rekeyed, gain: Some(gain), about })
}
