//! The way down: from an answer to the documents. All of one answer is persisted in one write, or none of it.

use std::collections::{BTreeMap, BTreeSet};

use super::Output;
use super::agree::Differences;
use super::blob::{Key, Write};
use super::state::{Course, HeldDocument, StreamState, Tablet};
use crate::cbor::{from_bytes, to_bytes};
use crate::change::Change;
use crate::conflict::conflicts;
use crate::cursor::Mark;
use crate::document::Document;
use crate::id::{DocumentId, StreamId};
use crate::quarantine::{Outcome, Reason};
use crate::record::Kind;
use crate::time::Moment;
use crate::wire::{Answer, Entry, PROTOCOL, Page, Receipt, Tells, Whole};

/// Bytes that are not an answer to the tablet's request. Nothing of them is kept, and the outbox is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAnswer {
    #[error("the answer could not be read, perhaps it was cut off; everything is kept, sync again")]
    Unreadable,
    #[error("the server speaks another version of the protocol; update the tablet, everything is kept")]
    Protocol,
    #[error("an answer came that was not asked for")]
    Unasked,
}

impl Tablet {
    /// Takes in the answer to the request under way. The outputs end with the next request where there is more to send
    /// or to read, otherwise with the report.
    ///
    /// # Errors
    /// [`NotAnAnswer`]; the tablet is then as it was.
    pub fn answered(&mut self, moment: &Moment, body: &[u8]) -> Result<Vec<Output>, NotAnAnswer> {
        let answer: Answer = from_bytes(body).map_err(|_| NotAnAnswer::Unreadable)?;
        if answer.protocol != PROTOCOL {
            return Err(NotAnAnswer::Protocol);
        }
        let flight = self.flight.take().ok_or(NotAnAnswer::Unasked)?;
        let mut writes = Vec::new();
        // 1. The link carried this much, and the store has read of the purged streams.
        self.failures = 0;
        let down_full = answer.pages.iter().any(|page| page.fingerprint.is_none());
        self.identity.pace_mut().went_well(flight.full, down_full);
        self.identity.purged.clear();
        self.identity.last_sync = answer.now;
        // 2. A new epoch comes before the outcomes: it puts quarantined changes of the old store into the outbox again,
        //    and must not do so with changes that this very answer says are quarantined.
        if self.identity.epoch != answer.epoch {
            self.new_epoch(&answer, &mut writes);
        }
        // 3. Outcomes and rejections. Changes that lost their place leave the records before pages are merged.
        for outcomes in answer.outcomes.iter().filter(|outcomes| outcomes.batch == flight.batch) {
            for (serial, outcome) in flight.serials.iter().zip(&outcomes.outcomes) {
                self.take_outcome(*serial, outcome, moment, &mut writes);
            }
        }
        let rejected = self.hear_rejections(answer.rejected, moment, &mut writes);
        self.withdraw(&flight.serials, &mut writes);
        self.withdraw(&rejected, &mut writes);
        // 4. Carried work: the store has answered for it, and its receipt is carried back.
        for (serial, receipt) in flight.carried.into_iter().zip(answer.receipts) {
            self.carried.remove(&serial);
            writes.push(Write::Delete(Key::Carried(serial)));
            match receipt {
                Receipt::Taken(words) => {
                    self.report.carried += 1;
                    self.keep_receipt(words, &mut writes);
                }
                Receipt::Refused => self.report.refused += 1,
            }
        }
        if !answer.people.is_empty() {
            self.people.extend(answer.people.into_iter().map(|person| (person.device, person.name)));
            writes.push(Write::Put(Key::People, to_bytes(&self.people)));
        }
        // 5. Pages are merged, and cursors move.
        let mut more = false;
        for page in answer.pages {
            more |= self.turn(page, &flight.agreeing, &mut writes);
        }
        for key in answer.keys {
            let stream = key.stream;
            self.streams.entry(stream).or_insert(StreamState::begun()).key = Some(key);
            writes.push(self.stream_write(stream));
        }
        // 6. Streams that the tablet may no longer hold go once the outbox holds nothing for them: after the outcomes.
        for stream in answer.dropped {
            self.told_to_drop(stream, &mut writes);
        }
        self.purge(moment, &mut writes);
        // 7. All of it is persisted in one write, and the sync goes on or ends.
        if more || self.has_more_to_send() {
            return Ok(self.request(moment, writes));
        }
        self.report.too_large.clone_from(&self.stuck);
        self.report.too_large_carried = self.stuck_carried.len() as u32;
        writes.push(self.identity_write());
        Ok(vec![Output::Persist(writes), Output::Finished(std::mem::take(&mut self.report))])
    }

