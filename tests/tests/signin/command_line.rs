//! `ihuriro login`, `token` and `logout`: one login for curl and scripts, in a file that nobody else reads.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use diesel::prelude::*;
use serde_json::{Value, json};
use server::access::Role;
use server::on_each;
use server::store::schema::refresh_tokens;
use server::store::{Conn, StoreError};
use tempfile::TempDir;
use tests::app::PASSWORD;
use tests::program::ihuriro;
use tests::{Database, TestApp, Village};

use super::second_factor::shown;

/// Somebody's home on a machine where the program is.
struct Home {
    program: PathBuf,
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        let program = ihuriro().expect("the program");
        Self { program, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).env_clear().env("HOME", self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(&self, words: &[&str], password: &str, typed: &str) -> Child {
        let mut child = self.command(words).env("IHURIRO_PASSWORD", password).spawn().expect("it runs");
        // Nobody may read it: then the pipe is closed.
        drop(child.stdin.take().expect("a pipe").write_all(typed.as_bytes()));
        child
    }

    fn run(&self, words: &[&str]) -> Result<String, String> {
        ended(self.start(words, PASSWORD, ""))
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join(".config/ihuriro/login.json")
    }

    fn kept(&self) -> Value {
        serde_json::from_slice(&fs::read(self.file()).expect("a file")).expect("JSON")
    }

    /// Makes the access token that is kept look as old as it would be after an hour.
    fn age(&self) {
        let mut kept = self.kept();
        kept["tokens"]["received_at"] = json!("2026-01-01T00:00:00Z");
        fs::write(self.file(), kept.to_string()).expect("it is written");
    }
}

/// What it printed; or what it said of errors.
fn ended(child: Child) -> Result<String, String> {
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    if status.success() { Ok(text(stdout)) } else { Err(text(stderr)) }
}

fn refresh_tokens_of_all(app: &TestApp) -> i64 {
    let count = |tx: &mut Conn<'_>| -> Result<i64, StoreError> {
        on_each!(tx, |c| refresh_tokens::table.count().get_result(c))
    };
    app.store().read_blocking("test", count).expect("it answers")
}

#[test]
fn a_login_is_kept_for_whoever_may_read_it_renewed_and_ended() {
    Database::each(|database| {
        let app = TestApp::on(database);
        Village::of(&app, "aegis").facilitator(&app, "uwase");
        let home = Home::new();
        let said = home.run(&["token"]).expect_err("nobody is signed in");
        assert!(said.contains("ihuriro login --server"), "{said}");

        let said = home.run(&["login", "--server", &app.url, "--login", "uwase.aegis"]).expect("signed in");
        assert!(said.contains("as uwase.aegis, facilitator of AEGIS"), "{said}");
        let mode = fs::metadata(home.file()).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!home.kept().to_string().contains(PASSWORD));

        let token = home.run(&["token"]).expect("a token");
        let uwase = app.session(token.trim());
        assert_eq!(uwase.get("/v1/me/logins").ok()["items"][0]["client"], "Ihuriro");
        assert_eq!(home.run(&["token"]).as_ref(), Ok(&token), "it holds for a while");

        // Four commands at once, all of which find a token that is too old: one renews it for all.
        home.age();
        let before = refresh_tokens_of_all(&app);
        app.clock.advance(20);
        let four: Vec<Child> = (0..4).map(|_| home.start(&["token"], "", "")).collect();
        let four: Vec<String> = four.into_iter().map(|one| ended(one).expect("a token")).collect();
        assert_eq!(refresh_tokens_of_all(&app), before + 1);
        assert!(four.iter().all(|one| *one == four[0] && *one != token), "{four:?}");
        let uwase = app.session(four[0].trim());
        assert_eq!(uwase.get("/v1/me").status, 200);

        let said = home.run(&["logout"]).expect("signed out");
        assert!(said.contains("Signed out"), "{said}");
        assert_eq!(uwase.get("/v1/me").problem(), (401, "login-ended"));
        for words in ["token", "logout"] {
            assert!(home.run(&[words]).expect_err("signed out").contains("not signed in"));
        }
        // What is left says where that was, and by what the account knows this machine.
        let kept = home.kept();
        assert_eq!((&kept["login"], &kept["tokens"]), (&json!("uwase.aegis"), &Value::Null));
        assert!(home.run(&["login"]).is_ok(), "the same again");
    });
}

#[test]
fn a_login_that_others_could_read_is_not_used() {
    let app = TestApp::on(&Database::sqlite());
    Village::of(&app, "aegis").facilitator(&app, "uwase");
    let home = Home::new();
    home.run(&["login", "--server", &app.url, "--login", "uwase.aegis"]).expect("signed in");
    fs::set_permissions(home.file(), fs::Permissions::from_mode(0o644)).expect("it is changed");
    for words in ["token", "logout", "login"] {
        let said = home.run(&[words]).expect_err("refused");
        assert!(said.contains("others than you can read"), "{words}: {said}");
    }
}

