//! A page of a stream, merged into the documents, and how far the stream is read with it.

use std::collections::{BTreeMap, BTreeSet};

use super::agree::Differences;
use super::blob::{Key, Write};
use super::course::{Course, StreamState};
use super::state::{HeldDocument, Tablet};
use crate::change::Change;
use crate::conflict::conflicts;
use crate::cursor::Mark;
use crate::document::Document;
use crate::id::{DocumentId, StreamId};
use crate::quarantine::Reason;
use crate::record::Kind;
use crate::wire::{Entry, Page, Tells, Whole};

impl Tablet {
    /// Takes in a page of a stream. The request asked of the streams `asked` what differs. Gives whether there is more.
    pub(super) fn turn(&mut self, page: Page, asked: &BTreeSet<StreamId>, writes: &mut Vec<Write>) -> bool {
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
        if changes.iter().any(Change::is_tombstone) {
            self.bury(stream, id, kind, writes);
            return;
        }
        // 1. Changes that the tablet took for unanswered or quarantined, and that are among these, wait no longer.
        self.release(id, changes, writes);
        // 2. Automerge refuses a second change under one number: the tablet's own change gives way to the store's.
        let document = self.opened(id, kind);
        let rest = self.give_way(stream, id, &document, changes, writes);
        // 3. What is left can be merged with what came.
        self.merge(stream, id, rest.unwrap_or(document), changes, writes);
    }

    /// Puts the tombstone in the place of a record that was erased. The tablet's changes that were quarantined before go,
    /// too, as they do at the store; what is still in the outbox is handed in, and quarantined there.
    fn bury(&mut self, stream: StreamId, id: DocumentId, kind: Kind, writes: &mut Vec<Write>) {
        self.quarantined.retain(|serial, one| {
            let stays = one.document != id || one.reason == Some(Reason::Erased);
            if !stays {
                writes.push(Write::Delete(Key::Quarantined(*serial)));
            }
            stays
        });
        let held = HeldDocument::of(stream, &Document::tombstone(kind));
        if self.documents.get(&id).is_none_or(|before| before.heads != held.heads) {
            self.report.received += 1;
            self.report.merged.insert(id);
            self.report.clashing.remove(&id);
            self.hold(id, held, writes);
        }
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
        // Nothing is merged with what is left of a record that was erased. Only the store says that one was: a colleague's
        // bundle can't.
        if document.is_erased() {
            return;
        }
        let changes = changes.iter().filter(|change| !change.is_tombstone());
        let fresh: Vec<&Change> = changes.filter(|change| !document.contains(&change.hash())).collect();
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
