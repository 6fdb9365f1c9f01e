//! The operator's commands, as they are typed.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use tests::program::ihuriro;

use super::*;

fn run(database: &Database, typed: &str, words: &[&str]) -> Output {
    let mut command = Command::new(ihuriro().expect("the program"));
    command.args(words).env("DATABASE_URL", &database.url).env_remove("RUST_LOG");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().expect("it starts");
    // One that asks for nothing may have ended.
    let _ = running.stdin.take().expect("it listens").write_all(typed.as_bytes());
    running.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_partner_is_exported_and_removed_once_its_code_is_typed_again() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let shelf = tempfile::tempdir().expect("a folder");
        let to = shelf.path().join("aegis").display().to_string();
        let export = run(database, "", &["export", "--organisation", "aegis", "--to", &to]);
        let printed = said(&export);
        assert!(
            export.status.success() && printed.contains("1 group, 3 participants, 1 session"),
            "{printed}"
        );
        assert!(printed.contains("not encrypted"), "{printed}");

        let remove = ["remove", "--organisation", "aegis", "--exported", &to];
        let other = run(database, "nar\n", &remove);
        assert!(!other.status.success() && said(&other).contains("nothing was removed"), "{}", said(&other));
        assert_eq!(scene.village.manager.all("/v1/sessions").len(), 1);
        let removed = run(database, "aegis\n", &remove);
        let printed = said(&removed);
        assert!(removed.status.success() && printed.contains("Removed 7 records"), "{printed}");
        let again = run(database, "", &[&remove[..], &["--yes", "aegis"]].concat());
        assert!(again.status.success() && said(&again).contains("Removed 0 records"), "{}", said(&again));
        let verified = run(database, "", &["verify"]);
        assert!(verified.status.success(), "{}", said(&verified));
        let due = run(database, "", &["retention", "--dry-run"]);
        assert_eq!(said(&due), "Nothing is due.\n");
        let ran = run(database, "", &["retention"]);
        assert_eq!(said(&ran), "Nothing was due.\n");
    });
}
