//! Two partners, one cell: warned, gone on with a reason, settled by both.

use super::*;

#[test]
fn who_would_do_the_same_in_one_cell_is_warned_goes_on_with_a_reason_and_both_settle_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (nar, aegis) = (Partner::of(&app, "nar"), Partner::of(&app, "aegis"));
        app.user("secretariat", Role::Secretariat, None);
        let secretariat = app.login("secretariat");
        let contact = format!("/v1/organisations/{}/contact", nar.organisation);
        nar.manager.request("PUT", &contact, Some(&json!({"contact": "huye@nar.example"}))).ok();
        let beside = group("Inkingi", NEXT_VILLAGE);
        let livelihood = with(beside.clone(), "pillar", "social_reintegration");
        id(nar.begin(&with(
            with(livelihood, "kind", "dialogue_circle"),
            "modality",
            "collaborative_livelihood",
        )));
        id(nar.begin(&group("Twiyubake", VILLAGE)));

        // Asked before: nothing is written.
        let thought = json!({"modality": "sociotherapy", "area": NEXT_VILLAGE, "cohort": "adult", "pillar": "community_healing"});
        let checked = aegis.manager.post("/v1/coverage/check", &thought).ok();
        assert_eq!(checked["asks_for_reason"], true, "{checked}");

        // Aegis plans a group in the cell: 409, with what NAR does there and how it is reached.
        let refused = aegis.begin(&beside);
        assert_eq!(refused.problem(), (409, "overlap"));
        for said in [&checked, &refused.body] {
            assert_eq!(said["overlaps"].as_array().map(Vec::len), Some(1), "{said}");
            let near = &said["overlaps"][0];
            assert_eq!((&near["grade"], &near["cohort"]), (&json!("B"), &json!("same")), "{near}");
            assert_eq!(near["group"]["area"], VILLAGE);
            assert_eq!(near["group"]["organisation"]["contact"], "huye@nar.example");
            assert_eq!(said["complementary"][0]["group"]["modality"], "collaborative_livelihood", "{said}");
            assert_eq!(said["complementary"][0]["grade"], "A", "{said}");
        }
        assert!(refused.body["detail"].as_str().expect("why").contains("NAR"), "{}", refused.body);
        assert!(aegis.manager.all("/v1/groups").is_empty(), "nothing was begun");
        assert!(nar.overlaps("").is_empty());

        // It goes on with a reason, which NAR reads.
        let reason = "Their group is full; we take the next families.";
        let begun = aegis.begin(&with(beside.clone(), "overlap_reason", reason)).ok();
        assert_eq!(begun["overlaps"][0]["grade"], "B", "{begun}");
        let group: GroupId = begun["id"].as_str().expect("an id").parse().expect("an id");
        let [overlap] = nar.overlaps("").try_into().expect("one");
        assert_eq!(overlap["reason"]["words"], reason, "{overlap}");
        assert_eq!(
            (&overlap["reason"]["organisation"], &overlap["reason"]["role"]),
            (&json!("aegis"), &json!("manager"))
        );
        assert!(overlap.get("resolution").is_none());
        assert_eq!(codes(&overlap), ["aegis", "nar"]);
        let [theirs] = aegis.overlaps("").try_into().expect("both see it");
        let [of_all] = secretariat.all("/v1/coverage/overlaps").try_into().expect("the secretariat, too");
        for seen in [&theirs, &of_all] {
            assert_eq!((&seen["id"], &seen["reason"]), (&overlap["id"], &overlap["reason"]));
        }
        // Each is told which group of their own it is, and no id of the other's.
        assert!(theirs.to_string().contains(&group.to_string()));
        assert!(
            !overlap.to_string().contains(&group.to_string()) && !of_all.to_string().contains("group_id")
        );

        // NAR settles it; then Aegis says it otherwise: the last counts, and both stay readable.
        let path = format!("/v1/coverage/overlaps/{}", overlap["id"].as_str().expect("an id"));
        let settle = |who: &Session, how: &str, note: Value| {
            app.clock.advance(1);
            who.post(&format!("{path}/resolve"), &json!({"resolution": how, "note": note}))
        };
        assert_eq!(settle(&nar.manager, "went_on", Value::Null).problem(), (422, "invalid-fields"));
        let naming = settle(&nar.manager, "accepted", json!("Mukamana Alice asked us."));
        assert_eq!(naming.problem(), (409, "look-again"), "{}", naming.body);
        settle(&nar.manager, "accepted", Value::Null).ok();
        let settled = settle(&aegis.manager, "agreed", json!("We take the young families.")).ok();
        assert_eq!(settled["resolution"]["said"], "agreed", "{settled}");
        for who in [&nar.manager, &aegis.manager, &secretariat] {
            let read = who.get(&path).ok();
            assert_eq!(read["history"].as_array().map(Vec::len), Some(3), "{read}");
            let said: Vec<&str> = read["history"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|one| one["said"].as_str())
                .collect();
            assert_eq!(said, ["went_on", "accepted", "agreed"]);
            assert_eq!(read["resolution"]["words"], "We take the young families.");
            assert_eq!(read["resolution"]["organisation"], "aegis");
            assert_eq!(who.all("/v1/coverage/overlaps?resolved=true").len(), 1);
            assert!(who.all("/v1/coverage/overlaps?resolved=false").is_empty());
        }
        settle(&secretariat, "merged", Value::Null).ok();
        let last = nar.manager.get(&path).ok()["resolution"].clone();
        assert_eq!((&last["said"], &last["role"]), (&json!("merged"), &json!("secretariat")));
        assert!(last.get("organisation").is_none(), "{last}");

        // A group that is void, closed before the other began, or moved away is in no overlap; what was said stays.
        aegis.void(group, true);
        assert!(nar.overlaps("").is_empty());
        assert_eq!(nar.manager.get(&path).problem(), (404, "no-such-overlap"));
        assert_eq!(settle(&nar.manager, "agreed", Value::Null).problem(), (404, "no-such-overlap"));
        aegis.void(group, false);
        assert_eq!(nar.manager.get(&path).ok()["history"].as_array().map(Vec::len), Some(4));
        aegis.change(group, json!({"area": OTHER_SECTOR})).ok();
        assert!(nar.overlaps("").is_empty());
        let back = aegis.change(group, json!({"area": VILLAGE}));
        assert_eq!(back.problem(), (409, "overlap"), "{}", back.body);
        assert_eq!(aegis.manager.get(&format!("/v1/groups/{group}")).ok()["area"], OTHER_SECTOR);
        aegis.change(group, json!({"area": VILLAGE, "overlap_reason": "The village asked us."})).ok();
        let [overlap] = nar.overlaps("").try_into().expect("one");
        assert_eq!(overlap["grade"], "A");
        assert_eq!(overlap["reason"]["words"], "The village asked us.");
        aegis.close(group);
        app.clock.advance(2 * DAY);
        let nar = Partner { manager: app.login("manager.nar"), ..nar };
        assert!(nar.overlaps("").is_empty(), "it is over");
        assert_eq!(nar.overlaps("?from=2026-03-05").len(), 1, "it was there");
    });
}

