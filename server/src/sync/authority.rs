//! The authority behind each change: that of the user of the tablet that signed it, or of the keeper who vouches for
//! it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::authority::Authority;
use sync_core::id::{DeviceId, UserId};

use super::quarantined::Arrival;
use crate::access::Role;
use crate::ledger::web_author;
use crate::on_each;
use crate::store::schema::{devices, users};
use crate::store::{Code, Conn, Db, StoreError};

/// The authorities behind some changes, read with three queries for all of them.
#[derive(Debug)]
pub(super) struct Authorities {
    tablets: BTreeMap<DeviceId, Authority>,
    keepers: BTreeMap<UserId, Authority>,
    nobody: Authority,
}

impl Authorities {
    /// # Errors
    /// Those of the store.
    pub(super) fn of<'a>(
        tx: &mut Conn<'_>,
        arrivals: impl IntoIterator<Item = &'a Arrival>,
    ) -> Result<Self, StoreError> {
        let (mut tablets, mut keepers) = (BTreeSet::new(), BTreeSet::new());
        for arrival in arrivals {
            match arrival.waived_by {
                Some(keeper) => keepers.insert(Db(keeper)),
                None => tablets.insert(Db(arrival.device)),
            };
        }
        let whose: Vec<(Db<DeviceId>, Db<UserId>)> = on_each!(tx, |c| devices::table
            .filter(devices::id.eq_any(&tablets))
            .select((devices::id, devices::user_id))
            .load(c))?;
        let mut people = keepers;
        people.extend(whose.iter().map(|(_, user)| *user));
        let people = of_people(tx, &people)?;
        let of =
            |(Db(device), Db(user)): (Db<DeviceId>, Db<UserId>)| Some((device, people.get(&user)?.clone()));
        let tablets = whose.into_iter().filter_map(of).collect();
        Ok(Self { tablets, keepers: people, nobody: Authority::Facilitator { devices: BTreeSet::new() } })
    }

    /// The authority behind a change; where the person is not known, that of a facilitator who has no records.
    pub(super) fn behind(&self, arrival: &Arrival) -> &Authority {
        let found = match &arrival.waived_by {
            Some(keeper) => self.keepers.get(keeper),
            None => self.tablets.get(&arrival.device),
        };
        found.unwrap_or(&self.nobody)
    }
}

/// The authority of each person by their role. A facilitator's own records are those that any of their tablets began,
/// or they themselves at the web interface.
fn of_people(
    tx: &mut Conn<'_>,
    people: &BTreeSet<Db<UserId>>,
) -> Result<BTreeMap<UserId, Authority>, StoreError> {
    let roles: Vec<(Db<UserId>, Code<Role>)> = on_each!(tx, |c| users::table
        .filter(users::id.eq_any(people))
        .select((users::id, users::role))
        .load(c))?;
    let theirs: Vec<(Db<UserId>, Db<DeviceId>)> = on_each!(tx, |c| devices::table
        .filter(devices::user_id.eq_any(people))
        .select((devices::user_id, devices::id))
        .load(c))?;
    let of = |(Db(user), Code(role)): (Db<UserId>, Code<Role>)| {
        let own = theirs.iter().filter(|(owner, _)| owner.0 == user).map(|(_, Db(device))| *device);
        (user, role.authority(own.chain([web_author(user)])))
    };
    Ok(roles.into_iter().map(of).collect())
}
