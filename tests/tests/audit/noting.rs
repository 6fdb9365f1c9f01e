//! What is noted, with what, and what happens where it can't be.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::access::Role;
use server::store::Store;
use tests::app::PASSWORD;
use tests::village::AREA;
use tests::{Database, TestApp, Village};

use crate::audit::{noted, noted_of, sql};

const KEY: &str = "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"";

/// Some members of an entry.
fn of(entry: &Value, names: &[&str]) -> Value {
    json!(names.iter().map(|name| entry[*name].clone()).collect::<Vec<_>>())
}

#[test]
fn a_change_of_access_says_who_whom_and_where() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let user = village.facilitator(&app, "jeanne");
        let names = ["action", "route", "object_kind", "object_id", "person_id", "role"];
        let (group, users) = (village.group, format!("/v1/users/{user}"));

        let ((), entries) = noted_of(app.store(), || village.assign(user, group));
        let path = "/v1/groups/{id}/assignments";
        assert_eq!(entries.len(), 1);
        assert_eq!(
            of(&entries[0], &names),
            json!(["access-changed", format!("POST {path}"), "group", group, user, "manager"])
        );
        let ((), entries) = noted_of(app.store(), || village.unassign(user, group));
        assert_eq!(
            of(&entries[0], &names),
            json!(["access-changed", format!("DELETE {path}/{{user}}"), "group", group, user, "manager"])
        );

        // A tablet is enrolled by whoever has the code.
        let (tablet, entries) = noted_of(app.store(), || village.tablet(&app, user));
        let device = tablet.tablet().device();
        assert_eq!(entries.len(), 2, "a code, and a tablet: {entries:?}");
        assert_eq!(of(&entries[0], &names)[3], json!(user));
        assert_eq!(
            of(&entries[1], &["action", "object_kind", "object_id", "user_id", "role"]),
            json!(["access-changed", "device", device, user, "facilitator"])
        );

        // An administrator belongs to no organisation; whose person or tablet it was is said.
        app.user("admin", Role::Administrator, None);
        let admin = app.login("admin");
        let revoke = format!("/v1/devices/{device}/revoke");
        for path in [format!("{users}/disable"), format!("{users}/enable"), revoke] {
            let (_, entries) = noted_of(app.store(), || admin.post(&path, &json!({})).ok());
            assert_eq!(
                of(&entries[0], &["organisation_id", "of_organisation_id", "role"]),
                json!([null, village.organisation, "administrator"]),
                "{path}"
            );
        }
        let other = app.organisation("nar");
        let body = json!({"login": "eric", "name": "Eric", "role": "manager", "organisation_id": other, "password": PASSWORD});
        let (eric, entries) = noted_of(app.store(), || admin.post("/v1/users", &body).ok());
        assert_eq!(of(&entries[0], &["object_id", "of_organisation_id"]), json!([eric["id"], other]));
    });
}

#[test]
fn what_can_not_be_noted_is_neither_shown_nor_done() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let sqlite = database.url.starts_with("sqlite");
        let broken: &[&str] = if sqlite {
            &["CREATE TRIGGER broken BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'broken'); END"]
        } else {
            &[
                "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''broken''; END'",
                "CREATE TRIGGER broken BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION broken()",
            ]
        };
        let mended = if sqlite { "DROP TRIGGER broken" } else { "DROP TRIGGER broken ON audit_entries" };
        let new =
            json!({"name": "Icyizere", "kind": "healing_space", "modality": "sociotherapy", "area": AREA});

        let code = app.code_of("manager.aegis");
        sql(app.store(), broken);
        for path in
            ["/v1/groups".to_owned(), format!("/v1/groups/{}", village.group), "/v1/aggregates".to_owned()]
        {
            let answer = village.manager.get(&path);
            assert_eq!(answer.problem(), (500, "internal"), "{path}");
            assert!(!answer.body.to_string().contains("Twiyubake"), "{path}");
        }
        assert_eq!(village.manager.post("/v1/groups", &new).problem(), (500, "internal"));
        // Nobody signs in unnoted, either.
        let login = village
            .manager
            .with_token("")
            .post("/v1/login", &json!({"login": "manager.aegis", "password": PASSWORD, "code": code}));
        assert_eq!(login.problem(), (500, "internal"));
        // What is not noted goes on.
        assert_eq!(village.manager.get("/v1/me").status, 200);

        sql(app.store(), &[mended]);
        assert_eq!(village.manager.all("/v1/groups").len(), 1, "no group was begun");
        assert_eq!(village.manager.post("/v1/groups", &new).status, 201);
    });
}

