//! The way up: from an edit to a request.

use minicbor::bytes::ByteVec;

use super::Output;
use super::blob::{Key, Write};
use super::report::Report;
use super::state::{Course, Flight, Held, Reading, Tablet};
use super::waiting::Waiting;
use crate::batch::{Envelope, Item, Purpose, Signed, Statement};
use crate::cbor::to_bytes;
use crate::change::Change;
use crate::cursor::{Ask, Cursor};
use crate::document::Document;
use crate::id::{BatchId, DocumentId, StreamId};
use crate::limits::{MAX_CARRIED, PAGE};
use crate::record::SCHEMA;
use crate::time::Moment;
use crate::wire::{PROTOCOL, Request};

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
        self.hold(id, Held::of(stream, document), &mut writes);
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

    /// Puts a change at the end of the outbox; the caller persists the identity, which counts the places.
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
        self.request(moment, Vec::new())
    }

    /// The next request, after what must be durable before it.
    pub(super) fn request(&mut self, moment: &Moment, mut writes: Vec<Write>) -> Vec<Output> {
        self.identity.number += 1;
        self.report.requests += 1;
        writes.push(self.identity_write());
        let flight = self.next_flight(moment);
        let batches = match flight.serials.as_slice() {
            [] => Vec::new(),
            serials => vec![self.seal(flight.batch, serials, moment)],
        };
        let carried = flight.carried.iter().filter_map(|serial| self.carried.get(serial).cloned()).collect();
        let request = Request {
            protocol: PROTOCOL,
            epoch: self.identity.epoch,
            number: self.identity.number,
            incarnation: self.identity.incarnation,
            cursors: self.cursors(),
            batches,
            purged: self.identity.purged.clone(),
            budget: PAGE as u32,
            carried,
            waiting: self.asked_after(),
        };
        self.flight = Some(flight);
        let signed =
            Signed::sign(Purpose::Request, self.identity.device, &self.identity.key(), to_bytes(&request));
        vec![Output::Persist(writes), Output::Send(signed.to_bytes())]
    }

    fn cursors(&mut self) -> Vec<Cursor> {
        let held = self.streams.iter().filter(|(_, reading)| !reading.dropped);
        let key = |reading: &Reading| reading.key.as_ref().map_or(0, |key| key.number);
        let held: Vec<(StreamId, Course, u32)> =
            held.map(|(stream, reading)| (*stream, reading.course, key(reading))).collect();
        let mut ask = |stream, course| match course {
            Course::Following(position) => Ask::After(position),
            Course::Copying { at, after } => Ask::Copy { at, after },
            Course::Agreeing => self.ask_what_differs(stream),
        };
        held.into_iter()
            .map(|(stream, course, key)| Cursor { stream, ask: ask(stream, course), key })
            .collect()
    }

    /// Takes from the front of the outbox, then of what is carried for others, what one request carries; at least one
    /// thing, so that a large one goes too.
    fn next_flight(&self, moment: &Moment) -> Flight {
        let mut serials = Vec::new();
        let mut bytes = 0;
        for (serial, waiting) in &self.outbox {
            bytes += waiting.change.len();
            if bytes > PAGE && !serials.is_empty() {
                break;
            }
            serials.push(*serial);
        }
        let mut carried = Vec::new();
        for (serial, sealed) in self.carried.iter().take(MAX_CARRIED) {
            bytes += sealed.len();
            if bytes > PAGE && !(serials.is_empty() && carried.is_empty()) {
                break;
            }
            carried.push(*serial);
        }
        Flight { batch: BatchId::new(moment), serials, carried }
    }

    /// Signs some of the outbox as one batch.
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

    /// What waits to be handed in, oldest first.
    pub fn outbox(&self) -> impl ExactSizeIterator<Item = &Waiting> {
        self.outbox.values()
    }
}