    /// The store refused the number of the request (409), and names `last`, the last number that it took. Either it has
    /// seen the number before: the folder was copied or brought back from a backup. Or the tablet's count is damaged
    /// and too far ahead. The tablet starts a new incarnation, so that its next changes do not take numbers of the
    /// other copy, and asks again after `last`.
    pub fn outrun(&mut self, moment: &Moment, last: u64) -> Vec<Output> {
        self.flight = None;
        self.identity.number = last;
        self.new_life(moment);
        self.request(moment, Vec::new())
    }

    /// Starts a new incarnation, drawn at random, so that two copies of one tablet do not start the same. 0 is the
    /// incarnation in which a tablet is enrolled.
    pub(super) fn new_life(&mut self, moment: &Moment) {
        let [a, b, c, d] = [12, 13, 14, 15].map(|at| moment.random[at]);
        self.identity.incarnation = u32::from_be_bytes([a, b, c, d]).max(1);
    }

    /// Takes a change out of the outbox, as the store has answered for it. A quarantined one is kept, with the reason.
    pub(super) fn take_outcome(
        &mut self,
        serial: u64,
        outcome: &Outcome,
        moment: &Moment,
        writes: &mut Vec<Write>,
    ) {
        let Some(mut waiting) = self.outbox.remove(&serial) else { return };
        writes.push(Write::Delete(Key::Outbox(serial)));
        if let (Outcome::Accepted | Outcome::Duplicate, Some(agreement)) =
            (outcome, self.agreements.get_mut(&waiting.stream))
        {
            // The store has more of this document than when the agreement began: its mark here is out of date.
            agreement.compared.insert(waiting.document);
        }
        match outcome {
            Outcome::Accepted => self.report.accepted += 1,
            Outcome::Duplicate => self.report.duplicate += 1,
            Outcome::Quarantined(reason) => {
                // A copy of this tablet wrote under the same numbers: later edits need an incarnation of their own.
                if *reason == Reason::Rekeyed {
                    self.new_life(moment);
                }
                self.report.quarantined.push((waiting.document, reason.clone()));
                waiting.reason = Some(reason.clone());
                writes.push(Write::Put(Key::Quarantined(serial), to_bytes(&waiting)));
                self.quarantined.insert(serial, waiting);
            }
        }
    }

    /// Takes in a page of a stream. The request asked of the streams `asked` what differs. Gives whether there is more.
    fn turn(&mut self, page: Page, asked: &BTreeSet<StreamId>, writes: &mut Vec<Write>) -> bool {
        let stream = page.stream;
        let reading = self.streams.entry(stream).or_insert(StreamState::begun());
        let was_dropped = std::mem::take(&mut reading.dropped);
        // 1. The page must fit the cursor that the tablet has now. A page that answers another cursor could leave a
        //    gap: changes between the two would never be read.
        let (course, ended) = match (page.tells, reading.course) {
            (Tells::Changes { from, to, entries }, Course::Following(position)) if from == position => {
                self.merge_entries(stream, entries, writes);
                (Course::Following(to), true)
            }
            (Tells::Documents { at, more, documents, .. }, Course::Copying { after, .. }) if !was_dropped => {
                let after = documents.last().map_or(after, |last| last.document);
                self.merge_documents(stream, &documents, writes);
                if more { (Course::Copying { at, after }, false) } else { (Course::Following(at), true) }
            }
            (Tells::Documents { .. }, Course::Agreeing) if !was_dropped && !asked.contains(&stream) => {
                // The request had no room to ask about this stream; a later one does.
                return true;
            }
            (Tells::Documents { at, more, message, documents }, Course::Agreeing) if !was_dropped => {
                let came = self.merge_documents(stream, &documents, writes);
                let said = Differences { at, more, message: &message, sent: documents.len(), came };
                match self.agreed(stream, said, writes) {
                    Some(from) => (Course::Following(from), from == at),
                    None => (Course::Agreeing, false),
                }
            }
            // The store can't go on from the cursor, the stream was dropped and came back, or the cursor is another.
            _ => {
                self.agree(stream, writes);
                return self.report.lost.insert(stream);
            }
        };
        self.streams.entry(stream).or_insert(StreamState::begun()).course = course;
        writes.push(self.stream_write(stream));
        // 2. At the end of the stream both sides must hold the same documents. They may differ only by changes that are
        //    on their way to the store: in the outbox, or carried for a colleague and merged here.
        let Some(theirs) = page.fingerprint.filter(|_| ended) else { return true };
        let on_its_way =
            !self.carried.is_empty() || self.outbox.values().any(|waiting| waiting.stream == stream);
        let differs = !on_its_way && self.fingerprint(stream) != theirs;
        // Once in a sync: a difference that an agreement does not remove would make a sync that never ends.
        if differs && self.report.repaired.insert(stream) {
            self.agree(stream, writes);
            return true;
        }
        false
    }

