//! The end of a world: all faults cease, everybody syncs until nothing moves, and everything must hold.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::test::TestRequest;
use diesel::prelude::*;
use server::ledger::Rebuilt;
use server::on_each;
use server::store::schema::{documents, streams};
use server::store::{Code, Conn, Db, StoreError};
use server::verify::verify;
use sync_core::change::ChangeHash;
use sync_core::cursor::Fingerprint;
use sync_core::document::Document;
use sync_core::erasing::ever_named;
use sync_core::id::{DocumentId, GroupId, Id, ParticipantId, StreamId};
use sync_core::record::Kind;
use sync_core::value::Pseudonym;

use super::{Sound, World, ensure};
use crate::kept::{Kept, Name, has_moved};
use crate::recount::{Count, Doubts, Records, check_streams};

/// After this many rounds nothing may move any more.
const ROUNDS: usize = 8;

/// A document as the store has it.
pub(super) struct Stored {
    pub(super) stream: StreamId,
    pub(super) kind: Kind,
    heads: Vec<ChangeHash>,
    snapshot: Vec<u8>,
}

impl Stored {
    pub(super) fn open(&self) -> Document {
        Document::load(self.kind, &self.snapshot).expect("what is stored opens")
    }
}

impl World {
    pub(super) fn end(&mut self) -> Sound {
        self.faults = false;
        while self.deliver_late()? {}
        self.quiet()?;
        if self.erase_late_names() > 0 {
            self.quiet()?;
        }
        check_streams(&self.ground.store);
        self.nothing_is_lost()?;
        let stored = self.stored();
        self.fingerprints_add_up(&stored)?;
        self.all_agree(&stored)?;
        names_nobody_erased(&stored)?;
        let mut records = Records::default();
        stored.iter().for_each(|(id, one)| records.add(*id, &one.open()));
        self.totals_are_right(&records)?;
        self.tells_what_was_put_right(&stored, &records)?;
        self.inboxes_tell(&stored)?;
        self.store_is_sound()
    }

    fn quiet(&mut self) -> Sound {
        for round in 1.. {
            let mut moved = false;
            moved |= self.ground.share() > 0;
            for at in 0..self.slates.len() {
                moved |= self.sync_calmly(at)?.is_some_and(|report| has_moved(&report));
            }
            self.look()?;
            if !moved {
                self.coverage.add("rounds until all was quiet", round as u64);
                break;
            }
            if round == ROUNDS {
                self.all_agree(&self.stored())?;
            }
            ensure(round < ROUNDS, "it becomes quiet", || format!("something moves in round {round}"))?;
        }
        Ok(())
    }

    /// Every change that was shown as saved is in the store once, unless it waits on tablets that the store does not know, was
    /// lost with the last tablet on which it waited, or with a store to which nobody could bring it back.
    fn nothing_is_lost(&mut self) -> Sound {
        let kept = Kept::of(&self.ground.store);
        let unknown = (0..self.slates.len()).filter(|at| !self.is_known(*at));
        let stuck: BTreeSet<Name> = unknown.flat_map(|at| self.slates[at].waiting().into_keys()).collect();
        for (name, digest) in &self.saved.all {
            let places = kept.places(name, digest.as_bytes());
            let lost = self.saved.excused.contains(name) || self.saved.set_back.contains(name);
            let excused = lost || stuck.contains(name);
            ensure(places == 1 || (places == 0 && excused), "nothing that was saved is lost", || {
                format!("{name:?} is in {places} places of the store")
            })?;
        }
        self.coverage.add("changes saved", self.saved.all.len() as u64);
        Ok(())
    }

    /// Nothing is found where the administrator looks, and nothing is mended.
    fn store_is_sound(&mut self) -> Sound {
        let mut found = Vec::new();
        verify(&self.ground.store, &mut |finding| found.push(finding.to_string()))
            .expect("the store answers");
        ensure(found.is_empty(), "verify finds nothing wrong", || found.join("\n"))?;
        let Rebuilt { mended, facts, .. } = self.ground.rebuild();
        ensure(mended == 0, "rows are those of their documents", || format!("{mended} were mended"))?;
        ensure(facts == 0, "facts are those of the rows", || format!("{facts} were mended"))
    }

