//! What a tablet carries for colleagues: sealed for the store, signed by the tablet that it is from. It is taken in as if
//! that tablet had come itself; the words about it, signed by the store, travel back the same way.

use minicbor::bytes::ByteVec;
use sync_core::batch::{Envelope, Purpose, Signed, Statement};
use sync_core::bundle::{Sealed, Settled, Settlement};
use sync_core::id::{DeviceId, Id};
use sync_core::limits::MAX_EXPANDED;
use sync_core::quarantine::{Outcome, Reason};
use sync_core::wire::Receipt;
use tablet::sealing;

use super::admit::{Origin, origin};
use crate::store::{Conn, StoreError, identity, keys};

/// A batch that was carried, and whose it is.
pub(super) struct Carried {
    pub(super) origin: Origin,
    pub(super) envelope: Envelope,
    pub(super) statement: Statement,
}

/// Opens what is carried, in its order; none for what is not for this store or nobody here signed.
pub(super) fn open_all(tx: &mut Conn<'_>, sealed: &[ByteVec]) -> Result<Vec<Option<Carried>>, StoreError> {
    if sealed.is_empty() {
        return Ok(Vec::new());
    }
    let key = [keys::seal(tx)?];
    sealed.iter().map(|one| open(tx, &key, one)).collect()
}

fn open(tx: &mut Conn<'_>, key: &[String], sealed: &[u8]) -> Result<Option<Carried>, StoreError> {
    let plain = sealing::open(sealed, key, MAX_EXPANDED).ok();
    let batch = plain.and_then(|plain| Sealed::from_bytes(&plain).ok()).and_then(|sealed| sealed.batch);
    let Some(envelope) = batch else { return Ok(None) };
    let Ok((signed, statement)) = envelope.open() else { return Ok(None) };
    let Some(origin) = origin(tx, signed.device)? else { return Ok(None) };
    Ok(match signed.verify(Purpose::Batch, &origin.key) {
        Ok(()) => Some(Carried { origin, envelope, statement }),
        Err(_) => None,
    })
}

/// The store's words about batches that were carried and what became of their changes, in their order.
pub(super) fn receipts(
    tx: &mut Conn<'_>,
    settled: Vec<Option<(Carried, Vec<Outcome>)>>,
) -> Result<Vec<Receipt>, StoreError> {
    if settled.is_empty() {
        return Ok(Vec::new());
    }
    let (key, epoch) = (keys::receipts(tx)?, identity::epoch(tx)?);
    let store = DeviceId::from_uuid(epoch.uuid());
    let receipt = |(carried, outcomes): (Carried, Vec<Outcome>)| {
        let device = carried.origin.device;
        let words = Settlement { device, epoch, settled: settle(&carried.statement, outcomes) };
        let payload = sync_core::cbor::to_bytes(&words);
        let signed = Signed::sign(Purpose::Receipt, store, &key, payload);
        Receipt::Taken(signed.to_bytes().into())
    };
    Ok(settled.into_iter().map(|one| one.map_or(Receipt::Refused, receipt)).collect())
}

/// What became of each change. Of what is wrong with a value it says only in which field: the carrier can read it.
fn settle(statement: &Statement, outcomes: Vec<Outcome>) -> Vec<Settled> {
    let settled = statement.items.iter().zip(outcomes).map(|(item, outcome)| Settled {
        document: item.document,
        digest: item.digest,
        outcome: match outcome {
            Outcome::Quarantined(Reason::Invalid(field, _)) => {
                let field = field.split('/').next().unwrap_or_default().to_owned();
                Outcome::Quarantined(Reason::Invalid(field, "does not stand as it should".into()))
            }
            outcome => outcome,
        },
    });
    settled.collect()
}
