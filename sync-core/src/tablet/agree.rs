//! Noticing that the tablet and the store do not hold the same, and coming to agree again.

use std::collections::{BTreeMap, BTreeSet};

use super::blob::{Key, Write};
use super::state::{Held, Tablet, Waiting};
use crate::cbor::to_bytes;
use crate::change::ChangeHash;
use crate::cursor::Fingerprint;
use crate::document::Document;
use crate::id::{DocumentId, StreamId};
use crate::quarantine::Reason;
use crate::record::SCHEMA;
use crate::time::Moment;

impl Tablet {
    /// The store has other changes by the numbers of some of ours: takes ours out of the records, with what builds on
    /// them, so that both sides can be equal again. They are kept apart, whole.
    pub(super) fn withdraw(&mut self, serials: &[u64], writes: &mut Vec<Write>) {
        let rekeyed = |waiting: &&Waiting| waiting.reason == Some(Reason::Rekeyed);
        let clashing: BTreeMap<DocumentId, BTreeSet<ChangeHash>> = serials
            .iter()
            .filter_map(|serial| self.apart.get(serial))
            .filter(rekeyed)
            .fold(BTreeMap::new(), |mut all: BTreeMap<_, BTreeSet<_>>, one| {
                all.entry(one.document).or_default().insert(one.hash);
                all
            });
        for (id, mut gone) in clashing {
            let Some(held) = self.documents.get(&id) else { continue };
            let Ok(document) = held.open() else { continue };
            let mut stay = Vec::new();
            for change in document.changes() {
                if gone.contains(&change.hash()) || change.deps().any(|behind| gone.contains(&behind)) {
                    gone.insert(change.hash());
                } else {
                    stay.push(change);
                }
            }
            let mut rest = Document::genesis(held.kind);
            if rest.apply(&stay).is_err() {
                continue;
            }
            let held = Held::of(held.stream, &rest);
            writes.push(Write::Put(Key::Document(id), to_bytes(&held)));
            self.documents.insert(id, held);
        }
    }

    /// The two sides differ, or the store began a new life: reads the stream from its start, and offers what we wrote.
    pub(super) fn begin_again(&mut self, stream: StreamId, writes: &mut Vec<Write>) {
        let Some(reading) = self.streams.get_mut(&stream) else { return };
        reading.position = 0;
        reading.whole = true;
        writes.push(self.stream_write(stream));
        let offered = self.outbox.values().chain(self.apart.values());
        let offered: BTreeSet<(DocumentId, ChangeHash)> =
            offered.map(|one| (one.document, one.hash)).collect();
        let mut mine = Vec::new();
        for (id, held) in self.documents.iter().filter(|(_, held)| held.stream == stream) {
            let Ok(document) = held.open() else { continue };
            for change in document.changes() {
                if change.actor().device == self.identity.device && !offered.contains(&(*id, change.hash())) {
                    mine.push(Waiting {
                        stream,
                        document: *id,
                        kind: held.kind,
                        schema: SCHEMA,
                        hash: change.hash(),
                        change: change.bytes().to_vec().into(),
                        reason: None,
                    });
                }
            }
        }
        for waiting in mine {
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
            let apart: Vec<u64> = self
                .apart
                .iter()
                .filter(|(_, one)| one.stream == stream)
                .map(|(serial, _)| *serial)
                .collect();
            if !apart.is_empty() {
                // What is kept apart holds its numbers: should the group come back, others are to be counted.
                self.new_life(moment);
            }
            for serial in apart {
                self.apart.remove(&serial);
                writes.push(Write::Delete(Key::Apart(serial)));
            }
            self.streams.remove(&stream);
            writes.push(Write::Delete(Key::Stream(stream)));
            self.identity.purged.push(stream);
            self.report.dropped += 1;
        }
    }

    /// The fingerprint of a stream as the store should have it: without what is kept apart there.
    pub(super) fn fingerprint(&self, stream: StreamId) -> Fingerprint {
        let mut apart: BTreeMap<DocumentId, BTreeSet<ChangeHash>> = BTreeMap::new();
        for waiting in self.apart.values() {
            apart.entry(waiting.document).or_default().insert(waiting.hash);
        }
        let none = Fingerprint::default();
        self.documents.iter().filter(|(_, held)| held.stream == stream).fold(none, |sum, (id, held)| {
            let heads = match apart.get(id) {
                Some(without) => heads_without(held, without),
                None => held.heads.clone(),
            };
            sum.replace(none, Fingerprint::of(*id, &heads))
        })
    }
}

/// The heads that a document has without some changes, none of which anything else builds on.
fn heads_without(held: &Held, without: &BTreeSet<ChangeHash>) -> Vec<ChangeHash> {
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
