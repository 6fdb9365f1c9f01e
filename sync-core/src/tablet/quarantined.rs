//! The tablet's changes that the store keeps in quarantine: asking what people decided, hearing of a rejection, letting
//! go once they are merged, and taking changes out of a record that have no place in it any more.

use std::collections::{BTreeMap, BTreeSet};

use super::blob::{Key, Write};
use super::state::{HeldDocument, Tablet};
use super::waiting::Waiting;
use crate::cbor::to_bytes;
use crate::change::{Change, ChangeHash, Digest};
use crate::document::Document;
use crate::id::{DocumentId, StreamId};
use crate::limits::MAX_ASKED_AFTER;
use crate::quarantine::Reason;
use crate::time::Moment;
use crate::wire::Rejected;

impl Tablet {
    /// The changes that are quarantined at the store, each with the reason.
    pub fn quarantined(&self) -> impl ExactSizeIterator<Item = &Waiting> {
        self.quarantined.values()
    }

    /// The digests of quarantined changes about which the tablet has heard no decision. Where they are many, another
    /// part of them with each request, by the request's number.
    pub(super) fn asked_after(&self) -> Vec<Digest> {
        let held = self.quarantined.values().filter(|one| one.rejection.is_none()).map(Waiting::digest);
        let left = self.left.values().filter(|one| one.rejection.is_none()).map(|one| one.digest);
        let mut open: Vec<Digest> = held.chain(left).collect();
        // Digests do not compress: over a poor link fewer of them go at once.
        let most = MAX_ASKED_AFTER.min(self.identity.pace().up() / 256).max(1);
        if open.len() > most {
            let begin = (self.identity.number as usize).wrapping_mul(most) % open.len();
            open.rotate_left(begin);
        }
        open.truncate(most);
        open
    }

    /// Notes the rejections of quarantined changes; gives the serials of these changes.
    pub(super) fn hear_rejections(
        &mut self,
        rejected: Vec<Rejected>,
        moment: &Moment,
        writes: &mut Vec<Write>,
    ) -> Vec<u64> {
        let mut serials = Vec::new();
        for said in rejected {
            if self.hear_of_left(&said, writes) {
                self.report.rejected.push((said.document, said.rejection));
                continue;
            }
            let Rejected { document, digest, rejection } = said;
            let named = |(_, one): &(&u64, &mut Waiting)| {
                one.rejection.is_none() && (one.document, one.digest()) == (document, digest)
            };
            let Some((serial, waiting)) = self.quarantined.iter_mut().find(named) else { continue };
            let serial = *serial;
            self.report.rejected.push((document, rejection.clone()));
            serials.push(serial);
            waiting.rejection = Some(rejection);
            writes.push(Write::Put(Key::Quarantined(serial), to_bytes(waiting)));
        }
        if !serials.is_empty() {
            // The rejected change keeps its number at the store, and leaves the record here: the next edit would take
            // the number again. It is written in a new incarnation.
            self.new_life(moment);
        }
        serials
    }

    /// Lets go of what was recorded of somebody who was erased: once a keeper has rejected it, it is kept nowhere.
    pub(super) fn forget_erased(&mut self, rejected: &[u64], writes: &mut Vec<Write>) {
        for serial in rejected {
            if self.quarantined.get(serial).is_some_and(|one| one.reason == Some(Reason::Erased)) {
                self.quarantined.remove(serial);
                writes.push(Write::Delete(Key::Quarantined(*serial)));
            }
        }
    }

    /// Lets go of changes that the store has merged, in the outbox or quarantined: those among `merged`, and those of
    /// which `merged` holds the re-keyed form.
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

    /// Takes quarantined changes that have no place in their records any more ([`Waiting::is_out`]) out of these
    /// records, with the changes that build on them. The quarantined changes themselves are kept, whole.
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

    /// Makes room for changes that the store has merged. The tablet may hold other changes under the same numbers
    /// (those of a colleague whose tablet was copied, say), or the same changes before or after they were re-keyed. The
    /// store's form counts: the tablet's is taken out of the record, with the changes that build on it, and what the
    /// store lacks of them is offered, so that the store keeps it. Gives the rest of the record; `None` where nothing
    /// had to give way.
    pub(super) fn give_way(
        &mut self,
        stream: StreamId,
        id: DocumentId,
        document: &Document,
        theirs: &[Change],
        writes: &mut Vec<Write>,
    ) -> Option<Document> {
        // 1. Changes of this tablet with the number of one of theirs, and another hash.
        let numbers = document.numbers();
        let other = |change: &Change| {
            let ours = numbers.get(&(change.actor(), change.seq())).copied();
            ours.filter(|hash| *hash != change.hash())
        };
        // 2. Changes of this tablet that say the same as one of theirs, before or after it was re-keyed. Both in one
        //    record would say it twice.
        let rekeyed = document.rekeyed();
        let same = |change| document.same_by_another_name(change, &rekeyed);
        let same: BTreeSet<ChangeHash> = theirs.iter().filter_map(same).collect();
        let gone: BTreeSet<ChangeHash> =
            theirs.iter().filter_map(other).chain(same.iter().copied()).collect();
        if gone.is_empty() {
            return None;
        }
        // 3. Take both out, and offer what the store lacks: not the changes of step 2, which it has in another form.
        //    The document that is held must still be the whole one when they are offered.
        let rest = document.without(gone)?;
        let lacks = |change: &Change| !rest.contains(&change.hash()) && !same.contains(&change.hash());
        self.offer_again(id, lacks, writes);
        self.hold_rest(id, stream, &rest, writes);
        Some(rest)
    }

    /// Keeps the rest of a document; deletes the document where nothing is left, since the store does not have it
    /// either.
    fn hold_rest(&mut self, id: DocumentId, stream: StreamId, rest: &Document, writes: &mut Vec<Write>) {
        if rest.is_empty() {
            self.documents.remove(&id);
            writes.push(Write::Delete(Key::Document(id)));
        } else {
            self.hold(id, HeldDocument::of(stream, rest), writes);
        }
    }
}
