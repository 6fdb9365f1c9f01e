//! A button that is pressed again: with an `Idempotency-Key` what it asks for is done once.

use std::thread;

use serde_json::{Value, json};
use server::access::Role;
use tests::village::AREA;
use tests::{Answer, Database, TestApp, Village};

const KEY: &str = "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"";

fn group(name: &str) -> Value {
    json!({
        "name": name, "kind": "healing_space", "modality": "sociotherapy", "area": AREA,
        "overlap_reason": "Both partners were asked to.",
    })
}

#[test]
fn a_group_is_made_once_however_often_the_button_is_pressed() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let press = |key: &str, name: &str| village.manager.post_with_key("/v1/groups", key, &group(name));
        let first = press(KEY, "Icyizere");
        let again = press(KEY, "Icyizere");
        assert_eq!((first.status, again.status, &again.body), (201, 201, &first.body));
        // The quotes of a structured field may be left out.
        assert_eq!(press(KEY.trim_matches('"'), "Icyizere").body, first.body);
        assert_eq!(village.manager.all("/v1/groups").len(), 2);

        assert_eq!(press(KEY, "Another").problem(), (422, "idempotency-key-reused"));
        assert_eq!(press("short", "Another").problem(), (400, "bad-idempotency-key"));
        assert_eq!(press("\"another key, and 2 more\"", "x").problem(), (400, "bad-idempotency-key"));

        // Another caller has keys of their own.
        let other = Village::of(&app, "nar");
        assert_eq!(other.manager.post_with_key("/v1/groups", KEY, &group("Icyizere")).status, 201);

        // A day later the key is forgotten.
        app.clock.advance(24 * 60);
        let later = app.login("manager.aegis").post_with_key("/v1/groups", KEY, &group("Icyizere")).ok();
        assert_ne!(later["id"], first.body["id"]);
    });
}

#[test]
fn of_many_at_the_same_moment_one_is_done() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let press = || village.manager.post_with_key("/v1/groups", KEY, &group("Icyizere"));
        let answers: Vec<Answer> = thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(press)).collect();
            all.into_iter().map(|one| one.join().expect("an answer")).collect()
        });
        let (done, waiting): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
        assert!(!done.is_empty() && done.iter().all(|answer| answer.body == done[0].body));
        assert!(waiting.iter().all(|answer| answer.problem() == (409, "request-running")), "{waiting:?}");
        assert_eq!(press().body, done[0].body);
        assert_eq!(village.manager.all("/v1/groups").len(), 2);
    });
}

#[test]
fn what_was_refused_may_come_again_corrected() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let press = |name: &str| village.manager.post_with_key("/v1/groups", KEY, &group(name));
        assert_eq!(press("").problem(), (422, "invalid-fields"));
        assert_eq!(press("Icyizere").status, 201);
    });
}

#[test]
fn a_code_that_enrols_is_given_again_and_kept_from_the_store() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let user = app.user("jeanne.aegis", Role::Facilitator, Some(village.organisation));
        let codes = format!("/v1/users/{user}/enrolment-codes");
        let first = village.manager.post_with_key(&codes, KEY, &json!({})).ok();
        assert_eq!(village.manager.post_with_key(&codes, KEY, &json!({})).ok(), first);
        assert_ne!(village.manager.post(&codes, &json!({})).ok(), first);
    });
}
