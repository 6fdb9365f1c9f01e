//! The way in: what a request brings is handed in within one transaction. What costs work and needs no lock was done before
//! ([`prepare`](super::prepare)).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::batch::{Envelope, Statement};
use sync_core::id::{DeviceId, StreamId};
use sync_core::quarantine::Outcome;
use sync_core::time::Millis;
use sync_core::wire::Outcomes;

use super::admit::Origin;
use super::apart::Arrival;
use super::carried::Carried;
use super::decide::decide;
use super::evidence::Evidence;
use super::excess::Apart;
use super::holding::{self, Held};
use super::prepare::Prepared;
use super::refusal::Refused;
use crate::ledger::readable_streams;
use crate::on_each;
use crate::store::schema::devices;
use crate::store::{At, Conn, Db, Failure, StoreError};

/// What became of a request.
#[derive(Debug)]
pub(super) struct Pushed {
    /// What the tablet holds from now on.
    pub(super) held: Held,
    pub(super) outcomes: Vec<Outcomes>,
    /// Of what was carried, in its order; none for what was refused.
    pub(super) settled: Vec<Option<Vec<Outcome>>>,
    /// Whether facts are to be counted again, as what is known of a clock changed.
    pub(super) facts_due: bool,
}

/// Hands a request in. Either all of it is decided and durable, or nothing is.
pub(super) fn push(tx: &mut Conn<'_>, prepared: &Prepared, now: Millis) -> Result<Pushed, Failure<Refused>> {
    let Prepared { tablet, request, statements, carried, .. } = prepared;
    count(tx, tablet, request.number, now)?;
    let held = holding::note(tx, tablet.device, request, now)?;
    let mut handed = Handed::default();
    handed.may_write.insert(tablet.device, held.readable.clone());
    for (envelope, statement) in request.batches.iter().zip(statements) {
        if !handed.take(tx, tablet, None, envelope, statement)? {
            return Err(Refused::BatchReused.into());
        }
    }
    let mut taken = Vec::new();
    for one in carried {
        taken.push(match one {
            Some(carried) => handed.take_carried(tx, carried, tablet.device, now)?.then_some(carried),
            None => None,
        });
    }
    let Handed { arrivals, may_write, mut evidence } = handed;
    let mut decided = decide(tx, &may_write, arrivals, &mut evidence, now)?.into_iter();
    let mut next =
        |statement: &Statement| -> Vec<Outcome> { decided.by_ref().take(statement.items.len()).collect() };
    let outcomes: Vec<Outcomes> =
        statements.iter().map(|one| Outcomes { batch: one.batch, outcomes: next(one) }).collect();
    if outcomes.iter().flat_map(|batch| &batch.outcomes).any(|one| matches!(one, Outcome::Quarantined(_))) {
        let apart = Apart::of(tx, tablet.device, now)?;
        if apart.too_much() {
            return Err(Refused::TooMuchApart { again: apart.again(now) }.into());
        }
    }
    let settled = taken.into_iter().map(|one| one.map(|carried| next(&carried.statement))).collect();
    let facts_due = evidence.note_doubted(tx)?;
    Ok(Pushed { held, outcomes, settled, facts_due })
}

/// All that one request hands in, its tablet's own and what it carries.
#[derive(Default)]
struct Handed {
    arrivals: Vec<Arrival>,
    /// Where the user of each tablet may write.
    may_write: BTreeMap<DeviceId, BTreeSet<StreamId>>,
    evidence: Evidence,
}

impl Handed {
    /// Takes a batch with the tablet that signed it; not if its id stands for another statement already.
    fn take(
        &mut self,
        tx: &mut Conn<'_>,
        origin: &Origin,
        carrier: Option<DeviceId>,
        envelope: &Envelope,
        statement: &Statement,
    ) -> Result<bool, StoreError> {
        if !self.evidence.hold(tx, origin.device, carrier, envelope, statement)? {
            return Ok(false);
        }
        if let Entry::Vacant(theirs) = self.may_write.entry(origin.device) {
            theirs.insert(readable_streams(tx, origin.device)?.into_iter().map(|stream| stream.id).collect());
        }
        self.arrivals.extend(statement.items.iter().zip(&envelope.changes).map(|(item, bytes)| Arrival {
            batch: statement.batch,
            device: origin.device,
            item: item.clone(),
            bytes: bytes.to_vec(),
            waived_by: None,
        }));
        Ok(true)
    }

    /// The same for what is carried; not either if too much of the tablet that signed it is set apart already: the carrier
    /// can't help how much that one handed in.
    fn take_carried(
        &mut self,
        tx: &mut Conn<'_>,
        Carried { origin, envelope, statement }: &Carried,
        carrier: DeviceId,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let too_much = Apart::of(tx, origin.device, now)?.too_much();
        Ok(!too_much && self.take(tx, origin, Some(carrier), envelope, statement)?)
    }
}

/// Takes the number of the request, once. This locks the tablet's row: two requests of one tablet queue.
fn count(tx: &mut Conn<'_>, tablet: &Origin, number: u64, now: Millis) -> Result<(), Failure<Refused>> {
    let fresh = devices::id.eq(Db(tablet.device)).and(devices::last_request.lt(number as i64));
    let taken = on_each!(tx, |c| diesel::update(devices::table)
        .filter(fresh)
        .set((devices::last_request.eq(number as i64), devices::last_seen_at.eq(At(now))))
        .execute(c))?;
    // Another request of this tablet was faster; where it went to is not known here, but no less far.
    if taken == 1 { Ok(()) } else { Err(Refused::Seen { last: number }.into()) }
}
