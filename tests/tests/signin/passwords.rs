//! Passwords that nobody but the person knows.

use serde_json::{Value, json};
use server::access::Role;
use tests::app::{Answer, PASSWORD};
use tests::{Database, Session, TestApp, Village};

use super::Client;

const NEW: &str = "isoko y'ubumwe";

fn change(session: &Session, old: &str, new: &str) -> Answer {
    session.post("/v1/me/password", &json!({"old_password": old, "new_password": new}))
}

/// Signs in with a password, from an address of its own.
fn with_password(app: &TestApp, login: &str, password: &str) -> Answer {
    Client::at(app, "").post("/v1/login", &json!({"login": login, "password": password}))
}

fn session(app: &TestApp, answer: Answer) -> Session {
    app.session(answer.ok()["access_token"].as_str().expect("a token"))
}

fn reset(app: &TestApp, login: &str, code: &str, new: &str) -> Answer {
    let body = json!({"login": login, "code": code, "new_password": new});
    Client::at(app, "").post("/v1/password-resets", &body)
}

fn added(village: &Village, login: &str, password: Option<&str>) -> Value {
    let mut form = json!({"login": login, "name": "Uwase Marie", "role": "facilitator"});
    if let Some(password) = password {
        form["password"] = json!(password);
    }
    village.manager.post("/v1/users", &form).ok()
}

#[test]
fn whoever_was_given_a_password_can_do_nothing_but_change_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        assert!(added(&village, "uwase", Some(PASSWORD)).get("password_code").is_none());
        let uwase = session(&app, with_password(&app, "uwase", PASSWORD));
        for path in ["/v1/me", "/v1/groups", "/v1/sessions", "/v1/me/permissions"] {
            assert_eq!(uwase.get(path).problem(), (403, "password-must-change"), "{path}");
        }
        let refused = change(&uwase, PASSWORD, PASSWORD);
        assert_eq!(refused.body["errors"][0]["field"], "new_password", "{refused:?}");
        assert_eq!(change(&uwase, PASSWORD, NEW).status, 204);
        assert_eq!(uwase.get("/v1/me").status, 200);
        assert_eq!(with_password(&app, "uwase", PASSWORD).problem(), (401, "login-refused"));
        assert_eq!(with_password(&app, "uwase", NEW).status, 200);
    });
}

#[test]
fn whoever_is_added_without_a_password_chooses_one_with_the_code() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let answer = added(&village, "uwase", None);
        let code = answer["password_code"]["code"].as_str().expect("a code");
        assert_eq!(with_password(&app, "uwase", "!").problem(), (401, "login-refused"));

        // Of the wrong person, or not as it was read.
        assert_eq!(reset(&app, "manager.aegis", code, NEW).problem(), (403, "password-code-refused"));
        assert_eq!(reset(&app, "uwase", "ABCDE-FGHJK", NEW).problem(), (403, "password-code-refused"));
        // A weak password uses the code not up, and what is weak is said.
        let weak = reset(&app, "uwase", code, "uwase-marie-1990");
        assert_eq!((weak.status, weak.body["errors"][0]["field"].as_str()), (422, Some("new_password")));
        assert_eq!(reset(&app, "uwase", &code.to_lowercase(), NEW).status, 200);
        assert_eq!(reset(&app, "uwase", code, NEW).problem(), (403, "password-code-refused"));
        let uwase = session(&app, with_password(&app, "uwase", NEW));
        assert_eq!(uwase.get("/v1/me").status, 200);
    });
}

#[test]
fn changing_a_password_ends_all_other_logins_and_a_code_ends_all() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let user = village.facilitator(&app, "uwase");
        let (here, there) = (app.login("uwase.aegis"), app.login("uwase.aegis"));
        let wrong = change(&here, "not this one", NEW);
        assert_eq!(wrong.body["errors"][0]["field"], "old_password", "{wrong:?}");
        assert_eq!(change(&here, PASSWORD, NEW).status, 204);
        assert_eq!((here.get("/v1/me").status, there.get("/v1/me").problem()), (200, (401, "login-ended")));

        let codes = format!("/v1/users/{user}/password-resets");
        let first = village.manager.post(&codes, &json!({})).ok();
        let second = village.manager.post(&codes, &json!({})).ok();
        let code = |answer: &Value| answer["code"].as_str().expect("a code").to_owned();
        assert_eq!(
            reset(&app, "uwase.aegis", &code(&first), PASSWORD).status,
            403,
            "only the last one holds"
        );
        assert_eq!(here.get("/v1/me").status, 200, "handing out a code ends nothing");
        assert_eq!(reset(&app, "uwase.aegis", &code(&second), PASSWORD).status, 200);
        assert_eq!(here.get("/v1/me").problem(), (401, "login-ended"));

        let late = village.manager.post(&codes, &json!({})).ok();
        app.clock.advance(24 * 60);
        assert_eq!(reset(&app, "uwase.aegis", &code(&late), NEW).problem(), (403, "password-code-refused"));
    });
}

#[test]
fn codes_are_handed_out_by_whoever_answers_for_the_person() {
    let app = TestApp::on(&Database::sqlite());
    let (aegis, nar) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
    let uwase = aegis.facilitator(&app, "uwase");
    let other = app.user("other.manager", Role::Manager, Some(aegis.organisation));
    let ask = |who: &Session, user| who.post(&format!("/v1/users/{user}/password-resets"), &json!({}));
    assert_eq!(ask(&aegis.manager, uwase).status, 201);
    assert_eq!(ask(&nar.manager, uwase).problem(), (404, "no-such-user"));
    assert_eq!(ask(&aegis.manager, other).problem(), (403, "role-not-allowed"));
    assert_eq!(ask(&app.login("uwase.aegis"), uwase).problem(), (403, "role-not-allowed"));
    app.user("admin", Role::Administrator, None);
    assert_eq!(ask(&app.login("admin"), other).status, 201);
    aegis.manager.post(&format!("/v1/users/{uwase}/disable"), &json!({})).ok();
    assert_eq!(ask(&aegis.manager, uwase).problem(), (409, "user-disabled"));
}

#[test]
fn whoever_has_a_login_of_somebody_else_guesses_no_password_with_it() {
    let app = TestApp::on(&Database::sqlite());
    let village = Village::of(&app, "aegis");
    village.facilitator(&app, "uwase");
    let (stolen, own) = (app.login("uwase.aegis"), app.login("uwase.aegis"));
    let tried: Vec<u16> = (0..12).map(|_| change(&stolen, "not this one", NEW).status).collect();
    assert_eq!(tried, [[422; 10].as_slice(), &[429; 2]].concat());
    assert_eq!(change(&own, PASSWORD, NEW).status, 204, "the person changes it by another login");
    assert_eq!(stolen.get("/v1/me").problem(), (401, "login-ended"));
}

#[test]
fn a_manager_is_told_what_is_weak_about_the_password_they_give() {
    let app = TestApp::on(&Database::sqlite());
    let village = Village::of(&app, "aegis");
    for weak in ["password12", "uwase-marie", "AEGIS aegis", "1234567890", "abc", &"a".repeat(200)] {
        let form = json!({"login": "uwase", "name": "Uwase Marie", "role": "facilitator", "password": weak});
        let refused = village.manager.post("/v1/users", &form);
        assert_eq!(refused.problem(), (422, "invalid-fields"), "{weak}");
        let said = &refused.body["errors"][0];
        println!("{weak}: {said}");
        assert_eq!(said["field"], "password");
        assert!(!said.to_string().contains(weak), "the password is not repeated");
    }
}
