//! Who is signed in, once a provider vouches for somebody.

use serde_json::json;
use server::access::second_factor::{self, Secret};
use server::access::{Gate, Role};
use server::store::{Conn, StoreError};
use sync_core::id::{Id, UserId};
use sync_core::time::Millis;
use tests::app::PASSWORD;
use tests::{Database, Session};

use crate::provider::{UWASE, World};

/// Enrols an app as of an hour ago, whose codes are all to be used.
fn enrolled(world: &World, user: UserId) -> Secret {
    let before = Millis(world.app.clock.now().0 - 3_600_000);
    let enrol = |tx: &mut Conn<'_>| -> Result<Secret, StoreError> {
        let gate = Gate::read(tx)?;
        let secret = second_factor::begin(tx, &gate, user)?;
        second_factor::confirm(tx, &gate, user, &secret.code_at(before), before)?;
        Ok(secret)
    };
    world.app.store().write_blocking("test", enrol).expect("it is enrolled")
}

#[test]
fn an_account_at_the_provider_is_one_person_of_one_organisation() {
    Database::each(|database| {
        let world = World::on(database);
        let uwase = world.session(world.sign_in("aegis", UWASE, json!({}), json!({})));
        assert_eq!(uwase.get("/v1/me").ok()["id"], json!(world.uwase.uuid()));
        assert_eq!(uwase.get("/v1/me/logins").ok()["items"].as_array().map(Vec::len), Some(2));
        // Tokens are ours: they are refreshed, listed and ended as those that a password gives.
        assert_eq!(world.app.session("").get("/v1/me").status, 401);
        let ended =
            world.aegis.manager_again(&world.app).delete(&format!("/v1/users/{}/logins", world.uwase));
        assert_eq!(ended.status, 204);
        assert_eq!(uwase.get("/v1/me").problem(), (401, "login-ended"));

        // The same account, shown for another organisation with the same provider, is nobody there; nor is one that nobody linked.
        let elsewhere = world.sign_in("nar", UWASE, json!({}), json!({}));
        let unknown = world.sign_in("nar", "somebody-else", json!({}), json!({}));
        assert_eq!(elsewhere.problem(), (403, "provider-not-linked"));
        assert_eq!(
            elsewhere.body["detail"], unknown.body["detail"],
            "it is not told that they are somebody elsewhere"
        );
        // What it says of names and addresses means nothing.
        let named =
            json!({"email": "uwase.aegis", "email_verified": true, "preferred_username": "uwase.aegis"});
        let claimed = world.sign_in("aegis", "somebody-else", named, json!({}));
        assert_eq!(claimed.problem(), (403, "provider-not-linked"));

        // Whoever may not sign in with a password may not with a provider.
        let manager = world.aegis.manager_again(&world.app);
        manager.post(&format!("/v1/users/{}/disable", world.uwase), &json!({})).ok();
        assert_eq!(world.sign_in("aegis", UWASE, json!({}), json!({})).problem(), (403, "account-disabled"));
    });
}

#[test]
fn an_account_is_linked_by_a_code_or_by_whoever_has_just_shown_their_password() {
    Database::each(|database| {
        let world = World::on(database);
        let paul = world.aegis.facilitator(&world.app, "paul");
        let code = world.code_for(&world.aegis, paul);
        let link = |login: &str, subject: &str, code: &str| {
            world.link("aegis", login, subject, code).problem().1.to_owned()
        };
        assert_eq!(link("paul.aegis", "paul-there", "AAAAA-AAAAA"), "password-code-refused");
        assert_eq!(link("uwase.aegis", "paul-there", &code), "password-code-refused");
        // An account has one person: whose is linked already signs in as who they are, whatever code is shown.
        let still = world.session(world.link("aegis", "paul.aegis", UWASE, &code));
        assert_eq!(still.get("/v1/me").ok()["id"], json!(world.uwase.uuid()));
        assert_eq!(link("paul.aegis", "paul-there", &code), "");
        assert_eq!(link("paul.aegis", "paul-again", &code), "password-code-refused");
        // A code of somebody of another organisation opens nothing here.
        let jean = world.nar.facilitator(&world.app, "jean");
        assert_eq!(link("jean.nar", "jean-there", &world.code_for(&world.nar, jean)), "provider-not-linked");

        // By whoever is signed in: their own account, within a quarter of an hour.
        world.aegis.facilitator(&world.app, "rose");
        let rose = world.app.login("rose.aegis");
        let hand_in = |session: &Session, subject: &str| {
            let begun = world.begin("aegis");
            world.liar.vouches(&world.liar.signed(&world.truth(&begun, subject)));
            let body = json!({"ticket": begun.ticket, "state": begun.state, "authorization_code": "c0de"});
            session.request("PUT", "/v1/me/identity-provider", Some(&body))
        };
        assert_eq!(hand_in(&rose, UWASE).problem(), (409, "provider-linked"));
        assert_eq!(hand_in(&rose, "rose-there").status, 204);
        assert_eq!(hand_in(&world.admin, "admin-there").problem(), (404, "no-identity-provider"));
        world.sign_in("aegis", "rose-there", json!({}), json!({})).ok();
        let login = world.post("/v1/login", &json!({"login": "rose.aegis", "password": PASSWORD})).ok();
        world.app.clock.advance(16);
        let next = world.post("/v1/login/refresh", &json!({"refresh_token": login["refresh_token"]})).ok();
        let old = world.app.session(next["access_token"].as_str().expect("a token"));
        assert_eq!(hand_in(&old, "rose-elsewhere").problem(), (403, "provider-refused"));
        // It was noted who linked themselves.
        let audit =
            world.app.login("admin").get("/v1/audit?action=access-changed&limit=500").ok().to_string();
        for route in ["PUT /v1/me/identity-provider", "POST /v1/login/provider/finish"] {
            assert!(audit.contains(route), "{route}");
        }
        assert!(!audit.contains("rose-there"));
    });
}

