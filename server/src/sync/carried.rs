//! What a tablet carries for colleagues: sealed for the store, signed by the tablet that it is from. It is taken in as if
//! that tablet had come itself; the words about it, signed by the store, travel back the same way.

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

/// Opens something carried; none where it is not for this store or nobody here signed it.
pub(super) fn open(tx: &mut Conn<'_>, sealed: &[u8]) -> Result<Option<Carried>, StoreError> {
    let key = keys::seal(tx)?;
    let plain = sealing::open(sealed, &[key], MAX_EXPANDED).ok();
    let batch = plain.and_then(|plain| Sealed::from_bytes(&plain).ok()).and_then(|sealed| sealed.batch);
    let Some(envelope) = batch else { return Ok(None) };
    let Ok((signed, statement)) = envelope.open() else { return Ok(None) };
    let Some(origin) = origin(tx, signed.device)? else { return Ok(None) };
    Ok(match signed.verify(Purpose::Batch, &origin.key) {
        Ok(()) => Some(Carried { origin, envelope, statement }),
        Err(_) => None,
    })
}

/// The store's words about a batch that was carried. Of what is wrong with a value they say only in which field: the
/// carrier can read them.
pub(super) fn receipt(
    tx: &mut Conn<'_>,
    device: DeviceId,
    statement: &Statement,
    outcomes: &[Outcome],
) -> Result<Receipt, StoreError> {
    let settled = statement.items.iter().zip(outcomes).map(|(item, outcome)| Settled {
        document: item.document,
        digest: item.digest,
        outcome: match outcome {
            Outcome::Quarantined(Reason::Invalid(field, _)) => {
                let field = field.split('/').next().unwrap_or_default().to_owned();
                Outcome::Quarantined(Reason::Invalid(field, "does not stand as it should".into()))
            }
            outcome => outcome.clone(),
        },
    });
    let epoch = identity::epoch(tx)?;
    let words = Settlement { device, epoch, settled: settled.collect() };
    let payload = sync_core::cbor::to_bytes(&words);
    let store = DeviceId::from_uuid(epoch.uuid());
    let signed = Signed::sign(Purpose::Receipt, store, &keys::receipts(tx)?, payload);
    Ok(Receipt::Taken(signed.to_bytes().into()))
}
