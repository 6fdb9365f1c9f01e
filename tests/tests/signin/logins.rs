//! Where people are signed in, and how that ends.

use serde_json::{Value, json};
use server::access::Role;
use tests::app::PASSWORD;
use tests::{Database, Session, TestApp, Village};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";

/// Signs in with a browser; gives the session and the refresh token.
fn with_a_browser(app: &TestApp, login: &str) -> (Session, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder().user_agent(FIREFOX).build().into();
    let body = json!({"login": login, "password": PASSWORD});
    let mut answer = agent.post(format!("{}/v1/login", app.url)).send_json(&body).expect("signed in");
    let tokens: Value = answer.body_mut().read_json().expect("JSON");
    let text = |field: &str| tokens[field].as_str().expect("a token").to_owned();
    (app.session(&text("access_token")), text("refresh_token"))
}

fn logins(session: &Session) -> Vec<Value> {
    session.get("/v1/me/logins").ok()["items"].as_array().expect("a list").clone()
}

#[test]
fn a_person_sees_their_logins_and_ends_one() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        village.facilitator(&app, "uwase");
        let (browser, refresh) = with_a_browser(&app, "uwase.aegis");
        app.clock.advance(5);
        let other = app.login("uwase.aegis");
        app.clock.advance(5);
        let refreshed = other.post("/v1/login/refresh", &json!({"refresh_token": refresh})).ok();
        let browser_again = app.session(refreshed["access_token"].as_str().expect("a token"));

        let seen = logins(&browser_again);
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert_eq!((&seen[0]["client"], &seen[0]["current"]), (&json!("Firefox"), &json!(true)));
        assert_eq!(seen[0]["begun_at"], "2026-03-05T08:00:00Z");
        assert_eq!(seen[0]["refreshed_at"], "2026-03-05T08:10:00Z");
        assert_eq!(
            (&seen[1]["begun_at"], &seen[1]["current"]),
            (&json!("2026-03-05T08:05:00Z"), &json!(false))
        );
        assert!(!seen[0].to_string().contains("Linux"), "nothing else of the device is kept");

        // Nobody ends another's login, and is not told whether there is one.
        let path = format!("/v1/me/logins/{}", seen[0]["id"].as_str().expect("an id"));
        assert_eq!(village.manager.delete(&path).status, 204);
        assert_eq!(logins(&other).len(), 2);
        assert_eq!(other.delete(&path).status, 204);
        assert_eq!(other.delete(&path).status, 204);
        for ended in [browser, browser_again] {
            assert_eq!(ended.get("/v1/me").problem(), (401, "login-ended"));
        }
        assert_eq!(logins(&other).len(), 1);
    });
}

#[test]
fn whoever_answers_for_somebody_signs_them_out_everywhere() {
    let app = TestApp::on(&Database::sqlite());
    let (village, nar) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
    let uwase = village.facilitator(&app, "uwase");
    let both = [app.login("uwase.aegis"), app.login("uwase.aegis")];
    let path = format!("/v1/users/{uwase}/logins");
    assert_eq!(nar.manager.delete(&path).problem(), (404, "no-such-user"));
    assert_eq!(both[0].delete(&path).problem(), (403, "role-not-allowed"));
    assert_eq!(village.manager.delete(&path).status, 204);
    for ended in both {
        assert_eq!(ended.get("/v1/me").problem(), (401, "login-ended"));
    }
    app.user("admin", Role::Administrator, None);
    let manager = village.manager.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned();
    assert_eq!(nar.manager.delete(&format!("/v1/users/{manager}/logins")).status, 404);
    assert_eq!(app.login("admin").delete(&format!("/v1/users/{manager}/logins")).status, 204);
    assert_eq!(village.manager.get("/v1/me").problem(), (401, "login-ended"));
}
