//! The way in: what a request brings is handed in within one transaction.

use diesel::prelude::*;
use sync_core::batch::{Envelope, Statement};
use sync_core::quarantine::Outcome;
use sync_core::time::Millis;
use sync_core::wire::{Outcomes, Request};

use super::admit::{Claimed, Tablet};
use super::apart::Arrival;
use super::decide::decide;
use super::refusal::Refused;
use crate::ledger;
use crate::on_each;
use crate::store::schema::{batches, devices, purges};
use crate::store::{At, Conn, Db, Failure, StoreError};

/// Hands a request in. Either all of it is decided and durable, or nothing is.
pub(super) fn push(
    tx: &mut Conn<'_>,
    claimed: &Claimed,
    now: Millis,
) -> Result<(Tablet, Vec<Outcomes>), Failure<Refused>> {
    let tablet = claimed.verify(tx)?;
    count(tx, &tablet, &claimed.request, now)?;
    receipts(tx, &tablet, &claimed.request, now)?;
    let mut arrivals = Vec::new();
    let mut outcomes = Vec::new();
    for envelope in &claimed.request.batches {
        let statement = tablet.open(envelope)?;
        outcomes.push(Outcomes {
            batch: statement.batch,
            outcomes: vec![Outcome::Duplicate; statement.items.len()],
        });
        record_batch(tx, &tablet, envelope, &statement, now)?;
        for (item, bytes) in statement.items.into_iter().zip(&envelope.changes) {
            arrivals.push(Arrival {
                batch: statement.batch,
                device: tablet.device,
                item,
                bytes: bytes.to_vec(),
            });
        }
    }
    let mut decided = decide(tx, tablet.user, arrivals, now)?.into_iter();
    for batch in &mut outcomes {
        for (outcome, decision) in batch.outcomes.iter_mut().zip(&mut decided) {
            *outcome = decision;
        }
    }
    Ok((tablet, outcomes))
}

/// Takes the number of the request, once. This locks the tablet's row: two requests of one tablet queue.
fn count(tx: &mut Conn<'_>, tablet: &Tablet, request: &Request, now: Millis) -> Result<(), Failure<Refused>> {
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

/// A tablet holds a handful of groups; more receipts than this are noise.
const MOST_RECEIPTS: usize = 1000;

/// Notes which streams the tablet has dropped, as it was told.
fn receipts(tx: &mut Conn<'_>, tablet: &Tablet, request: &Request, now: Millis) -> Result<(), StoreError> {
    for id in request.purged.iter().take(MOST_RECEIPTS) {
        if ledger::stream(tx, *id)?.is_none() {
            continue;
        }
        let row = (
            purges::device_id.eq(Db(tablet.device)),
            purges::stream_id.eq(Db(*id)),
            purges::received_at.eq(At(now)),
        );
        on_each!(tx, |c| diesel::insert_into(purges::table).values(row).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

fn record_batch(
    tx: &mut Conn<'_>,
    tablet: &Tablet,
    envelope: &Envelope,
    statement: &Statement,
    now: Millis,
) -> Result<(), Failure<Refused>> {
    let row = (
        batches::id.eq(Db(statement.batch)),
        batches::device_id.eq(Db(tablet.device)),
        batches::statement.eq(envelope.statement.to_vec()),
        batches::claimed_at.eq(At(statement.at)),
        batches::received_at.eq(At(now)),
    );
    let added = on_each!(tx, |c| diesel::insert_into(batches::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    // The statement is the evidence for what follows from it: an id can't stand for two.
    if added == 1 { Ok(()) } else { Err(Refused::ForeignBatch.into()) }
}
