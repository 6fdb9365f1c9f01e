//! A store that goes back to a backup, and what the world must then forget, and what must come back.
//!
//! Lost with the store are people's doings since: groups begun, assignments, tablets enrolled, what was written or decided
//! at a desk. Of what facilitators recorded nothing is lost that a tablet still holds: once such a tablet has synced with the
//! restored store, all that it held of the groups of its person, and all of its own, is there, each change once: merged,
//! or quarantined for somebody to decide. Only what nobody holds any more is gone, or what is held by those alone who may
//! not sync.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use server::on_each;
use server::store::schema::{assignments, devices, groups, users};
use server::store::{Conn, Db, StoreError};
use sync_core::id::{DeviceId, GroupId, StreamId, UserId};

use super::ground::Shelf;
use super::slate::Held;
use super::{Sound, World, ensure};
use crate::kept::{Kept, Name};

/// What a store knows that the world does, too.
struct Known {
    groups: BTreeSet<GroupId>,
    assigned: BTreeSet<(UserId, GroupId)>,
    disabled: BTreeSet<UserId>,
    /// Tablets, and whether they are revoked.
    devices: BTreeMap<DeviceId, bool>,
}

impl Known {
    fn read(tx: &mut Conn<'_>) -> Result<Self, StoreError> {
        let groups: Vec<Db<GroupId>> = on_each!(tx, |c| groups::table.select(groups::id).load(c))?;
        let assigned: Vec<(Db<UserId>, Db<GroupId>)> = on_each!(tx, |c| assignments::table
            .filter(assignments::ended_at.is_null())
            .select((assignments::user_id, assignments::group_id))
            .load(c))?;
        let disabled: Vec<Db<UserId>> = on_each!(tx, |c| users::table
            .filter(users::disabled_at.is_not_null())
            .select(users::id)
            .load(c))?;
        let devices: Vec<(Db<DeviceId>, bool)> = on_each!(tx, |c| devices::table
            .select((devices::id, devices::revoked_at.is_not_null()))
            .load(c))?;
        Ok(Self {
            groups: groups.into_iter().map(|Db(group)| group).collect(),
            assigned: assigned.into_iter().map(|(Db(user), Db(group))| (user, group)).collect(),
            disabled: disabled.into_iter().map(|Db(user)| user).collect(),
            devices: devices.into_iter().map(|(Db(device), revoked)| (device, revoked)).collect(),
        })
    }
}

impl World {
    /// The store is lost, and goes on from a backup.
    pub(super) fn restore(&mut self, shelf: &Shelf) {
        let before = Kept::of(&self.ground.store);
        self.ground.restore(shelf);
        self.remember();
        let after = Kept::of(&self.ground.store);
        let gone = self.saved.all.iter().filter(|(name, digest)| {
            before.places(name, digest.as_bytes()) > 0 && after.places(name, digest.as_bytes()) == 0
        });
        let gone: BTreeSet<Name> = gone.map(|(name, _)| *name).collect();
        for at in (0..self.slates.len()).filter(|at| self.may_sync(*at)).collect::<Vec<_>>() {
            let slate = &mut self.slates[at];
            // What it has handed in since an earlier restore, and dropped, it owes no more.
            slate.owe_no_more_than_it_holds();
            let user = slate.user();
            let theirs: BTreeSet<StreamId> = self
                .assigned
                .iter()
                .filter(|(who, _)| *who == user)
                .map(|(_, group)| (*group).into())
                .chain([slate.tablet.organisation().into()])
                .collect();
            let owed = slate.holds().into_iter().filter(|held| held.own || theirs.contains(&held.stream));
            slate.owed.retain(|held| held.own || theirs.contains(&held.stream));
            slate.owed.extend(owed.filter(|held| gone.contains(&held.name)));
        }
        self.righting.done.retain(|one| !one.at_desk);
        self.coverage.add("changes that a restore took", gone.len() as u64);
        self.saved.set_back.extend(gone);
        self.disturbed = true;
    }

    /// The world knows no more than its store.
    fn remember(&mut self) {
        let known = self.ground.store.read_blocking("known", Known::read).expect("the store answers");
        self.groups.retain(|(group, _)| known.groups.contains(group));
        self.assigned = known.assigned;
        self.disabled = known.disabled;
        let parcels = self.parcels.values().map(|parcel| parcel.by);
        let all = self.slates.iter().map(|slate| slate.tablet.device()).chain(parcels);
        self.strangers = all.filter(|device| !known.devices.contains_key(device)).collect();
        for slate in &mut self.slates {
            slate.barred = known.devices.get(&slate.tablet.device()).copied().unwrap_or(true);
        }
    }

    /// A tablet let go of a change because a colleague brought words of the store from before a restore, of which neither
    /// has heard.
    pub(super) fn owes(&mut self, at: usize, name: Name) {
        self.saved.set_back.insert(name);
        if self.may_sync(at) {
            let held = self.slates[at].holds().into_iter().find(|held| held.name == name);
            self.slates[at].owed.extend(held);
        }
    }

    /// A tablet has synced to the end: what it owed a restored store is there.
    pub(super) fn has_paid(&mut self, at: usize) -> Sound {
        let owed = std::mem::take(&mut self.slates[at].owed);
        if owed.is_empty() {
            return Ok(());
        }
        let kept = Kept::of(&self.ground.store);
        for Held { name, .. } in owed {
            let places = kept.places(&name, self.saved.all[&name].as_bytes());
            ensure(places == 1, "what a restore took comes back with those who hold it", || {
                format!("tablet {at} held {name:?} and has synced, and the store has it {places} times")
            })?;
            if self.saved.set_back.remove(&name) {
                self.coverage.count("changes brought back after a restore");
            }
        }
        Ok(())
    }
}
