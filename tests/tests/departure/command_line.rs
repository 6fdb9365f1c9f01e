//! The operator's commands, as they are typed.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

use tablet::recording::NewParticipant;
use tests::program::ihuriro;

use super::removing::{is_sound, left_of};
use super::*;

fn start(database: &Database, words: &[&str]) -> Child {
    let mut command = Command::new(ihuriro().expect("the program"));
    command.args(words).env("DATABASE_URL", &database.url).env_remove("RUST_LOG");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("it starts")
}

fn run(database: &Database, typed: &str, words: &[&str]) -> Output {
    let mut running = start(database, words);
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

/// SIGKILL, in the midst of the erasing: fifty records go in a transaction.
#[test]
fn a_removal_that_is_killed_goes_on_when_it_is_run_again() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let group = scene.village.group;
        for number in 100..500 {
            let code = format!("P{number}").parse().expect("a code");
            scene.hers.add_participant(group, NewParticipant::of(code)).expect("a person joins");
        }
        scene.hers.sync(&mut ()).expect("a sync");
        let theirs = scene.other.aggregates("");
        let shelf = tempfile::tempdir().expect("a folder");
        let to = shelf.path().join("aegis").display().to_string();
        let export = run(database, "", &["export", "--organisation", "aegis", "--to", &to]);
        assert!(export.status.success(), "{}", said(&export));

        let store = scene.app.store().clone();
        let left = || left_of(&store, group).1;
        let whole = left();
        let remove = ["remove", "--organisation", "aegis", "--exported", &to, "--yes", "aegis"];
        let mut running = start(database, &remove);
        while left() == whole {
            assert!(running.try_wait().expect("its state").is_none(), "it ended before it began");
        }
        running.kill().expect("SIGKILL");
        running.wait().expect("it is dead");
        assert!(left() > 0, "it was killed in the midst");

        let again = run(database, "", &remove);
        assert!(again.status.success(), "{}", said(&again));
        assert_eq!(left_of(&store, group), (0, 0));
        is_sound(&store);
        assert_eq!(scene.other.aggregates(""), theirs);
    });
}