    pub(super) fn stored(&self) -> BTreeMap<DocumentId, Stored> {
        type Row = (Db<DocumentId>, Db<StreamId>, Code<Kind>, Vec<u8>, Vec<u8>);
        let load = |tx: &mut Conn<'_>| -> Result<Vec<Row>, StoreError> {
            on_each!(tx, |c| documents::table
                .select((
                    documents::id,
                    documents::stream_id,
                    documents::kind,
                    documents::heads,
                    documents::snapshot
                ))
                .load(c))
        };
        let rows = self.ground.store.read_blocking("documents", load).expect("the store answers");
        let stored = |(Db(id), Db(stream), Code(kind), heads, snapshot): Row| {
            let heads = heads.as_chunks().0.iter().copied().map(ChangeHash::from_bytes).collect();
            (id, Stored { stream, kind, heads, snapshot })
        };
        rows.into_iter().map(stored).collect()
    }

    /// The heads of a document are those of its snapshot, and the fingerprint of a stream is the sum over its documents.
    fn fingerprints_add_up(&self, stored: &BTreeMap<DocumentId, Stored>) -> Sound {
        type Rows = Vec<(Db<StreamId>, Vec<u8>)>;
        let load = |tx: &mut Conn<'_>| -> Result<Rows, StoreError> {
            on_each!(tx, |c| streams::table.select((streams::id, streams::fingerprint)).load(c))
        };
        let none = Fingerprint::default();
        for (Db(stream), bytes) in
            self.ground.store.read_blocking("streams", load).expect("the store answers")
        {
            let mine = stored.iter().filter(|(_, one)| one.stream == stream);
            let sum = mine.fold(none, |sum, (id, one)| sum.replace(none, Fingerprint::of(*id, &one.heads)));
            ensure(sum.as_bytes().as_slice() == bytes, "a fingerprint is that of its documents", || {
                format!("{stream}")
            })?;
        }
        for (id, one) in stored {
            let heads = Document::load(one.kind, &one.snapshot).map(|document| document.heads());
            let same = heads.as_ref() == Ok(&one.heads);
            ensure(same, "a document opens with the heads that it is said to have", || id.to_string())?;
        }
        Ok(())
    }

    /// A tablet holds the groups to which its person is assigned and no others, as the store has them; beside that only
    /// what the store keeps in quarantine.
    fn all_agree(&self, stored: &BTreeMap<DocumentId, Stored>) -> Sound {
        for (at, slate) in self.slates.iter().enumerate().filter(|(at, _)| self.is_known(*at)) {
            // A group that was begun after the backup to which the store went back is kept: it may be all there is.
            let known = |group: &GroupId| stored.contains_key(&DocumentId::from(*group));
            let groups: BTreeSet<GroupId> = slate.tablet.groups().into_iter().filter(known).collect();
            let due = self.assigned.iter().filter(|(user, _)| self.may_sync(at) && *user == slate.user());
            let due: BTreeSet<GroupId> = due.map(|(_, group)| *group).collect();
            ensure(groups == due, "a tablet holds the groups of its person", || {
                format!("tablet {at} holds {groups:?}, not {due:?}")
            })?;
            let held = slate.tablet.groups();
            let near = slate.tablet.neighbours().all.iter().find(|one| !held.contains(&one.group));
            ensure(near.is_none(), "a tablet knows of neighbours of its own groups alone", || {
                format!("tablet {at} knows of {near:?}")
            })?;
            let (mut mine, quarantined) = (slate.documents(), slate.quarantined());
            let of_all = [slate.tablet.organisation().into(), StreamId::PARTNERSHIP];
            mine.retain(|_, stream| of_all.contains(stream) || known(&GroupId::from_uuid(stream.uuid())));
            let reads = of_all.into_iter().filter(|_| self.may_sync(at));
            let streams: BTreeSet<StreamId> = groups.into_iter().map(StreamId::from).chain(reads).collect();
            let theirs = stored.iter().filter(|(_, one)| streams.contains(&one.stream)).map(|(id, _)| *id);
            let all: BTreeSet<DocumentId> = theirs.chain(mine.keys().copied()).collect();
            for id in all.difference(&quarantined) {
                let here = slate.tablet.heads(*id);
                let there = stored.get(id).map(|one| one.heads.as_slice());
                ensure(here == there, "tablets and store agree", || {
                    format!("tablet {at} has {id} at {here:?}, the store at {there:?}")
                })?;
            }
        }
        Ok(())
    }

    /// What a manager is told is what the documents say, over all and group by group, and what of it is left out.
    fn totals_are_right(&mut self, records: &Records) -> Sound {
        let all: Vec<(GroupId, usize)> = self.groups.clone();
        for organisation in 0..self.organisations.len() {
            let own = all.iter().filter(|(_, of)| *of == organisation).map(|(group, _)| *group);
            let own: Vec<GroupId> = own.collect();
            let whole = ("/v1/aggregates".to_owned(), own.clone());
            let each = own.into_iter().map(|group| (format!("/v1/aggregates?group={group}"), vec![group]));
            for (address, groups) in std::iter::once(whole).chain(each) {
                let asked = records.of_groups(&groups);
                let expected = (asked.count(), asked.doubts());
                let reply = self.manager(organisation, TestRequest::get().uri(&address))?;
                let told = reply.map(|(_, body)| (Count::of_answer(&body), Doubts::of_answer(&body)));
                ensure(told == Some(expected), "totals are those of the records", || {
                    format!("{address}: {told:?}, not {expected:?}")
                })?;
            }
        }
        Ok(())
    }
}

/// No session ever said the code of somebody who was erased.
fn names_nobody_erased(stored: &BTreeMap<DocumentId, Stored>) -> Sound {
    for (id, one) in stored.iter().filter(|(_, one)| one.kind == Kind::Session) {
        let group = GroupId::from_uuid(one.stream.uuid());
        let of_erased = |code: &Pseudonym| {
            let person = DocumentId::from(ParticipantId::of(group, code));
            stored.get(&person).is_some_and(|person| person.open().is_erased())
        };
        let named = ever_named(&one.open()).unwrap_or_default();
        ensure(!named.iter().any(of_erased), "no session names somebody erased", || id.to_string())?;
    }
    Ok(())
}
