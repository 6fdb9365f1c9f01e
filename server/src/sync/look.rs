//! A request that brings nothing: most of them, of a tablet that looks whether there is anything new. All of it is answered from one
//! transaction that reads; what is written is its number.

use sync_core::wire::Request;

use super::admit::{Claimed, KnownTablet};
use super::holding::{self, Holdings};
use super::prepare::number;
use super::pull::{Pulled, pull};
use super::refusal::Refused;
use crate::store::{Conn, Failure};

/// What such a request is answered, once its number is taken.
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

/// Answers a request that brings nothing; none where something is to be written down about what the tablet holds.
pub(super) fn look(tx: &mut Conn<'_>, claimed: &Claimed) -> Result<Option<Looked>, Failure<Refused>> {
    let tablet = claimed.verify(tx)?;
    number(&tablet, claimed.request.number)?;
    let said = holding::said(tx, tablet.device, &claimed.request)?;
    if !said.is_known() {
        return Ok(None);
    }
    let pulled = pull(tx, tablet.device, &said.held, &claimed.request)?;
    Ok(Some(Looked { tablet, held: said.held, pulled }))
}
