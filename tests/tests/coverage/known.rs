//! What others know of a group, and what goes with it.

use sync_core::record::session::Attendance;
use tablet::recording::Details;
use tests::Village;
use tests::village::{day, marks, people_join, record};

use super::*;

#[test]
fn others_learn_that_a_group_exists_and_nothing_else() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let aegis = Partner::of(&app, "aegis");
        let village = Village::of(&app, "nar");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let secret = json!({
            "name": "Kwirindibyago", "target_mix": ["born_of_rape", "survivors"], "protocol_version": "v397", "planned_sessions": 197,
            "mhpss_4w": "5.2", "setting": "school", "pillar": "social_cohesion", "cohort": "family", "reason": "It is so.",
        });
        let path = format!("/v1/groups/{}", village.group);
        village.manager.patch(&path, &secret).ok();
        let read = || aegis.manager.all("/v1/coverage");
        assert_eq!(read()[0]["status"], "planned");
        people_join(&mut jeanne, village.group, 1);
        let came = Details { attendance: marks(&[1], Attendance::Present), ..Details::default() };
        record(&mut jeanne, village.group, day(3, 3), came);
        jeanne.sync(&mut ()).expect("a sync");
        let [row] = read().try_into().expect("one group");
        assert_eq!(row["status"], "active", "as soon as it met");
        assert_eq!(village.manager.all("/v1/coverage?status=active").len(), 1);
        assert!(village.manager.all("/v1/coverage?status=planned").is_empty());
        let shown: Vec<&str> = row.as_object().expect("fields").keys().map(String::as_str).collect();
        assert_eq!(
            shown,
            [
                "area",
                "area_path",
                "cohort",
                "id",
                "kind",
                "mhpss_4w",
                "modality",
                "organisation",
                "pillar",
                "setting",
                "starts_on",
                "status"
            ]
        );
        let addresses = [
            "/v1/coverage",
            "/v1/coverage/sums?by=village,modality,cohort",
            "/v1/coverage/complementary",
            "/v1/coverage/gaps?limit=500",
            "/v1/coverage/overlaps",
        ];
        let other = with(group("Inkingi", VILLAGE), "overlap_reason", "They asked us.");
        id(aegis.begin(&with(with(other, "cohort", "family"), "pillar", "community_healing")));
        for address in addresses {
            let told = aegis.manager.get(address).ok().to_string();
            for word in [
                "Kwirindibyago",
                "born_of_rape",
                "v397",
                ":197",
                "jeanne",
                &village.group.to_string(),
                "P01",
                "Present",
            ] {
                assert!(!told.contains(word), "{address} tells {word}: {told}");
            }
        }
        // The district instead of the village.
        let [_, row] = aegis.manager.all("/v1/coverage?level=district&area=5").try_into().expect("two");
        assert_eq!((&row["area"], &row["area_path"]), (&json!("52"), &json!("Nyagatare, East")));
        app.user("donor", Role::Donor, None);
        app.user("administrator", Role::Administrator, None);
        for who in ["donor", "administrator"] {
            for address in addresses {
                assert_eq!(
                    app.login(who).get(address).problem(),
                    (403, "role-not-allowed"),
                    "{who}: {address}"
                );
            }
        }
    });
}

#[test]
fn each_filter_keeps_what_it_says() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (nar, aegis) = (Partner::of(&app, "nar"), Partner::of(&app, "aegis"));
        id(nar.begin(&group("Twiyubake", VILLAGE)));
        let youth =
            with(with(group("Inkingi", OTHER_SECTOR), "cohort", "youth"), "pillar", "social_cohesion");
        let youth = with(with(youth, "modality", "peace_club"), "kind", "dialogue_circle");
        id(aegis.begin(&with(with(youth, "setting", "school"), "starts_on", "2026-06-01")));
        let aegis_only = [
            format!("organisation={}", aegis.organisation),
            "kind=dialogue_circle".into(),
            "modality=peace_club".into(),
            "pillar=social_cohesion".into(),
            "cohort=youth".into(),
            "setting=school".into(),
            "area=5202".into(),
            "from=2026-06-01&area=520201".into(),
        ];
        for query in &aegis_only {
            let [row] = nar.manager.all(&format!("/v1/coverage?{query}")).try_into().expect(query);
            assert_eq!(row["organisation"]["code"], "aegis", "{query}");
            let sums = nar.manager.get(&format!("/v1/coverage/sums?{query}")).ok();
            assert_eq!(sums["total"], json!({"groups": 1, "organisations": 1}), "{query}");
        }
        assert_eq!(nar.manager.all("/v1/coverage?to=2026-05-31").len(), 1, "the other had not begun");
        for one in &aegis_only {
            for other in &aegis_only {
                let query = format!("/v1/coverage?{one}&{other}");
                if one.split('&').all(|part| !other.contains(part.split('=').next().unwrap_or_default())) {
                    assert_eq!(nar.manager.all(&query).len(), 1, "{query}");
                }
            }
        }
        let wrong = nar.manager.get("/v1/coverage?area=9&modality=yoga&level=street&from=soon&status=begun");
        assert_eq!(wrong.body["errors"].as_array().map(Vec::len), Some(5), "{}", wrong.body);
        let wrong = nar.manager.get("/v1/coverage/sums?by=district,name");
        assert_eq!(wrong.problem(), (422, "invalid-fields"));
        assert_eq!(nar.manager.get("/v1/coverage/gaps?area=52010101").problem(), (422, "invalid-fields"));
    });
}

#[test]
fn what_was_said_of_an_overlap_loses_its_words_with_the_group() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (nar, aegis) = (Partner::of(&app, "nar"), Partner::of(&app, "aegis"));
        id(nar.begin(&group("Twiyubake", VILLAGE)));
        let ours = id(aegis.begin(&with(group("Inkingi", VILLAGE), "overlap_reason", "Twaganiriye.")));
        assert_eq!(nar.overlaps("").len(), 1);
        let now = app.clock.now();
        app.store()
            .write_blocking("erase", |tx| {
                use sync_core::record::{Kind, Place};
                let place = Place { stream: ours.into(), document: ours.into(), kind: Kind::Group };
                server::ledger::erase(tx, &[server::ledger::Erasure { place, at: now, by: None }], now)
            })
            .expect("it is erased");
        assert!(nar.overlaps("").is_empty());
        assert_eq!(nar.manager.all("/v1/coverage").len(), 1);
        let words = app.store().read_blocking("words", |tx| {
            use diesel::prelude::*;
            use server::store::schema::overlap_statements;
            server::on_each!(tx, |c| overlap_statements::table
                .select(overlap_statements::words)
                .load::<Option<String>>(c))
        });
        assert_eq!(words.expect("it answers"), [None]);
        let mut found = Vec::new();
        server::verify::verify(app.store(), &mut |finding| found.push(finding.to_string()))
            .expect("it is verified");
        assert!(found.is_empty(), "{found:?}");
    });
}
