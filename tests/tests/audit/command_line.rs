//! `ihuriro audit`: checked, exported and vouched for by whoever runs the service, and by whoever keeps a checkpoint.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::program::ihuriro;
use tests::{Database, TestApp, Village};

use crate::audit::sql;

/// Where an operator works.
struct Desk {
    program: std::path::PathBuf,
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let program = ihuriro().expect("the program");
        Self { program, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Runs it on a database; gives whether it went well, what it printed, and what it said of errors.
    fn run(&self, database: &Database, words: &[&str]) -> (bool, String, String) {
        let mut command = Command::new(&self.program);
        command.args(words).env("DATABASE_URL", &database.url).env("IHURIRO_PASSWORD", "umuganda wa mbere");
        let output = command.output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.success(), text(output.stdout), text(output.stderr))
    }

    #[track_caller]
    fn ok(&self, database: &Database, words: &[&str]) -> String {
        let (well, printed, error) = self.run(database, words);
        assert!(well, "{words:?}: {printed}{error}");
        printed
    }

    #[track_caller]
    fn fails(&self, database: &Database, words: &[&str]) -> (String, String) {
        let (well, printed, error) = self.run(database, words);
        assert!(!well, "{words:?}: {printed}{error}");
        (printed, error)
    }

    /// Keeps a checkpoint; gives its path and how many entries it is of.
    fn keep(&self, database: &Database, name: &str) -> (String, u64) {
        let checkpoint = self.ok(database, &["audit", "checkpoint"]);
        let size = checkpoint.lines().nth(1).expect("a size").parse().expect("a number");
        fs::write(Path::new(&self.path(name)), checkpoint).expect("it is written");
        (self.path(name), size)
    }

    fn export(&self, database: &Database, words: &[&str]) -> Vec<Value> {
        let printed = self.ok(database, &[&["audit", "export"], words].concat());
        printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

#[test]
fn a_checkpoint_that_was_kept_tells_what_a_restored_store_lacks() {
    Database::each(|database| {
        let desk = Desk::new();
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let asks = |times: usize| (0..times).for_each(|_| drop(village.manager.get("/v1/groups").ok()));
        asks(3);
        let (before, _) = desk.keep(database, "before");
        desk.ok(database, &["backup-key", "--to", &desk.path("key")]);
        let key = fs::read_to_string(desk.path("key")).expect("a key");
        let public = key.lines().find_map(|line| line.split_once("age1")).expect("its public part").1;
        let backup = desk.path("backup");
        desk.ok(database, &["backup", "--to", &backup, "--recipient", &format!("age1{}", public.trim())]);
        let at_backup = desk.ok(database, &["audit", "checkpoint"]).lines().nth(1).map(str::to_owned);
        let at_backup: u64 = at_backup.expect("a size").parse::<u64>().expect("a number") - 1;
        asks(5);
        let (after, size) = desk.keep(database, "after");
        asks(2);
        let said = desk.ok(database, &["audit", "verify", "--checkpoint", &after]);
        assert!(said.contains("as it was; 2 entries came since.\nNothing is wrong."), "{said}");

        let restored = database.another();
        desk.ok(&restored, &["restore", "--from", &backup, "--identity", &desk.path("key")]);
        desk.ok(&restored, &["audit", "verify"]);
        desk.ok(&restored, &["audit", "verify", "--checkpoint", &before]);
        // The log goes on, beyond what it lacks.
        let lacks =
            format!("at least {} entries that the checkpoint vouches for are missing", size - at_backup);
        for _ in 0..2 {
            let (_, error) = desk.fails(&restored, &["audit", "verify", "--checkpoint", &after]);
            assert!(error.contains(&lacks), "{error}, not {lacks}");
            let app = TestApp::on(&restored);
            let manager = app.login("manager.aegis");
            (0..20).for_each(|_| drop(manager.get("/v1/groups").ok()));
        }
        let exported = desk.export(&restored, &[]);
        assert_eq!(exported[at_backup as usize]["action"], "restore");

        // Another store's log is another.
        let (foreign, _) = desk.keep(&village_elsewhere(), "foreign");
        let (_, error) = desk.fails(database, &["audit", "verify", "--checkpoint", &foreign]);
        assert!(error.contains("another log"), "{error}");
    });
}

/// A store of its own with a log of its own.
fn village_elsewhere() -> Database {
    let database = Database::sqlite();
    let app = TestApp::on(&database);
    drop(Village::of(&app, "nar"));
    database
}

#[test]
fn what_the_operator_does_is_noted_and_exported_by_days() {
    Database::each(|database| {
        let desk = Desk::new();
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        village.manager.get("/v1/groups").ok();
        let user = ["--login", "admin", "--name", "Administrator", "--role", "administrator"];
        desk.ok(database, &[&["admin", "create-user"], &user[..]].concat());
        desk.ok(database, &["admin", "create-organisation", "--code", "nar", "--name", "Never Again Rwanda"]);
        desk.ok(database, &["rebuild"]);
        desk.ok(database, &["compact"]);
        // The service's clock stands on 5 March; that of the command line is the machine's.
        let day = ["--from", "2026-03-05", "--to", "2026-03-05"];
        let of_the_day = desk.export(database, &day);
        assert!(of_the_day.iter().all(|entry| entry["role"] == "manager"), "{of_the_day:?}");
        assert_eq!(desk.export(database, &["--to", "2026-03-04"]), Vec::<Value>::new());

        let all = desk.export(database, &[]);
        let places: Vec<_> = all.iter().map(|entry| entry["place"].as_u64()).collect();
        assert_eq!(places, (0..all.len() as u64).map(Some).collect::<Vec<_>>());
        let operator: Vec<_> = all[of_the_day.len()..]
            .iter()
            .map(|entry| json!([entry["action"], entry["role"], entry["route"]]))
            .collect();
        let did = |action: &str, route: &str| json!([action, "operator", format!("ihuriro {route}")]);
        assert_eq!(
            operator,
            [
                did("access-changed", "admin create-user"),
                did("access-changed", "admin create-organisation"),
                did("rebuild", "rebuild"),
                did("compact", "compact"),
                did("export", "audit export"),
                did("export", "audit export"),
                did("export", "audit export"),
            ]
        );
        let (_, error) = desk.fails(database, &["audit", "export", "--from", "5 March"]);
        assert!(error.contains("2026-03-05"), "{error}");
    });
}

#[test]
fn a_log_that_was_tampered_with_is_named_and_fails() {
    Database::each(|database| {
        let desk = Desk::new();
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        (0..5).for_each(|_| drop(village.manager.get("/v1/groups").ok()));
        let (checkpoint, _) = desk.keep(database, "checkpoint");
        let verify = ["audit", "verify", "--checkpoint", &checkpoint];
        desk.ok(database, &verify);
        sql(app.store(), &["UPDATE audit_entries SET role = 'donor' WHERE place = 3"]);
        let (printed, error) = desk.fails(database, &verify);
        assert!(printed.contains("entry 3: it or its hash was changed"), "{printed}");
        assert!(error.contains("1 thing wrong with the log"), "{error}");
        // Whoever hashes all of it again is found out by the checkpoint.
        sql(app.store(), &["DELETE FROM audit_tiles", "UPDATE audit_entries SET place = NULL"]);
        desk.ok(database, &["audit", "verify"]);
        let (_, error) = desk.fails(database, &verify);
        assert!(error.contains("entries were changed"), "{error}");
    });
}
