//! Groups: changed, void, opened again.

use super::*;
use sync_core::record::Group;
use sync_core::record::group::GroupStatus;
use tablet::recording::Meetings;

fn read(who: &Session, group: GroupId) -> Value {
    who.get(&format!("/v1/groups/{group}")).ok()
}

#[test]
fn a_group_is_changed_field_by_field() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let group = cast.village.group;
        let patch = |who: &Session, body: Value| {
            let mut body = body;
            body["reason"] = json!("It was written wrong.");
            who.patch(&format!("/v1/groups/{group}"), &body)
        };
        let manager = &cast.village.manager;
        let all = json!({
            "name": "Abahuza", "kind": "dialogue_circle", "modality": "space_for_peace", "area": "52010102", "protocol_version": "2",
            "pillar": "social_cohesion", "mhpss_4w": "5.2", "setting": "school", "cohort": "youth",
            "target_mix": ["returnees", "survivors"], "planned_sessions": 12, "starts_on": "2026-02-01", "status": "forming",
        });
        let changed = patch(manager, all.clone()).ok();
        for (field, value) in all.as_object().expect("fields") {
            if field == "target_mix" {
                assert_eq!(changed[field].as_array().map(Vec::len), Some(2));
            } else {
                assert_eq!(&changed[field], value, "{field}");
            }
        }
        let taken = patch(
            manager,
            json!({"pillar": null, "cohort": null, "planned_sessions": null, "target_mix": ["survivors"]}),
        );
        let taken = taken.ok();
        assert!(taken.get("pillar").is_none() && taken.get("planned_sessions").is_none(), "{taken}");
        assert_eq!(taken["target_mix"], json!(["survivors"]));
        let path = format!("/v1/groups/{group}");
        assert_eq!(last_change(manager, &path).0, "It was written wrong.");
        cast.settle();
        assert_eq!(cast.paul.tablet().read::<Group>(group).expect("the group").name.to_string(), "Abahuza");

        let manager = &cast.village.manager;
        let wrong = json!({"name": "", "area": "9", "planned_sessions": 0, "status": "graduated", "starts_on": "soon"});
        let refused = patch(manager, wrong).body;
        let fields: Vec<&str> = refused["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .filter_map(|one| one["field"].as_str())
            .collect();
        assert_eq!(fields.len(), 5, "{fields:?}");
        // By this day all that the group records is judged.
        for day in ["1926-10-05", "2004-12-31", "2062-03-05"] {
            let mut new = all.clone();
            new["starts_on"] = json!(day);
            new.as_object_mut().expect("fields").remove("status");
            let refused = [patch(manager, json!({"starts_on": day})), manager.post("/v1/groups", &new)];
            for refused in refused.map(|refused| refused.body) {
                assert_eq!(refused["errors"][0]["field"], "starts_on", "{refused}");
                let detail = refused["errors"][0]["detail"].as_str().expect("why");
                assert!(detail.starts_with("can hardly be right: "), "{detail}");
            }
        }
        assert_eq!(patch(&cast.odette, json!({})).problem(), (403, "role-not-allowed"));

        // Once a session counts, its method and place stay, and it is active.
        assert_eq!(read(manager, group)["status"], "forming");
        let session = record(&mut cast.jeanne, group, day(3, 3), came(&[1]));
        cast.settle();
        let manager = &cast.village.manager;
        assert_eq!(read(manager, group)["status"], "active");
        assert_eq!(manager.all("/v1/groups")[0]["status"], "active");
        assert_eq!(patch(manager, json!({"area": "52010101"})).problem(), (409, "sessions-recorded"));
        assert_eq!(
            patch(manager, json!({"modality": "citizen_forum"})).problem(),
            (409, "sessions-recorded")
        );
        patch(manager, json!({"area": "52010102", "name": "Twiyubake"})).ok();
        void(&cast.odette, session, true).ok();
        let manager = &cast.village.manager;
        assert_eq!(read(manager, group)["status"], "forming");
        patch(manager, json!({"area": "52010101"})).ok();
        check_streams(cast.app.store());
    });
}

