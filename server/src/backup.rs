//! The whole store in one file, and a new store from it.
//!
//! A backup holds the rows of every table that can't be computed again ([`KEPT`]), as of one moment, while the service
//! goes on. It names each table with its columns and holds plain values, so that it fits either database; it is
//! compressed (zstd) and encrypted (age) for those who hold a key. A restore makes the tables as they were when the backup
//! was made, puts the rows in, and brings them up to date like any older store: a backup outlives versions of this program.
//!
//! Reading order: which tables ([`tables`]), rows as plain values ([`row`]), keys ([`key`]), the file ([`file`]), what can
//! go wrong ([`refusal`]), the list of what was erased ([`erasures`]), then [`dump`] and [`restore`].

mod tables;
mod row;
mod refusal;
mod key;
mod file;
pub mod erasures;
mod dump;
mod restore;
#[cfg(test)]
mod tests;

pub use dump::{Made, backup};
pub use file::Header;
pub(crate) use key::create_private;
pub use key::{PublicKey, make_key};
pub use refusal::Refused;
pub use restore::Backup;
pub use tables::{COMPUTED, KEPT, OWN};

use std::fmt;

use diesel::prelude::*;

use crate::on_each;
use crate::store::schema::{changes, documents, groups, users};
use crate::store::{Conn, StoreError};

/// What a store holds, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    pub people: i64,
    pub groups: i64,
    pub documents: i64,
    pub changes: i64,
}

impl Contents {
    fn of(tx: &mut Conn<'_>) -> Result<Self, StoreError> {
        on_each!(tx, |c| Ok(Self {
            people: users::table.count().get_result(c)?,
            groups: groups::table.count().get_result(c)?,
            documents: documents::table.count().get_result(c)?,
            changes: changes::table.count().get_result(c)?,
        }))
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { people, groups, documents, changes } = self;
        write!(f, "people {people}, groups {groups}, documents {documents}, changes {changes}")
    }
}
