//! Giving entries their places in the log.

use diesel::prelude::*;

use super::line::{AuditEntry, Row};
use super::tiles::{append, size};
use super::tree::{Hash, leaf};
use crate::on_each;
use crate::store::schema::audit_entries;
use crate::store::{Conn, Store, StoreError, identity};

/// How many entries one transaction gives a place: others wait no longer than that.
const AT_ONCE: i64 = 256;

/// Gives all entries that wait for one a place in the log, in the order of their ids; gives how many there were. Several services may do so at
/// once.
///
/// # Errors
/// Those of the store; what was done stays.
pub async fn sequence(store: &Store) -> Result<u64, StoreError> {
    let mut all = 0;
    while !store.read("audit to sequence", |tx| waiting(tx, 1)).await?.is_empty() {
        all += store.write("sequence audit", step).await?;
    }
    Ok(all)
}

fn waiting(tx: &mut Conn<'_>, most: i64) -> Result<Vec<Row>, StoreError> {
    on_each!(tx, |c| audit_entries::table
        .filter(audit_entries::place.is_null())
        .order(audit_entries::id)
        .limit(most)
        .select(Row::as_select())
        .load(c))
}

fn step(tx: &mut Conn<'_>) -> Result<u64, StoreError> {
    // Whoever else gives places waits here, and then sees the log as it has become.
    identity::take_turns(tx)?;
    let first = size(tx)?;
    let rows = waiting(tx, AT_ONCE)?;
    let mut leaves: Vec<Hash> = Vec::new();
    for (place, mut row) in (first..).zip(rows) {
        row.place = Some(place.cast_signed());
        let entry = audit_entries::table.find(row.id.clone());
        on_each!(tx, |c| diesel::update(entry).set(audit_entries::place.eq(row.place)).execute(c))?;
        leaves.push(leaf(&AuditEntry::from(row).line()));
    }
    append(tx, 0, &leaves)?;
    Ok(leaves.len() as u64)
}
