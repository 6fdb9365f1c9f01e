//! One tablet: the real state machine, and a disk that keeps exactly what it was told to keep.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use sync_core::change::Digest;
use sync_core::document::Document;
use sync_core::id::{DeviceId, DocumentId, StreamId, UserId};
use sync_core::tablet::{Enrolment, Key, Output, Tablet, Waiting, Write};
use sync_core::time::{Millis, Moment};

use crate::kept::Name;

/// All blobs of a tablet's folder.
pub(super) type Disk = BTreeMap<Key, Vec<u8>>;

/// Work that one tablet sealed for the store.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) by: DeviceId,
    pub(super) changes: BTreeMap<Name, Digest>,
}

/// Every parcel that was ever made, by its sealed bytes.
pub(super) type Parcels = BTreeMap<Vec<u8>, Rc<Parcel>>;

/// A change that a tablet held when the store was restored without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    pub(super) name: Name,
    pub(super) stream: StreamId,
    /// Whether this tablet made it: that comes back also where its person is no longer assigned.
    pub(super) own: bool,
}

#[derive(Debug)]
pub(super) struct Slate {
    pub(super) tablet: Tablet,
    pub(super) clock: Millis,
    /// Whether the store lets it in no more: it was revoked, or was enrolled after the backup to which the store went back.
    pub(super) barred: bool,
    /// What its outbox held when it was last looked at.
    pub(super) shown: BTreeSet<Name>,
    /// What it carried for others when it was last looked at, by its place in the folder.
    pub(super) carries: BTreeMap<u64, Rc<Parcel>>,
    /// Whether the store refused parcels in its last sync.
    pub(super) refused: bool,
    /// What a restored store is to get back from it.
    pub(super) owed: BTreeSet<Held>,
    /// A copy of the folder that somebody made earlier.
    pub(super) older: Option<Disk>,
    disk: Disk,
}

impl Slate {
    pub(super) fn enrolled(enrolment: Enrolment, clock: Millis) -> Self {
        let (tablet, outputs) = Tablet::enrol(enrolment);
        let mut slate = Self::with(tablet, Disk::new(), clock);
        for output in outputs {
            if let Output::Persist(writes) = output {
                slate.persist(writes);
            }
        }
        slate
    }

    /// A tablet with the folder of another.
    pub(super) fn from_folder(disk: Disk, clock: Millis) -> Self {
        Self::with(open(&disk), disk, clock)
    }

    fn with(tablet: Tablet, disk: Disk, clock: Millis) -> Self {
        Self {
            tablet,
            clock,
            barred: false,
            shown: BTreeSet::new(),
            carries: BTreeMap::new(),
            refused: false,
            owed: BTreeSet::new(),
            older: None,
            disk,
        }
    }

    /// All of it or nothing: nobody can be killed in between.
    pub(super) fn persist(&mut self, writes: Vec<Write>) {
        for write in writes {
            match write {
                Write::Put(key, blob) => drop(self.disk.insert(key, blob)),
                Write::Delete(key) => drop(self.disk.remove(&key)),
            }
        }
    }

    /// The tablet was killed, or its machine gave a request up: what is not on the disk never was.
    pub(super) fn reopen(&mut self) {
        self.tablet = open(&self.disk);
    }

    pub(super) fn folder(&self) -> Disk {
        self.disk.clone()
    }

    /// Puts another folder in the place of this one.
    pub(super) fn bring_back(&mut self, folder: Disk) {
        self.disk = folder;
        self.reopen();
    }

    pub(super) fn user(&self) -> UserId {
        self.tablet.user()
    }

    /// What waits to be handed in.
    pub(super) fn outbox(&self) -> BTreeMap<Name, Digest> {
        self.tablet.outbox().map(|waiting| (name(waiting), Digest::of(&waiting.change))).collect()
    }

    /// What it carries for others.
    pub(super) fn parcels(&self, all: &Parcels) -> BTreeMap<u64, Rc<Parcel>> {
        let carried = self.disk.iter().filter_map(|(key, blob)| match key {
            Key::Carried(serial) => Some((*serial, Rc::clone(&all[blob]))),
            _ => None,
        });
        carried.collect()
    }

    /// All work that is on it and not in the store, as far as it knows.
    pub(super) fn waiting(&self) -> BTreeMap<Name, Digest> {
        let carried = self.carries.values().flat_map(|parcel| parcel.changes.clone());
        self.outbox().into_iter().chain(carried).collect()
    }

    /// The records for which the store keeps something in quarantine.
    pub(super) fn quarantined(&self) -> BTreeSet<DocumentId> {
        self.tablet.quarantined().map(|waiting| waiting.document).collect()
    }

    /// Every change that it could hand in again.
    pub(super) fn holds(&self) -> BTreeSet<Held> {
        let me = self.tablet.device();
        let nobody = Moment { now: Millis(0), random: [0; 16] };
        let waits = self.tablet.outbox().chain(self.tablet.quarantined());
        let mut holds: BTreeSet<Held> =
            waits.map(|one| Held { name: (one.document, one.hash), stream: one.stream, own: true }).collect();
        for content in self.tablet.export(|| nobody).to_seal.into_iter().map(|one| one.content) {
            for whole in content.documents {
                let document =
                    Document::load(whole.kind, &whole.snapshot).expect("a tablet's document opens");
                holds.extend(document.changes().into_iter().map(|change| Held {
                    name: (whole.document, change.hash()),
                    stream: content.stream,
                    own: change.actor().device == me,
                }));
            }
        }
        holds
    }

    /// Its person may read these streams no longer: what others recorded there is not theirs to hand in.
    pub(super) fn owes_only_its_own(&mut self, of: impl Fn(StreamId) -> bool) {
        self.owed.retain(|held| held.own || !of(held.stream));
    }

    /// Another folder is in the place of the one that held something: it owes what it holds itself.
    pub(super) fn owe_no_more_than_it_holds(&mut self) {
        let holds = self.holds();
        self.owed.retain(|held| holds.contains(held));
    }

    /// Every record that it holds, with its stream.
    pub(super) fn documents(&self) -> BTreeMap<DocumentId, StreamId> {
        let ids = self.disk.keys().filter_map(|key| match key {
            Key::Document(id) => Some(*id),
            _ => None,
        });
        ids.filter_map(|id| Some((id, self.tablet.place_of(id)?.1))).collect()
    }
}

fn name(waiting: &Waiting) -> Name {
    (waiting.document, waiting.hash)
}

fn open(disk: &Disk) -> Tablet {
    let blobs = disk.iter().map(|(key, blob)| (*key, blob.clone()));
    Tablet::open(blobs).expect("a folder that was written whole opens")
}
