//! Coming to an agreement with the store about a stream of which the two hold different documents: after a lost cursor,
//! a restored store, or fingerprints that differ. The tablet asks for documents that it lacks and offers changes that
//! the store lacks; then it reads on where the store was when the agreement began.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::blob::{Key, Write};
use super::course::{Agreement, Course, StreamState};
use super::state::{HeldDocument, Tablet};
use super::waiting::Waiting;
use crate::agreement;
use crate::change::{Change, ChangeHash};
use crate::cursor::{Ask, Fingerprint, Mark};
use crate::id::{DocumentId, StreamId};
use crate::record::SCHEMA;
use crate::time::Moment;
use crate::wire::Answer;

/// The store's answer in one round of an agreement about a stream.
#[derive(Debug)]
pub(super) struct Differences<'a> {
    /// The number of the stream's last change at the store.
    pub(super) at: u64,
    /// Whether the store has more of the documents that the request asked for.
    pub(super) more: bool,
    pub(super) message: &'a [u8],
    /// How many documents the store sent.
    pub(super) sent: usize,
    /// The documents among them that could be read, with their marks at the store.
    pub(super) came: Vec<(Mark, DocumentId)>,
}

impl Tablet {
    /// Has the next request begin an agreement about a stream. The service alone writes that of the partnership, so there is nothing to agree
    /// on: the tablet forgets it, and reads it from the beginning.
    pub(super) fn agree(&mut self, stream: StreamId, writes: &mut Vec<Write>) {
        self.agreements.remove(&stream);
        if stream == StreamId::PARTNERSHIP {
            self.forget(stream, writes);
            // Without a cursor the store begins the copy anew; with one it might have given up what came before.
            self.streams.remove(&stream);
            writes.push(Write::Delete(Key::Stream(stream)));
            return;
        }
        if let Some(reading) = self.streams.get_mut(&stream) {
            reading.course = Course::Agreeing;
            writes.push(self.stream_write(stream));
        }
    }

    /// The store was restored from a backup: it may lack changes that it once merged or quarantined.
    pub(super) fn new_epoch(&mut self, answer: &Answer, writes: &mut Vec<Write>) {
        self.identity.epoch = answer.epoch;
        // 1. No agreement covers quarantine: each quarantined change is handed in again.
        for (serial, mut waiting) in std::mem::take(&mut self.quarantined) {
            writes.push(Write::Delete(Key::Quarantined(serial)));
            (waiting.reason, waiting.rejection) = (None, None);
            let write = self.offer(waiting);
            writes.push(write);
        }
        // 2. Each stream is compared. A stream that the store no longer lets the tablet read can't be compared: there
        //    the tablet hands in all changes of its own.
        let readable: BTreeSet<StreamId> = answer.pages.iter().map(|page| page.stream).collect();
        for stream in self.streams.keys().copied().collect::<Vec<_>>() {
            self.agree(stream, writes);
            if !readable.contains(&stream) {
                self.offer_own(stream, writes);
            }
        }
    }

    /// The store says that the tablet may no longer hold a stream. An agreement about it that was under way will never
    /// end: in its place the tablet offers all changes of its own, once.
    pub(super) fn told_to_drop(&mut self, stream: StreamId, writes: &mut Vec<Write>) {
        let reading = self.streams.entry(stream).or_insert(StreamState::begun());
        let first = !std::mem::replace(&mut reading.dropped, true);
        if first && reading.course == Course::Agreeing {
            self.offer_own(stream, writes);
        }
        writes.push(self.stream_write(stream));
    }

    /// Offers all changes of a stream that this tablet wrote: the store may have lost them, and nothing else would show
    /// it.
    fn offer_own(&mut self, stream: StreamId, writes: &mut Vec<Write>) {
        let held = self.documents.iter().filter(|(_, held)| held.stream == stream);
        let ids: Vec<DocumentId> = held.map(|(id, _)| *id).collect();
        let own = self.identity.device;
        for id in ids {
            self.offer_again(id, |change| change.actor().device == own, writes);
        }
    }

    /// The tablet's next question in an agreement about a stream: a message, and at most `most` of the marks that it
    /// lacks. The first message costs a mark of each document of the stream.
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