#[test]
fn a_third_partner_reads_of_none_and_settles_none() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let [nar, aegis, third] = ["nar", "aegis", "interpeace"].map(|code| Partner::of(&app, code));
        id(nar.begin(&group("Twiyubake", VILLAGE)));
        id(aegis.begin(&with(group("Inkingi", VILLAGE), "overlap_reason", "They asked us.")));
        let [overlap] = nar.overlaps("").try_into().expect("one");
        let path = format!("/v1/coverage/overlaps/{}", overlap["id"].as_str().expect("an id"));
        assert!(third.overlaps("").is_empty());
        assert!(third.overlaps(&format!("?organisation={}", nar.organisation)).is_empty());
        assert_eq!(third.manager.get(&path).problem(), (404, "no-such-overlap"));
        let settle = third.manager.post(&format!("{path}/resolve"), &json!({"resolution": "accepted"}));
        assert_eq!(settle.problem(), (404, "no-such-overlap"));
        let contact = format!("/v1/organisations/{}/contact", nar.organisation);
        let theirs =
            third.manager.request("PUT", &contact, Some(&json!({"contact": "us@interpeace.example"})));
        assert_eq!(theirs.problem(), (404, "no-such-organisation"));
        assert_eq!(
            third.manager.get(&format!("/v1/coverage/overlaps/{}", nar.organisation)).problem().0,
            404
        );
    });
}
