//! What must hold of both stores: they have the same tables, and half a push is no push.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::Text;
use server::backup::{COMPUTED, KEPT, OWN};
use server::on_each;
use server::store::{Conn, Store, StoreError};
use sync_core::record::session::Attendance;
use tablet::recording::Details;
use tests::recount::{Count, check_streams, contents};
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Every `table.column`, by what the database itself says.
fn columns(database: &Database) -> BTreeSet<String> {
    let store = Store::open(&database.url).expect("it opens");
    store.migrate_blocking().expect("it migrates");
    let query = |tx: &mut Conn<'_>| -> Result<Vec<Column>, StoreError> {
        let text = match tx {
            Conn::Sqlite(_) => {
                "SELECT m.name || '.' || c.name AS name FROM sqlite_master m, pragma_table_info(m.name) c
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
            }
            Conn::Postgres(_) => {
                "SELECT (table_name || '.' || column_name)::text AS name FROM information_schema.columns
                 WHERE table_schema = current_schema()"
            }
        };
        on_each!(tx, |c| diesel::sql_query(text).load(c))
    };
    let all = store.read_blocking("columns", query).expect("it answers");
    all.into_iter().map(|column| column.name).filter(|name| !name.starts_with("__diesel")).collect()
}

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    let (sqlite, postgres) = (columns(&Database::sqlite()), columns(&Database::postgres()));
    assert!(sqlite.contains("changes.seq"));
    assert_eq!(sqlite, postgres);
}

#[test]
fn a_backup_holds_every_table_that_can_not_be_computed_again() {
    let names =
        |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    let kept = names(&KEPT.map(|table| table.name));
    let all = columns(&Database::sqlite());
    let tables: BTreeSet<String> =
        all.iter().filter_map(|column| Some(column.split_once('.')?.0.to_owned())).collect();
    let left = &names(&COMPUTED) | &names(&OWN);
    assert_eq!(
        tables,
        &kept | &left,
        "a new table is kept by a backup, or computed, or of one life of a store"
    );
    assert!(kept.is_disjoint(&left));
}

/// Numbers, texts and bytes are what a backup carries from one kind of database to the other.
#[test]
fn what_a_backup_holds_is_numbers_texts_and_bytes() {
    let store = Store::open(&Database::postgres().url).expect("it opens");
    store.migrate_blocking().expect("it migrates");
    let query = |tx: &mut Conn<'_>| -> Result<Vec<Column>, StoreError> {
        let text = "SELECT (table_name || ' ' || data_type)::text AS name FROM information_schema.columns
             WHERE table_schema = current_schema()";
        on_each!(tx, |c| diesel::sql_query(text).load(c))
    };
    let mut kept = 0;
    for Column { name } in store.read_blocking("types", query).expect("it answers") {
        let (table, kind) = name.split_once(' ').expect("a table and a type");
        if KEPT.iter().any(|one| one.name == table) {
            kept += 1;
            assert!(["bytea", "bigint", "integer", "text"].contains(&kind), "{name}");
        }
    }
    assert!(kept > 0);
}

#[test]
fn migrations_have_the_same_names() {
    let names = |folder: &str| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(folder);
        let entries = fs::read_dir(folder).expect("a folder of migrations");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

/// Makes the store refuse to write an attendance, which a push does late, or allow it again.
fn refuse_attendances(store: &Store, refuse: bool) {
    store
        .write_blocking("test", |tx: &mut Conn<'_>| -> Result<(), StoreError> {
            let statements: &[&str] = match (&*tx, refuse) {
                (Conn::Sqlite(_), true) => &[
                    "CREATE TRIGGER broken BEFORE INSERT ON attendances BEGIN SELECT RAISE(ABORT, 'broken'); END",
                ],
                (Conn::Sqlite(_), false) => &["DROP TRIGGER broken"],
                (Conn::Postgres(_), true) => &[
                    "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''broken''; END'",
                    "CREATE TRIGGER broken BEFORE INSERT ON attendances FOR EACH ROW EXECUTE FUNCTION broken()",
                ],
                (Conn::Postgres(_), false) => &["DROP TRIGGER broken ON attendances"],
            };
            for statement in statements {
                on_each!(tx, |c| diesel::sql_query(*statement).execute(c))?;
            }
            Ok(())
        })
        .expect("the store obeys");
}

#[test]
fn a_push_that_fails_half_way_leaves_nothing_behind() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 2);
        let before = contents(app.store());

        record(
            &mut jeanne,
            village.group,
            day(3, 5),
            Details { attendance: marks(&[1, 2], Attendance::Present), ..Details::default() },
        );
        refuse_attendances(app.store(), true);
        jeanne.sync(&mut ()).expect_err("the store refuses");
        assert_eq!(contents(app.store()), before, "nothing of it is there, the two people neither");
        assert_eq!(jeanne.tablet().outbox().len(), 3, "all of it waits on the tablet");

        refuse_attendances(app.store(), false);
        jeanne.sync(&mut ()).expect("a sync");
        assert_eq!(jeanne.tablet().outbox().len(), 0);
        check_streams(app.store());
        let totals = Count::of_answer(&village.aggregates(""));
        assert_eq!(totals, Count::registered(1, 2, 2));
    });
}
