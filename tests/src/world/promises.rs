//! The promises, as far as they can be looked at while everything is under way.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use server::on_each;
use server::store::schema::{changes, quarantine};
use server::store::{Conn, Db, Store, StoreError};
use sync_core::change::{ChangeHash, Digest};
use sync_core::id::DocumentId;

use super::slate::Name;
use super::{Sound, World, ensure};

/// Every change that was shown as saved.
#[derive(Debug, Default)]
pub(super) struct Saved {
    pub(super) all: BTreeMap<Name, Digest>,
    /// What was lost with the last disk on which it waited.
    pub(super) excused: BTreeSet<Name>,
    /// What a restore took from the store and nobody has brought back yet.
    pub(super) set_back: BTreeSet<Name>,
}

/// What the store has of changes.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) merged: BTreeSet<Name>,
    /// Set apart, waiting or rejected.
    pub(super) apart: BTreeSet<(DocumentId, Vec<u8>)>,
}

impl Kept {
    pub(super) fn of(store: &Store) -> Self {
        type Rows = Vec<(Db<DocumentId>, Vec<u8>)>;
        let (merged, apart): (Rows, Rows) = store
            .read_blocking("kept", |tx: &mut Conn<'_>| -> Result<(Rows, Rows), StoreError> {
                let merged =
                    on_each!(tx, |c| changes::table.select((changes::document_id, changes::hash)).load(c))?;
                let apart = on_each!(tx, |c| quarantine::table
                    .filter(quarantine::released_at.is_null())
                    .select((quarantine::document_id, quarantine::digest))
                    .load(c))?;
                Ok((merged, apart))
            })
            .expect("the store answers");
        let hash = |bytes: Vec<u8>| ChangeHash::from_bytes(bytes.try_into().expect("a hash has 32 bytes"));
        Self {
            merged: merged.into_iter().map(|(Db(document), bytes)| (document, hash(bytes))).collect(),
            apart: apart.into_iter().map(|(Db(document), digest)| (document, digest)).collect(),
        }
    }

    /// In how many places a change is: one, if all is well.
    pub(super) fn places(&self, name: &Name, digest: &Digest) -> usize {
        let apart = self.apart.contains(&(name.0, digest.as_bytes().to_vec()));
        usize::from(self.merged.contains(name)) + usize::from(apart)
    }
}

impl World {
    /// Looks at every tablet.
    pub(super) fn look(&mut self) -> Sound {
        let mut kept = None;
        for (at, slate) in self.slates.iter_mut().enumerate() {
            let outbox = slate.outbox();
            for name in slate.shown.iter().filter(|name| !outbox.contains_key(name)) {
                let kept = kept.get_or_insert_with(|| Kept::of(&self.ground.store));
                let places = kept.places(name, &self.saved.all[name]);
                ensure(places == 1, "what leaves an outbox is in the store, once", || {
                    format!("tablet {at} let go of {name:?}, which the store has {places} times")
                })?;
            }
            slate.shown = outbox.keys().copied().collect();
            self.saved.all.extend(outbox);
            for (document, stream) in slate.documents() {
                let ever = self.ever.contains(&(slate.tablet.user(), stream));
                ensure(ever, "nobody holds what was never assigned to them", || {
                    format!("tablet {at} holds {document} of {stream}")
                })?;
            }
        }
        (0..self.slates.len()).try_for_each(|at| self.parcels_arrive(at))
    }

    /// A disk on which this waited is no more: excuses what was on it alone.
    pub(super) fn excuse(&mut self, waiting: BTreeMap<Name, Digest>) {
        let kept = Kept::of(&self.ground.store);
        let elsewhere: BTreeSet<Name> =
            self.slates.iter().flat_map(|slate| slate.waiting().into_keys()).collect();
        for (name, digest) in waiting {
            if !elsewhere.contains(&name) && kept.places(&name, &digest) == 0 {
                self.coverage.count("changes lost with their tablet");
                self.saved.excused.insert(name);
            }
        }
    }
}
