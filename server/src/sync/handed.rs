//! The changes that one request hands in: its tablet's own, and those that it carries for colleagues.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sync_core::batch::{Envelope, Statement};
use sync_core::id::DeviceId;
use sync_core::time::Millis;

use super::admit::KnownTablet;
use super::carried::Carried;
use super::evidence::Evidence;
use super::excess::Quarantined;
use super::holding::{Writable, writable};
use super::quarantined::Arrival;
use crate::ledger::readable_streams;
use crate::store::{Conn, StoreError};

/// The changes that are handed in, with what vouches for them.
#[derive(Debug, Default)]
pub(super) struct Handed {
    pub(super) arrivals: Vec<Arrival>,
    /// For each tablet that signed a batch, the streams to which its user may write.
    pub(super) may_write: BTreeMap<DeviceId, Writable>,
    pub(super) evidence: Evidence,
}

impl Handed {
    /// Takes a batch with the tablet that signed it; gives `false` if its id stands for another statement already.
    pub(super) fn take(
        &mut self,
        tx: &mut Conn<'_>,
        origin: &KnownTablet,
        carrier: Option<DeviceId>,
        envelope: &Envelope,
        statement: &Statement,
    ) -> Result<bool, StoreError> {
        if !self.evidence.hold(tx, origin.device, carrier, envelope, statement)? {
            return Ok(false);
        }
        if let Entry::Vacant(theirs) = self.may_write.entry(origin.device) {
            theirs.insert(may_write(tx, origin.device)?);
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

    /// Takes a carried batch. Gives `false`, too, if too much of the tablet that signed it is quarantined already: only
    /// this batch is refused then, not the request, since the carrier can't help it.
    pub(super) fn take_carried(
        &mut self,
        tx: &mut Conn<'_>,
        Carried { origin, envelope, statement }: &Carried,
        carrier: DeviceId,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let too_much = Quarantined::of(tx, origin.device, now)?.too_much();
        Ok(!too_much && self.take(tx, origin, Some(carrier), envelope, statement)?)
    }
}

/// The streams to which the user of a tablet may write.
pub(super) fn may_write(tx: &mut Conn<'_>, tablet: DeviceId) -> Result<Writable, StoreError> {
    Ok(writable(&readable_streams(tx, tablet)?))
}