    /// Merges the changes of a page, record by record: each record is opened and saved once.
    fn merge_entries(&mut self, stream: StreamId, entries: Vec<Entry>, writes: &mut Vec<Write>) {
        let mut arrived: BTreeMap<DocumentId, Vec<Entry>> = BTreeMap::new();
        for entry in entries {
            arrived.entry(entry.document).or_default().push(entry);
        }
        for (id, entries) in arrived {
            let Some(kind) = entries.first().map(|entry| entry.kind) else { continue };
            let changes: Vec<Change> =
                entries.iter().filter_map(|entry| Change::parse(&entry.change).ok()).collect();
            self.report.unreadable += (entries.len() - changes.len()) as u32;
            self.take_in(stream, id, kind, &changes, writes);
        }
    }

    /// Merges whole documents, and offers the tablet's changes that the store lacks in them. Gives the documents that
    /// could be read, with their marks at the store.
    fn merge_documents(
        &mut self,
        stream: StreamId,
        documents: &[Whole],
        writes: &mut Vec<Write>,
    ) -> Vec<(Mark, DocumentId)> {
        let mut came = Vec::new();
        for whole in documents {
            let Ok(theirs) = Document::received(whole.kind, &whole.snapshot) else {
                self.report.unreadable += 1;
                continue;
            };
            came.push((Mark::of(whole.document, &theirs.heads()), whole.document));
            let changes = theirs.changes();
            self.take_in(stream, whole.document, whole.kind, &changes, writes);
            self.offer_again(whole.document, |change| !theirs.contains(&change.hash()), writes);
        }
        came
    }

    /// Merges changes that the store has merged.
    fn take_in(
        &mut self,
        stream: StreamId,
        id: DocumentId,
        kind: Kind,
        changes: &[Change],
        writes: &mut Vec<Write>,
    ) {
        // 1. Changes that the tablet took for unanswered or quarantined, and that are among these, wait no longer.
        self.release(id, changes, writes);
        // 2. Automerge refuses a second change under one number: the tablet's own change gives way to the store's.
        let document = self.opened(id, kind);
        let rest = self.give_way(stream, id, &document, changes, writes);
        // 3. What is left can be merged with what came.
        self.merge(stream, id, rest.unwrap_or(document), changes, writes);
    }

    /// A document as this tablet has it. Where it does not hold the document, or can't open its own copy, an empty one
    /// takes its place. Changes that build on more than that are then unreadable, the fingerprints differ, and an
    /// agreement brings the whole document from the store.
    pub(super) fn opened(&self, id: DocumentId, kind: Kind) -> Document {
        let held = self.documents.get(&id).and_then(|held| held.open().ok());
        held.unwrap_or_else(|| Document::genesis(kind))
    }

    /// Merges changes into a document that was opened, keeps it, and reports conflicts. A change that can't be merged
    /// is counted as unreadable and does not hold back the others.
    pub(super) fn merge(
        &mut self,
        stream: StreamId,
        id: DocumentId,
        mut document: Document,
        changes: &[Change],
        writes: &mut Vec<Write>,
    ) {
        let fresh: Vec<&Change> =
            changes.iter().filter(|change| !document.contains(&change.hash())).collect();
        if document.apply(fresh.iter().copied()).is_ok() {
            self.report.received += fresh.len() as u32;
        } else {
            // One of them can't be merged, and Automerge refuses them all for it: apply them one by one.
            for change in fresh {
                match document.apply([change]) {
                    Ok(()) => self.report.received += 1,
                    Err(_) => self.report.unreadable += 1,
                }
            }
        }
        let held = HeldDocument::of(stream, &document);
        // Nothing is written where nothing changed, and no document is kept that holds the genesis alone.
        let as_before = self.documents.get(&id).is_some_and(|before| before.heads == held.heads);
        if as_before || document.is_empty() {
            return;
        }
        self.report.merged.insert(id);
        if conflicts(&document).is_empty() {
            self.report.clashing.remove(&id);
        } else {
            self.report.clashing.insert(id);
        }
        self.hold(id, held, writes);
    }
}
