//! What tablets signed.

use std::collections::BTreeSet;

use diesel::prelude::*;
use sync_core::batch::{Purpose, Signed, Statement, VerifyingKey};
use sync_core::cbor;
use sync_core::change::Digest;
use sync_core::id::{BatchId, DeviceId};
use sync_core::record::Place;

use super::{AT_ONCE, About, Seen};
use crate::on_each;
use crate::store::schema::{batches, devices};
use crate::store::{Conn, Db, StoreError};

/// Checks the batches that follow `after`; gives the id of the last of them.
pub(super) fn check(tx: &mut Conn<'_>, after: &[u8]) -> Result<(Seen, Option<Vec<u8>>), StoreError> {
    type Row = (Db<BatchId>, Db<DeviceId>, Vec<u8>, Vec<u8>);
    let rows: Vec<Row> = on_each!(tx, |c| batches::table
        .inner_join(devices::table)
        .filter(batches::id.gt(after))
        .order(batches::id)
        .limit(AT_ONCE)
        .select((batches::id, batches::device_id, batches::statement, devices::public_key))
        .load(c))?;
    let mut seen = Seen::default();
    for (Db(id), Db(device), statement, key) in &rows {
        seen.checked.batches += 1;
        let about = About::Batch(*id);
        let Some((signed, statement)) = open(statement) else {
            seen.wrong(about, "its statement can't be read");
            continue;
        };
        let key = key.as_slice().try_into().ok().and_then(|key| VerifyingKey::from_bytes(key).ok());
        let holds = key.is_some_and(|key| signed.verify(Purpose::Batch, &key).is_ok());
        seen.check(holds, about, "its signature does not match the key of its tablet");
        let same = signed.device == *device && statement.batch == *id;
        seen.check(same, about, "its statement is that of another batch or tablet");
    }
    Ok((seen, rows.last().map(|(Db(id), ..)| id.as_bytes().to_vec())))
}

fn open(statement: &[u8]) -> Option<(Signed, Statement)> {
    let signed = Signed::from_bytes(statement).ok()?;
    let statement = cbor::from_bytes(&signed.payload).ok()?;
    Some((signed, statement))
}

/// A change as a statement lists it.
pub(super) type Listed = (BatchId, Place, Digest);

/// All changes that these batches list.
pub(super) fn listed(tx: &mut Conn<'_>, ids: &BTreeSet<Db<BatchId>>) -> Result<BTreeSet<Listed>, StoreError> {
    let mut all = BTreeSet::new();
    let ids: Vec<Db<BatchId>> = ids.iter().copied().collect();
    for some in ids.chunks(AT_ONCE as usize) {
        let rows: Vec<(Db<BatchId>, Vec<u8>)> = on_each!(tx, |c| batches::table
            .filter(batches::id.eq_any(some))
            .select((batches::id, batches::statement))
            .load(c))?;
        for (Db(id), statement) in rows {
            let items = open(&statement).map(|(_, statement)| statement.items).unwrap_or_default();
            all.extend(items.into_iter().map(|item| {
                let place = Place { stream: item.stream, document: item.document, kind: item.kind };
                (id, place, item.digest)
            }));
        }
    }
    Ok(all)
}
