//! Who stands behind the author of a change.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::id::{DeviceId, Id, UserId};

use crate::on_each;
use crate::store::schema::{devices, users};
use crate::store::{Conn, Db, StoreError};

/// The author of what a person writes at the web interface: their own id, in the place of a tablet's.
pub fn web_author(user: UserId) -> DeviceId {
    DeviceId::from_uuid(user.uuid())
}

/// The names of authors: of the people whose tablets they are, and of those who wrote at the web interface.
///
/// # Errors
/// Those of the store.
pub fn names(
    tx: &mut Conn<'_>,
    authors: &BTreeSet<DeviceId>,
) -> Result<BTreeMap<DeviceId, String>, StoreError> {
    let ids: Vec<Db<DeviceId>> = authors.iter().copied().map(Db).collect();
    let tablets: Vec<(Db<DeviceId>, String)> = on_each!(tx, |c| devices::table
        .inner_join(users::table)
        .filter(devices::id.eq_any(&ids))
        .select((devices::id, users::name))
        .load(c))?;
    let people: Vec<(Db<DeviceId>, String)> = on_each!(tx, |c| users::table
        .filter(users::id.eq_any(&ids))
        .select((users::id, users::name))
        .load(c))?;
    Ok(tablets.into_iter().chain(people).map(|(Db(author), name)| (author, name)).collect())
}
