//! The way in: what was decided about a request is written, if what that rests on still stands. What costs work was done before, with
//! no lock held ([`prepare`](super::prepare)).

use diesel::prelude::*;
use sync_core::batch::Statement;
use sync_core::quarantine::Outcome;
use sync_core::time::Millis;
use sync_core::wire::Outcomes;

use super::admit::KnownTablet;
use super::excess::Quarantined;
use super::handed::may_write;
use super::holding::{self, Holdings};
use super::prepare::Prepared;
use super::refusal::Refused;
use crate::on_each;
use crate::store::schema::devices;
use crate::store::{At, Conn, Db, Failure, StoreError};

/// What became of a request.
#[derive(Debug)]
pub(super) struct Pushed {
    /// What the tablet holds from now on.
    pub(super) held: Holdings,
    pub(super) outcomes: Vec<Outcomes>,
    /// Of what was carried, in its order; none for what was refused.
    pub(super) settled: Vec<Option<Vec<Outcome>>>,
    /// Whether facts are to be counted again, as what is known of a clock changed.
    pub(super) facts_due: bool,
}

/// Hands a request in. Either all of it is durable, or nothing is.
///
/// # Errors
/// [`StoreError::Raced`] if what was read when it was prepared does not stand any longer.
pub(super) fn push(tx: &mut Conn<'_>, prepared: &Prepared, now: Millis) -> Result<Pushed, Failure<Refused>> {
    let Prepared { tablet, request, statements, carried, decided, .. } = prepared;
    count(tx, tablet, request.number, now)?;
    let held = holding::said(tx, tablet.device, request)?.write(tx, tablet.device, now)?;
    for (device, streams) in &prepared.may_write {
        let now = if *device == tablet.device { held.readable.clone() } else { may_write(tx, *device)? };
        // Somebody was assigned, or taken off, or a tablet was revoked.
        if now != *streams {
            return Err(StoreError::Raced.into());
        }
    }
    let mut evidence = prepared.evidence.clone();
    decided.write(tx, &mut evidence, now)?;
    let mut all = decided.outcomes.iter().cloned();
    let mut next =
        |statement: &Statement| -> Vec<Outcome> { all.by_ref().take(statement.items.len()).collect() };
    let outcomes: Vec<Outcomes> =
        statements.iter().map(|one| Outcomes { batch: one.batch, outcomes: next(one) }).collect();
    if outcomes.iter().flat_map(|batch| &batch.outcomes).any(|one| matches!(one, Outcome::Quarantined(_))) {
        let quarantined = Quarantined::of(tx, tablet.device, now)?;
        if quarantined.too_much() {
            return Err(Refused::TooMuchQuarantined { again: quarantined.again(now) }.into());
        }
    }
    let settled = carried.iter().map(|one| one.as_ref().map(|carried| next(&carried.statement))).collect();
    let facts_due = evidence.note_doubted(tx)?;
    Ok(Pushed { held, outcomes, settled, facts_due })
}

/// Takes the number of the request, once. This locks the tablet's row: two requests of one tablet queue.
pub(super) fn count(
    tx: &mut Conn<'_>,
    tablet: &KnownTablet,
    number: u64,
    now: Millis,
) -> Result<(), Failure<Refused>> {
    let fresh = devices::id.eq(Db(tablet.device)).and(devices::last_request.lt(number as i64));
    let taken = on_each!(tx, |c| diesel::update(devices::table)
        .filter(fresh)
        .set((devices::last_request.eq(number as i64), devices::last_seen_at.eq(At(now))))
        .execute(c))?;
    // Another request of this tablet was faster; where it went to is not known here, but no less far.
    if taken == 1 { Ok(()) } else { Err(Refused::Seen { last: number }.into()) }
}
