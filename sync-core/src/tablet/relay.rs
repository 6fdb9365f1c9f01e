//! Without a network: bundles that the tablet hands to a colleague, and bundles that a colleague handed over.

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

/// The most receipts that a tablet keeps for colleagues; the oldest go first. A receipt that is lost only makes a
/// colleague hand a batch in again.
const RECEIPTS: usize = 500;

/// The largest sealed batch that is carried, in bytes: a larger one would not fit into a request. A tablet packs less
/// than half as much into one.
const LARGEST: usize = 1024 * 1024;

/// Content to seal as one part of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToSeal {
    /// Whether the store is among its readers. The holders of the stream are, in either case, where `key` is given.
    pub for_store: bool,
    /// The stream's key, where the tablet has it.
    pub key: Option<StreamKey>,
    pub content: Sealed,
}

/// The content of a bundle, before it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exported {
    pub to_seal: Vec<ToSeal>,
    /// Colleagues' work that this tablet carries already.
    pub carried: Vec<ByteVec>,
    pub receipts: Vec<ByteVec>,
}

/// One part or receipt of a bundle, opened as far as the tablet's keys reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// A sealed batch to hand in at the store; with its content where it is of a stream that the tablet holds.
    ForStore(ByteVec, Option<Sealed>),
    ForColleagues(Sealed),
    Receipt(ByteVec),
}

impl Tablet {
    /// A bundle's content for a colleague to carry: the outbox, for the store, and the documents of each stream, for
    /// colleagues. The outbox stays as it is until the store answers. `moments` gives another moment each time.
    ///
    /// Costs a signature for each page of the outbox, and a copy of every document.
    pub fn export(&self, mut moments: impl FnMut() -> Moment) -> Exported {
        let mut to_seal = Vec::new();
        for (stream, reading) in &self.streams {
            let key = reading.key.clone();
            let seal = |for_store, content| ToSeal { for_store, key: key.clone(), content };
            // 1. Work for the store.
            to_seal.extend(self.signed_pages(*stream, &mut moments).into_iter().map(|page| seal(true, page)));
            // 2. The documents, for colleagues. Without the stream's key there is nobody for whom to seal them. What all members of the
            //    partnership read comes from the store alone.
            let documents =
                if *stream == StreamId::PARTNERSHIP { Vec::new() } else { self.standing(*stream) };
            if key.is_some() && !documents.is_empty() {
                to_seal.push(seal(false, Sealed { stream: *stream, batch: None, documents }));
            }
        }
        let carried = self.carried.values().cloned().collect();
        Exported { to_seal, carried, receipts: self.receipts.values().cloned().collect() }
    }

    /// What waits in the outbox, for the store alone. A tablet that may lock keeps it ready, outside of what its passphrase seals.
    pub fn export_outbox(&self, mut moments: impl FnMut() -> Moment) -> Vec<Sealed> {
        self.streams.keys().flat_map(|stream| self.signed_pages(*stream, &mut moments)).collect()
    }

    /// The outbox of one stream in batches, signed here, so that the store need not trust the carrier.
    fn signed_pages(&self, stream: StreamId, moments: &mut impl FnMut() -> Moment) -> Vec<Sealed> {
        let signed = |serials: Vec<u64>| {
            let moment = moments();
            let batch = Some(self.seal(BatchId::new(&moment), &serials, &moment));
            Sealed { stream, batch, documents: Vec::new() }
        };
        self.pages_of(stream).into_iter().map(signed).collect()
    }

    /// The serial of the newest change in the outbox. With how many wait it tells whether the outbox is still the same: changes leave it, and are added at
    /// its end alone.
    pub fn newest_waiting(&self) -> Option<u64> {
        self.outbox.keys().next_back().copied()
    }

    /// The serials of the outbox of one stream, in pages of at most [`PAGE`] bytes of changes.
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

    /// The documents of a stream, without the changes that the store keeps in quarantine: a colleague who merged these
    /// would hold what the store does not.
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

    /// Takes in the parts of a bundle: merges changes of streams that the tablet holds, keeps sealed batches for the
    /// store until the next sync, and lets go of changes that a receipt says the store has. Gives the outputs to carry
    /// out, and a report.
    pub fn import(&mut self, moment: &Moment, mut came: Vec<Came>) -> (Vec<Output>, Report) {
        // Documents come first: the changes of a batch may build on them, and could not be merged before.
        came.sort_by_key(|one| !matches!(one, Came::ForColleagues(_)));
        self.report = Report::default();
        let mut writes = Vec::new();
        for one in came {
            match one {
                Came::ForStore(bytes, opened) => {
                    let own = opened.as_ref().and_then(|sealed| sealed.batch.as_ref());
                    // A batch in this tablet's own name is not carried: the tablet hands in its outbox itself.
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

    /// Merges the documents and the batch of a part, if the tablet holds its stream. Nothing is taken in for the stream of the partnership:
    /// every tablet has its key, so anybody could put another telephone number into the directory of services, or other words into a lesson.
    fn merge_sealed(&mut self, sealed: Sealed, writes: &mut Vec<Write>) {
        let stream = sealed.stream;
        if stream == StreamId::PARTNERSHIP || !self.streams.contains_key(&stream) {
            return;
        }
        for whole in sealed.documents {
            match Document::received(whole.kind, &whole.snapshot) {
                Ok(theirs) => self.merge_others(stream, whole.document, whole.kind, theirs.changes(), writes),
                Err(_) => self.report.unreadable += 1,
            }
        }
        let Some(batch) = sealed.batch else { return };
        // The part is of one stream: an item for another stream is not merged.
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

    /// Merges changes that a colleague handed over. Changes in this tablet's own name are left out: the tablet has
    /// them, or a copy of it wrote them, or they are forged. Were one taken in, this tablet would one day offer and
    /// sign it as its own.
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

    /// Keeps a sealed batch for the store, once.
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

    /// Keeps a receipt for a colleague, or acts on it where it is for this tablet. Only a receipt with the store's own
    /// signature makes the tablet let go of a change.
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

    /// The settlement in a receipt, if the store signed it in its present epoch. A store that was restored since may
    /// lack what it once gave a receipt for.
    fn heard(&self, words: &[u8]) -> Option<Settlement> {
        let signed = Signed::from_bytes(words).ok()?;
        signed.verify(Purpose::Receipt, &self.identity.store_key()?).ok()?;
        let settlement: Settlement = from_bytes(&signed.payload).ok()?;
        (settlement.epoch == self.identity.epoch).then_some(settlement)
    }

    /// Keeps a receipt for a colleague, once.
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

    /// How many sealed batches of colleagues wait to be handed in.
    pub fn carried(&self) -> usize {
        self.carried.len()
    }
}