#[test]
fn a_group_is_opened_again_and_made_void_by_managers_alone() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let group = cast.village.group;
        record(&mut cast.jeanne, group, day(3, 3), came(&[1]));
        cast.settle();
        let manager = &cast.village.manager;
        manager.post(&format!("/v1/groups/{group}/close"), &json!({"status": "graduated"})).ok();
        let opened = manager.patch(
            &format!("/v1/groups/{group}"),
            &json!({"status": "active", "reason": "They meet again."}),
        );
        assert_eq!(opened.ok()["status"], "active");
        cast.village.assign(cast.jeanne.tablet().user(), group);
        sync(&mut cast.jeanne);
        let heard = cast.jeanne.tablet().read::<Group>(group).expect("the group");
        assert_eq!(heard.status, GroupStatus::Active);

        let odette = cast.app.login("odette.aegis");
        assert_eq!(void(&odette, group, true).problem(), (404, "no-such-record"), "she was taken off it");
        let supervisor =
            cast.odette.get("/v1/me").ok()["id"].as_str().expect("an id").parse().expect("an id");
        cast.village.assign(supervisor, group);
        assert_eq!(void(&cast.odette, group, true).problem(), (403, "role-not-allowed"));
        void(&cast.village.manager, group, true).ok();
        assert_eq!(read(&cast.odette, group)["void"], "Recorded by mistake.");
        assert_eq!(cast.total(), (0, 0), "nothing of it counts");
        assert_eq!(cast.odette.all("/v1/sessions")[0]["counts"], false);
        assert_eq!(cast.village.manager.all("/v1/groups")[0]["void"], "Recorded by mistake.");
        sync(&mut cast.jeanne);
        assert!(cast.jeanne.tablet().read::<Group>(group).expect("the group").void.is_some());
        let counted = Meetings::of(cast.jeanne.tablet(), group).counted;
        assert!(counted.is_empty(), "her tablet counts as the service does");
        void(&cast.village.manager, group, false).ok();
        assert_eq!(cast.total(), (1, 1));
        assert!(read(&cast.odette, group).get("void").is_none());
        // A tablet of a facilitator can't take it back, nor move the status.
        let moved = cast
            .jeanne
            .edit::<Group>(group.into(), group, |edit| edit.status().move_to(GroupStatus::Planned));
        assert!(moved.expect("an edit"));
        let report = cast.jeanne.sync(&mut ()).expect("a sync").report;
        assert_eq!(report.quarantined.len(), 1);
        check_streams(cast.app.store());
    });
}

#[test]
fn of_managers_who_disagree_why_a_group_is_void_a_manager_settles_it() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let group = cast.village.group;
        let user = cast.app.user("alice.aegis", Role::Manager, Some(cast.village.organisation));
        cast.village.assign(user, group);
        let mut alice = cast.village.tablet(&cast.app, user);
        sync(&mut alice);
        let makes_void = alice.edit::<Group>(group.into(), group, |edit| {
            edit.void().set("Begun twice.".parse().expect("a line"))
        });
        assert!(makes_void.expect("an edit"));
        void(&cast.village.manager, group, true).ok();
        sync(&mut alice);
        cast.settle();

        let open = cast.odette.all(&format!("/v1/conflicts?group={group}&record=group"));
        assert_eq!((open.len(), &open[0]["field"]), (1, &json!("void")));
        let body = json!({
            "record": group, "field": "void", "value": "Begun twice.", "reason": "Ubumwe has them all.",
        });
        let settle = |who: &Session| who.post("/v1/conflicts/resolve", &body);
        assert_eq!(settle(&cast.odette).problem(), (403, "role-not-allowed"));
        settle(&cast.village.manager).ok();
        assert!(cast.odette.all(&format!("/v1/conflicts?group={group}")).is_empty());
        assert_eq!(read(&cast.odette, group)["void"], "Begun twice.");
        cast.reconcile();
    });
}
