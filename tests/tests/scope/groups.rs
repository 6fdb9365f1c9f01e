//! Groups are given to people, taken from them, and closed.

use super::*;

#[test]
fn whoever_is_assigned_gets_the_group_from_its_start_and_the_manager_sees_how_far_they_have_read() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        scene.hers.sync(&mut ()).expect("a sync");
        let eric = scene.village.facilitator(&scene.app, "eric");
        let mut his = scene.village.tablet(&scene.app, eric);
        his.sync(&mut ()).expect("a sync");
        assert_eq!(scene.village.groups_on(his.tablet().device()), Vec::<Value>::new());
        scene.village.assign(eric, scene.village.group);
        his.sync(&mut ()).expect("a sync");
        assert_eq!(scene.has(&his), (3, 1));

        let behind = |tablet: &Device| {
            let held = scene.village.groups_on(tablet.tablet().device());
            let [one] = &held[..] else { panic!("{held:?}") };
            assert_eq!((one.get("told_at"), one.get("dropped_at")), (None, None));
            one["behind"].as_i64().expect("a number")
        };
        assert!(behind(&his) > 0, "it has not said yet what it read");
        his.sync(&mut ()).expect("a sync");
        assert_eq!(behind(&his), 0);
        record(&mut his, scene.village.group, day(3, 6), Details::default());
        his.sync(&mut ()).expect("a sync");
        his.sync(&mut ()).expect("a sync");
        assert_eq!(behind(&his), 0);
        assert!(behind(&scene.hers) > 0);
    });
}

/// Whoever leads a group reads its referrals: a manager who is to see none does not lead one by their own word.
#[test]
fn nobody_assigns_themselves_but_a_protection_officer() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let (manager, address) =
            (&scene.village.manager, format!("/v1/groups/{}/assignments", scene.village.group));
        let me = manager.get("/v1/me").ok()["id"].clone();
        let refused = manager.post(&address, &json!({"user_id": me}));
        assert_eq!(refused.problem(), (422, "invalid-fields"), "{}", refused.body);
        assert!(
            refused.body["errors"][0]["detail"].as_str().is_some_and(|why| why.starts_with("is yourself"))
        );
        let new = json!({"name": "Abahuza", "kind": "healing_space", "modality": "sociotherapy", "area": "52010101",
            "facilitators": [me]});
        let begun = manager.post("/v1/groups", &new);
        assert_eq!(
            (begun.status, begun.body["errors"][0]["field"].as_str()),
            (422, Some("facilitators")),
            "{}",
            begun.body
        );
        // Another one may, and so may whoever reads them anyway.
        let colleague = scene.app.user("colleague.aegis", Role::Manager, Some(scene.village.organisation));
        assert_eq!(manager.post(&address, &json!({"user_id": colleague.to_string()})).status, 204);
        let officer = format!("/v1/users/{}/protection-officer", me.as_str().expect("an id"));
        scene.administrator().request("PUT", &officer, None).ok();
        assert_eq!(manager.post(&address, &json!({"user_id": me})).status, 204);
    });
}

#[test]
fn whoever_is_taken_off_hands_in_what_they_had_and_keeps_nothing() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        scene.village.unassign(scene.jeanne, scene.village.group);
        scene.she_hands_in_and_drops();
    });
}

#[test]
fn a_group_goes_to_another_facilitator_with_all_that_was_recorded() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let hers = key_of(&scene.hers);
        scene.village.unassign(scene.jeanne, scene.village.group);
        let mut his = scene.village.facilitator_with_tablet(&scene.app, "eric");
        assert_eq!(scene.has(&his), (3, 0));
        assert!(key_of(&his) > hers, "what is sealed for the group from now on is not for her");
        scene.she_hands_in_and_drops();
        his.sync(&mut ()).expect("a sync");
        assert_eq!(scene.has(&his), (3, 1));
        let facilitators = scene.village.read(scene.village.group)["facilitators"].clone();
        assert_eq!(facilitators, json!([his.tablet().user().to_string()]));
    });
}

#[test]
fn a_closed_group_leaves_every_tablet_and_what_comes_late_waits() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let mut his = scene.village.facilitator_with_tablet(&scene.app, "eric");
        let path = format!("/v1/groups/{}/close", scene.village.group);
        let close = |person: &Session, status: &str| person.post(&path, &json!({"status": status}));
        let elsewhere = Village::of(&scene.app, "nar");
        assert_eq!(close(&elsewhere.manager, "graduated").problem(), (404, "no-such-group"));
        for status in ["active", "over"] {
            assert_eq!(close(&scene.village.manager, status).problem(), (422, "invalid-fields"));
        }
        let closed = close(&scene.village.manager, "graduated").ok();
        assert_eq!((&closed["status"], &closed["facilitators"]), (&json!("graduated"), &json!([])));
        assert_eq!(close(&scene.village.manager, "graduated").ok(), closed, "once is enough");
        let leaders = scene.village.manager.get(&format!("/v1/groups/{}/assignments", scene.village.group));
        assert_eq!(leaders.ok(), json!([]));

        let report = his.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.dropped, his.tablet().groups().len()), (1, 0), "{report:?}");
        scene.she_hands_in_and_drops();
        assert_eq!(close(&scene.village.manager, "suspended").ok()["status"], "suspended");
        assert_eq!(close(&scene.village.manager, "graduated").problem(), (422, "invalid-fields"));
    });
}
