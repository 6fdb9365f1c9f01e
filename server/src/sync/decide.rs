//! What becomes of each change that arrived: decided document by document, then carried out.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::id::{DocumentId, StreamId, UserId};
use sync_core::merge::{Incoming, plan};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::Place;
use sync_core::time::Millis;

use super::apart::{self, Arrival};
use crate::ledger::{self, Gain, Origin, Stored, keep};
use crate::store::{Conn, StoreError};

/// Gives every arrival of one person's tablet its outcome, and stores what follows from them.
pub(super) fn decide(
    tx: &mut Conn<'_>,
    user: UserId,
    arrivals: &[Arrival],
    now: Millis,
) -> Result<Vec<Outcome>, StoreError> {
    let assigned: BTreeSet<StreamId> =
        ledger::assigned_streams(tx, user)?.into_iter().map(|stream| stream.id).collect();
    let known_apart = apart::known(tx, arrivals)?;
    let mut by_place: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    for (index, arrival) in arrivals.iter().enumerate() {
        by_place.entry(arrival.place()).or_default().push(index);
    }
    let mut outcomes = vec![Outcome::Duplicate; arrivals.len()];
    let mut gains = Vec::new();
    let mut homes: BTreeMap<DocumentId, Place> = BTreeMap::new();
    for (place, indices) in by_place {
        let before = ledger::load(tx, place.document)?;
        // A request may name one id in two places; the first is its home.
        let at_home = *homes.entry(place.document).or_insert(place) == place
            && before
                .as_ref()
                .is_none_or(|before| (before.stream, before.kind) == (place.stream, place.kind));
        let mut arrived: Vec<Arrival> = indices.iter().map(|index| arrivals[*index].clone()).collect();
        let allowed = assigned.contains(&place.stream);
        if allowed {
            // What waits for something to build on: it may have arrived.
            arrived.extend(apart::waiting(tx, place)?);
        }
        let (decided, gain) = if at_home {
            of_document(place, before, &arrived, allowed)?
        } else {
            (elsewhere(&arrived), None)
        };
        gains.extend(gain);
        for (index, (arrival, outcome)) in arrived.iter().zip(&decided).enumerate() {
            let key = (arrival.item.document, arrival.item.digest);
            let waited = index >= indices.len() || known_apart.contains(&key);
            match outcome {
                Outcome::Quarantined(reason) => apart::set(tx, arrival, reason, now)?,
                Outcome::Accepted | Outcome::Duplicate if waited => apart::release(tx, arrival, now)?,
                Outcome::Accepted | Outcome::Duplicate => {}
            }
        }
        for (index, outcome) in indices.into_iter().zip(decided) {
            outcomes[index] = outcome;
        }
    }
    keep(tx, gains, now)?;
    Ok(outcomes)
}

/// What becomes of changes whose record has the id of another one.
fn elsewhere(arrived: &[Arrival]) -> Vec<Outcome> {
    let reason = Reason::Invalid("document".into(), "must not have the id of another record".into());
    vec![Outcome::Quarantined(reason); arrived.len()]
}

fn of_document(
    place: Place,
    before: Option<Stored>,
    arrived: &[Arrival],
    assigned: bool,
) -> Result<(Vec<Outcome>, Option<Gain>), StoreError> {
    let incoming: Vec<Incoming<'_>> = arrived
        .iter()
        .map(|arrival| Incoming {
            bytes: &arrival.bytes,
            schema: arrival.item.schema,
            device: arrival.device,
            assigned,
        })
        .collect();
    let snapshot = before.as_ref().map(|before| before.snapshot.as_slice());
    let plan = plan(place, snapshot, &incoming).map_err(|_| StoreError::Damaged("a document"))?;
    let Some(after) = plan.after else { return Ok((plan.outcomes, None)) };
    let origin = |index: usize| {
        let Arrival { batch, item, .. } = &arrived[index];
        Origin { batch: Some(*batch), schema: item.schema }
    };
    let fresh = plan.fresh.into_iter().map(|(index, change)| (origin(index), change)).collect();
    let gain = Gain { stream: place.stream, id: place.document, before, after, fresh };
    Ok((plan.outcomes, Some(gain)))
}
