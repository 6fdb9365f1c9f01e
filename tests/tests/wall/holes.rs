//! Queries without a filter, asked by people of every role.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use server::access::Role;
use server::store::{Asker, Conn, Pg, Store, StoreError};
use sync_core::record::{Kind, Level};
use uuid::Uuid;

use crate::wall::planted::{Planted, WALLED, asked_by};
use crate::wall::store;

/// What is seen of a table, and by whom: administrators see which groups and teams there are, and what was done.
const SEEN_BY_ADMINISTRATORS: [&str; 6] =
    ["streams", "readings", "purges", "teams", "team_members", "audit_entries"];
/// Nobody who asks changes what was noted, or said of an overlap.
const ONLY_ADDED_TO: [&str; 2] = ["audit_entries", "overlap_statements"];
/// What the service writes by itself, and callers only read.
const ONLY_READ: [&str; 2] = ["services", "received_referrals"];

/// Whether somebody of another organisation, or of none, sees a table.
fn is_open_to(table: &str, role: &str) -> bool {
    match (table, role) {
        (_, "administrator") => SEEN_BY_ADMINISTRATORS.contains(&table),
        // That a group exists is of level I, as the directory is.
        ("coverage" | "services", "facilitator" | "supervisor" | "manager" | "secretariat") => true,
        ("overlap_statements", "secretariat") => true,
        // Targets are said to all who read results, budgets to whoever pays.
        ("targets", "supervisor" | "manager" | "secretariat" | "donor") => true,
        ("budget_lines", "secretariat" | "donor") => true,
        _ => false,
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

fn count(store: &Store, from: &str) -> i64 {
    let query = format!("SELECT count(*) AS number FROM {from}");
    let read = |tx: &mut Conn<'_>| -> Result<i64, StoreError> {
        Ok(diesel::sql_query(&query).get_result::<Number>(postgres(tx))?.number)
    };
    store.read_blocking("hole", read).unwrap_or_else(|error| panic!("{from}: {error}"))
}

/// How many rows a statement wrote, or why none.
fn written(store: &Store, statement: &str) -> Result<usize, String> {
    let write = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
        Ok(diesel::sql_query(statement).execute(postgres(tx))?)
    };
    // It is undone in any case.
    let undone = |tx: &mut Conn<'_>| match write(tx) {
        Ok(rows) => Err(Undone::Wrote(rows)),
        Err(error) => Err(Undone::Failed(error)),
    };
    match store.write_blocking::<(), _, _>("hole", undone) {
        Err(Undone::Wrote(rows)) => Ok(rows),
        Err(Undone::Failed(error)) => Err(error.to_string()),
        Ok(()) => unreachable!("it is undone"),
    }
}

enum Undone {
    Wrote(usize),
    Failed(StoreError),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl server::store::Retry for Undone {
    fn retry(&self) -> bool {
        false
    }
}

fn postgres<'a>(tx: &'a mut Conn<'_>) -> &'a mut Pg {
    let Conn::Postgres(c) = tx else { panic!("there is a wall on PostgreSQL only") };
    c
}

/// A statement that inserts a row again which is there.
fn again(store: &Store, table: &str) -> String {
    let query = format!("SELECT to_jsonb(t)::text AS word FROM {table} t LIMIT 1");
    let read = |tx: &mut Conn<'_>| -> Result<String, StoreError> {
        Ok(diesel::sql_query(&query).get_result::<Word>(postgres(tx))?.word)
    };
    let row = store.read_blocking("row", read).expect("a row was planted");
    format!("INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, '{row}')")
}

fn first_column(store: &Store, table: &str) -> String {
    let query = format!(
        "SELECT attname::text AS word FROM pg_attribute WHERE attrelid = to_regclass('{table}') AND attnum = 1"
    );
    let read = |tx: &mut Conn<'_>| -> Result<String, StoreError> {
        Ok(diesel::sql_query(&query).get_result::<Word>(postgres(tx))?.word)
    };
    store.read_blocking("column", read).expect("a column")
}

/// Somebody of each role who has nothing to do with what was planted, of another organisation where the role has one.
fn strangers(other: &Planted) -> Vec<Asker> {
    let of = |role: Role, protects| {
        let user = match role {
            Role::Facilitator => other.facilitator,
            Role::Supervisor => other.supervisor,
            Role::Manager => other.manager,
            _ => Uuid::now_v7().into(),
        };
        let organisation = role.in_organisation().then_some(other.organisation);
        Asker { user, organisation, role: role.code(), protects }
    };
    Role::ALL.iter().flat_map(|role| [of(*role, false), of(*role, true)]).collect()
}

