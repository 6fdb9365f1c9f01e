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
    /// Changes that were quarantined and that somebody decided to leave out for good.
    pub rejected: Vec<(DocumentId, Rejection)>,
    /// Things of colleagues that the tablet took to carry, or handed in.
    pub carried: u32,
    /// Things of colleagues that the store could not open.
    pub refused: u32,
    /// Changes of others that came.
    pub received: u32,
    /// Records that changed by them.
    pub merged: BTreeSet<DocumentId>,
    /// Records among them in which something clashes.
    pub clashing: BTreeSet<DocumentId>,
    /// Streams that were dropped because the tablet may no longer hold them.
    pub dropped: u32,
    /// Streams in which the two sides differed.
    pub repaired: BTreeSet<StreamId>,
    /// Streams that the store could not go on with from where the tablet was.
    pub lost: BTreeSet<StreamId>,
    /// Records with a change that was too large for the link. It waits for the next sync.
    pub too_large: BTreeSet<DocumentId>,
    /// Things of colleagues that were too large for it.
    pub too_large_carried: u32,
    /// Changes of others that could not be merged here.
    pub unreadable: u32,
}
