//! Work that a colleague carries where there is no network: a file for a messenger or a memory card.
//!
//! A [`Bundle`] holds [`Part`]s, each sealed with age so that only its readers can open it. What a tablet has to hand in is
//! sealed for the store and for whoever holds the stream: a carrier who does not hold it can hand it in, and read
//! nothing. How the stream stands is sealed for whoever holds it, so that two tablets can bring each other up to date with
//! no store at all. The store's answer travels back as words that it signed ([`Settlement`]), so that no carrier can
//! make a tablet let go of anything.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::batch::Envelope;
use crate::cbor;
use crate::change::Digest;
use crate::id::{DeviceId, DocumentId, EpochId, StreamId};
use crate::limits::MAX_EXPANDED;
use crate::quarantine::Outcome;
use crate::wire::{self, Coding, Whole};

/// The version of this format, and the first place of a bundle.
pub const BUNDLE: u32 = 1;

/// A bundle as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Bundle {
    #[n(0)]
    pub version: u32,
    #[n(1)]
    pub parts: Vec<Part>,
    /// Signed [`Settlement`]s on their way back.
    #[n(2)]
    pub receipts: Vec<ByteVec>,
}

/// Something sealed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Part {
    /// Whether the store is to have it; otherwise it is for colleagues alone.
    #[n(0)]
    pub for_store: bool,
    /// An age file; inside it, [`Sealed::to_bytes`].
    #[n(1)]
    pub sealed: ByteVec,
}

/// What is inside a part.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Sealed {
    #[n(0)]
    pub stream: StreamId,
    /// Work to hand in, signed by the tablet that it is from.
    #[n(1)]
    pub batch: Option<Envelope>,
    /// How the stream stands on the tablet that it is from.
    #[n(2)]
    pub documents: Vec<Whole>,
}

/// Bytes that hold nothing of this format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a bundle that this version can read; make it again with the newest version")]
pub struct NotABundle;

impl Bundle {
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_bytes(self)
    }

    /// # Errors
    /// [`NotABundle`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotABundle> {
        let bundle: Self = cbor::from_bytes(bytes).map_err(|_| NotABundle)?;
        if bundle.version == BUNDLE { Ok(bundle) } else { Err(NotABundle) }
    }
}

impl Sealed {
    /// A zstd frame, for sealing.
    pub fn to_bytes(&self) -> Vec<u8> {
        zstd::encode_all(cbor::to_bytes(self).as_slice(), 0).expect("compressing in memory can't fail")
    }

    /// # Errors
    /// [`NotABundle`], also where it expands past the limit of a request.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotABundle> {
        Self::within(bytes, &mut { MAX_EXPANDED })
    }

    /// As [`Sealed::from_bytes`], where several share what they may expand to: takes this one's bytes off `room`.
    ///
    /// # Errors
    /// [`NotABundle`], also where there is no room; it is then not expanded past it, and the room stays as it was.
    pub fn within(bytes: &[u8], room: &mut usize) -> Result<Self, NotABundle> {
        let plain = wire::open(Coding::Zstd, bytes, *room).map_err(|_| NotABundle)?;
        *room -= plain.len();
        cbor::from_bytes(&plain).map_err(|_| NotABundle)
    }
}

/// What became of work that was carried: the payload of a [`crate::batch::Signed`] for
/// [`crate::batch::Purpose::Receipt`], by the store's key, with the store's epoch in the place of a device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Settlement {
    /// The tablet that it is for.
    #[n(0)]
    pub device: DeviceId,
    #[n(1)]
    pub epoch: EpochId,
    #[n(2)]
    pub settled: Vec<Settled>,
}

/// What became of one change.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Settled {
    #[n(0)]
    pub document: DocumentId,
    #[n(1)]
    pub digest: Digest,
    #[n(2)]
    pub outcome: Outcome,
}
