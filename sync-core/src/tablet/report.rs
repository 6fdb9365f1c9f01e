//! What a sync did.

use std::collections::BTreeSet;

use crate::id::{DocumentId, StreamId};
use crate::quarantine::{Reason, Rejection};

/// What a sync did, for the person who waited for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub requests: u32,
    /// Changes handed in and merged at the store.
    pub accepted: u32,
    /// Changes that the store had already.
    pub duplicate: u32,
    /// Changes that the store keeps in quarantine, with the record and the reason.
    pub quarantined: Vec<(DocumentId, Reason)>,
    /// Quarantined changes that a keeper rejected.
    pub rejected: Vec<(DocumentId, Rejection)>,
    /// Quarantined changes of groups that the tablet holds no longer, which a keeper released.
    pub released: u32,
    /// Colleagues' batches that the tablet took to carry (an import), or that the store took (a sync).
    pub carried: u32,
    /// Colleagues' batches that are too large to carry (an import), or that the store refused (a sync).
    pub refused: u32,
    /// Changes of others that came.
    pub received: u32,
    /// Records whose heads changed by a merge.
    pub merged: BTreeSet<DocumentId>,
    /// Records among them that have a conflict.
    pub clashing: BTreeSet<DocumentId>,
    /// Streams that were dropped because the tablet may no longer hold them.
    pub dropped: u32,
    /// Streams of which the tablet's fingerprint and the store's differed at the same cursor.
    pub repaired: BTreeSet<StreamId>,
    /// Streams in which the store could not go on from the tablet's cursor.
    pub lost: BTreeSet<StreamId>,
    /// Records with a change that was too large for the link. The change waits for the next sync.
    pub too_large: BTreeSet<DocumentId>,
    /// Colleagues' batches that were too large for the link.
    pub too_large_carried: u32,
    /// The store says that the tablet is revoked.
    pub revoked: bool,
    /// For how many days from now the tablet shows what it holds, where the store says so.
    pub lease: Option<u32>,
    /// Changes of others that could not be merged here.
    pub unreadable: u32,
}
