//! Noticing that the tablet and the store do not hold the same, and coming to agree again.

use std::collections::{BTreeMap, BTreeSet};

use super::blob::{Key, Write};
use super::state::{Agreement, Course, HeldDocument, StreamState, Tablet};
use super::waiting::Waiting;
use crate::agreement;
use crate::change::{Change, ChangeHash};
use crate::cursor::{Ask, Fingerprint, Mark};
use crate::id::{DocumentId, StreamId};
use crate::record::SCHEMA;
use crate::time::Moment;
use crate::wire::Answer;

/// What the store said about what differs in a stream.
#[derive(Debug)]
pub(super) struct Differences<'a> {
    pub(super) at: u64,
    pub(super) more: bool,
    pub(super) message: &'a [u8],
    /// How many documents the store sent.
    pub(super) sent: usize,
    /// Those of them that could be read, as the store has them.
    pub(super) came: Vec<(Mark, DocumentId)>,
}

impl Tablet {
    /// The two sides differ: finds out in what.
    pub(super) fn agree(&mut self, stream: StreamId, writes: &mut Vec<Write>) {
        self.agreements.remove(&stream);
        if let Some(reading) = self.streams.get_mut(&stream) {
            reading.course = Course::Agreeing;
            writes.push(self.stream_write(stream));
        }
    }

    /// The store was restored from a backup, so that it may lack what it had: what was quarantined there too.
    pub(super) fn new_epoch(&mut self, answer: &Answer, writes: &mut Vec<Write>) {
        self.identity.epoch = answer.epoch;
        for (serial, mut waiting) in std::mem::take(&mut self.quarantined) {
            writes.push(Write::Delete(Key::Quarantined(serial)));
            (waiting.reason, waiting.rejection) = (None, None);
            let write = self.offer(waiting);
            writes.push(write);
        }
        let readable: BTreeSet<StreamId> = answer.pages.iter().map(|page| page.stream).collect();
        for stream in self.streams.keys().copied().collect::<Vec<_>>() {
            self.agree(stream, writes);
            if !readable.contains(&stream) {
                self.offer_own(stream, writes);
            }
        }
    }

    /// The tablet may hold a stream no longer. Where the two sides were about to find out what differs, they never will now.
    pub(super) fn told_to_drop(&mut self, stream: StreamId, writes: &mut Vec<Write>) {
        let reading = self.streams.entry(stream).or_insert(StreamState::begun());
        let first = !std::mem::replace(&mut reading.dropped, true);
        if first && reading.course == Course::Agreeing {
            self.offer_own(stream, writes);
        }
        writes.push(self.stream_write(stream));
    }

    /// Where nothing can be compared, all that is our own is offered: the store may have lost it.
    fn offer_own(&mut self, stream: StreamId, writes: &mut Vec<Write>) {
        let held = self.documents.iter().filter(|(_, held)| held.stream == stream);
        let ids: Vec<DocumentId> = held.map(|(id, _)| *id).collect();
        let own = self.identity.device;
        for id in ids {
            self.offer_again(id, |change| change.actor().device == own, writes);
        }
    }

    /// What the tablet asks of a stream where the two sides differ; at most so many documents at once.
    pub(super) fn ask_what_differs(&mut self, stream: StreamId, most: usize) -> Ask {
        if !self.agreements.contains_key(&stream) {
            let marks: Vec<Mark> = self.marks(stream).into_keys().collect();
            let message = agreement::begin(&marks);
            self.agreements.insert(stream, Agreement { message, ..Agreement::default() });
        }
        let agreement = self.agreements.entry(stream).or_default();
        agreement.asked = agreement.wanted.iter().copied().take(most).collect();
        let wanted = agreement.asked.iter().copied().collect();
        Ask::Agree { message: agreement.message.clone().into(), wanted }
    }

    /// Takes in what the store said about what differs; gives where to read on from once all of it has come. Where none is under
    /// way, the next request begins one.
    pub(super) fn agreed(
        &mut self,
        stream: StreamId,
        said: Differences<'_>,
        writes: &mut Vec<Write>,
    ) -> Option<u64> {
        let mut agreement = self.agreements.remove(&stream)?;
        let at = *agreement.at.get_or_insert(said.at);
        for (mark, id) in said.came {
            agreement.wanted.remove(&mark);
            agreement.compared.insert(id);
        }
        if !said.more {
            if said.sent < agreement.asked.len() {
                // What was asked for and is not there has changed since, be it by what this tablet handed in. What it held
                // before would not come with the changes after `at`: the two sides begin again.
                return None;
            }
            // What came and can't be read would be as damaged the next time.
            agreement.wanted.retain(|mark| !agreement.asked.contains(mark));
        }
        if !agreement.message.is_empty() {
            let marks: Vec<Mark> = self.marks(stream).into_keys().collect();
            // Bytes that make no sense end it here: the fingerprint tells whether the two sides are equal.
            let room = self.identity.pace().up();
            let found = agreement::go_on(&marks, said.message, room).unwrap_or_default();
            agreement.message = found.next.unwrap_or_default();
            agreement.have.extend(found.have);
            agreement.wanted.extend(found.need);
        }
        if !agreement.message.is_empty() || !agreement.wanted.is_empty() {
            self.agreements.insert(stream, agreement);
            return None;
        }
        let marks = self.marks(stream);
        let only_ours = agreement.have.iter().filter_map(|mark| marks.get(mark));
        for id in only_ours.filter(|id| !agreement.compared.contains(id)) {
            self.offer_again(*id, |_| true, writes);
        }
        Some(at)
    }

