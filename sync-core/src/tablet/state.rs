//! The state of a tablet, and how each part of it is persisted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::blob::{Blob, Key, Write};
use super::course::{Agreement, Course, StreamState};
use super::identity::Identity;
use super::left::Left;
use super::report::Report;
use super::waiting::Waiting;
use super::{Enrolment, Output};
use crate::cbor;
use crate::change::ChangeHash;
use crate::document::{Damaged, Document};
use crate::id::{BatchId, DeviceId, DocumentId, StreamId};
use crate::neighbour::Neighbours;
use crate::record::Kind;

/// The tablet's state machine; see the [module](super).
///
/// The fields up to `neighbours` are what the folder holds: every change of them comes with a [`Write`]. The others last
/// for one sync.
pub struct Tablet {
    pub(super) identity: Identity,
    pub(super) streams: BTreeMap<StreamId, StreamState>,
    pub(super) documents: BTreeMap<DocumentId, HeldDocument>,
    pub(super) outbox: BTreeMap<u64, Waiting>,
    pub(super) quarantined: BTreeMap<u64, Waiting>,
    pub(super) left: BTreeMap<u64, Left>,
    /// Colleagues' work, sealed for the store, which this tablet carries there.
    pub(super) carried: BTreeMap<u64, ByteVec>,
    /// Receipts of the store for colleagues, which this tablet carries back.
    pub(super) receipts: BTreeMap<u64, ByteVec>,
    pub(super) people: BTreeMap<DeviceId, String>,
    pub(super) neighbours: Neighbours,
    pub(super) flight: Option<Flight>,
    pub(super) agreements: BTreeMap<StreamId, Agreement>,
    /// Records with a change that was by itself too large for the link in this sync; they wait for the next sync.
    pub(super) stuck: BTreeSet<DocumentId>,
    /// The same of carried work, by serial.
    pub(super) stuck_carried: BTreeSet<u64>,
    /// Requests without an answer in this sync since the last that had one.
    pub(super) failures: u32,
    /// The key of the folder, sealed for the store, until the store says that it has it.
    pub(super) folder_key: Option<ByteVec>,
    pub(super) report: Report,
}

impl fmt::Debug for Tablet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tablet").field("device", &self.identity.device).finish_non_exhaustive()
    }
}

/// A document as the tablet keeps it.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct HeldDocument {
    #[n(0)]
    pub(super) kind: Kind,
    #[n(1)]
    pub(super) stream: StreamId,
    #[n(2)]
    pub(super) snapshot: ByteVec,
    #[n(3)]
    pub(super) heads: Vec<ChangeHash>,
}

impl HeldDocument {
    pub(super) fn of(stream: StreamId, document: &Document) -> Self {
        Self { kind: document.kind(), stream, snapshot: document.save().into(), heads: document.heads() }
    }

    pub(super) fn open(&self) -> Result<Document, Damaged> {
        Document::load(self.kind, &self.snapshot)
    }
}

/// The request that is under way: what it carries, by the serials of the outbox and of carried work.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    pub(super) batch: BatchId,
    pub(super) serials: Vec<u64>,
    pub(super) carried: Vec<u64>,
    /// The bytes of both, and of the messages and marks of agreements, before compression.
    pub(super) bytes: usize,
    /// Whether more waits to be sent than the request had room for.
    pub(super) full: bool,
    /// The streams about whose differences it asks; other streams that need an agreement wait for a later request.
    pub(super) agreeing: BTreeSet<StreamId>,
}

fn read<'b, T: Decode<'b, ()>>(blob: &'b [u8]) -> Result<T, Damaged> {
    cbor::from_bytes(blob).map_err(|_| Damaged)
}

impl Tablet {
    /// A tablet that has just been enrolled, and what to persist of it.
    pub fn enrol(enrolment: Enrolment) -> (Self, Vec<Output>) {
        let tablet = Self::with(Identity::of(enrolment));
        let outputs = vec![Output::Persist(vec![tablet.identity_write()])];
        (tablet, outputs)
    }

    fn with(identity: Identity) -> Self {
        Self {
            identity,
            streams: BTreeMap::new(),
            documents: BTreeMap::new(),
            outbox: BTreeMap::new(),
            quarantined: BTreeMap::new(),
            left: BTreeMap::new(),
            carried: BTreeMap::new(),
            receipts: BTreeMap::new(),
            people: BTreeMap::new(),
            neighbours: Neighbours::default(),
            flight: None,
            agreements: BTreeMap::new(),
            stuck: BTreeSet::new(),
            stuck_carried: BTreeSet::new(),
            failures: 0,
            folder_key: None,
            report: Report::default(),
        }
    }

    /// Opens a tablet from all blobs of its folder.
    ///
    /// # Errors
    /// [`Damaged`] if there is no identity among them or one of them can't be read.
    pub fn open(blobs: impl IntoIterator<Item = Blob>) -> Result<Self, Damaged> {
        let blobs: BTreeMap<Key, Vec<u8>> = blobs.into_iter().collect();
        let mut tablet = Self::with(read(blobs.get(&Key::Identity).ok_or(Damaged)?)?);
        for (key, bytes) in &blobs {
            match *key {
                Key::Identity => {}
                Key::People => tablet.people = read(bytes)?,
                Key::Neighbours => tablet.neighbours = read(bytes)?,
                Key::Stream(id) => drop(tablet.streams.insert(id, read(bytes)?)),
                Key::Document(id) => drop(tablet.documents.insert(id, read(bytes)?)),
                Key::Outbox(serial) => drop(tablet.outbox.insert(serial, read(bytes)?)),
                Key::Quarantined(serial) => drop(tablet.quarantined.insert(serial, read(bytes)?)),
                Key::Left(serial) => drop(tablet.left.insert(serial, read(bytes)?)),
                Key::Carried(serial) => drop(tablet.carried.insert(serial, bytes.clone().into())),
                Key::Receipt(serial) => drop(tablet.receipts.insert(serial, bytes.clone().into())),
            }
        }
        // A stream without a blob has no cursor and would never be read on: an agreement finds out how it stands.
        for held in tablet.documents.values() {
            tablet.streams.entry(held.stream).or_insert(StreamState::of(Course::Agreeing));
        }
        Ok(tablet)
    }

    pub(super) fn held(&self, id: DocumentId) -> Option<&HeldDocument> {
        self.documents.get(&id)
    }

    /// The next serial. The caller persists the identity, which counts serials, in the same write: a serial that is
    /// given twice would overwrite another blob.
    pub(super) fn next_serial(&mut self) -> u64 {
        self.identity.serial += 1;
        self.identity.serial
    }

    pub(super) fn identity_write(&self) -> Write {
        Write::Put(Key::Identity, cbor::to_bytes(&self.identity))
    }

    pub(super) fn neighbours_write(&self) -> Write {
        Write::Put(Key::Neighbours, cbor::to_bytes(&self.neighbours))
    }

    /// Keeps a document, in memory and among the writes.
    pub(super) fn hold(&mut self, id: DocumentId, held: HeldDocument, writes: &mut Vec<Write>) {
        writes.push(Write::Put(Key::Document(id), cbor::to_bytes(&held)));
        self.documents.insert(id, held);
    }

    pub(super) fn stream_write(&self, id: StreamId) -> Write {
        match self.streams.get(&id) {
            Some(reading) => Write::Put(Key::Stream(id), cbor::to_bytes(reading)),
            None => Write::Delete(Key::Stream(id)),
        }
    }
}
