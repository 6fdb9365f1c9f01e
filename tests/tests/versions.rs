//! An older program on a database that a newer one brought up to date: it says so, and leaves everything as it is.

use std::process::Command;

use diesel::prelude::*;
use serde_json::json;
use server::on_each;
use server::store::{Conn, Store, StoreError};
use tests::program::ihuriro;
use tests::recount::contents;
use tests::{Database, TestApp, Village};

/// Does what a newer program's migration leaves behind.
fn brought_up_to_date(store: &Store) {
    let text = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')";
    let newer = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
        on_each!(tx, |c| diesel::sql_query(text).execute(c))
    };
    store.write_blocking("test", newer).expect("the store obeys");
}

#[test]
fn an_older_program_that_runs_refuses_in_words_from_then_on() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
        tests::village::people_join(&mut tablet, village.group, 1);
        let ready = || village.manager.get("/ready");
        assert_eq!(ready().status, 200);
        let before = contents(app.store());
        brought_up_to_date(app.store());

        let code = format!("/v1/users/{}/enrolment-codes", tablet.tablet().user());
        let refused = village.manager.post(&code, &json!({}));
        assert_eq!(refused.problem(), (503, "program-outdated"), "{}", refused.body);
        assert_eq!(refused.retry_after.as_deref(), Some("60"));
        assert_eq!(ready().problem(), (503, "program-outdated"));
        assert_eq!(village.manager.get("/v1/groups").problem(), (503, "program-outdated"));
        let refused = tablet.sync(&mut ()).expect_err("nothing is taken").to_string();
        assert!(refused.contains("older than its database"), "{refused}");
        assert_eq!(tablet.tablet().outbox().len(), 1);
        let unwatched = Store::open(&database.url).expect("it opens");
        assert_eq!(contents(&unwatched), before);
    });
}

#[test]
fn a_service_whose_database_is_only_looked_at_notices_it_too() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let other = Store::open(&database.url).expect("it opens");
        brought_up_to_date(&other);
        assert_eq!(village.manager.get("/ready").problem(), (503, "program-outdated"));
        assert_eq!(village.manager.get("/v1/groups").problem(), (503, "program-outdated"));
    });
}

#[test]
fn no_command_of_an_older_program_touches_a_newer_database() {
    let program = ihuriro().expect("the program");
    Database::each(|database| {
        let store = Store::open(&database.url).expect("it opens");
        store.migrate_blocking().expect("it migrates");
        brought_up_to_date(&Store::open(&database.url).expect("it opens"));
        assert!(matches!(store.migrate_blocking(), Err(StoreError::Newer { .. })));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let backup = folder.path().join("backup").display().to_string();
        let key = server::backup::make_key(&folder.path().join("key")).expect("a key").to_string();
        for command in [
            vec!["serve", "--listen", "127.0.0.1:0"],
            vec!["migrate"],
            vec!["rebuild"],
            vec!["compact"],
            vec!["verify"],
            vec!["backup", "--to", &backup, "--recipient", &key],
        ] {
            let ended = Command::new(&program)
                .args(&command)
                .env("DATABASE_URL", &database.url)
                .output()
                .expect("the program runs");
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(!ended.status.success(), "{command:?}: {said}");
            assert!(said.contains("a newer version of this program"), "{command:?}: {said}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "only the key");
    });
}