    /// Puts those changes of a document into the outbox again that the store seems to lack and that do not wait anyway.
    pub(super) fn offer_again(
        &mut self,
        id: DocumentId,
        lacks: impl Fn(&Change) -> bool,
        writes: &mut Vec<Write>,
    ) {
        let Some(held) = self.documents.get(&id) else { return };
        let (stream, kind) = (held.stream, held.kind);
        let Ok(document) = held.open() else { return };
        let waits = self.outbox.values().chain(self.quarantined.values()).filter(|one| one.document == id);
        let waits: BTreeSet<ChangeHash> = waits.map(|one| one.hash).collect();
        for change in document.changes() {
            if waits.contains(&change.hash()) || !lacks(&change) {
                continue;
            }
            let waiting = Waiting {
                stream,
                document: id,
                kind,
                schema: SCHEMA,
                hash: change.hash(),
                change: change.bytes().to_vec().into(),
                reason: None,
                rejection: None,
            };
            let write = self.offer(waiting);
            writes.push(write);
        }
    }

    /// Drops what the tablet may no longer hold, once all it recorded there is handed in, and notes the receipt.
    pub(super) fn purge(&mut self, moment: &Moment, writes: &mut Vec<Write>) {
        let dropped: Vec<StreamId> =
            self.streams.iter().filter(|(_, reading)| reading.dropped).map(|(stream, _)| *stream).collect();
        for stream in dropped {
            if self.outbox.values().any(|waiting| waiting.stream == stream) {
                continue;
            }
            let gone: Vec<DocumentId> =
                self.documents.iter().filter(|(_, held)| held.stream == stream).map(|(id, _)| *id).collect();
            for id in gone {
                self.documents.remove(&id);
                writes.push(Write::Delete(Key::Document(id)));
            }
            let quarantined: Vec<u64> = self
                .quarantined
                .iter()
                .filter(|(_, one)| one.stream == stream)
                .map(|(serial, _)| *serial)
                .collect();
            if !quarantined.is_empty() {
                // What is quarantined holds its numbers: should the group come back, others are to be counted.
                self.new_life(moment);
            }
            for serial in quarantined {
                self.quarantined.remove(&serial);
                writes.push(Write::Delete(Key::Quarantined(serial)));
            }
            self.streams.remove(&stream);
            writes.push(Write::Delete(Key::Stream(stream)));
            self.identity.purged.push(stream);
            self.report.dropped += 1;
        }
    }

    /// The documents of a stream by their marks, as the store should have them: without what is quarantined there.
    pub(super) fn marks(&self, stream: StreamId) -> BTreeMap<Mark, DocumentId> {
        self.settled(stream).map(|(id, heads)| (Mark::of(id, &heads), id)).collect()
    }

    /// The fingerprint of a stream as the store should have it.
    pub(super) fn fingerprint(&self, stream: StreamId) -> Fingerprint {
        let none = Fingerprint::default();
        self.settled(stream).fold(none, |sum, (id, heads)| sum.replace(none, Fingerprint::of(id, &heads)))
    }

    /// The documents of a stream with their heads without what is quarantined; not those of which nothing is left then.
    fn settled(&self, stream: StreamId) -> impl Iterator<Item = (DocumentId, Vec<ChangeHash>)> {
        let mut quarantined: BTreeMap<DocumentId, BTreeSet<ChangeHash>> = BTreeMap::new();
        for waiting in self.quarantined.values().filter(|waiting| waiting.stream == stream) {
            quarantined.entry(waiting.document).or_default().insert(waiting.hash);
        }
        let mine = self.documents.iter().filter(move |(_, held)| held.stream == stream);
        mine.map(move |(id, held)| match quarantined.get(id) {
            Some(without) => (*id, heads_without(held, without)),
            None => (*id, held.heads.clone()),
        })
        .filter(|(_, heads)| !heads.is_empty())
    }
}

/// The heads that a document has without some changes, none of which anything else builds on.
fn heads_without(held: &HeldDocument, without: &BTreeSet<ChangeHash>) -> Vec<ChangeHash> {
    let changes = held.open().map(|document| document.changes()).unwrap_or_default();
    let mut heads = BTreeSet::new();
    for change in changes.iter().filter(|change| !without.contains(&change.hash())) {
        for behind in change.deps() {
            heads.remove(&behind);
        }
        heads.insert(change.hash());
    }
    heads.into_iter().collect()
}
