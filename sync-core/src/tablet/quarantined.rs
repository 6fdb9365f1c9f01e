//! What the store keeps in quarantine, what becomes of it, and what gives way in the records of this tablet.

use std::collections::{BTreeMap, BTreeSet};

use super::blob::{Key, Write};
use super::state::{HeldDocument, Tablet};
use super::waiting::Waiting;
use crate::cbor::to_bytes;
use crate::change::{Change, ChangeHash, Digest};
use crate::document::Document;
use crate::id::{DocumentId, StreamId};
use crate::limits::MAX_ASKED_AFTER;
use crate::time::Moment;
use crate::wire::Rejected;

impl Tablet {
    /// What was handed in and is quarantined at the store, with the reason.
    pub fn quarantined(&self) -> impl ExactSizeIterator<Item = &Waiting> {
        self.quarantined.values()
    }

    /// What is quarantined at the store and not decided, as far as this tablet knows: where that is much, some of it each time.
    pub(super) fn asked_after(&self) -> Vec<Digest> {
        let mut open: Vec<&Waiting> =
            self.quarantined.values().filter(|one| one.rejection.is_none()).collect();
        // A digest is as long as it is on the wire: over a poor link fewer go at once.
        let most = MAX_ASKED_AFTER.min(self.identity.pace().up() / 256).max(1);
        if open.len() > most {
            let begin = (self.identity.number as usize).wrapping_mul(most) % open.len();
            open.rotate_left(begin);
        }
        open.into_iter().take(most).map(Waiting::digest).collect()
    }

    /// Notes which of the changes that are quarantined stay out for good; gives their places.
    pub(super) fn hear_rejections(
        &mut self,
        rejected: Vec<Rejected>,
        moment: &Moment,
        writes: &mut Vec<Write>,
    ) -> Vec<u64> {
        let mut serials = Vec::new();
        for Rejected { document, digest, rejection } in rejected {
            let named = |(_, one): &(&u64, &mut Waiting)| {
                one.rejection.is_none() && (one.document, one.digest()) == (document, digest)
            };
            let Some((serial, waiting)) = self.quarantined.iter_mut().find(named) else { continue };
            self.report.rejected.push((document, rejection.clone()));
            waiting.rejection = Some(rejection);
            writes.push(Write::Put(Key::Quarantined(*serial), to_bytes(waiting)));
            serials.push(*serial);
        }
        if !serials.is_empty() {
            // What is left out holds its number: what follows is to be counted again.
            self.new_life(moment);
        }
        serials
    }

    /// What the store sends is merged there, also our own changes among it, wherever we thought that they waited, and also
    /// where they are re-keyed.
    pub(super) fn release(&mut self, document: DocumentId, merged: &[Change], writes: &mut Vec<Write>) {
        let names: BTreeSet<ChangeHash> = merged.iter().map(Change::hash).collect();
        let rekeyed: Vec<&Change> = merged.iter().filter(|change| change.was().is_some()).collect();
        let there = |one: &Waiting| {
            let is_rekeyed = |ours: Change| rekeyed.iter().any(|now| now.stands_for(&ours));
            one.document == document
                && (names.contains(&one.hash)
                    || (!rekeyed.is_empty() && Change::parse(&one.change).is_ok_and(is_rekeyed)))
        };
        for (waiting, key) in
            [(&mut self.outbox, Key::Outbox as fn(u64) -> Key), (&mut self.quarantined, Key::Quarantined)]
        {
            waiting.retain(|serial, one| {
                let there = there(one);
                if there {
                    writes.push(Write::Delete(key(*serial)));
                }
                !there
            });
        }
    }

    /// Takes those of these changes that have no place in their records any more out of them, with what builds on them. They
    /// are quarantined, whole.
    pub(super) fn withdraw(&mut self, serials: &[u64], writes: &mut Vec<Write>) {
        let out: BTreeMap<DocumentId, BTreeSet<ChangeHash>> = serials
            .iter()
            .filter_map(|serial| self.quarantined.get(serial))
            .filter(|waiting| waiting.is_out())
            .fold(BTreeMap::new(), |mut all: BTreeMap<_, BTreeSet<_>>, one| {
                all.entry(one.document).or_default().insert(one.hash);
                all
            });
        for (id, gone) in out {
            let Some(held) = self.documents.get(&id) else { continue };
            let Some(rest) = held.open().ok().and_then(|document| document.without(gone)) else { continue };
            self.hold_rest(id, held.stream, &rest, writes);
        }
    }

    /// What the store has counts, also where this tablet holds other changes by the same numbers, from a colleague, say,
    /// whose tablet was copied, or the same ones re-keyed, or not yet so. Takes those out of the record, with what builds
    /// on them; what of that is not there and does not wait yet is offered, so that it is kept there too. Gives what is left of
    /// the record where something gave way.
    pub(super) fn give_way(
        &mut self,
        stream: StreamId,
        id: DocumentId,
        document: &Document,
        theirs: &[Change],
        writes: &mut Vec<Write>,
    ) -> Option<Document> {
        let numbers = document.numbers();
        let other = |change: &Change| {
            let ours = numbers.get(&(change.actor(), change.seq())).copied();
            ours.filter(|hash| *hash != change.hash())
        };
        let rekeyed = document.rekeyed();
        let same = |change| document.same_by_another_name(change, &rekeyed);
        let same: BTreeSet<ChangeHash> = theirs.iter().filter_map(same).collect();
        let gone: BTreeSet<ChangeHash> =
            theirs.iter().filter_map(other).chain(same.iter().copied()).collect();
        if gone.is_empty() {
            return None;
        }
        let rest = document.without(gone)?;
        let lacks = |change: &Change| !rest.contains(&change.hash()) && !same.contains(&change.hash());
        self.offer_again(id, lacks, writes);
        self.hold_rest(id, stream, &rest, writes);
        Some(rest)
    }

    /// Keeps what is left of a document: one of which nothing is left is not there for the store either.
    fn hold_rest(&mut self, id: DocumentId, stream: StreamId, rest: &Document, writes: &mut Vec<Write>) {
        if rest.is_empty() {
            self.documents.remove(&id);
            writes.push(Write::Delete(Key::Document(id)));
        } else {
            self.hold(id, HeldDocument::of(stream, rest), writes);
        }
    }
}
