//! How far a tablet has read, and how both sides notice that they do not hold the same.

use std::fmt;

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use sha2::{Digest as _, Sha256};

use crate::change::ChangeHash;
use crate::id::{DocumentId, StreamId};

/// How far into one stream a tablet has read. Streams have no gaps, so one number says it all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Cursor {
    #[n(0)]
    pub stream: StreamId,
    /// The sequence number of the last change read; 0 before the first.
    #[n(1)]
    pub position: u64,
    /// Asks for the tablet's own changes too. A tablet is otherwise not sent what it wrote.
    #[n(2)]
    pub whole: bool,
}

/// A fingerprint of a stream: the sum over its documents of a hash of (document, heads), modulo 2^128. Additive, so
/// that a change of one document changes it by a difference.
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

    /// One document's part: the first sixteen bytes, big-endian, of SHA-256 over the document's id and its heads in
    /// ascending order. A document without heads has no part.
    pub fn of(document: DocumentId, heads: &[ChangeHash]) -> Self {
        if heads.is_empty() {
            return Self::default();
        }
        let mut heads = heads.to_vec();
        heads.sort_unstable();
        let mut hash = Sha256::new();
        hash.update(document.as_bytes());
        for head in &heads {
            hash.update(head.as_bytes());
        }
        let sum: [u8; 32] = hash.finalize().into();
        let mut part = [0; 16];
        part.copy_from_slice(&sum[..16]);
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
