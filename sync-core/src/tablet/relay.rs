//! Without a network: what is handed to a colleague, and what a colleague handed over.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::bytes::ByteVec;

use super::blob::{Key, Write};
use super::state::Tablet;
use super::waiting::Waiting;
use super::{Output, Report};
use crate::batch::{Purpose, Signed};
use crate::bundle::{Sealed, Settlement};
use crate::cbor::from_bytes;
use crate::change::{Change, ChangeHash};
use crate::document::Document;
use crate::id::{BatchId, DocumentId, StreamId};
use crate::limits::PAGE;
use crate::record::Kind;
use crate::time::Moment;
use crate::wire::{StreamKey, Whole};

/// The most receipts that a tablet keeps for others; the oldest go first. They save a colleague a repeat, nothing else.
const RECEIPTS: usize = 500;

/// The largest thing that is carried, in bytes: more would not fit into a request. A tablet packs less than half of it.
const LARGEST: usize = 1024 * 1024;

/// Something to seal for a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToSeal {
    /// Whether it is for the store; whoever holds the stream can open it in either case.
    pub for_store: bool,
    /// The stream's key, where the tablet has it.
    pub key: Option<StreamKey>,
    pub content: Sealed,
}

/// What goes into a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exported {
    pub to_seal: Vec<ToSeal>,
    /// Colleagues' work that this tablet carries already.
    pub carried: Vec<ByteVec>,
    pub receipts: Vec<ByteVec>,
}

/// Something that came in a bundle, opened as far as the tablet's keys reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// To hand in; opened where it is of a stream that the tablet holds.
    ForStore(ByteVec, Option<Sealed>),
    ForColleagues(Sealed),
    Receipt(ByteVec),
}

impl Tablet {
    /// What a colleague could carry: work to hand in, and how each stream stands. The tablet goes on waiting for the store's
    /// answer to all of it. `moments` gives another moment each time.
    pub fn export(&self, mut moments: impl FnMut() -> Moment) -> Exported {
        let mut to_seal = Vec::new();
        for (stream, reading) in &self.streams {
            let key = reading.key.clone();
            let seal = |for_store, content| ToSeal { for_store, key: key.clone(), content };
            for serials in self.pages_of(*stream) {
                let moment = moments();
                let batch = Some(self.seal(BatchId::new(&moment), &serials, &moment));
                to_seal.push(seal(true, Sealed { stream: *stream, batch, documents: Vec::new() }));
            }
            let documents = self.standing(*stream);
            if key.is_some() && !documents.is_empty() {
                to_seal.push(seal(false, Sealed { stream: *stream, batch: None, documents }));
            }
        }
        let carried = self.carried.values().cloned().collect();
        Exported { to_seal, carried, receipts: self.receipts.values().cloned().collect() }
    }

    /// What waits in a stream, in pieces that one request carries.
    fn pages_of(&self, stream: StreamId) -> Vec<Vec<u64>> {
        let mut pages: Vec<Vec<u64>> = Vec::new();
        let mut bytes = PAGE;
        for (serial, waiting) in self.outbox.iter().filter(|(_, one)| one.stream == stream) {
            bytes += waiting.change.len();
            if bytes > PAGE {
                pages.push(Vec::new());
                bytes = waiting.change.len();
            }
            pages.last_mut().expect("one was just begun").push(*serial);
        }
        pages
    }

    /// The documents of a stream, without what the store keeps in quarantine.
    fn standing(&self, stream: StreamId) -> Vec<Whole> {
        let mut quarantined: BTreeMap<DocumentId, BTreeSet<ChangeHash>> = BTreeMap::new();
        for one in self.quarantined.values() {
            quarantined.entry(one.document).or_default().insert(one.hash);
        }
        let mine = self.documents.iter().filter(|(_, held)| held.stream == stream);
        let standing = mine.filter_map(|(id, held)| {
            let snapshot = match quarantined.remove(id) {
                Some(gone) => held.open().ok()?.without(gone)?.save().into(),
                None => held.snapshot.clone(),
            };
            Some(Whole { kind: held.kind, document: *id, snapshot })
        });
        standing.collect()
    }

    /// The keys with which to open what colleagues sealed.
    pub fn stream_keys(&self) -> Vec<StreamKey> {
        self.streams.values().filter_map(|reading| reading.key.clone()).collect()
    }

