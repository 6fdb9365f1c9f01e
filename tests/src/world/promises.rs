//! The promises, as far as they can be looked at while everything is under way.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::change::Digest;
use sync_core::id::StreamId;

use super::{Sound, World, ensure};
use crate::kept::{Kept, Name};

/// Every change that was shown as saved.
#[derive(Debug, Default)]
pub(super) struct Saved {
    pub(super) all: BTreeMap<Name, Digest>,
    /// What was lost with the last disk on which it waited.
    pub(super) excused: BTreeSet<Name>,
    /// What a restore took from the store and nobody has brought back yet.
    pub(super) set_back: BTreeSet<Name>,
}

impl World {
    /// Looks at every tablet.
    pub(super) fn look(&mut self) -> Sound {
        let (mut kept, mut told_before) = (None, Vec::new());
        let life = self.ground.life();
        for (at, slate) in self.slates.iter_mut().enumerate() {
            let outbox = slate.outbox();
            for name in slate.shown.iter().filter(|name| !outbox.contains_key(name)) {
                let kept = kept.get_or_insert_with(|| Kept::of(&self.ground.store));
                let places = kept.places(name, self.saved.all[name].as_bytes());
                if places == 0 && slate.tablet.epoch() != life {
                    told_before.push((at, *name));
                    continue;
                }
                ensure(places == 1, "what leaves an outbox is in the store, once", || {
                    format!("tablet {at} let go of {name:?}, which the store has {places} times")
                })?;
            }
            slate.shown = outbox.keys().copied().collect();
            self.saved.all.extend(outbox);
            for (document, stream) in slate.documents() {
                let of_all = [slate.tablet.organisation().into(), StreamId::PARTNERSHIP].contains(&stream);
                let ever = of_all || self.ever.contains(&(slate.tablet.user(), stream));
                ensure(ever, "nobody holds what was never assigned to them", || {
                    format!("tablet {at} holds {document} of {stream}")
                })?;
            }
            for near in &slate.tablet.neighbours().all {
                let ever = self.ever.contains(&(slate.tablet.user(), near.group.into()));
                ensure(ever, "nobody hears what is near to a group that was never theirs", || {
                    format!("tablet {at} hears of neighbours of {}", near.group)
                })?;
            }
        }
        told_before.into_iter().for_each(|(at, name)| self.owes(at, name));
        (0..self.slates.len()).try_for_each(|at| self.parcels_arrive(at))
    }

    /// A disk on which this waited is no more: excuses what was on it alone.
    pub(super) fn excuse(&mut self, waiting: BTreeMap<Name, Digest>) {
        let kept = Kept::of(&self.ground.store);
        let elsewhere: BTreeSet<Name> =
            self.slates.iter().flat_map(|slate| slate.waiting().into_keys()).collect();
        for (name, digest) in waiting {
            if !elsewhere.contains(&name) && kept.places(&name, digest.as_bytes()) == 0 {
                self.coverage.count("changes lost with their tablet");
                self.saved.excused.insert(name);
            }
        }
    }
}
