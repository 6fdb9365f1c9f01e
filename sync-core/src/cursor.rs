//! Cursors: how far a tablet has read each stream. Marks and fingerprints, by which tablet and store notice that they
//! hold different documents.

use std::fmt;

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};
use sha2::{Digest as _, Sha256};

use crate::change::ChangeHash;
use crate::id::{DocumentId, StreamId};

/// A tablet's question about one stream that it holds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Cursor {
    #[n(0)]
    pub stream: StreamId,
    #[n(1)]
    pub ask: Ask,
    /// The number of the stream's key that the tablet has; 0 for none.
    #[n(2)]
    pub key: u32,
}

/// The three ways to read a stream.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Ask {
    /// The changes after the one with this number (0 before the first), except the tablet's own. A stream's numbers
    /// have no gaps, so one number says which changes the tablet has.
    #[n(0)]
    After(#[n(0)] u64),
    /// Whole documents, in the order of their ids, after the document `after`. They hold at least the changes up to
    /// number `at`, where the copy began and after which the tablet reads on. A stream without a cursor begins so.
    #[n(1)]
    Copy {
        #[n(0)]
        at: u64,
        #[n(1)]
        after: DocumentId,
    },
    /// A message about which documents differ, and the marks of documents that the tablet is known to lack; see
    /// [`crate::agreement`].
    #[n(2)]
    Agree {
        #[n(0)]
        message: ByteVec,
        #[n(1)]
        wanted: Vec<Mark>,
    },
}

/// The name of a document in one state: SHA-256 over its id and its heads in ascending order. Equal marks mean the same
/// document with the same changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Mark(#[n(0)] ByteArray<32>);

impl Mark {
    pub fn of(document: DocumentId, heads: &[ChangeHash]) -> Self {
        let mut heads = heads.to_vec();
        heads.sort_unstable();
        let mut hash = Sha256::new();
        hash.update(document.as_bytes());
        for head in &heads {
            hash.update(head.as_bytes());
        }
        let sum: [u8; 32] = hash.finalize().into();
        Self::from_bytes(sum)
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes.into())
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mark({})", data_encoding::HEXLOWER.encode(&self.0[..4]))
    }
}

/// The fingerprint of a stream: the sum over its documents of a hash of (document, heads), modulo 2^128. As a sum it is
/// brought up to date by the difference of one document, without a look at the others.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Fingerprint(#[n(0)] ByteArray<16>);

/// The fingerprint of an empty stream.
impl Default for Fingerprint {
    fn default() -> Self {
        Self::from_bytes([0; 16])
    }
}

impl Fingerprint {
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes.into())
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    fn number(self) -> u128 {
        u128::from_be_bytes(*self.0)
    }

    /// One document's part: the first sixteen bytes of its [`Mark`], big-endian. A document without heads has no part.
    pub fn of(document: DocumentId, heads: &[ChangeHash]) -> Self {
        if heads.is_empty() {
            return Self::default();
        }
        let mut part = [0; 16];
        part.copy_from_slice(&Mark::of(document, heads).as_bytes()[..16]);
        Self::from_bytes(part)
    }

    /// The fingerprint of a stream in which a document went from one state to another.
    #[must_use]
    pub fn replace(self, old: Self, new: Self) -> Self {
        let number = self.number().wrapping_sub(old.number()).wrapping_add(new.number());
        Self::from_bytes(number.to_be_bytes())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({:032x})", self.number())
    }
}
