//! How far the tablet has read each stream, and how it comes to agree with the store about one.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};
use uuid::Uuid;

use crate::change::ChangeHash;
use crate::cursor::Mark;
use crate::id::{DocumentId, Id};
use crate::wire::StreamKey;

/// How far the tablet has read a stream.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct StreamState {
    #[n(0)]
    pub(super) course: Course,
    /// Whether the store said to drop the stream. The tablet hands in what its outbox holds for the stream first.
    #[n(1)]
    pub(super) dropped: bool,
    /// The key with which colleagues seal parts of a bundle for the holders of the stream.
    #[n(2)]
    pub(super) key: Option<StreamKey>,
}

/// The way in which a stream is read; each is one of [`crate::cursor::Ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(super) enum Course {
    #[n(0)]
    Following(#[n(0)] u64),
    #[n(1)]
    Copying {
        #[n(0)]
        at: u64,
        #[n(1)]
        after: DocumentId,
    },
    #[n(2)]
    Agreeing,
}

impl StreamState {
    pub(super) fn of(course: Course) -> Self {
        Self { course, dropped: false, key: None }
    }

    /// A stream of which the tablet holds nothing yet.
    pub(super) fn begun() -> Self {
        Self::of(Course::Copying { at: 0, after: DocumentId::from_uuid(Uuid::nil()) })
    }
}

/// An agreement with the store about one stream that is under way. It is not persisted: where a sync is cut short, the
/// next one begins the agreement again, and documents that had come are then equal on both sides.
#[derive(Debug, Clone, Default)]
pub(super) struct Agreement {
    /// The number of the stream's last change when the store first answered. The tablet reads on after it.
    pub(super) at: Option<u64>,
    /// The next message; empty once all differences are found.
    pub(super) message: Vec<u8>,
    /// Marks that only the tablet has.
    pub(super) have: BTreeSet<Mark>,
    /// Marks that only the store has and whose documents have not come yet.
    pub(super) wanted: BTreeSet<Mark>,
    /// The wanted marks that the request under way asks for.
    pub(super) asked: BTreeSet<Mark>,
    /// Documents that came from the store: the changes that it lacks in them are offered already.
    pub(super) compared: BTreeSet<DocumentId>,
    /// Changes that the store took since the agreement began: their documents may be in `have`, and these need not be
    /// offered again.
    pub(super) taken: BTreeSet<ChangeHash>,
}
