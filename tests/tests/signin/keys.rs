//! The keys that sign access tokens change, and nobody is signed out.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use server::access::Role;
use server::store::token_keys;
use sync_core::batch::SigningKey;
use tests::{Database, TestApp};

/// The public keys, as anybody reads them.
fn public(app: &TestApp) -> Vec<Value> {
    let mut answer = ureq::get(format!("{}/.well-known/jwks.json", app.url)).call().expect("an answer");
    let set: Value = answer.body_mut().read_json().expect("JSON");
    set["keys"].as_array().expect("keys").clone()
}

fn rotate(app: &TestApp) -> String {
    let now = app.clock.now();
    app.store().write_blocking("test", |tx| token_keys::rotate(tx, now)).expect("another key")
}

/// The name of the key that signed a token.
fn signed_by(token: &str) -> String {
    let head = token.split('.').next().expect("a head");
    let head: Value =
        serde_json::from_slice(&BASE64URL_NOPAD.decode(head.as_bytes()).expect("base64")).expect("JSON");
    head["kid"].as_str().expect("a name").to_owned()
}

#[test]
fn another_key_signs_nobody_out_on_any_service_of_the_store() {
    Database::each(|database| {
        let (one, other) = (TestApp::on(database), TestApp::on(database));
        let organisation = one.organisation("aegis");
        one.user("uwase", Role::Facilitator, Some(organisation));
        let before = one.login("uwase");
        let key = rotate(&one);
        one.run(one.tokens().learn(one.store())).expect("it learns");
        let after = one.login("uwase");
        assert_eq!((signed_by(before.token()), signed_by(after.token())), ("first".to_owned(), key.clone()));
        // The other service has not heard of the key, and finds it.
        for (service, session) in [(&one, &before), (&one, &after), (&other, &before), (&other, &after)] {
            assert_eq!(session.at(&service.url).get("/v1/me").status, 200);
        }
        let names: Vec<_> = public(&other).iter().map(|key| key["kid"].clone()).collect();
        assert_eq!(names, [key.as_str(), "first"]);
    });
}

#[test]
fn a_key_is_removed_once_the_last_token_of_its_own_has_expired() {
    let app = TestApp::on(&Database::sqlite());
    let tidy = || {
        app.run(server::access::tidy(app.store(), app.clock.now())).expect("it is tidied up");
        app.run(app.tokens().learn(app.store())).expect("it learns");
        public(&app).len()
    };
    assert_eq!(tidy(), 1);
    rotate(&app);
    app.clock.advance(59);
    assert_eq!(tidy(), 2, "a token of the old one may still be about");
    app.clock.advance(2);
    assert_eq!(tidy(), 1);
}

#[test]
fn a_key_is_replaced_by_itself_after_ninety_days() {
    let app = TestApp::on(&Database::sqlite());
    let newest = || {
        app.run(server::access::tidy(app.store(), app.clock.now())).expect("it is tidied up");
        app.run(app.tokens().learn(app.store())).expect("it learns");
        public(&app)[0]["kid"].as_str().expect("a name").to_owned()
    };
    let first = newest();
    app.clock.advance(89 * 24 * 60);
    assert_eq!(newest(), first);
    app.clock.advance(24 * 60);
    let second = newest();
    assert_ne!(second, first);
    assert_eq!(newest(), second);
}

#[test]
fn anybody_can_verify_a_token_with_the_public_keys_and_they_hold_no_secret() {
    let app = TestApp::on(&Database::sqlite());
    app.user("admin", Role::Administrator, None);
    let token = app.login("admin").token().to_owned();
    let key = &public(&app)[0];
    assert_eq!(
        (key["kty"].as_str(), key["crv"].as_str(), key["d"].as_str()),
        (Some("OKP"), Some("Ed25519"), None)
    );
    let x = BASE64URL_NOPAD.decode(key["x"].as_str().expect("a key").as_bytes()).expect("base64");
    let read = |tx: &mut server::store::Conn<'_>| token_keys::all(tx);
    let seed = app.store().read_blocking("test", read).expect("the store answers")[0].seed;
    assert_eq!(SigningKey::from_bytes(&seed).verifying_key().as_bytes()[..], x[..]);
    assert_eq!(signed_by(&token), key["kid"].as_str().expect("a name"));
}