    /// Takes in what came in a bundle: merges what is of streams that the tablet holds, keeps what is for the store until the
    /// next sync, and lets go of what a receipt says is at the store. Gives what to carry out and what it did.
    pub fn import(&mut self, moment: &Moment, mut came: Vec<Came>) -> (Vec<Output>, Report) {
        // How a stream stands comes first: work to hand in may build on it.
        came.sort_by_key(|one| !matches!(one, Came::ForColleagues(_)));
        self.report = Report::default();
        let mut writes = Vec::new();
        for one in came {
            match one {
                Came::ForStore(bytes, opened) => {
                    let own = opened.as_ref().and_then(|sealed| sealed.batch.as_ref());
                    let own = own.and_then(|batch| batch.open().ok());
                    if own.is_some_and(|(signed, _)| signed.device == self.identity.device) {
                        continue;
                    }
                    if let Some(sealed) = opened {
                        self.merge_sealed(sealed, &mut writes);
                    }
                    self.carry(bytes, &mut writes);
                }
                Came::ForColleagues(sealed) => self.merge_sealed(sealed, &mut writes),
                Came::Receipt(words) => self.settle_by(words, moment, &mut writes),
            }
        }
        writes.push(self.identity_write());
        (vec![Output::Persist(writes)], std::mem::take(&mut self.report))
    }

    fn merge_sealed(&mut self, sealed: Sealed, writes: &mut Vec<Write>) {
        let stream = sealed.stream;
        if !self.streams.contains_key(&stream) {
            return;
        }
        for whole in sealed.documents {
            match Document::received(whole.kind, &whole.snapshot) {
                Ok(theirs) => self.merge_others(stream, whole.document, whole.kind, theirs.changes(), writes),
                Err(_) => self.report.unreadable += 1,
            }
        }
        let Some(batch) = sealed.batch else { return };
        let Ok((_, statement)) = batch.open() else { return };
        for (item, bytes) in statement.items.iter().zip(&batch.changes) {
            match Change::parse(bytes) {
                Ok(change) if item.stream == stream => {
                    self.merge_others(stream, item.document, item.kind, vec![change], writes);
                }
                _ => self.report.unreadable += 1,
            }
        }
    }

    /// Merges what a colleague handed over. Work under this tablet's own name it has already, or nobody but the store can
    /// say whose it is: were it taken in, this tablet would one day sign for it.
    fn merge_others(
        &mut self,
        stream: StreamId,
        id: DocumentId,
        kind: Kind,
        mut changes: Vec<Change>,
        writes: &mut Vec<Write>,
    ) {
        changes.retain(|change| change.actor().device != self.identity.device);
        let document = self.opened(id, kind);
        self.merge(stream, id, document, &changes, writes);
    }

    fn carry(&mut self, bytes: ByteVec, writes: &mut Vec<Write>) {
        if bytes.len() > LARGEST {
            self.report.refused += 1;
            return;
        }
        if self.carried.values().any(|other| *other == bytes) {
            return;
        }
        let serial = self.next_serial();
        writes.push(Write::Put(Key::Carried(serial), bytes.to_vec()));
        self.carried.insert(serial, bytes);
        self.report.carried += 1;
    }

    /// Keeps the store's words for a colleague, or acts on them where they are for this tablet. Only the store's own
    /// signature makes it let go of anything.
    fn settle_by(&mut self, words: ByteVec, moment: &Moment, writes: &mut Vec<Write>) {
        let Some(settlement) = self.heard(&words) else { return };
        if settlement.device != self.identity.device {
            self.keep_receipt(words, writes);
            return;
        }
        let mut serials = Vec::new();
        for one in &settlement.settled {
            let waits = |(_, waiting): &(&u64, &Waiting)| {
                (waiting.document, waiting.digest()) == (one.document, one.digest)
            };
            if let Some(serial) = self.outbox.iter().find(waits).map(|(serial, _)| *serial) {
                self.take_outcome(serial, &one.outcome, moment, writes);
                serials.push(serial);
            }
        }
        self.withdraw(&serials, writes);
    }

    /// Words that the store signed in its present life.
    fn heard(&self, words: &[u8]) -> Option<Settlement> {
        let signed = Signed::from_bytes(words).ok()?;
        signed.verify(Purpose::Receipt, &self.identity.store_key()?).ok()?;
        let settlement: Settlement = from_bytes(&signed.payload).ok()?;
        (settlement.epoch == self.identity.epoch).then_some(settlement)
    }

    pub(super) fn keep_receipt(&mut self, words: ByteVec, writes: &mut Vec<Write>) {
        if self.receipts.values().any(|other| *other == words) {
            return;
        }
        let serial = self.next_serial();
        writes.push(Write::Put(Key::Receipt(serial), words.to_vec()));
        self.receipts.insert(serial, words);
        while self.receipts.len() > RECEIPTS
            && let Some((oldest, _)) = self.receipts.pop_first()
        {
            writes.push(Write::Delete(Key::Receipt(oldest)));
        }
    }

    /// The store's public key for sealing, an age recipient; none where the tablet was enrolled before there was one.
    pub fn store_recipient(&self) -> Option<&str> {
        self.identity.seal.as_deref()
    }

    /// How many things of colleagues wait to be handed in.
    pub fn carried(&self) -> usize {
        self.carried.len()
    }
}
