//! Who did what: the audit log.
//!
//! An **entry** says who, when, at which address, what about, and whether it was allowed: ids, roles, routes and numbers, never a name, a
//! code or a word of a record. It is written in the transaction of what it tells of ([`note`]), so that neither is there without the other.
//! Nothing is ever changed or deleted.
//!
//! The **log** is a Merkle tree (RFC 6962) over the entries in the order of their *places*. Whoever notes gives no place, so that writers
//! do not wait for each other: [`sequence`] does that a moment later, under a lock, and writes the hashes of the tree in *tiles* of 256
//! (c2sp.org/tlog-tiles). A **checkpoint** (c2sp.org/tlog-checkpoint) is the tree's size and root hash, signed: one that was kept
//! elsewhere shows whether what it vouches for is still there as it was, also after a restore.
//!
//! 1. A request is answered under a [`Deed`]: [`Permit`](crate::scope::Permit) says who asks and for what, and [`witness`]
//!    notes it: a change in the transaction of the change, a read before the answer is given.
//! 2. [`sequence`] gives each entry its place.
//! 3. [`verify`] compares entries with tiles, and tiles with each other; [`Checkpoint`] tells what a log lacks; [`lines`] is the export.
//!
//! What tablets hand in is not noted: its batches are kept, signed, and say more.

mod entry;
mod line;
mod tree;
mod tiles;
mod sequence;
mod deed;
mod checkpoint;
mod verify;
mod export;
#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, Compared, Foreign, checkpoint, compare, verifier_key};
pub use deed::{Deed, concerns, concerns_person, concerns_several, witness};
pub use entry::{Action, Entry, Object, ObjectKind, Outcome, Who};
pub use export::{lines, lines_of};
pub use line::{AuditEntry, Row};
pub use sequence::sequence;
pub use verify::{Checked, Finding, verify};

use diesel::prelude::*;
use sync_core::time::Millis;

use crate::on_each;
use crate::store::schema::audit_entries;
use crate::store::{At, Conn, Db, StoreError};

/// For how long further refusals of one account's sign-in are not noted.
const SELDOM_MINUTES: i64 = 1;

/// Notes what somebody does, in the transaction of what it tells of.
///
/// # Errors
/// Those of the store.
pub fn note(tx: &mut Conn<'_>, entry: &Entry) -> Result<(), StoreError> {
    let row = entry.row(tx)?;
    on_each!(tx, |c| diesel::insert_into(audit_entries::table).values(row.clone()).execute(c))?;
    Ok(())
}

/// Notes what somebody who may be nobody was refused, unless the same was noted of them within the last minute: whoever tries passwords
/// by the thousand does not fill the disk.
///
/// # Errors
/// Those of the store.
pub fn note_seldom(tx: &mut Conn<'_>, entry: &Entry) -> Result<(), StoreError> {
    let since = entry.at.plus_minutes(-SELDOM_MINUTES);
    let lately: i64 = on_each!(tx, |c, Backend| {
        let lately = audit_entries::table
            .filter(audit_entries::id.ge(entry::first_id(since)))
            .filter(audit_entries::at.gt(At(since)))
            .filter(audit_entries::at.le(At(entry.at)))
            .filter(audit_entries::action.eq(entry.action.code()))
            .filter(audit_entries::outcome.eq(Outcome::Refused.code()))
            .into_boxed::<Backend>();
        match entry.who.user {
            Some(user) => lately.filter(audit_entries::user_id.eq(Db(user))),
            None => lately.filter(audit_entries::user_id.is_null()),
        }
        .count()
        .get_result(c)
    })?;
    if lately > 0 { Ok(()) } else { note(tx, entry) }
}

/// How many entries wait for a place in the log.
///
/// # Errors
/// Those of the store.
pub fn waiting(tx: &mut Conn<'_>) -> Result<u64, StoreError> {
    let waiting: i64 =
        on_each!(tx, |c| audit_entries::table.filter(audit_entries::place.is_null()).count().get_result(c))?;
    Ok(waiting.unsigned_abs())
}

/// The operator of the service, at the command line, did something: `ihuriro backup`.
pub fn by_operator(now: Millis, action: Action, command: &'static str) -> Entry {
    Entry::of(Who::operator(), now, action, command)
}