#[test]
fn two_factors_at_the_provider_settle_what_is_owed_and_one_does_not() {
    Database::each(|database| {
        let world = World::on(database);
        let aegis = world.aegis.organisation;
        let chantal = world.app.user("chantal", Role::Manager, Some(aegis));
        let code = {
            let path = format!("/v1/users/{chantal}/password-resets");
            world.admin.post(&path, &json!({})).ok()["code"].as_str().expect("a code").to_owned()
        };
        let one = world.session(world.link("aegis", "chantal", "chantal-there", &code));
        assert_eq!(one.get("/v1/groups").problem(), (403, "second-factor-must-enrol"));
        let weak = json!({"amr": ["pwd", "sms"]});
        let weak = world.session(world.sign_in("aegis", "chantal-there", weak, json!({})));
        assert_eq!(weak.get("/v1/groups").problem(), (403, "second-factor-must-enrol"));
        for strong in ["mfa", "otp", "hwk"] {
            let answer =
                world.sign_in("aegis", "chantal-there", json!({"amr": ["pwd", strong]}), json!({})).ok();
            let session = world.app.session(answer["access_token"].as_str().expect("a token"));
            assert_eq!(session.get("/v1/groups").status, 200, "{strong}");
            // What was shown holds for the whole login.
            let next =
                world.post("/v1/login/refresh", &json!({"refresh_token": answer["refresh_token"]})).ok();
            let next = world.app.session(next["access_token"].as_str().expect("a token"));
            assert_eq!(next.get("/v1/groups").status, 200, "{strong}, refreshed");
        }
        // Whoever has an app shows its code, unless two factors were shown there.
        let app = enrolled(&world, chantal);
        let with = |claims: serde_json::Value, more| world.sign_in("aegis", "chantal-there", claims, more);
        assert_eq!(with(json!({}), json!({})).problem(), (401, "code-needed"));
        assert_eq!(with(json!({"amr": ["mfa"]}), json!({})).status, 200);
        let right = json!({"code": app.code_at(world.app.clock.now())});
        assert_eq!(with(json!({}), right.clone()).status, 200);
        assert_eq!(with(json!({}), right).problem(), (401, "code-refused"), "once");
    });
}

#[test]
fn what_is_tried_at_a_provider_keeps_nobody_out_and_is_limited_itself() {
    let world = World::on(&Database::sqlite());
    let chantal = world.app.user("chantal", Role::Manager, Some(world.aegis.organisation));
    let path = format!("/v1/users/{chantal}/password-resets");
    let code = world.admin.post(&path, &json!({})).ok()["code"].as_str().expect("a code").to_owned();
    world.link("aegis", "chantal", "chantal-there", &code).ok();
    let app = enrolled(&world, chantal);
    let wrong = json!({"code": "000000"});
    let tried: Vec<u16> =
        (0..8).map(|_| world.sign_in("aegis", "chantal-there", json!({}), wrong.clone()).status).collect();
    assert_eq!((tried[0], tried[7]), (401, 429), "{tried:?}");
    for _ in 0..60 {
        let begun = world.begin("aegis");
        world.liar.vouches("no token");
        assert_eq!(world.finish(&begun, json!({})).status, 403);
    }
    // With the password nothing was tried.
    let now = world.app.clock.now();
    let body = json!({"login": "chantal", "password": PASSWORD, "code": app.code_at(now)});
    assert_eq!(world.post("/v1/login", &body).status, 200);
    let uwase = json!({"login": "uwase.aegis", "password": PASSWORD});
    assert_eq!(world.post("/v1/login", &uwase).status, 200);
}

#[test]
fn an_organisation_may_have_its_people_sign_in_with_its_provider_alone() {
    Database::each(|database| {
        let world = World::on(database);
        let password =
            |login: &str, word: &str| world.post("/v1/login", &json!({"login": login, "password": word}));
        assert_eq!(password("uwase.aegis", PASSWORD).status, 200);
        world.set(world.aegis.organisation, json!({"required": true}));
        assert_eq!(password("uwase.aegis", PASSWORD).problem(), (403, "provider-required"));
        // Nobody learns from it whose organisation that is.
        assert_eq!(password("uwase.aegis", "not this one").problem(), (401, "login-refused"));
        world.sign_in("aegis", UWASE, json!({}), json!({})).ok();
        // The administrator belongs to no organisation, and always has a password.
        world.app.login("admin").get("/v1/me").ok();
        world.set(world.aegis.organisation, json!({}));
        assert_eq!(password("uwase.aegis", PASSWORD).status, 200);
    });
}
