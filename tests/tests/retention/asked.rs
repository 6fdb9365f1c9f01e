//! Who asked to be erased, and was confirmed by nobody.

use super::*;

const SUMMARY: &str = "P03 told of the terraces.";

struct Scene {
    app: TestApp,
    village: Village,
    hers: Device,
    person: ParticipantId,
}

impl Scene {
    /// Somebody who is named in a summary asked to be erased, on that day by the tablet's clock.
    fn asked_on(database: &Database, date: Date) -> Self {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut hers = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut hers, village.group, 3);
        let attendance = marks(&[1, 3], Attendance::Present);
        record(
            &mut hers,
            village.group,
            day(3, 4),
            Details { attendance, summary: Some(SUMMARY.into()), ..Details::default() },
        );
        let person = ParticipantId::of(village.group, "P03");
        hers.ask_to_erase(person, date).expect("it is noted");
        hers.sync(&mut ()).expect("a sync");
        Self { app, village, hers, person }
    }
}

#[test]
fn after_thirty_days_the_service_erases_them_and_says_so() {
    Database::each(|database| {
        let mut scene = Scene::asked_on(database, day(3, 5));
        assert_eq!(run(&scene.app, after(29)), Done::default());
        assert_eq!(scene.village.manager.all("/v1/erasures").len(), 1);
        assert_eq!(run(&scene.app, after(30)).people, 1);
        assert_eq!(scene.village.manager.all("/v1/erasures"), Vec::<Value>::new());
        let noted = noted(&scene.app);
        let told = |field: &str| noted.iter().map(|one| one[field].clone()).collect::<Vec<_>>();
        assert_eq!(told("action"), ["retention"]);
        assert_eq!(told("route"), ["erasure after 30 days"]);
        assert_eq!(told("object_id"), [json!(scene.person)]);
        assert_eq!(told("of_organisation_id"), [json!(scene.village.organisation)]);
        // The meeting is recorded again without the code, by the service, and whoever came with them counts.
        let sessions = scene.village.manager.all("/v1/sessions");
        assert_eq!(sessions.len(), 1);
        let path = format!("/v1/sessions/{}", sessions[0]["id"].as_str().expect("an id"));
        let session = scene.village.manager.get(&path).ok();
        assert_eq!(session["summary"].as_str().map(str::trim), Some("__ told of the terraces."));
        let history = scene.village.manager.all(&format!("{path}/history"));
        assert!(history.iter().all(|one| one["by"] == "the service"), "{history:?}");
        is_sound(&scene.app);
        // It is done once, and tablets hear of it.
        assert_eq!(run(&scene.app, after(31)), Done::default());
        let report = scene.hers.sync(&mut ()).expect("a sync").report;
        assert!(report.repaired.is_empty() && report.unreadable == 0, "{report:?}");
        assert_eq!(scene.hers.tablet().record(scene.person), Some(Record::Erased(Kind::Participant)));
        let texts = scene.hers.tablet().all::<Session>(scene.village.group.into());
        assert!(texts.iter().all(|(_, one)| !one.summary.contains("P03")), "{texts:?}");
    });
}

/// A tablet's clock says 2019: its day is long over, and nobody could have read of it.
#[test]
fn nobody_is_erased_within_a_week_of_when_the_service_heard_of_it() {
    Database::each(|database| {
        let scene = Scene::asked_on(database, Date::new(2019, 1, 1).expect("a day"));
        assert_eq!(run(&scene.app, after(6)).people, 0);
        assert_eq!(run(&scene.app, after(7)).people, 1);
    });
}

#[test]
fn two_services_erase_them_once() {
    Database::each(|database| {
        let scene = Scene::asked_on(database, day(3, 5));
        let store = scene.app.store();
        let (one, other) = scene
            .app
            .run(async { tokio::join!(retention::run(store, after(30)), retention::run(store, after(30))) });
        assert_eq!(one.expect("it runs").people + other.expect("it runs").people, 1);
        assert_eq!(noted(&scene.app).len(), 1);
        is_sound(&scene.app);
    });
}
