//! What tablets signed: the evidence for what follows from it. A statement is written down with the first change that rests
//! on it, so that a batch which brings nothing, or nothing new, leaves nothing behind however often it comes.

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::batch::{Envelope, Statement};
use sync_core::id::{BatchId, DeviceId};
use sync_core::time::Millis;

use crate::ledger::own_clock_in_doubt;
use crate::on_each;
use crate::store::schema::batches;
use crate::store::{At, Conn, Db, StoreError};

/// Statements that came and are not written down.
#[derive(Debug, Default)]
pub(super) struct Evidence(BTreeMap<BatchId, Signature>);

#[derive(Debug)]
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
        if let Some(held) = self.0.get(&statement.batch) {
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
        self.0.insert(statement.batch, signature);
        Ok(true)
    }

    /// Writes a statement down, before the first change that rests on it. One that is written already is left as it is.
    pub(super) fn write(&mut self, tx: &mut Conn<'_>, batch: BatchId, now: Millis) -> Result<(), StoreError> {
        let Some(Signature { device, carrier, statement, claimed }) = self.0.remove(&batch) else {
            return Ok(());
        };
        // What a colleague carried was signed nobody knows how long before: it says nothing of any clock.
        let in_doubt = carrier.is_none() && own_clock_in_doubt(tx, device, claimed, now)?;
        let row = (
            batches::id.eq(Db(batch)),
            batches::device_id.eq(Db(device)),
            batches::statement.eq(statement),
            batches::claimed_at.eq(At(claimed)),
            batches::received_at.eq(At(now)),
            batches::carrier_id.eq(carrier.map(Db)),
            batches::received_in_doubt.eq(i32::from(in_doubt)),
        );
        let added = on_each!(tx, |c| diesel::insert_into(batches::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?;
        // Another request brought a batch of this id at this moment: whether it is the same is seen in the next run.
        if added == 1 { Ok(()) } else { Err(StoreError::Raced) }
    }
}
