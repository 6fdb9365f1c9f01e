//! Who the tablet is, and what it counts.

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

use super::Enrolment;
use super::pace::Pace;
use crate::batch::{SigningKey, VerifyingKey};
use crate::id::{DeviceId, EpochId, OrganisationId, StreamId, UserId};
use crate::time::Millis;

#[derive(Clone, Encode, Decode)]
pub(super) struct Identity {
    #[n(0)]
    pub(super) device: DeviceId,
    #[n(1)]
    pub(super) user: UserId,
    #[n(2)]
    pub(super) name: String,
    #[n(3)]
    pub(super) organisation: OrganisationId,
    #[n(4)]
    pub(super) epoch: EpochId,
    /// The Ed25519 seed. The folder seals what is written to it.
    #[n(5)]
    seed: ByteArray<32>,
    #[n(6)]
    pub(super) incarnation: u32,
    /// The number of the last request that may have been sent.
    #[n(7)]
    pub(super) number: u64,
    /// The last serial that was given to a change, carried work or a receipt. None is given twice.
    #[n(8)]
    pub(super) serial: u64,
    /// Streams that the tablet has dropped and that the next request tells the store of.
    #[n(9)]
    pub(super) purged: Vec<StreamId>,
    #[n(10)]
    pub(super) last_sync: Millis,
    /// The store's key for receipts, Ed25519.
    #[n(11)]
    receipts: Option<ByteArray<32>>,
    #[n(12)]
    pub(super) seal: Option<String>,
    /// None before anything ever failed.
    #[n(13)]
    pace: Option<Pace>,
    /// Whether the store has the key of the folder, as it last said.
    #[n(14)]
    pub(super) store_has_key: Option<bool>,
}

impl Identity {
    /// Of a tablet that has just been enrolled.
    pub(super) fn of(enrolment: Enrolment) -> Self {
        Self {
            device: enrolment.device,
            user: enrolment.user,
            name: enrolment.name,
            organisation: enrolment.organisation,
            epoch: enrolment.epoch,
            seed: enrolment.key.to_bytes().into(),
            incarnation: 0,
            number: 0,
            serial: 0,
            purged: Vec::new(),
            last_sync: Millis(0),
            receipts: Some(enrolment.store.receipts.to_bytes().into()),
            seal: Some(enrolment.store.seal),
            pace: None,
            store_has_key: None,
        }
    }

    pub(super) fn key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.seed)
    }

    pub(super) fn pace(&self) -> &Pace {
        self.pace.as_ref().unwrap_or(&Pace::WIDE)
    }

    pub(super) fn pace_mut(&mut self) -> &mut Pace {
        self.pace.get_or_insert(Pace::WIDE)
    }

    pub(super) fn store_key(&self) -> Option<VerifyingKey> {
        VerifyingKey::from_bytes(self.receipts.as_deref()?).ok()
    }
}
