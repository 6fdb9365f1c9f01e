//! The second wall: on PostgreSQL a query that forgot its filter gives nobody rows of others. SQLite has no such wall.

mod holes;
mod logins;
mod planted;

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use server::on_each;
use server::store::{Conn, Store, StoreError};
use tests::Database;

use planted::WALLED;

const SIGNING_IN: &str = "read before it is known who asks";
const WHO: &str = "who there is: a list of people, tablets and organisations, with no record; names of authors are shown where records are";
const PUBLISHED: &str = "figures that were published, protected, for the whole partnership";
const CLOSED: &str = "callers have no privilege on it";

/// Tables that do not stand behind the wall, and why.
const OPEN: [(&str, &str); 26] = [
    ("__diesel_schema_migrations", "which version the tables have"),
    ("settings", "what makes this store this one; callers read it"),
    ("store_keys", CLOSED),
    ("token_keys", CLOSED),
    ("organisations", WHO),
    ("users", WHO),
    ("devices", WHO),
    ("enrolment_codes", SIGNING_IN),
    ("refresh_tokens", SIGNING_IN),
    ("sign_in_limits", SIGNING_IN),
    ("known_addresses", SIGNING_IN),
    ("password_codes", SIGNING_IN),
    ("second_factors", SIGNING_IN),
    ("recovery_codes", SIGNING_IN),
    ("identity_providers", SIGNING_IN),
    ("provider_links", SIGNING_IN),
    ("finished_sign_ins", SIGNING_IN),
    ("batches", "what tablets signed: it names changes by their hashes, and may be of several groups"),
    ("idempotency_keys", "found by a hash of the caller and the key; answers are sealed"),
    ("audit_tiles", CLOSED),
    ("held_counts", CLOSED),
    ("erasures", CLOSED),
    ("retention_rules", CLOSED),
    ("releases", PUBLISHED),
    ("published_nodes", PUBLISHED),
    ("published_places", PUBLISHED),
];

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
    /// Row-level security is on, and holds the owner, too.
    #[diesel(sql_type = Bool)]
    walled: bool,
    /// Callers may do anything with it.
    #[diesel(sql_type = Bool)]
    reached: bool,
}

/// A store on PostgreSQL that is up to date.
fn store() -> (Database, Store) {
    let database = Database::postgres();
    let store = Store::open(&database.url).expect("it opens");
    store.migrate_blocking().expect("it is brought up to date");
    (database, store)
}

fn tables(store: &Store) -> BTreeMap<String, Table> {
    let query = "SELECT relname::text AS name, relrowsecurity AND relforcerowsecurity AS walled,
            has_any_column_privilege('ihuriro_caller', oid, 'SELECT, INSERT, UPDATE')
                OR has_table_privilege('ihuriro_caller', oid, 'DELETE') AS reached
        FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm') AND relnamespace = to_regnamespace(current_schema())";
    let read = |tx: &mut Conn<'_>| -> Result<Vec<Table>, StoreError> {
        on_each!(tx, |c| diesel::sql_query(query).load(c))
    };
    let tables = store.read_blocking("tables", read).expect("the store answers");
    tables.into_iter().map(|table| (table.name.clone(), table)).collect()
}

#[test]
fn every_table_stands_behind_the_wall_or_has_a_reason_not_to() {
    let (_database, store) = store();
    let tables = tables(&store);
    for (name, table) in &tables {
        let open = OPEN.iter().find(|(open, _)| open == name);
        assert_eq!(
            table.walled,
            WALLED.contains(&name.as_str()),
            "{name}: name it in WALLED, and give it a policy"
        );
        assert_eq!(table.walled, open.is_none(), "{name}: enable row-level security, or say in OPEN why not");
        let closed = open.is_some_and(|(_, why)| *why == CLOSED);
        assert_eq!(table.reached, !closed, "{name}: what callers may do with it");
    }
    let named: BTreeSet<&str> = WALLED.into_iter().chain(OPEN.map(|(name, _)| name)).collect();
    let there: BTreeSet<&str> = tables.keys().map(String::as_str).collect();
    assert_eq!(named, there);
}
