//! All of a request that costs work and needs no lock: checking signatures, opening carried batches, bounding the work,
//! deciding about each change, and computing the rows that follow. Nothing is opened of a request that no enrolled
//! tablet signed.

use std::collections::BTreeMap;
use std::sync::Arc;

use sync_core::batch::Statement;
use sync_core::id::DeviceId;
use sync_core::limits::{LAST_REQUEST, MAX_AHEAD, MAX_BATCHES, MAX_CARRIED};
use sync_core::time::Millis;
use sync_core::wire::Request;

use super::admit::{Claimed, KnownTablet};
use super::bounds::Room;
use super::carried::{self, Carried, Signer};
use super::decide::{Decided, decide};
use super::evidence::Evidence;
use super::handed::Handed;
use super::holding::Writable;
use super::refusal::Refused;
use crate::store::{Conn, Failure};

/// A request whose tablet is known, with all that it signed, and what was decided about it.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) tablet: KnownTablet,
    pub(super) request: Arc<Request>,
    /// The statements of the request's batches, in their order.
    pub(super) statements: Vec<Statement>,
    /// The carried batches, in their order; `None` for one that is refused.
    pub(super) carried: Vec<Option<Carried>>,
    pub(super) signer: Signer,
    /// For each tablet that signed a batch, the streams to which its user may write. [`push`](super::push) holds it
    /// against the store.
    pub(super) may_write: BTreeMap<DeviceId, Writable>,
    pub(super) evidence: Evidence,
    pub(super) decided: Decided,
}

/// Checks a request, and decides about each change that it brings, as of one moment. Writes nothing.
pub(super) fn prepare(
    tx: &mut Conn<'_>,
    claimed: &Claimed,
    now: Millis,
) -> Result<Prepared, Failure<Refused>> {
    // 1. The signature and the number come first: a forged or repeated request costs one row and one signature.
    let tablet = claimed.verify(tx)?;
    let request = Arc::clone(&claimed.request);
    number(&tablet, request.number)?;
    if request.batches.len() > MAX_BATCHES || request.carried.len() > MAX_CARRIED {
        return Err(Refused::TooMany.into());
    }
    let statements: Vec<Statement> =
        request.batches.iter().map(|envelope| tablet.open(envelope)).collect::<Result<_, _>>()?;
    // 2. What all of it will cost, from sizes alone. The tablet's own batches come first, so that carried ones can't
    //    take their room: a batch of its own that does not fit refuses the request, a carried one is refused by itself.
    let mut room = Room::default();
    for (envelope, statement) in request.batches.iter().zip(&statements) {
        if !room.take(tx, &tablet, envelope, statement)? {
            return Err(Refused::TooMuchWork.into());
        }
    }
    let mut carried = carried::open_all(tx, &request.carried)?;
    for one in &mut carried {
        let Some(Carried { origin, envelope, statement }) = one else { continue };
        if !room.take(tx, origin, envelope, statement)? {
            *one = None;
        }
    }
    // 3. The changes with their tablets, and the statements that vouch for them.
    let mut handed = Handed::default();
    for (envelope, statement) in request.batches.iter().zip(&statements) {
        if !handed.take(tx, &tablet, None, envelope, statement)? {
            return Err(Refused::BatchReused.into());
        }
    }
    for one in &mut carried {
        if let Some(carried) = one
            && !handed.take_carried(tx, carried, tablet.device, now)?
        {
            *one = None;
        }
    }
    // 4. What becomes of each change.
    let Handed { arrivals, may_write, evidence } = handed;
    let decided = decide(tx, &may_write, arrivals)?;
    let signer = Signer::of(tx)?;
    Ok(Prepared { tablet, request, statements, carried, signer, may_write, evidence, decided })
}

/// Refuses a number that was taken, so that a request that is played again costs next to nothing, and a number so far
/// ahead that the tablet could soon count no further. This is no lock: of two requests with one number at the same
/// moment both may pass, and [`count`](super::push::count) lets one of them take it.
pub(super) fn number(tablet: &KnownTablet, number: u64) -> Result<(), Refused> {
    if number <= tablet.last_request {
        return Err(Refused::Seen { last: tablet.last_request });
    }
    if number > LAST_REQUEST || number - tablet.last_request > MAX_AHEAD {
        return Err(Refused::TooFar { last: tablet.last_request });
    }
    Ok(())
}
