//! A change on its way to the store, or quarantined there.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::change::{ChangeHash, Digest};
use crate::id::{DocumentId, StreamId};
use crate::quarantine::{Reason, Rejection};
use crate::record::Kind;

/// A change of this tablet that is not merged at the store, whole.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Waiting {
    #[n(0)]
    pub stream: StreamId,
    #[n(1)]
    pub document: DocumentId,
    #[n(2)]
    pub kind: Kind,
    #[n(3)]
    pub schema: u32,
    #[n(4)]
    pub hash: ChangeHash,
    #[n(5)]
    pub change: ByteVec,
    /// Why the store keeps it in quarantine; `None` while it stands in the outbox.
    #[n(6)]
    pub reason: Option<Reason>,
    /// The decision of a keeper that the change is never merged.
    #[n(7)]
    pub rejection: Option<Rejection>,
}

impl Waiting {
    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.change)
    }

    /// Whether the change must leave the record of this tablet: the store has another change under its number, or a
    /// keeper rejected it. A later edit that built on it would be quarantined for ever.
    pub(super) fn is_out(&self) -> bool {
        self.reason == Some(Reason::Rekeyed) || self.rejection.is_some()
    }
}