#[test]
fn a_query_that_forgot_its_filter_gives_nobody_rows_of_others() {
    let (_database, store) = store();
    let theirs = Planted::of(&store, "aegis");
    let other = Planted::people_of(&store, "nar");
    let of = |role: Role, protects| Asker {
        user: theirs.manager,
        organisation: Some(theirs.organisation),
        role: role.code(),
        protects,
    };
    let officer = asked_by(&store, of(Role::Manager, true));
    let nobody = store.for_request();
    let mut cases = 0;
    for table in WALLED {
        let all = count(&store, table);
        assert!(all > 0, "plant a row in {table}");
        assert_eq!(count(&officer, table), all, "a protection officer sees all of {table}");
        assert_eq!(count(&nobody, table), 0, "before it is known who asks, nobody sees {table}");
        let (column, insert) = (first_column(&store, table), again(&store, table));
        let update = format!("UPDATE {table} SET {column} = {column}");
        for asker in strangers(&other) {
            let (role, asked) = (asker.role, asked_by(&store, asker));
            let case = format!("{table}, asked by {asker:?}");
            let seen = if is_open_to(table, role) { all } else { 0 };
            assert_eq!(count(&asked, table), seen, "{case}");
            if ONLY_READ.contains(&table) {
                for statement in [&update, &insert, &format!("DELETE FROM {table}")] {
                    let refused = written(&asked, statement).expect_err(&case);
                    assert!(refused.contains("permission denied"), "{case}: {refused}");
                }
                cases += 1;
                continue;
            }
            if !ONLY_ADDED_TO.contains(&table) {
                assert_eq!(written(&asked, &update), Ok(0), "{case}");
                assert_eq!(written(&asked, &format!("DELETE FROM {table}")), Ok(0), "{case}");
            }
            let refused = written(&asked, &insert).expect_err(&case);
            // The secretariat speaks of every overlap.
            let speaks = (table, role) == ("overlap_statements", "secretariat");
            assert!(speaks || refused.contains("row-level security"), "{case}: {refused}");
            cases += 1;
        }
        if ONLY_ADDED_TO.contains(&table) || ONLY_READ.contains(&table) {
            for store in [&officer, &nobody] {
                let refused = written(store, &update).expect_err("nothing noted is changed");
                assert!(refused.contains("permission denied"), "{refused}");
            }
        } else {
            assert_eq!(written(&officer, &update), Ok(all as usize), "{table}: the officer may");
        }
    }
    println!("{cases} cases of table and caller");
}

#[test]
fn records_of_level_s_are_seen_by_who_leads_the_group_their_supervisor_and_protection_officers() {
    let (_database, store) = store();
    let theirs = Planted::of(&store, "aegis");
    let beside = Planted { organisation: theirs.organisation, ..Planted::people_of(&store, "nar") };
    let asked = |user, role: Role, protects| {
        let organisation = Some(theirs.organisation);
        asked_by(&store, Asker { user, organisation, role: role.code(), protects })
    };
    let cases = [
        (asked(theirs.facilitator, Role::Facilitator, false), true),
        (asked(theirs.supervisor, Role::Supervisor, false), true),
        (asked(theirs.manager, Role::Manager, true), true),
        (asked(theirs.manager, Role::Manager, false), false),
        // In the team, but no supervisor.
        (asked(theirs.supervisor, Role::Manager, false), false),
        (asked(beside.facilitator, Role::Facilitator, false), false),
        (asked(beside.supervisor, Role::Supervisor, false), false),
    ];
    for (number, (asked, sees)) in cases.iter().enumerate() {
        for kind in Kind::ALL.iter().filter(|kind| kind.level() != Level::Internal) {
            for table in ["documents", "changes", "conflicts"] {
                let from = format!("{table} WHERE kind = '{kind}'");
                let sees = *sees || kind.level() != Level::Sensitive;
                assert_eq!(count(asked, &from) > 0, sees, "{from}, case {number}");
            }
            for (table, joined) in [("days", "d.document_id"), ("conflict_claims", "d.conflict_id")] {
                let from =
                    format!("{table} d WHERE {joined} IN (SELECT id FROM documents WHERE kind = '{kind}')");
                let sees = *sees || kind.level() != Level::Sensitive;
                assert_eq!(count(asked, &from) > 0, sees, "{from}, case {number}");
            }
        }
        for table in ["referrals", "referral_steps", "incidents", "screenings"] {
            assert_eq!(count(asked, table) > 0, *sees, "{table}, case {number}");
        }
        // Whom others sent to their organisation is for its protection officers, whoever leads what.
        assert_eq!(count(asked, "received_referrals") > 0, number == 2, "case {number}");
        let all = count(asked, "days");
        assert_eq!(all, count(asked, "documents"), "case {number}");
    }
}

#[test]
fn the_keys_of_the_store_and_of_groups_are_read_by_no_caller() {
    let (_database, store) = store();
    let theirs = Planted::of(&store, "aegis");
    let asker = Asker {
        user: theirs.manager,
        organisation: Some(theirs.organisation),
        role: Role::Manager.code(),
        protects: true,
    };
    let manager = asked_by(&store, asker);
    for query in [
        "SELECT value FROM store_keys",
        "SELECT seed FROM token_keys",
        "SELECT key_identity FROM streams",
        "SELECT group_id FROM received_referrals",
        "SELECT people FROM held_counts",
        "SELECT hashes FROM audit_tiles",
    ] {
        let refused = written(&manager, query).expect_err(query);
        assert!(refused.contains("permission denied"), "{query}: {refused}");
    }
}
