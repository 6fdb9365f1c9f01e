//! The way in: what a request brings is handed in within one transaction.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::batch::{Envelope, Statement};
use sync_core::id::{DeviceId, StreamId};
use sync_core::quarantine::Outcome;
use sync_core::time::Millis;
use sync_core::wire::{Outcomes, Receipt, Request};

use super::admit::{Claimed, Origin};
use super::apart::Arrival;
use super::carried::{self, Carried};
use super::decide::decide;
use super::excess::Apart;
use super::holding::{self, Held};
use super::refusal::Refused;
use crate::ledger::readable_streams;
use crate::on_each;
use crate::store::schema::{batches, devices};
use crate::store::{At, Conn, Db, Failure, StoreError};

/// What became of a request.
#[derive(Debug)]
pub(super) struct Pushed {
    pub(super) tablet: DeviceId,
    /// What the tablet holds from now on.
    pub(super) held: Held,
    pub(super) outcomes: Vec<Outcomes>,
    pub(super) receipts: Vec<Receipt>,
}

/// Hands a request in. Either all of it is decided and durable, or nothing is.
pub(super) fn push(tx: &mut Conn<'_>, claimed: &Claimed, now: Millis) -> Result<Pushed, Failure<Refused>> {
    let tablet = claimed.verify(tx)?;
    count(tx, &tablet, &claimed.request, now)?;
    let held = holding::note(tx, tablet.device, &claimed.request, now)?;
    let mut handed = Handed::default();
    handed.may_write.insert(tablet.device, held.readable.clone());
    let mut statements = Vec::new();
    for envelope in &claimed.request.batches {
        let statement = tablet.open(envelope)?;
        if !handed.take(tx, &tablet, None, envelope, &statement, now)? {
            return Err(Refused::ForeignBatch.into());
        }
        statements.push(statement);
    }
    let mut carried = carried::open_all(tx, &claimed.request.carried)?;
    for slot in &mut carried {
        if let Some(Carried { origin, envelope, statement }) = slot
            && !handed.take(tx, origin, Some(tablet.device), envelope, statement, now)?
        {
            *slot = None;
        }
    }
    let mut decided = decide(tx, &handed.may_write, handed.arrivals, now)?.into_iter();
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
    let settled = carried.into_iter().map(|one| {
        one.map(|carried| {
            let outcomes = next(&carried.statement);
            (carried, outcomes)
        })
    });
    let receipts = carried::receipts(tx, settled.collect())?;
    Ok(Pushed { tablet: tablet.device, held, outcomes, receipts })
}

/// All that one request hands in, its tablet's own and what it carries.
#[derive(Default)]
struct Handed {
    arrivals: Vec<Arrival>,
    /// Where the user of each tablet may write.
    may_write: BTreeMap<DeviceId, BTreeSet<StreamId>>,
}

impl Handed {
    /// Takes a batch with the tablet that signed it; not if its id stands for another statement already, or too much of
    /// that tablet is set apart already.
    fn take(
        &mut self,
        tx: &mut Conn<'_>,
        origin: &Origin,
        carrier: Option<DeviceId>,
        envelope: &Envelope,
        statement: &Statement,
        now: Millis,
    ) -> Result<bool, StoreError> {
        // The carrier can't help how much a colleague's tablet handed in.
        if carrier.is_some() && Apart::of(tx, origin.device, now)?.too_much() {
            return Ok(false);
        }
        if !record_batch(tx, origin, carrier, envelope, statement, now)? {
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
}

/// Takes the number of the request, once. This locks the tablet's row: two requests of one tablet queue.
fn count(tx: &mut Conn<'_>, tablet: &Origin, request: &Request, now: Millis) -> Result<(), Failure<Refused>> {
    let number = i64::try_from(request.number).map_err(|_| Refused::NotCbor)?;
    let fresh = devices::id.eq(Db(tablet.device)).and(devices::last_request.lt(number));
    let taken = on_each!(tx, |c| diesel::update(devices::table)
        .filter(fresh)
        .set((devices::last_request.eq(number), devices::last_seen_at.eq(At(now))))
        .execute(c))?;
    if taken == 1 {
        Ok(())
    } else {
        Err(Refused::Seen { last: tablet.last_request.max(request.number) }.into())
    }
}

/// Keeps a statement: it is the evidence for what follows from it, so an id can't stand for two. Something carried may
/// come by several ways.
fn record_batch(
    tx: &mut Conn<'_>,
    origin: &Origin,
    carrier: Option<DeviceId>,
    envelope: &Envelope,
    statement: &Statement,
    now: Millis,
) -> Result<bool, StoreError> {
    let row = (
        batches::id.eq(Db(statement.batch)),
        batches::device_id.eq(Db(origin.device)),
        batches::statement.eq(envelope.statement.to_vec()),
        batches::claimed_at.eq(At(statement.at)),
        batches::received_at.eq(At(now)),
        batches::carrier_id.eq(carrier.map(Db)),
    );
    let added = on_each!(tx, |c| diesel::insert_into(batches::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if added == 1 || carrier.is_none() {
        return Ok(added == 1);
    }
    let there: Vec<u8> =
        on_each!(tx, |c| batches::table.find(Db(statement.batch)).select(batches::statement).first(c))?;
    Ok(there == *envelope.statement)
}