#[test]
fn what_is_done_once_is_noted_once_however_often_the_button_is_pressed() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let new = |name: &str| json!({"name": name, "kind": "healing_space", "modality": "sociotherapy", "area": AREA});
        let press = |name: &str| village.manager.post_with_key("/v1/groups", KEY, &new(name));
        let ((), entries) = noted_of(app.store(), || {
            assert_eq!(press("").status, 422);
            let first = press("Icyizere");
            assert_eq!((first.status, press("Icyizere").body), (201, first.body));
        });
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert_eq!(of(&entries[0], &["action", "outcome"]), json!(["record-changed", "allowed"]));

        // A refusal is noted each time, and leaves the key to be used.
        let nobody = format!("/v1/users/{}/enrolment-codes", uuid::Uuid::nil());
        let key = "\"a5a1c1b8-59e0-4d3a-8d8c-6d2f3a1f7c11\"";
        let ((), entries) = noted_of(app.store(), || {
            for _ in 0..2 {
                assert_eq!(village.manager.post_with_key(&nobody, key, &json!({})).status, 404);
            }
        });
        assert_eq!(entries.iter().map(|entry| &entry["outcome"]).collect::<Vec<_>>(), ["refused", "refused"]);
        let user = village.facilitator(&app, "jeanne");
        let codes = format!("/v1/users/{user}/enrolment-codes");
        assert_eq!(village.manager.post_with_key(&codes, key, &json!({})).status, 201);
    });
}

/// Waits until there are so many entries: a refused sign-in is noted after it was answered.
fn until(store: &Store, count: usize) -> Vec<Value> {
    let since = Instant::now();
    loop {
        let entries = noted(store);
        if entries.len() >= count || since.elapsed() > Duration::from_secs(20) {
            return entries;
        }
        thread::yield_now();
    }
}

#[test]
fn signing_in_and_being_refused_is_noted_by_the_account() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let organisation = app.organisation("aegis");
        let user = app.user("uwase", Role::Supervisor, Some(organisation));
        assert_eq!(noted(app.store()).len(), 0);
        let nobody = app.login("uwase").with_token("");
        let sign_in = |login: &str, password: &str| {
            nobody.post("/v1/login", &json!({"login": login, "password": password}))
        };
        let names = ["user_id", "role", "organisation_id", "action", "outcome"];
        let entries = noted(app.store());
        assert_eq!(of(&entries[0], &names), json!([user, "supervisor", organisation, "sign-in", "allowed"]));

        assert_eq!(sign_in("uwase", "wrong password").status, 401);
        assert_eq!(
            of(&until(app.store(), 2)[1], &names),
            json!([user, "supervisor", organisation, "sign-in", "refused"])
        );
        assert_eq!(sign_in("kagabo", "wrong password").status, 401);
        let entries = until(app.store(), 3);
        assert_eq!(of(&entries[2], &names), json!([null, "nobody", null, "sign-in", "refused"]));
        assert!(
            entries
                .iter()
                .all(|entry| !entry.to_string().contains("uwase") && !entry.to_string().contains("kagabo"))
        );

        let pair = sign_in("uwase", PASSWORD).ok();
        let token = json!({"refresh_token": pair["refresh_token"]});
        let ((), entries) = noted_of(app.store(), || {
            assert_eq!(nobody.post("/v1/login/refresh", &token).status, 200);
            app.clock.advance(1);
            assert_eq!(nobody.post("/v1/login/refresh", &token).status, 401, "a copy");
            // The login has ended; signing out of it is no deed.
            assert_eq!(nobody.post("/v1/logout", &token).status, 204);
        });
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert_eq!(of(&entries[0], &["route", "outcome"]), json!(["POST /v1/login/refresh", "refused"]));
        let pair = sign_in("uwase", PASSWORD).ok();
        let token = json!({"refresh_token": pair["refresh_token"]});
        let (_, entries) = noted_of(app.store(), || nobody.post("/v1/logout", &token).status);
        assert_eq!(of(&entries[0], &names), json!([user, "supervisor", organisation, "sign-out", "allowed"]));
    });
}
