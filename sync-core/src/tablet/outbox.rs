//! The way up: from an edit to a request.

use std::collections::BTreeSet;

use minicbor::bytes::ByteVec;

use super::Output;
use super::blob::{Key, Write};
use super::course::{Course, StreamState};
use super::pace::{Failure, SMALL};
use super::report::Report;
use super::state::{Flight, HeldDocument, Tablet};
use super::waiting::Waiting;
use crate::batch::{Envelope, Item, Purpose, Signed, Statement};
use crate::cbor::to_bytes;
use crate::change::Change;
use crate::cursor::{Ask, Cursor};
use crate::document::Document;
use crate::id::{BatchId, DocumentId, StreamId};
use crate::limits::MAX_CARRIED;
use crate::record::SCHEMA;
use crate::time::Moment;
use crate::wire::{About, PROTOCOL, Request};

/// The size of a change's item in a statement, in bytes.
const ITEM: usize = 80;
/// The size of a mark in a request, in bytes.
const MARK: usize = 34;
/// How many requests in a row may have no answer, each smaller than the one before, until a sync is given up.
const FAILURES: u32 = 8;

impl Tablet {
    /// Keeps an edited document and puts its change into the outbox, in one write.
    pub(super) fn enqueue(
        &mut self,
        stream: StreamId,
        id: DocumentId,
        document: &Document,
        change: &Change,
    ) -> Vec<Write> {
        let mut writes = Vec::new();
        self.hold(id, HeldDocument::of(stream, document), &mut writes);
        let waiting = Waiting {
            stream,
            document: id,
            kind: document.kind(),
            schema: SCHEMA,
            hash: change.hash(),
            change: change.bytes().to_vec().into(),
            reason: None,
            rejection: None,
        };
        writes.push(self.offer(waiting));
        writes.push(self.identity_write());
        writes
    }

    /// Puts a change at the end of the outbox. The caller persists the identity, which counts serials, in the same
    /// write.
    pub(super) fn offer(&mut self, waiting: Waiting) -> Write {
        let serial = self.next_serial();
        let write = Write::Put(Key::Outbox(serial), to_bytes(&waiting));
        self.outbox.insert(serial, waiting);
        write
    }

    /// Begins a sync: one request, or the first of a few where there is more than fits into one.
    pub fn sync(&mut self, moment: &Moment) -> Vec<Output> {
        self.report = Report::default();
        self.agreements.clear();
        self.stuck.clear();
        self.stuck_carried.clear();
        self.failures = 0;
        self.request(moment, Vec::new())
    }

    /// The request under way got no answer, or one that says that nothing was taken. The outbox is as it was. Where the
    /// link may have failed for the size of the request or of its answer, the outputs hold a smaller request, to be
    /// sent at once; otherwise the sync is over, and at most the smaller sizes are persisted.
    pub fn unanswered(&mut self, moment: &Moment, how: Failure) -> Vec<Output> {
        let Some(flight) = self.flight.take() else { return Vec::new() };
        if how == Failure::Unrelated {
            return Vec::new();
        }
        self.failures += 1;
        // The smaller sizes are persisted in any case: the next sync, from the same village, begins with them.
        let less = self.identity.pace_mut().failed(how, flight.bytes) | self.set_aside(&flight, how);
        if less && how.is_for_size(flight.bytes) && self.failures <= FAILURES {
            return self.request(moment, Vec::new());
        }
        vec![Output::Persist(vec![self.identity_write()])]
    }

    /// Where the request that failed held one change or one carried batch alone, sets it aside until the next sync: it
    /// can't be made smaller and would hold up all others. Gives whether something was set aside.
    fn set_aside(&mut self, flight: &Flight, how: Failure) -> bool {
        // A link that broke may have broken on the way down: only the second failure in a row counts against what went
        // up.
        let went_up = how == Failure::Request || (how == Failure::Either && self.failures > 1);
        if !went_up || flight.bytes <= SMALL {
            return false;
        }
        match (flight.serials.as_slice(), flight.carried.as_slice()) {
            // The whole record is set aside: later changes of it build on this one and would only be quarantined.
            ([one], []) => self.outbox.get(one).is_some_and(|waiting| self.stuck.insert(waiting.document)),
            ([], [one]) => self.stuck_carried.insert(*one),
            _ => false,
        }
    }

    /// Whether there is more to send in this sync.
    pub(super) fn has_more_to_send(&self) -> bool {
        self.to_send().next().is_some()
            || self.to_carry().next().is_some()
            || !self.identity.purged.is_empty()
    }

    /// The outbox without the records that are set aside, oldest change first.
    fn to_send(&self) -> impl Iterator<Item = (&u64, &Waiting)> {
        self.outbox.iter().filter(|(_, waiting)| !self.stuck.contains(&waiting.document))
    }

    /// The carried batches without those that are set aside.
    fn to_carry(&self) -> impl Iterator<Item = (&u64, &ByteVec)> {
        self.carried.iter().filter(|(serial, _)| !self.stuck_carried.contains(serial))
    }

