//! What goes over the network: one request up, one answer down, as CBOR (RFC 8949), compressed as a whole. The
//! grammar is `api-spec/sync.cddl`.

mod coding;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

pub use coding::{Coding, TooExpansive, close, open};

use crate::batch::Envelope;
use crate::change::Digest;
#[cfg(doc)]
use crate::cursor::Ask;
use crate::cursor::{Cursor, Fingerprint};
use crate::id::{BatchId, DeviceId, DocumentId, EpochId, StreamId};
use crate::quarantine::{Outcome, Rejection};
use crate::record::Kind;
use crate::time::Millis;

/// The version of this protocol.
pub const PROTOCOL: u32 = 1;
/// The content type of requests and answers.
pub const CONTENT_TYPE: &str = "application/vnd.ihuriro.sync+cbor";

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
    /// At most so many bytes of changes in the answer; the store may send fewer, and one thing that is larger by itself. 0 for
    /// none at all.
    #[n(7)]
    pub budget: u32,
    /// Colleagues' work that the tablet carries, sealed for the store; see [`crate::bundle`].
    #[n(8)]
    pub carried: Vec<ByteVec>,
    /// Changes that the store keeps in quarantine, as far as the tablet knows: it asks what people decided about them. At most
    /// [`crate::limits::MAX_ASKED_AFTER`] are answered.
    #[n(9)]
    pub waiting: Vec<Digest>,
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
    /// One for each thing carried, in its order.
    #[n(7)]
    pub receipts: Vec<Receipt>,
    /// The keys of streams that the tablet may read and whose present key it has not.
    #[n(8)]
    pub keys: Vec<StreamKey>,
    /// What was rejected of that which the tablet asked after.
    #[n(9)]
    pub rejected: Vec<Rejected>,
}

/// What became of something carried.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Receipt {
    /// It is taken: signed words for the tablet that it is from, to be carried back.
    #[n(0)]
    Taken(#[n(0)] ByteVec),
    /// It can't be opened or read here, or too much of its tablet is quarantined already. That tablet still has it.
    #[n(1)]
    Refused,
}

/// A change that somebody decided to leave out for good. The store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Rejected {
    #[n(0)]
    pub document: DocumentId,
    #[n(1)]
    pub digest: Digest,
    #[n(2)]
    pub rejection: Rejection,
}

/// The key to what colleagues seal for whoever holds a stream. Another one follows when somebody leaves.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct StreamKey {
    #[n(0)]
    pub stream: StreamId,
    /// Counts the stream's keys, from 1.
    #[n(1)]
    pub number: u32,
    /// An age identity, `AGE-SECRET-KEY-1…`.
    #[n(2)]
    pub identity: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Outcomes {
    #[n(0)]
    pub batch: BatchId,
    /// One for each change of the batch, in its order.
    #[n(1)]
    pub outcomes: Vec<Outcome>,
}

/// What a tablet gets of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Page {
    #[n(0)]
    pub stream: StreamId,
    /// Present where the tablet has all of the stream with this page: the fingerprint of the whole.
    #[n(1)]
    pub fingerprint: Option<Fingerprint>,
    #[n(2)]
    pub tells: Tells,
}

/// What a page tells, as the cursor asked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Tells {
    /// To [`Ask::After`]: changes, in the stream's order.
    #[n(0)]
    Changes {
        /// The number that was asked from.
        #[n(0)]
        from: u64,
        /// The number to ask from next. The tablet keeps it together with the entries, or keeps neither.
        #[n(1)]
        to: u64,
        #[n(2)]
        entries: Vec<Entry>,
    },
    /// To [`Ask::Copy`] and [`Ask::Agree`], and where there was no cursor: whole documents.
    #[n(1)]
    Documents {
        /// The number of the last change that these documents hold for sure; of a copy, the one at which it began.
        #[n(0)]
        at: u64,
        /// Whether there are more of those that were asked for.
        #[n(1)]
        more: bool,
        /// The next message about what differs; empty in a copy.
        #[n(2)]
        message: ByteVec,
        #[n(3)]
        documents: Vec<Whole>,
    },
    /// The store can't go on from this cursor: it began a new life, or no longer has the changes after it one by one. The
    /// tablet asks what differs.
    #[n(2)]
    Lost,
}

/// A document with its history.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Whole {
    #[n(0)]
    pub kind: Kind,
    #[n(1)]
    pub document: DocumentId,
    /// As Automerge saves it, with the genesis.
    #[n(2)]
    pub snapshot: ByteVec,
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
