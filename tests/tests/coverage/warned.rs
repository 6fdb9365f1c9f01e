//! When somebody is asked, and when they are told.

use super::*;

#[test]
fn in_the_village_and_cell_somebody_is_asked_in_the_sector_told_and_elsewhere_neither() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (nar, aegis) = (Partner::of(&app, "nar"), Partner::of(&app, "aegis"));
        id(nar.begin(&group("Twiyubake", VILLAGE)));
        let grade = |group: &Value| {
            let answer = aegis.begin(group);
            let begun = answer.status == 201;
            let told = answer.body["overlaps"][0]["grade"].as_str().unwrap_or("none").to_owned();
            (begun, told)
        };
        let of = |begun, told: &str| (begun, told.to_owned());
        assert_eq!(grade(&group("Inkingi", VILLAGE)), of(false, "A"));
        assert_eq!(grade(&group("Inkingi", NEXT_VILLAGE)), of(false, "B"));
        assert_eq!(grade(&group("Inkingi", OTHER_CELL)), of(true, "C"));
        assert_eq!(grade(&group("Inkingi", OTHER_SECTOR)), of(true, "none"));
        // Other people, or another method.
        assert_eq!(grade(&with(group("Inkingi", VILLAGE), "cohort", "youth")), of(true, "none"));
        assert_eq!(
            grade(&with(group("Inkingi", VILLAGE), "modality", "multifamily_healing")),
            of(true, "none")
        );
        // For whom it is, is not said: it may be for the same.
        let unsaid = aegis.begin(&with(group("Inkingi", VILLAGE), "cohort", Value::Null));
        assert_eq!(unsaid.problem(), (409, "overlap"));
        let named = with(group("Inkingi", VILLAGE), "overlap_reason", "Ask Mukamana Alice, 0788 123 456.");
        assert_eq!(aegis.begin(&named).problem(), (409, "look-again"));
        assert_eq!(unsaid.body["overlaps"][0]["cohort"], "not_known", "{}", unsaid.body);
        // One's own group is none.
        id(nar.begin(&group("Urumuri", VILLAGE)));
    });
}

#[test]
fn a_change_is_asked_after_where_the_overlap_is_new_or_nearer() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (nar, aegis) = (Partner::of(&app, "nar"), Partner::of(&app, "aegis"));
        let theirs = id(nar.begin(&group("Twiyubake", VILLAGE)));
        let ours = id(aegis.begin(&group("Inkingi", OTHER_CELL)));
        let nearer = aegis.change(ours, json!({"area": NEXT_VILLAGE}));
        assert_eq!(nearer.problem(), (409, "overlap"));
        let mut named = json!({"area": NEXT_VILLAGE, "overlap_reason": "Ask Mukamana Alice, 0788 123 456."});
        assert_eq!(aegis.change(ours, named.clone()).problem(), (409, "look-again"));
        named["looked_again"] = json!(true);
        aegis.change(ours, named).ok();
        // What stays as it is is not asked after again, nor what grows further apart.
        let renamed = aegis.change(ours, json!({"name": "Urumuri"})).ok();
        assert!(renamed.get("overlaps").is_none(), "{renamed}");
        aegis.change(ours, json!({"area": OTHER_CELL})).ok();
        aegis.change(ours, json!({"cohort": "youth"})).ok();
        assert_eq!(aegis.change(ours, json!({"area": VILLAGE})).status, 200);
        assert_eq!(aegis.change(ours, json!({"cohort": "adult"})).problem(), (409, "overlap"));
        // A closed group that meets again.
        nar.close(theirs);
        app.clock.advance(5 * DAY);
        let [nar, aegis] = [(nar, "nar"), (aegis, "aegis")]
            .map(|(one, code)| Partner { manager: app.login(&format!("manager.{code}")), ..one });
        aegis.change(ours, json!({"cohort": "adult"})).ok();
        assert_eq!(nar.change(theirs, json!({"status": "active"})).problem(), (409, "overlap"));
        let opened = nar.change(theirs, json!({"status": "active", "overlap_reason": "They meet again."}));
        assert_eq!(opened.ok()["overlaps"][0]["grade"], "A");
    });
}

#[test]
fn a_key_that_was_refused_begins_one_group_once_there_is_a_reason() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (nar, aegis) = (Partner::of(&app, "nar"), Partner::of(&app, "aegis"));
        id(nar.begin(&group("Twiyubake", VILLAGE)));
        let press =
            |body: &Value| aegis.manager.post_with_key("/v1/groups", "0123456789abcdef-overlap", body);
        assert_eq!(press(&group("Inkingi", VILLAGE)).problem(), (409, "overlap"));
        let reasoned = with(group("Inkingi", VILLAGE), "overlap_reason", "They asked us.");
        let first = press(&reasoned);
        assert_eq!(first.status, 201, "{first:?}");
        assert_eq!(press(&reasoned).body, first.body);
        assert_eq!(aegis.manager.all("/v1/groups").len(), 1);
        assert_eq!(nar.overlaps("").len(), 1);
        assert_eq!(nar.overlaps("")[0]["reason"]["words"], "They asked us.");
    });
}
