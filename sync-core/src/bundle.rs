//! Bundles: files that a colleague carries where there is no network, on a memory card or by a messenger.
//!
//! A [`Bundle`] holds [`Part`]s, each sealed with age so that only its readers can open it. A batch of a tablet is
//! sealed for the store and for the holders of its stream: a carrier who does not hold the stream can hand the batch
//! in, and read nothing of it. The documents of a stream are sealed for its holders, so that two tablets can bring each
//! other up to date without the store. The store's answer travels back as a [`Settlement`] that it signed, so that no
//! carrier can make a tablet let go of a change.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::batch::Envelope;
use crate::cbor;
use crate::change::Digest;
use crate::id::{DeviceId, DocumentId, EpochId, StreamId};
use crate::limits::MAX_EXPANDED;
use crate::quarantine::Outcome;
use crate::wire::{self, Coding, Whole};

/// The version of this format; the first value of a bundle.
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

/// A sealed part of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Part {
    /// Whether the part is to be handed in at the store; otherwise it is for colleagues alone.
    #[n(0)]
    pub for_store: bool,
    /// An age file; inside it, [`Sealed::to_bytes`].
    #[n(1)]
    pub sealed: ByteVec,
}

/// The content of a part.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Sealed {
    #[n(0)]
    pub stream: StreamId,
    /// Changes to hand in, signed by the tablet that wrote them.
    #[n(1)]
    pub batch: Option<Envelope>,
    /// The documents of the stream, as the tablet that made the bundle holds them.
    #[n(2)]
    pub documents: Vec<Whole>,
}

/// Bytes that are not of this format, or of another version.
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
    /// The content as CBOR in a zstd frame, to be sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        zstd::encode_all(cbor::to_bytes(self).as_slice(), 0).expect("compressing in memory can't fail")
    }

    /// Reads bytes that [`Sealed::to_bytes`] wrote, once they are opened.
    ///
    /// # Errors
    /// [`NotABundle`], also where they expand past [`MAX_EXPANDED`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotABundle> {
        Self::within(bytes, &mut { MAX_EXPANDED })
    }

    /// As [`Sealed::from_bytes`], where several parts share the bytes to which they may expand: takes this part's bytes
    /// off `room`.
    ///
    /// # Errors
    /// [`NotABundle`], also where the part would expand past `room`; it is not expanded further, and `room` stays as it
    /// was.
    pub fn within(bytes: &[u8], room: &mut usize) -> Result<Self, NotABundle> {
        let plain = wire::open(Coding::Zstd, bytes, *room).map_err(|_| NotABundle)?;
        *room -= plain.len();
        cbor::from_bytes(&plain).map_err(|_| NotABundle)
    }
}

/// What became of a batch that was carried: the payload of a [`crate::batch::Signed`] for
/// [`crate::batch::Purpose::Receipt`], by the store's key, with the store's epoch in the place of a device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Settlement {
    /// The tablet that signed the batch.
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
