//! The statements that tablets signed: the evidence for each change. A statement is written with the first change that
//! rests on it, so that a batch that brings nothing new leaves nothing behind, however often it comes.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::batch::{Envelope, Signed, Statement};
use sync_core::cbor;
use sync_core::id::{BatchId, DeviceId, GroupId, Id};
use sync_core::time::Millis;

use crate::doubt::{Doubt, own_clock_in_doubt};
use crate::facts;
use crate::on_each;
use crate::store::schema::batches;
use crate::store::{At, Conn, Db, StoreError};

/// Statements that came with a request and are not written yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    held: BTreeMap<BatchId, Signature>,
    /// Groups with days that come into doubt because these statements tell that the service's own clock was wrong.
    doubted: BTreeSet<GroupId>,
}

#[derive(Debug, Clone)]
struct Signature {
    device: DeviceId,
    carrier: Option<DeviceId>,
    statement: Vec<u8>,
    claimed: Millis,
}

impl Evidence {
    /// Holds a statement ready to be written. Gives `false` if its batch's id stands for another statement already. The
    /// same statement may come several times, and by several ways.
    pub(super) fn hold(
        &mut self,
        tx: &mut Conn<'_>,
        device: DeviceId,
        carrier: Option<DeviceId>,
        envelope: &Envelope,
        statement: &Statement,
    ) -> Result<bool, StoreError> {
        if let Some(held) = self.held.get(&statement.batch) {
            return Ok(held.statement == *envelope.statement);
        }
        let there: Option<Vec<u8>> = on_each!(tx, |c| batches::table
            .find(Db(statement.batch))
            .select(batches::statement)
            .first(c)
            .optional())?;
        if let Some(there) = there {
            return Ok(there == *envelope.statement);
        }
        let signature =
            Signature { device, carrier, statement: envelope.statement.to_vec(), claimed: statement.at };
        self.held.insert(statement.batch, signature);
        Ok(true)
    }

    /// Writes the statement of a batch, before the first change that rests on it. Does nothing where it is written
    /// already.
    ///
    /// # Errors
    /// [`StoreError::Raced`] if another request wrote a batch with this id since the request was prepared.
    pub(super) fn write(&mut self, tx: &mut Conn<'_>, batch: BatchId, now: Millis) -> Result<(), StoreError> {
        let Some(Signature { device, carrier, statement, claimed }) = self.held.remove(&batch) else {
            return Ok(());
        };
        // A batch that a colleague carried was signed an unknown time before: it says nothing about any clock.
        let doubt = match carrier {
            Some(_) => Doubt::default(),
            None => own_clock_in_doubt(tx, device, claimed, now)?,
        };
        self.doubted.extend(doubt.others.iter().flat_map(|statement| groups_of(statement)));
        let row = (
            batches::id.eq(Db(batch)),
            batches::device_id.eq(Db(device)),
            batches::statement.eq(statement),
            batches::claimed_at.eq(At(claimed)),
            batches::received_at.eq(At(now)),
            batches::carrier_id.eq(carrier.map(Db)),
            batches::received_in_doubt.eq(i32::from(doubt.own)),
        );
        let added = on_each!(tx, |c| diesel::insert_into(batches::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?;
        // Another request wrote a batch of this id meanwhile. Whether it is the same statement is seen when this
        // request is prepared again.
        if added == 1 { Ok(()) } else { Err(StoreError::Raced) }
    }
    /// Notes that the facts of the groups with days in doubt must be counted again; gives whether there are any.
    pub(super) fn note_doubted(&self, tx: &mut Conn<'_>) -> Result<bool, StoreError> {
        let groups: Vec<GroupId> = self.doubted.iter().copied().collect();
        facts::note_due(tx, &groups)?;
        Ok(!groups.is_empty())
    }
}

/// The groups of the changes in a statement, whose signature was checked when it came.
fn groups_of(statement: &[u8]) -> Vec<GroupId> {
    let signed = Signed::from_bytes(statement).ok();
    let statement = signed.and_then(|signed| cbor::from_bytes::<Statement>(&signed.payload).ok());
    let items = statement.map(|statement| statement.items).unwrap_or_default();
    items.into_iter().map(|item| GroupId::from_uuid(item.stream.uuid())).collect()
}