#[test]
fn a_code_is_asked_for_where_there_is_an_app_and_a_refusal_is_said_in_words() {
    let app = TestApp::on(&Database::sqlite());
    let _village = Village::of(&app, "aegis");
    let home = Home::new();
    let login = ["login", "--server", &app.url, "--login", "manager.aegis"];
    let code = app.code_of("manager.aegis").expect("managers have an app");
    let said = ended(home.start(&login, PASSWORD, &format!("{code}\n"))).expect("signed in");
    assert!(said.contains("manager of AEGIS"), "{said}");
    let before = home.kept();

    let said = ended(home.start(&login, "not this one", "")).expect_err("refused");
    assert!(said.contains("do not go together"), "{said}");
    assert_eq!(home.kept(), before, "the login of before goes on");
    for (server, words) in [("http://ihuriro.example.rw", "https://"), ("ihuriro", "address")] {
        let said = home.run(&["login", "--server", server, "--login", "uwase"]).expect_err("refused");
        assert!(said.contains(words), "{server}: {said}");
    }

    // Whoever signs in again has one login, not two.
    app.clock.advance(1);
    let code = app.code_of("manager.aegis").expect("managers have an app");
    ended(home.start(&login, PASSWORD, &format!("{code}\n"))).expect("signed in");
    let old = app.session(before["tokens"]["access_token"].as_str().expect("a token"));
    assert_eq!(old.get("/v1/me").problem(), (401, "login-ended"));
    let now = app.session(home.run(&["token"]).expect("a token").trim());
    assert_eq!(now.get("/v1/me").status, 200);
}

#[test]
fn a_login_that_ended_elsewhere_is_said_to_have() {
    let app = TestApp::on(&Database::sqlite());
    let uwase = Village::of(&app, "aegis").facilitator(&app, "uwase");
    let home = Home::new();
    home.run(&["login", "--server", &app.url, "--login", "uwase.aegis"]).expect("signed in");
    app.user("admin", server::access::Role::Administrator, None);
    assert_eq!(app.login("admin").delete(&format!("/v1/users/{uwase}/logins")).status, 204);
    home.age();
    let said = home.run(&["token"]).expect_err("it ended");
    assert!(said.contains("refresh token is not valid"), "{said}");
    assert!(home.run(&["token"]).expect_err("still").contains("you are not signed in"));
}

/// A manager who begins: the code that the administrator read to her, a password of her own, an app on her phone. It all goes at one
/// command.
#[test]
fn a_first_login_asks_for_all_that_the_account_demands() {
    let app = TestApp::on(&Database::sqlite());
    app.user("keza", Role::Administrator, None);
    let administrator = app.login("keza");
    let new = json!({"login": "donor", "name": "A donor", "role": "donor"});
    let code = administrator.post("/v1/users", &new).ok()["password_code"]["code"].clone();
    let home = Home::new();
    let words = ["login", "--server", &app.url, "--login", "donor", "--with-code"];
    let mut command = home.command(&words);
    command.env("IHURIRO_NEW_PASSWORD", "amahoro n iterambere");
    let mut child = command.spawn().expect("it runs");
    let mut typed = child.stdin.take().expect("a pipe");
    writeln!(typed, "{}", code.as_str().expect("a code")).expect("it reads");
    let mut asks = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let secret = asks.find_map(|line| {
        let line = line.expect("text");
        Some(line.split_once("type into it: ")?.1.to_owned())
    });
    let secret = secret.expect("what the app reads");
    // Somebody mistypes it first.
    writeln!(typed, "000000").expect("it reads");
    writeln!(typed, "{}", shown(&secret, app.clock.now())).expect("it reads");
    drop(typed);
    let asked: Vec<String> = asks.map(|line| line.expect("text")).collect();
    let said = ended(child).unwrap_or_else(|_| panic!("{asked:#?}"));
    assert_eq!(said.lines().filter(|line| line.starts_with("  ")).count(), 10, "recovery codes: {said}");
    assert!(said.contains("as A donor, donor."), "{said}");
    assert!(asked.iter().any(|line| line.contains("is what your app shows now")), "{asked:#?}");

    let donor = app.session(home.run(&["token"]).expect("a token").trim());
    assert_eq!(donor.get("/v1/published").status, 200);
}

/// Where an administrator gave somebody a password, it is changed at the first login, and what is weak about the new one is said.
#[test]
fn a_password_that_somebody_else_knows_is_changed_at_once() {
    let app = TestApp::on(&Database::sqlite());
    let manager = &Village::of(&app, "aegis").manager;
    let new = json!({"login": "uwase", "name": "Uwase", "role": "facilitator", "password": PASSWORD});
    manager.post("/v1/users", &new).ok();
    let home = Home::new();
    let words = ["login", "--server", &app.url, "--login", "uwase"];
    let sign_in = |password: &str, new: &str| {
        let mut command = home.command(&words);
        command.env("IHURIRO_PASSWORD", password).env("IHURIRO_NEW_PASSWORD", new);
        ended(command.spawn().expect("it runs"))
    };
    let weak = sign_in(PASSWORD, "uwase12345").expect_err("anybody guesses it");
    assert!(weak.contains("The new password"), "{weak}");
    let said = sign_in(PASSWORD, "amahoro n iterambere").expect("signed in");
    assert!(said.contains("as Uwase, facilitator"), "{said}");
    sign_in(PASSWORD, "").expect_err("the first password is one no longer");
    sign_in("amahoro n iterambere", "").expect("the new one is");
}
