//! The way in: the decision about a request is written, if what it rests on still stands. All that costs work was done
//! before, with no lock held ([`prepare`](super::prepare)).
//!
//! The locks, in this order: the row of the tablet ([`count`]), rows of quarantined changes, rows of streams by id
//! ([`ledger::keep`](crate::ledger::keep)). All are held until the transaction ends. On SQLite the transaction is the
//! only one that writes.

use diesel::prelude::*;
use sync_core::batch::Statement;
use sync_core::limits::MAX_PROGRAM;
use sync_core::quarantine::Outcome;
use sync_core::time::Millis;
use sync_core::wire::{Outcomes, Request};

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
    /// The streams that the tablet holds from now on.
    pub(super) held: Holdings,
    pub(super) outcomes: Vec<Outcomes>,
    /// The outcomes of each carried batch, in their order; `None` for one that was refused.
    pub(super) settled: Vec<Option<Vec<Outcome>>>,
    /// Whether facts of some groups are to be counted again, because days of them came into doubt.
    pub(super) facts_due: bool,
}

/// Hands a request in. Either all of it is durable, or nothing is.
///
/// # Errors
/// [`StoreError::Raced`] if what was read when it was prepared does not stand any longer.
pub(super) fn push(tx: &mut Conn<'_>, prepared: &Prepared, now: Millis) -> Result<Pushed, Failure<Refused>> {
    let Prepared { tablet, request, statements, carried, decided, .. } = prepared;
    // 1. The number, which locks the tablet's row: from here on no other request of this tablet is written.
    count(tx, tablet, request, now)?;
    // 2. What the tablet holds, as of now. It is written before anything is sent.
    let held = holding::said(tx, tablet.device, request)?.write(tx, tablet.device, now)?;
    // 3. The assignments under which each change was decided. Nothing locks them: one that ends at this moment counts
    //    as ended after the push.
    for (device, streams) in &prepared.may_write {
        let now = if *device == tablet.device { held.writable.clone() } else { may_write(tx, *device)? };
        // Somebody was assigned, or taken off, or a tablet was revoked.
        if now != *streams {
            return Err(StoreError::Raced.into());
        }
    }
    // 4. The decision. The store may run a push again, so it works on a copy of the statements.
    let mut evidence = prepared.evidence.clone();
    decided.write(tx, &mut evidence, now)?;
    // 5. The outcomes, batch by batch: the tablet's own batches first, then the carried ones, in the order in which
    //    they were prepared.
    let mut all = decided.outcomes.iter().cloned();
    let mut next =
        |statement: &Statement| -> Vec<Outcome> { all.by_ref().take(statement.items.len()).collect() };
    let outcomes: Vec<Outcomes> =
        statements.iter().map(|one| Outcomes { batch: one.batch, outcomes: next(one) }).collect();
    if outcomes.iter().flat_map(|batch| &batch.outcomes).any(|one| matches!(one, Outcome::Quarantined(_))) {
        // Counted with what this push has quarantined: an error takes all of it back.
        let quarantined = Quarantined::of(tx, tablet.device, now)?;
        if quarantined.too_much() {
            return Err(Refused::TooMuchQuarantined { again: quarantined.again(now) }.into());
        }
    }
    let settled = carried.iter().map(|one| one.as_ref().map(|carried| next(&carried.statement))).collect();
    let facts_due = evidence.note_doubted(tx)?;
    Ok(Pushed { held, outcomes, settled, facts_due })
}

/// Takes the number of the request, once, and keeps what the tablet says of itself. This locks the tablet's row until the transaction ends: two requests of one
/// tablet queue, and the second finds its number taken if the first had the same or a later one.
pub(super) fn count(
    tx: &mut Conn<'_>,
    tablet: &KnownTablet,
    request: &Request,
    now: Millis,
) -> Result<(), Failure<Refused>> {
    let number = request.number;
    let fresh = devices::id.eq(Db(tablet.device)).and(devices::last_request.lt(number as i64));
    let seen = (devices::last_request.eq(number as i64), devices::last_seen_at.eq(At(now)));
    let about = request.about.as_ref();
    let said = (
        devices::program.eq(about.and_then(|about| program(&about.program))),
        devices::unsent.eq(about.map(|about| i64::from(about.unsent))),
    );
    let key = tablet.key_of(request).map(|key| devices::folder_key.eq(key));
    let taken =
        on_each!(tx, |c| diesel::update(devices::table).filter(fresh).set((seen, said, key)).execute(c))?;
    // Another request of this tablet took this number or a later one. `last` names only this one: that is at most the
    // number taken.
    if taken == 1 { Ok(()) } else { Err(Refused::Seen { last: number }.into()) }
}

/// The name of a program as people are shown it; none where it is not one line of a few printable letters.
fn program(said: &str) -> Option<&str> {
    let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    (!said.trim().is_empty() && said.len() <= MAX_PROGRAM && said.bytes().all(printable)).then_some(said)
}