    /// The next request. It is sent after `writes` are durable, together with its number: a tablet that stopped after
    /// sending and used the number again would be taken for a copy of itself.
    pub(super) fn request(&mut self, moment: &Moment, mut writes: Vec<Write>) -> Vec<Output> {
        self.identity.number += 1;
        self.report.requests += 1;
        writes.push(self.identity_write());
        let mut flight = self.next_flight(moment);
        let carries = !(flight.serials.is_empty() && flight.carried.is_empty());
        let budget = self.identity.pace().down(carries);
        let batches = match flight.serials.as_slice() {
            [] => Vec::new(),
            serials => vec![self.seal(flight.batch, serials, moment)],
        };
        let unsent = u32::try_from(self.outbox.len() - flight.serials.len()).unwrap_or(u32::MAX);
        let carried = flight.carried.iter().filter_map(|serial| self.carried.get(serial).cloned()).collect();
        let request = Request {
            protocol: PROTOCOL,
            epoch: self.identity.epoch,
            number: self.identity.number,
            incarnation: self.identity.incarnation,
            cursors: self.cursors(&mut flight, budget > 0),
            batches,
            purged: self.identity.purged.clone(),
            budget,
            carried,
            waiting: self.asked_after(),
            about: Some(About { program: About::PROGRAM.to_owned(), unsent, key: self.folder_key.clone() }),
            kinds: Some(Request::KINDS),
            neighbours: Some(self.neighbours.heard),
        };
        self.flight = Some(flight);
        let signed =
            Signed::sign(Purpose::Request, self.identity.device, &self.identity.key(), to_bytes(&request));
        vec![Output::Persist(writes), Output::Send(signed.to_bytes())]
    }

    /// One cursor for each stream that the tablet holds. Messages about differences take room in the request: they are
    /// sent for as many streams as fit, at least for one; for the others an empty message keeps the cursor in place.
    fn cursors(&mut self, flight: &mut Flight, may_ask: bool) -> Vec<Cursor> {
        let held = self.streams.iter().filter(|(_, reading)| !reading.dropped);
        let key = |reading: &StreamState| reading.key.as_ref().map_or(0, |key| key.number);
        let held: Vec<(StreamId, Course, u32)> =
            held.map(|(stream, reading)| (*stream, reading.course, key(reading))).collect();
        let mut ask = |stream, course| match course {
            Course::Following(position) => Ask::After(position),
            Course::Copying { at, after } => Ask::Copy { at, after },
            Course::Agreeing => {
                let room = self.identity.pace().up().saturating_sub(flight.bytes);
                let first = flight.agreeing.is_empty();
                let ask = self.ask_what_differs(stream, (room / MARK).max(1));
                let takes = match &ask {
                    Ask::Agree { message, wanted } => message.len() + wanted.len() * MARK,
                    _ => 0,
                };
                if !may_ask || (takes > room && !first) {
                    return Ask::Agree { message: Vec::new().into(), wanted: Vec::new() };
                }
                flight.bytes += takes;
                flight.agreeing.insert(stream);
                ask
            }
        };
        held.into_iter()
            .map(|(stream, course, key)| Cursor { stream, ask: ask(stream, course), key })
            .collect()
    }

    /// The changes from the front of the outbox, then the carried batches, that fit into one request; at least one of
    /// them, so that a large one goes, too. The order of the outbox keeps each change behind those that it builds on.
    fn next_flight(&self, moment: &Moment) -> Flight {
        let room = self.identity.pace().up();
        let (mut serials, mut carried, mut bytes, mut full) = (Vec::new(), Vec::new(), 0, false);
        for (serial, waiting) in self.to_send() {
            let more = bytes + waiting.change.len() + ITEM;
            if more > room && !serials.is_empty() {
                full = true;
                break;
            }
            bytes = more;
            serials.push(*serial);
        }
        for (serial, sealed) in self.to_carry().take(MAX_CARRIED) {
            let more = bytes + sealed.len();
            if more > room && !(serials.is_empty() && carried.is_empty()) {
                full = true;
                break;
            }
            bytes = more;
            carried.push(*serial);
        }
        Flight { batch: BatchId::new(moment), serials, carried, bytes, full, agreeing: BTreeSet::new() }
    }

    /// Signs the changes with these serials as one batch.
    pub(super) fn seal(&self, batch: BatchId, serials: &[u64], moment: &Moment) -> Envelope {
        let changes: Vec<&Waiting> = serials.iter().filter_map(|serial| self.outbox.get(serial)).collect();
        let item = |waiting: &&Waiting| Item {
            stream: waiting.stream,
            kind: waiting.kind,
            document: waiting.document,
            schema: waiting.schema,
            digest: waiting.digest(),
        };
        let statement = Statement { batch, at: moment.now, items: changes.iter().map(item).collect() };
        let signed =
            Signed::sign(Purpose::Batch, self.identity.device, &self.identity.key(), to_bytes(&statement));
        Envelope {
            statement: ByteVec::from(signed.to_bytes()),
            changes: changes.iter().map(|waiting| waiting.change.clone()).collect(),
        }
    }

    /// The changes that the store has not answered for, oldest first.
    pub fn outbox(&self) -> impl ExactSizeIterator<Item = &Waiting> {
        self.outbox.values()
    }
}
