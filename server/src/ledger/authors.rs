//! The person, and the tablet, behind the author of a change.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::id::{DeviceId, Id, UserId};
use uuid::Uuid;

use crate::on_each;
use crate::store::schema::{devices, users};
use crate::store::{Conn, Db, StoreError};

/// The author of what a person writes at the web interface: their own id, in the place of a tablet's.
pub fn web_author(user: UserId) -> DeviceId {
    DeviceId::from_uuid(user.uuid())
}

/// The author of what the service writes by itself. No person and no tablet has this id: theirs are random.
pub fn service_author() -> DeviceId {
    DeviceId::from_uuid(Uuid::from_u128(1))
}

/// The person behind an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The person's name; `the service` of what it writes by itself.
    pub person: String,
    /// The name of their tablet; `None` where they wrote at the web interface.
    pub tablet: Option<String>,
}

/// How the service is called as an author.
const SERVICE: &str = "the service";

/// The people behind these authors, as far as they are known here: users of tablets, and people who wrote at the web
/// interface.
///
/// # Errors
/// Those of the store.
pub fn authors(
    tx: &mut Conn<'_>,
    authors: &BTreeSet<DeviceId>,
) -> Result<BTreeMap<DeviceId, Author>, StoreError> {
    let ids: Vec<Db<DeviceId>> = authors.iter().copied().map(Db).collect();
    let tablets: Vec<(Db<DeviceId>, String, String)> = on_each!(tx, |c| devices::table
        .inner_join(users::table)
        .filter(devices::id.eq_any(&ids))
        .select((devices::id, users::name, devices::name))
        .load(c))?;
    let people: Vec<(Db<DeviceId>, String)> = on_each!(tx, |c| users::table
        .filter(users::id.eq_any(&ids))
        .select((users::id, users::name))
        .load(c))?;
    let tablets = tablets
        .into_iter()
        .map(|(Db(author), person, tablet)| (author, Author { person, tablet: Some(tablet) }));
    let people = people.into_iter().map(|(Db(author), person)| (author, Author { person, tablet: None }));
    let service = authors.get(&service_author()).copied();
    let service = service.map(|author| (author, Author { person: SERVICE.to_owned(), tablet: None }));
    Ok(tablets.chain(people).chain(service).collect())
}

/// As [`authors`], the names alone.
///
/// # Errors
/// Those of the store.
pub fn names(tx: &mut Conn<'_>, of: &BTreeSet<DeviceId>) -> Result<BTreeMap<DeviceId, String>, StoreError> {
    Ok(authors(tx, of)?.into_iter().map(|(author, who)| (author, who.person)).collect())
}
