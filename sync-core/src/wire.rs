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
use crate::neighbour::Neighbour;
use crate::quarantine::{Outcome, Rejection};
use crate::record::{Home, Kind};
use crate::time::Millis;

/// The version of this protocol.
pub const PROTOCOL: u32 = 1;
/// The content type of requests and answers.
pub const CONTENT_TYPE: &str = "application/vnd.ihuriro.sync+cbor";

/// A tablet's request; travels inside [`crate::batch::Signed`] for [`crate::batch::Purpose::Request`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Request {
    #[n(0)]
    pub protocol: u32,
    /// The epoch of the store in which the cursors were given out.
    #[n(1)]
    pub epoch: EpochId,
    /// Counts this tablet's requests. The store takes each number once, so a request that is played again has no
    /// effect, and a copied tablet is noticed.
    #[n(2)]
    pub number: u64,
    #[n(3)]
    pub incarnation: u32,
    #[n(4)]
    pub cursors: Vec<Cursor>,
    #[n(5)]
    pub batches: Vec<Envelope>,
    /// Streams that the tablet was told to drop and has dropped.
    #[n(6)]
    pub purged: Vec<StreamId>,
    /// At most so many bytes of changes in the answer, before compression; 0 for none. The store may send fewer, and a
    /// single change or document that is larger goes alone.
    #[n(7)]
    pub budget: u32,
    /// Colleagues' batches that the tablet carries, sealed for the store; see [`crate::bundle`].
    #[n(8)]
    pub carried: Vec<ByteVec>,
    /// Changes that the store keeps in quarantine, as far as the tablet knows: it asks what was decided of them. At
    /// most [`crate::limits::MAX_ASKED_AFTER`] are answered.
    #[n(9)]
    pub waiting: Vec<Digest>,
    /// What the tablet says of itself. Tablets of before say nothing, and services of before leave it aside.
    #[n(10)]
    pub about: Option<About>,
    /// How many kinds of record the tablet's program knows, from the first of the list on; [`Request::FIRST_KINDS`] where it does not say.
    /// It is sent no stream in which there may be others.
    #[n(11)]
    pub kinds: Option<u32>,
    /// When the tablet last heard what other partners do near to its groups, by the store's clock; 0 before it ever did. Programs that show
    /// nothing of it say nothing, and are told nothing.
    #[n(12)]
    pub neighbours: Option<Millis>,
}

impl Request {
    /// The kinds of record that every program knows: those that live with a group, and the lesson.
    pub const FIRST_KINDS: u32 = 7;
    /// The kinds of record that this program knows.
    pub const KINDS: u32 = Kind::ALL.len() as u32;

    /// Whether the tablet's program knows all kinds that may stand in streams of this home: of a stream in which there is another it could
    /// read nothing. All programs know those of groups.
    pub fn knows(&self, home: Home) -> bool {
        let known = self.kinds.unwrap_or(Self::FIRST_KINDS) as usize;
        Kind::ALL.iter().skip(known).all(|kind| kind.lives_in() != home)
    }
}

/// What a tablet says of itself, for whoever answers for tablets. Nothing rests on it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct About {
    /// The program and its version, `ihuriro 0.1.0`; at most [`crate::limits::MAX_PROGRAM`] bytes are kept.
    #[n(0)]
    pub program: String,
    /// How many changes wait on the tablet that this request does not bring.
    #[n(1)]
    pub unsent: u32,
    /// What opens the tablet's folder, sealed for the store with age, until an answer says that the store has it; at most
    /// [`crate::limits::MAX_FOLDER_KEY`] bytes.
    #[n(2)]
    pub key: Option<ByteVec>,
}

impl About {
    /// This program.
    pub const PROGRAM: &str = concat!("ihuriro ", env!("CARGO_PKG_VERSION"));
}

/// The store's answer to a request.
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
    /// The names of the authors of changes in the pages.
    #[n(6)]
    pub people: Vec<Person>,
    /// One for each carried batch of the request, in their order.
    #[n(7)]
    pub receipts: Vec<Receipt>,
    /// The present keys of streams that the tablet may read, where it does not have them.
    #[n(8)]
    pub keys: Vec<StreamKey>,
    /// The rejected changes among those that the tablet asked about.
    #[n(9)]
    pub rejected: Vec<Rejected>,
    /// How the tablet stands with the store. Stores of before say nothing.
    #[n(10)]
    pub standing: Option<TabletStanding>,
    /// The changes among those that the tablet asked about that are merged now. Stores of before say nothing.
    #[n(11)]
    #[cbor(default)]
    pub released: Vec<Released>,
    /// All that other partners do near to the tablet's groups, in the place of what it heard before: where it asked, and that is long ago or
    /// it reads a group for the first time.
    #[n(12)]
    pub neighbours: Option<Vec<Neighbour>>,
}

/// How a tablet stands with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct TabletStanding {
    /// It hands in what it has, is told to drop everything, and destroys the key of its folder.
    #[n(0)]
    pub revoked: bool,
    /// The store has the key of its folder, see [`About::key`].
    #[n(1)]
    pub has_key: bool,
    /// For how many days from now the tablet shows what it holds; it goes on recording after that.
    #[n(2)]
    pub lease: u32,
}

/// What became of a carried batch.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Receipt {
    /// The store took it: a signed [`crate::bundle::Settlement`] to carry back to the tablet that signed the batch.
    #[n(0)]
    Taken(#[n(0)] ByteVec),
    /// The store can't open or read it, has no room for it in this request, or keeps too many quarantined changes of
    /// its tablet. The changes are still in the outbox of that tablet.
    #[n(1)]
    Refused,
}

/// A change that a keeper rejected: it is never merged, and stays in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Rejected {
    #[n(0)]
    pub document: DocumentId,
    #[n(1)]
    pub digest: Digest,
    #[n(2)]
    pub rejection: Rejection,
}

/// A quarantined change that is merged now.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Released {
    #[n(0)]
    pub document: DocumentId,
    #[n(1)]
    pub digest: Digest,
}

/// The key for which colleagues seal parts of a bundle for the holders of a stream. A new one follows when somebody
/// leaves the group.
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

/// The part of an answer that is about one stream.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Page {
    #[n(0)]
    pub stream: StreamId,
    /// The fingerprint of the stream; present where the tablet has all of the stream with this page.
    #[n(1)]
    pub fingerprint: Option<Fingerprint>,
    #[n(2)]
    pub tells: Tells,
}

/// The content of a page, as the cursor asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Tells {
    /// To [`Ask::After`]: changes, in the stream's order.
    #[n(0)]
    Changes {
        /// The number after which the cursor asked.
        #[n(0)]
        from: u64,
        /// The number after which to ask next. The tablet persists it together with the entries, or neither.
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
        /// Whether there are more of the documents that the cursor asked for.
        #[n(1)]
        more: bool,
        /// The next message about what differs; empty in a copy.
        #[n(2)]
        message: ByteVec,
        #[n(3)]
        documents: Vec<Whole>,
    },
    /// The store can't go on from this cursor: it has a new epoch, or no longer has the changes after the cursor one by
    /// one. The tablet begins an agreement.
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

/// A change with the document that it is for.
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
