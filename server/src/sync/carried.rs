//! Batches that a tablet carries for colleagues: sealed for the store, signed by the colleague's tablet. A batch is
//! taken in as if that tablet had come itself; the receipt, signed by the store, travels back the same way.

use ed25519_dalek::SigningKey;
use minicbor::bytes::ByteVec;
use sync_core::batch::{Envelope, Purpose, Signed, Statement};
use sync_core::bundle::{Sealed, Settled, Settlement};
use sync_core::id::{DeviceId, EpochId, Id};
use sync_core::limits::MAX_EXPANDED;
use sync_core::quarantine::{Outcome, Reason};
use sync_core::wire::Receipt;

use super::admit::{KnownTablet, known_tablet};
use crate::store::{Conn, StoreError, identity, keys};

/// A carried batch, with the tablet that signed it.
#[derive(Debug)]
pub(super) struct Carried {
    pub(super) origin: KnownTablet,
    pub(super) envelope: Envelope,
    pub(super) statement: Statement,
}

/// Opens carried batches, in their order. `None` for one that is not sealed for this store, or not signed by a tablet
/// that is enrolled here, or that would expand, together with those before it, past [`MAX_EXPANDED`].
///
/// Costs an age decryption and a signature for each.
pub(super) fn open_all(tx: &mut Conn<'_>, sealed: &[ByteVec]) -> Result<Vec<Option<Carried>>, StoreError> {
    if sealed.is_empty() {
        return Ok(Vec::new());
    }
    let key = [keys::seal(tx)?];
    let mut room = MAX_EXPANDED;
    sealed.iter().map(|one| open(tx, &key, one, &mut room)).collect()
}

fn open(
    tx: &mut Conn<'_>,
    key: &[String],
    sealed: &[u8],
    room: &mut usize,
) -> Result<Option<Carried>, StoreError> {
    // Sealed content is compressed: it takes no more bytes than it may expand to, so one limit bounds both steps.
    let plain = sealing::open(sealed, key, *room).ok();
    let batch = plain.and_then(|plain| Sealed::within(&plain, room).ok()).and_then(|sealed| sealed.batch);
    let Some(envelope) = batch else { return Ok(None) };
    let Ok((signed, statement)) = envelope.open() else { return Ok(None) };
    let Some(origin) = known_tablet(tx, signed.device)? else { return Ok(None) };
    Ok(match signed.verify(Purpose::Batch, &origin.key) {
        Ok(()) => Some(Carried { origin, envelope, statement }),
        Err(_) => None,
    })
}

/// The store as the signer of receipts, in its present epoch.
#[derive(Clone)]
pub(super) struct Signer {
    key: SigningKey,
    epoch: EpochId,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({:?})", self.epoch)
    }
}

impl Signer {
    pub(super) fn of(tx: &mut Conn<'_>) -> Result<Self, StoreError> {
        Ok(Self { key: keys::receipts(tx)?, epoch: identity::epoch(tx)? })
    }

    /// The receipt for a carried batch with the outcomes of its changes, in their order.
    pub(super) fn receipt(&self, carried: &Carried, outcomes: Vec<Outcome>) -> Receipt {
        let settled = settle(&carried.statement, outcomes);
        let words = Settlement { device: carried.origin.device, epoch: self.epoch, settled };
        let payload = sync_core::cbor::to_bytes(&words);
        let store = DeviceId::from_uuid(self.epoch.uuid());
        Receipt::Taken(Signed::sign(Purpose::Receipt, store, &self.key, payload).to_bytes().into())
    }
}

/// The outcome of each change. Of an invalid value it names the field alone, without key and value: a receipt is signed
/// and not sealed, so the carrier can read it.
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
