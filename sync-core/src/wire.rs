//! What goes over the network: one request up, one answer down, as CBOR (RFC 8949), compressed as a whole. The
//! grammar is `api-spec/sync.cddl`.

mod coding;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

pub use coding::{Coding, TooExpansive, close, open};

use crate::batch::Envelope;
use crate::cursor::{Cursor, Fingerprint};
use crate::id::{BatchId, DeviceId, DocumentId, EpochId, StreamId};
use crate::quarantine::Outcome;
use crate::record::Kind;
use crate::time::Millis;

/// The version of this protocol.
pub const PROTOCOL: u32 = 1;
/// The content type of requests and answers.
pub const CONTENT_TYPE: &str = "application/vnd.ihuriro.sync+cbor";
/// The largest body that is taken as it travels, in bytes.
pub const MAX_BODY: usize = 2 * 1024 * 1024;
/// The largest body once expanded, in bytes.
pub const MAX_EXPANDED: usize = 8 * 1024 * 1024;
/// How many bytes of changes one request or one answer carries before it leaves the rest to the next. A link that breaks
/// loses at most so much.
pub const PAGE: usize = 256 * 1024;

/// What a tablet says; travels inside [`crate::batch::Signed`] for [`crate::batch::Purpose::Request`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Request {
    #[n(0)]
    pub protocol: u32,
    /// The life of the store that the cursors speak of.
    #[n(1)]
    pub epoch: EpochId,
    /// Counts this tablet's requests. The store takes a number once, so an overheard request is worth nothing,
    /// and a copied tablet is noticed.
    #[n(2)]
    pub number: u64,
    #[n(3)]
    pub incarnation: u32,
    #[n(4)]
    pub cursors: Vec<Cursor>,
    #[n(5)]
    pub batches: Vec<Envelope>,
    /// Streams that the tablet was told to drop, and has.
    #[n(6)]
    pub purged: Vec<StreamId>,
    /// At most so many bytes of changes in the answer; the store may send fewer.
    #[n(7)]
    pub budget: u32,
}

/// What the store says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Answer {
    #[n(0)]
    pub protocol: u32,
    #[n(1)]
    pub epoch: EpochId,
    /// The store's clock.
    #[n(2)]
    pub now: Millis,
    /// One for each batch of the request, in its order.
    #[n(3)]
    pub outcomes: Vec<Outcomes>,
    /// One for each stream that the tablet may read now.
    #[n(4)]
    pub pages: Vec<Page>,
    /// Streams that the tablet may read no longer: it hands in what it has, then drops them.
    #[n(5)]
    pub dropped: Vec<StreamId>,
    /// Who wrote what is in the pages, as far as the tablet need know.
    #[n(6)]
    pub people: Vec<Person>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Outcomes {
    #[n(0)]
    pub batch: BatchId,
    /// One for each change of the batch, in its order.
    #[n(1)]
    pub outcomes: Vec<Outcome>,
}

/// The part of a stream after a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Page {
    #[n(0)]
    pub stream: StreamId,
    /// Where the page begins: the cursor of the request, or 0 where the store does not know that cursor.
    #[n(1)]
    pub from: u64,
    /// The new cursor. The tablet keeps it together with the entries, or keeps neither.
    #[n(2)]
    pub to: u64,
    /// Present where the page reaches the end of the stream: the fingerprint of the whole.
    #[n(3)]
    pub fingerprint: Option<Fingerprint>,
    #[n(4)]
    pub entries: Vec<Entry>,
}

impl Page {
    /// Whether there is more to read in this stream.
    pub fn more(&self) -> bool {
        self.fingerprint.is_none()
    }
}

/// A change that somebody made.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    #[n(0)]
    pub kind: Kind,
    #[n(1)]
    pub document: DocumentId,
    #[n(2)]
    pub schema: u32,
    #[n(3)]
    pub change: ByteVec,
}

/// The name behind a device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Person {
    #[n(0)]
    pub device: DeviceId,
    #[n(1)]
    pub name: String,
}
