//! People move and are disabled.

use super::*;

#[test]
fn whoever_moves_to_another_organisation_leaves_groups_tablets_and_codes_behind() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let (old, new) = (&scene.village, Village::of(&scene.app, "nar"));
        let path = format!("/v1/users/{}/move", scene.jeanne);
        let to = |organisation: &str| json!({"organisation_id": organisation});
        let (admin, there) = (scene.administrator(), to(&new.organisation.to_string()));
        assert_eq!(old.manager.post(&path, &there).problem(), (403, "role-not-allowed"));
        let nowhere = to("018f3f6e-7d2c-7000-8000-0123456789ab");
        assert_eq!(admin.post(&path, &nowhere).problem(), (422, "invalid-fields"));
        let me = admin.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned();
        let of_admin = admin.post(&format!("/v1/users/{me}/move"), &there);
        assert_eq!(of_admin.problem(), (409, "role-without-organisation"));

        let code = old.enrolment_code(scene.jeanne);
        let moved = admin.post(&path, &there).ok();
        assert_eq!(moved["organisation_id"], new.organisation.to_string());
        assert_eq!(admin.post(&path, &there).ok(), moved, "once is enough");
        assert_eq!(old.read(old.group)["facilitators"], json!([]));
        let kept = TempDir::new().expect("a folder");
        let clock = || Clock::fixed(START);
        Device::enrol(&kept.path().join("old"), PASSPHRASE, &scene.app.url, &code, "old", clock())
            .expect_err("who handed out the code does not see what she will");

        // Her new tablet gets what is hers now; the old one, whoever has it, does not.
        new.assign(scene.jeanne, new.group);
        let code = new.enrolment_code(scene.jeanne);
        let mut next =
            Device::enrol(&kept.path().join("new"), PASSPHRASE, &scene.app.url, &code, "new", clock())
                .expect("a tablet is enrolled");
        next.sync(&mut ()).expect("a sync");
        assert_eq!(next.tablet().groups(), [new.group]);
        scene.she_hands_in_and_drops();
        assert_eq!(new.manager.all(WAITING), Vec::<Value>::new());
        let device = scene.hers.tablet().device();
        assert_eq!(new.groups_on(device), Vec::<Value>::new(), "what she held before is not theirs to see");
        let hidden = scene.village.manager.get(&format!("/v1/devices/{device}/groups"));
        assert_eq!(hidden.problem(), (404, "no-such-device"));
        let hidden = new.manager.get(&format!("/v1/groups/{}/devices", scene.village.group));
        assert_eq!(hidden.problem(), (404, "no-such-group"));
        let all = admin.get(&format!("/v1/devices/{device}/groups")).ok();
        assert_eq!(all.as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn whoever_is_disabled_is_signed_out_hands_in_and_can_come_back() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let (village, jeanne) = (&scene.village, scene.jeanne);
        let hers = scene.app.login("jeanne.aegis");
        let set = |person: &Session, user: &str, what: &str| {
            person.post(&format!("/v1/users/{user}/{what}"), &json!({}))
        };
        let elsewhere = Village::of(&scene.app, "nar");
        let her = jeanne.to_string();
        assert_eq!(set(&elsewhere.manager, &her, "disable").problem(), (404, "no-such-user"));
        assert_eq!(set(&hers, &her, "disable").problem(), (403, "role-not-allowed"));
        let me = village.manager.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned();
        assert_eq!(set(&village.manager, &me, "disable").problem(), (403, "role-not-allowed"));
        let admin = scene.administrator();
        let me = admin.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned();
        assert_eq!(set(&admin, &me, "disable").problem(), (409, "oneself"));

        let login = json!({"login": "jeanne.aegis", "password": PASSWORD});
        let pair = admin.post("/v1/login", &login).ok();
        let disabled = set(&village.manager, &her, "disable").ok();
        assert_eq!(disabled["disabled_at"], "2026-03-05T08:05:00Z");
        assert_eq!(hers.get("/v1/me").problem(), (403, "account-disabled"));
        assert_eq!(village.read(village.group)["facilitators"], json!([]));
        scene.she_hands_in_and_drops();

        let enabled = set(&scene.village.manager, &her, "enable").ok();
        assert!(enabled.get("disabled_at").is_none(), "{enabled}");
        let refresh = json!({"refresh_token": pair["refresh_token"]});
        assert_eq!(admin.post("/v1/login/refresh", &refresh).problem(), (401, "refresh-refused"));
        scene.app.login("jeanne.aegis");
        let report = scene.hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.received, scene.hers.tablet().groups().len()), (0, 0));
        scene.village.assign(jeanne, scene.village.group);
        scene.hers.sync(&mut ()).expect("a sync");
        assert_eq!(scene.has(&scene.hers), (3, 1));
        let held = scene.village.groups_on(scene.hers.tablet().device());
        assert_eq!(held.iter().filter(|one| one.get("dropped_at").is_none()).count(), 1, "{held:?}");
    });
}

#[test]
fn a_name_or_a_login_that_was_mistyped_is_put_right() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let (village, admin) = (&scene.village, scene.administrator());
        let path = format!("/v1/users/{}", scene.jeanne);
        let right =
            village.manager.patch(&path, &json!({"name": "  Mukamana Jeanne ", "login": "Jeanne.M"})).ok();
        assert_eq!((&right["name"], &right["login"]), (&json!("Mukamana Jeanne"), &json!("jeanne.m")));
        let mine = scene.app.login("jeanne.m");
        assert_eq!(mine.get("/v1/me").ok()["name"], "Mukamana Jeanne", "she signs in with it");
        // What is left out stays, and the same again is no mistake.
        let again = village.manager.patch(&path, &json!({"login": "jeanne.m"})).ok();
        assert_eq!(again, right);

        let refused = |who: &Session, path: &str, body: &Value| {
            let answer = who.patch(path, body);
            (answer.status, answer.problem().1.to_owned())
        };
        let of = |status, slug: &str| (status, slug.to_owned());
        let taken = json!({"login": "manager.aegis"});
        assert_eq!(refused(&village.manager, &path, &taken), of(409, "login-taken"));
        for odd in [json!({"login": "a b"}), json!({"name": " "})] {
            assert_eq!(refused(&village.manager, &path, &odd), of(422, "invalid-fields"));
        }
        assert_eq!(refused(&mine, &path, &json!({"name": "Queen"})), of(403, "role-not-allowed"));
        // A manager decides about no manager, and hears nothing of the people of others.
        let me = village.manager.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned();
        let name = json!({"name": "Uwera"});
        assert_eq!(refused(&village.manager, &format!("/v1/users/{me}"), &name), of(403, "role-not-allowed"));
        let other = Village::of(&scene.app, "nar");
        assert_eq!(refused(&other.manager, &path, &name), of(404, "no-such-user"));
        assert_eq!(admin.patch(&format!("/v1/users/{me}"), &name).ok()["name"], "Uwera");
    });
}
