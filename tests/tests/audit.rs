//! Who did what is noted, shown to those whom it concerns, and can be checked by somebody who trusts nobody.

mod command_line;
mod noting;
mod reading;

use diesel::prelude::*;
use serde_json::{Value, json};
use server::audit::{AuditEntry, Row};
use server::on_each;
use server::store::schema::audit_entries;
use server::store::{Conn, Store, StoreError};

/// All entries, the oldest first.
fn noted(store: &Store) -> Vec<Value> {
    let all = |tx: &mut Conn<'_>| -> Result<Vec<Row>, StoreError> {
        on_each!(tx, |c| audit_entries::table.order(audit_entries::id).select(Row::as_select()).load(c))
    };
    let rows = store.read_blocking("test", all).expect("it answers");
    rows.into_iter().map(|row| json!(AuditEntry::from(row))).collect()
}

/// The entries that a piece of work leaves.
fn noted_of<T>(store: &Store, work: impl FnOnce() -> T) -> (T, Vec<Value>) {
    let before = noted(store).len();
    let done = work();
    (done, noted(store).split_off(before))
}

fn sql(store: &Store, statements: &[&str]) {
    let run = |tx: &mut Conn<'_>| -> Result<(), StoreError> {
        statements.iter().try_for_each(|text| on_each!(tx, |c| diesel::sql_query(*text).execute(c)).map(drop))
    };
    store.write_blocking("test", run).expect("the store obeys");
}
