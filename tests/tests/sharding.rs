//! What belongs to one group stands together. A table that grows is keyed by a stream (which is a group's), a group or an organisation, so
//! that a distributed PostgreSQL can keep it by that; of each table that is not, the reason is said here.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::Text;
use server::on_each;
use server::store::{Conn, Store, StoreError};
use tests::Database;

/// What a key must name for its rows to stand with those of one group or organisation.
const HOMES: [&str; 3] = ["stream_id", "group_id", "organisation_id"];

/// Grows with people and tablets at the most: the same on every machine.
const SMALL: [&str; 19] = [
    "__diesel_schema_migrations",
    "settings",
    "store_keys",
    "token_keys",
    "organisations",
    "users",
    "teams",
    "team_members",
    "devices",
    "enrolment_codes",
    "refresh_tokens",
    "sign_in_limits",
    "known_addresses",
    "password_codes",
    "provider_links",
    "finished_sign_ins",
    "second_factors",
    "recovery_codes",
    "releases",
];

const ID_OF_DOCUMENT: &str = "an id belongs to one document of all streams: whoever sends it for another stream is found out by the key";
const BESIDE_DOCUMENT: &str =
    "a row of one document, found by the document; it would be kept by the document's stream";

const ONE_LOG: &str =
    "one log for the whole partnership, so that nobody can leave out what one organisation did";

/// Tables whose key names neither, and why.
const OTHERWISE: [(&str, &str); 33] = [
    ("streams", "its id is the stream's"),
    ("documents", ID_OF_DOCUMENT),
    ("groups", ID_OF_DOCUMENT),
    ("lessons", ID_OF_DOCUMENT),
    (
        "services",
        "the directory of the partnership, which is one: some thousand rows, the same on every machine",
    ),
    ("coverage", "asked across organisations, by sector; a row for each group, the same on every machine"),
    ("overlap_statements", "of the groups of two organisations; some for each overlap"),
    ("frameworks", "asked across organisations; at most 20 of each, the same on every machine"),
    ("targets", "asked across organisations; at most 2,000 of each, the same on every machine"),
    ("budget_lines", "asked across organisations; some for each quarter, the same on every machine"),
    ("participants", ID_OF_DOCUMENT),
    ("sessions", ID_OF_DOCUMENT),
    ("referrals", ID_OF_DOCUMENT),
    ("incidents", ID_OF_DOCUMENT),
    ("screenings", ID_OF_DOCUMENT),
    ("referral_steps", BESIDE_DOCUMENT),
    (
        "received_referrals",
        "asked by the organisation that receives, written with the group of the one that refers",
    ),
    ("participant_origins", BESIDE_DOCUMENT),
    ("people", BESIDE_DOCUMENT),
    ("days", BESIDE_DOCUMENT),
    ("possible_doubles", BESIDE_DOCUMENT),
    ("session_themes", BESIDE_DOCUMENT),
    ("attendances", BESIDE_DOCUMENT),
    ("headcounts", BESIDE_DOCUMENT),
    ("conflicts", BESIDE_DOCUMENT),
    ("conflict_claims", BESIDE_DOCUMENT),
    ("quarantine", "what was sent for a document in a stream that it does not live in waits there, too"),
    ("erasures", ID_OF_DOCUMENT),
    ("batches", "one tablet signs a batch for several groups"),
    ("assignments", "asked by person as often as by group, some for each group"),
    ("idempotency_keys", "kept for a day, by caller"),
    ("audit_entries", ONE_LOG),
    ("audit_tiles", ONE_LOG),
];

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// The columns of each table's primary key.
fn keys(store: &Store) -> BTreeMap<String, BTreeSet<String>> {
    const SQLITE: &str =
        "SELECT t.name AS table_name, c.name AS name FROM sqlite_master t JOIN pragma_table_info(t.name) c
        WHERE t.type = 'table' AND c.pk > 0";
    const POSTGRES: &str = "SELECT k.table_name::text AS table_name, k.column_name::text AS name
        FROM information_schema.table_constraints t JOIN information_schema.key_column_usage k
          ON k.constraint_name = t.constraint_name AND k.table_schema = t.table_schema AND k.table_name = t.table_name
        WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = current_schema()";
    let read = |tx: &mut Conn<'_>| -> Result<Vec<Column>, StoreError> {
        let text = if matches!(tx, Conn::Sqlite(_)) { SQLITE } else { POSTGRES };
        on_each!(tx, |c| diesel::sql_query(text).load(c))
    };
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Column { table_name, name } in store.read_blocking("keys", read).expect("the store answers") {
        keys.entry(table_name).or_default().insert(name);
    }
    keys
}

#[test]
fn what_grows_is_keyed_by_a_stream_or_an_organisation_or_has_a_reason() {
    Database::each(|database| {
        let store = Store::open(&database.url).expect("it opens");
        store.migrate_blocking().expect("it is brought up to date");
        let keys = keys(&store);
        for (table, key) in &keys {
            let home = HOMES.iter().any(|home| key.contains(*home));
            let said = SMALL.contains(&table.as_str()) || OTHERWISE.iter().any(|(name, _)| name == table);
            let word = if said {
                "needs no reason"
            } else {
                "needs a reason, or a stream or organisation in its key"
            };
            assert!(home != said, "{table} {word}: {key:?}");
        }
        for name in SMALL.iter().chain(OTHERWISE.iter().map(|(name, _)| name)) {
            assert!(keys.contains_key(*name), "there is no {name}");
        }
    });
}
