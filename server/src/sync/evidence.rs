//! What tablets signed: the evidence for what follows from it. A statement is written down with the first change that rests
//! on it, so that a batch which brings nothing, or nothing new, leaves nothing behind however often it comes.

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

/// Statements that came and are not written down.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    held: BTreeMap<BatchId, Signature>,
    /// Groups of which days are in doubt that were not before: what these statements say of the service's own clock.
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
    /// Holds a statement ready; `false` if its batch's id stands for another one already. The same one may come by several
    /// ways, and again.
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

    /// Writes a statement down, before the first change that rests on it. One that is written already is left as it is.
    pub(super) fn write(&mut self, tx: &mut Conn<'_>, batch: BatchId, now: Millis) -> Result<(), StoreError> {
        let Some(Signature { device, carrier, statement, claimed }) = self.held.remove(&batch) else {
            return Ok(());
        };
        // What a colleague carried was signed nobody knows how long before: it says nothing of any clock.
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
        // Another request brought a batch of this id at this moment: whether it is the same is seen in the next run.
        if added == 1 { Ok(()) } else { Err(StoreError::Raced) }
    }
    /// Has the facts of those groups counted again, of which days are in doubt now; says whether there are any.
    pub(super) fn note_doubted(&self, tx: &mut Conn<'_>) -> Result<bool, StoreError> {
        let groups: Vec<GroupId> = self.doubted.iter().copied().collect();
        facts::note_due(tx, &groups)?;
        Ok(!groups.is_empty())
    }
}

/// The groups that a statement, which was checked when it came, speaks of.
fn groups_of(statement: &[u8]) -> Vec<GroupId> {
    let signed = Signed::from_bytes(statement).ok();
    let statement = signed.and_then(|signed| cbor::from_bytes::<Statement>(&signed.payload).ok());
    let items = statement.map(|statement| statement.items).unwrap_or_default();
    items.into_iter().map(|item| GroupId::from_uuid(item.stream.uuid())).collect()
}
