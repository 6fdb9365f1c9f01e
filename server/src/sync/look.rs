//! Requests that bring nothing, from tablets that look whether there is anything new. Such a request is answered from
//! one transaction that reads; only its number is written.

use sync_core::time::Millis;
use sync_core::wire::Request;

use super::admit::{Claimed, KnownTablet};
use super::holding::{self, Holdings};
use super::prepare::number;
use super::pull::{Pulled, pull};
use super::refusal::Refused;
use crate::store::{Conn, Failure};

/// The answer to a request that brings nothing. It may be sent once the number of the request is taken.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) tablet: KnownTablet,
    pub(super) held: Holdings,
    pub(super) pulled: Pulled,
}

/// Whether a request hands nothing in.
pub(super) fn brings_nothing(request: &Request) -> bool {
    request.batches.is_empty() && request.carried.is_empty() && request.purged.is_empty()
}

/// Answers a request that brings nothing; `None` where something about the streams that the tablet holds is to be
/// written first: a tablet is sent nothing that is not written down.
pub(super) fn look(
    tx: &mut Conn<'_>,
    claimed: &Claimed,
    now: Millis,
) -> Result<Option<Looked>, Failure<Refused>> {
    let tablet = claimed.verify(tx)?;
    number(&tablet, claimed.request.number)?;
    let said = holding::said(tx, tablet.device, &claimed.request)?;
    if !said.is_known() {
        return Ok(None);
    }
    let pulled = pull(tx, tablet.device, &said.held, &claimed.request, now)?;
    Ok(Some(Looked { tablet, held: said.held, pulled }))
}
