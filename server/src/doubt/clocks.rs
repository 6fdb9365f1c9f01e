//! Clocks that are wrong: a tablet's, or the service's own. Nothing rests on them: this is for people who read what was
//! written when.

use diesel::prelude::*;
use sync_core::id::DeviceId;
use sync_core::time::Millis;

use crate::on_each;
use crate::store::schema::batches;
use crate::store::{At, Conn, Db, StoreError};

/// By how much two clocks may differ before people are told: a day is what totals count by.
pub(super) const DAY: i64 = 24 * HOUR;
const HOUR: i64 = 60 * 60 * 1000;

/// When a batch was handed in: the clock of the tablet that signed it, the service's, the tablet that carried it where
/// that is another one, and whether the service's own clock is in doubt (1).
pub(crate) type HandedIn = (At, At, Option<Db<DeviceId>>, i32);

/// The columns of a [`HandedIn`].
pub(crate) const HANDED_IN: (
    batches::claimed_at,
    batches::received_at,
    batches::carrier_id,
    batches::received_in_doubt,
) = (batches::claimed_at, batches::received_at, batches::carrier_id, batches::received_in_doubt);

/// By how many seconds a tablet's clock was behind the service's when it signed what it handed in, less than none where it
/// was ahead. An estimate, as a request takes its time; none where the two can't be compared: what was written at the web
/// interface came in no batch, what a colleague carried was signed nobody knows how long before, and of a service whose own
/// clock is in doubt no tablet is blamed.
pub(crate) fn clock_off(batch: Option<HandedIn>) -> Option<i64> {
    match batch? {
        (At(claimed), At(received), None, 0) => Some(received.0.saturating_sub(claimed.0) / 1000),
        _ => None,
    }
}

/// Whether the service's own clock, which says `now`, may be wrong, as a tablet hands in what it signed by its own at
/// `claimed`: by what was handed in before, of which it may learn that it was received by a wrong clock.
///
/// A service that stands before what it received already was wrong then, or is now. Which of the two, each tablet tells
/// for itself: one whose clock is right agrees with a service that is. And where two tablets agree with each other
/// against the service, it is not for the service to say that both are wrong.
///
/// What this can't see: the first hours of a service that never had a right clock, with one tablet; and an hour after which
/// nobody syncs until the time has come round to it.
///
/// # Errors
/// Those of the store.
pub(crate) fn own_clock_in_doubt(
    tx: &mut Conn<'_>,
    device: DeviceId,
    claimed: Millis,
    now: Millis,
) -> Result<Doubt, StoreError> {
    let latest: Option<At> = on_each!(tx, |c| batches::table
        .filter(batches::received_in_doubt.eq(0))
        .order(batches::received_at.desc())
        .select(batches::received_at)
        .first(c)
        .optional())?;
    let mut doubt = Doubt::default();
    let went_back = latest.filter(|At(latest)| latest.0 > now.0 + HOUR);
    if went_back.is_some() {
        doubt.others = doubt_what_was_ahead(tx, now)?;
    }
    if now.0.abs_diff(claimed.0) <= DAY as u64 {
        return Ok(doubt);
    }
    // The service is behind what it received, and this tablet is not.
    let is_behind = went_back.is_some_and(|At(latest)| claimed.0 >= latest.0 - DAY);
    let agreeing = if is_behind { Vec::new() } else { doubt_what_agrees(tx, device, claimed, now)? };
    doubt.own = is_behind || !agreeing.is_empty();
    doubt.others.extend(agreeing);
    Ok(doubt)
}

/// What is learned of the service's own clock.
#[derive(Debug, Default)]
pub(crate) struct Doubt {
    /// Whether it may be wrong now.
    pub(crate) own: bool,
    /// What was handed in before, of which it turns out that it was received by a clock that may have been wrong: the statements of
    /// the batches.
    pub(crate) others: Vec<Vec<u8>>,
}

/// What was received after now, from tablets whose clocks said that it was not yet so late.
fn doubt_what_was_ahead(tx: &mut Conn<'_>, now: Millis) -> Result<Vec<Vec<u8>>, StoreError> {
    let ahead = batches::received_at
        .gt(At(Millis(now.0 + HOUR)))
        .and(batches::carrier_id.is_null())
        .and(batches::claimed_at.le(At(Millis(now.0 + DAY))))
        .and(batches::claimed_at.lt(batches::received_at - DAY))
        .and(batches::received_in_doubt.eq(0));
    on_each!(tx, |c| diesel::update(batches::table.filter(ahead))
        .set(batches::received_in_doubt.eq(1))
        .returning(batches::statement)
        .get_results(c))
}

/// What other tablets handed in within the hour by clocks that say the same as this one.
fn doubt_what_agrees(
    tx: &mut Conn<'_>,
    device: DeviceId,
    claimed: Millis,
    now: Millis,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let around = |at: i64| (At(Millis(at.saturating_sub(HOUR))), At(Millis(at.saturating_add(HOUR))));
    let ((earliest, latest), (least, most)) = (around(now.0), around(claimed.0));
    let agreeing = batches::received_at
        .between(earliest, latest)
        .and(batches::claimed_at.between(least, most))
        .and(batches::carrier_id.is_null())
        .and(batches::device_id.ne(Db(device)));
    on_each!(tx, |c| diesel::update(batches::table.filter(agreeing))
        .set(batches::received_in_doubt.eq(1))
        .returning(batches::statement)
        .get_results(c))
}