    /// Takes in the store's answer in an agreement; its documents are merged already. Gives the number after which to
    /// read on once the agreement is complete, `None` while it goes on. Where none is under way, the next request
    /// begins one.
    pub(super) fn agreed(
        &mut self,
        stream: StreamId,
        said: Differences<'_>,
        writes: &mut Vec<Write>,
    ) -> Option<u64> {
        let mut agreement = self.agreements.remove(&stream)?;
        // 1. The stream is read on after the first answer's number, not the last one's: changes that came between the
        //    rounds may be in documents that were compared before.
        let at = *agreement.at.get_or_insert(said.at);
        // 2. Cross out the documents that came.
        for (mark, id) in said.came {
            agreement.wanted.remove(&mark);
            agreement.compared.insert(id);
        }
        if !said.more {
            if said.sent < agreement.asked.len() {
                // The store sent fewer documents than the tablet asked for: a document has another mark now, because it
                // gained a change, perhaps one of this tablet. Changes of it from before `at` would never come. The
                // agreement begins again.
                return None;
            }
            // A document that came and can't be read is not asked for again: it would be as damaged the next time.
            agreement.wanted.retain(|mark| !agreement.asked.contains(mark));
        }
        // 3. Compare further, until no range differs.
        if !agreement.message.is_empty() {
            let marks: Vec<Mark> = self.marks(stream).into_keys().collect();
            // A message that can't be read ends the comparison. The fingerprint tells afterwards whether the two sides
            // are equal.
            let room = self.identity.pace().up();
            let found = agreement::go_on(&marks, said.message, room).unwrap_or_default();
            agreement.message = found.next.unwrap_or_default();
            agreement.have.extend(found.have);
            agreement.wanted.extend(found.need);
        }
        // 4. Go on while ranges are to be compared or documents to come.
        if !agreement.message.is_empty() || !agreement.wanted.is_empty() {
            self.agreements.insert(stream, agreement);
            return None;
        }
        // 5. Offer the documents that only the tablet has, but for the changes that the store took meanwhile. Of a
        //    document that came, the difference was offered when it was merged. A mark that names no document any more
        //    is of one that has changed since.
        let marks = self.marks(stream);
        let only_ours = agreement.have.iter().filter_map(|mark| marks.get(mark));
        for id in only_ours.filter(|id| !agreement.compared.contains(id)) {
            self.offer_again(*id, |change| !agreement.taken.contains(&change.hash()), writes);
        }
        Some(at)
    }

    /// Puts the changes of a document that the store seems to lack into the outbox, except those that are in the outbox
    /// or quarantined already.
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
            // A store that lacks a tombstone hears of it from its operator: it takes none from a tablet.
            if waits.contains(&change.hash()) || change.is_tombstone() || !lacks(&change) {
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

    /// Drops the streams that the tablet may no longer hold, and notes each for the receipt in the next request. A
    /// stream stays until the store has answered for all its changes in the outbox: losing access loses no work.
    pub(super) fn purge(&mut self, moment: &Moment, writes: &mut Vec<Write>) {
        let dropped: Vec<StreamId> =
            self.streams.iter().filter(|(_, reading)| reading.dropped).map(|(stream, _)| *stream).collect();
        for stream in dropped {
            if self.outbox.values().any(|waiting| waiting.stream == stream) {
                continue;
            }
            self.forget(stream, writes);
            let quarantined: Vec<u64> = self
                .quarantined
                .iter()
                .filter(|(_, one)| one.stream == stream)
                .map(|(serial, _)| *serial)
                .collect();
            if !quarantined.is_empty() {
                // The store keeps the quarantined changes under their numbers. Should the group come back, the tablet
                // would have forgotten these numbers and give them out again: it starts a new incarnation.
                self.new_life(moment);
            }
            for serial in quarantined {
                writes.push(Write::Delete(Key::Quarantined(serial)));
                if let Some(waiting) = self.quarantined.remove(&serial) {
                    self.leave(serial, &waiting, writes);
                }
            }
            self.streams.remove(&stream);
            writes.push(Write::Delete(Key::Stream(stream)));
            if self.neighbours.forget(stream) {
                writes.push(self.neighbours_write());
            }
            self.identity.purged.push(stream);
            // People are told of groups.
            let of_all = [self.identity.organisation.into(), StreamId::PARTNERSHIP];
            self.report.dropped += u32::from(!of_all.contains(&stream));
        }
    }

    fn forget(&mut self, stream: StreamId, writes: &mut Vec<Write>) {
        let gone: Vec<DocumentId> =
            self.documents.iter().filter(|(_, held)| held.stream == stream).map(|(id, _)| *id).collect();
        for id in gone {
            self.documents.remove(&id);
            writes.push(Write::Delete(Key::Document(id)));
        }
    }

    /// The documents of a stream by their marks, as the store should have them: without quarantined changes.
    pub(super) fn marks(&self, stream: StreamId) -> BTreeMap<Mark, DocumentId> {
        self.settled(stream).map(|(id, heads)| (Mark::of(id, &heads), id)).collect()
    }

    /// The fingerprint of a stream as the store should have it.
    pub(super) fn fingerprint(&self, stream: StreamId) -> Fingerprint {
        let none = Fingerprint::default();
        self.settled(stream).fold(none, |sum, (id, heads)| sum.replace(none, Fingerprint::of(id, &heads)))
    }

    /// The documents of a stream with the heads that they have without quarantined changes; a document of which nothing
    /// is left then is left out. Only documents with quarantined changes are opened.
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

/// The heads that a document has without some changes. A change that builds on one of these is quarantined, too, once
/// the store has answered for it.
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
