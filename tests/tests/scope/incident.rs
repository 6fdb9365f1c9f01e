//! What a manager knows of a tablet, and what is reported once it is lost.

use std::process::Command;

use sync_core::change::Actor;
use sync_core::document::Document;
use sync_core::id::{DocumentId, Id, SessionId};
use sync_core::record::incident::{Incident, IncidentType};
use sync_core::wire::About;
use tests::program::ihuriro;

use super::*;

/// The tablet in the manager's list.
fn listed(village: &Village, device: DeviceId) -> Value {
    let all = village.manager.all("/v1/devices");
    all.into_iter().find(|one| one["id"] == device.to_string()).expect("the tablet")
}

fn reported(person: &Session, device: DeviceId) -> Value {
    person.get(&format!("/v1/devices/{device}/incident-report")).ok()
}

#[test]
fn a_manager_sees_what_a_tablet_runs_holds_and_had_not_handed_in() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let told = listed(&scene.village, scene.hers.tablet().device());
        // The group and three people; the meeting was recorded after it last spoke.
        assert_eq!((&told["records_held"], &told["unsent"]), (&json!(4), &json!(0)));
        assert_eq!(told["program"], About::PROGRAM);
        assert_eq!(told["last_seen_at"], "2026-03-05T08:00:00Z");
        let mut by_hand = Stranger::enrolled(&scene.app, &scene.village, "paul");
        let mut say = |about: Option<(&str, u32)>| {
            let about =
                about.map(|(program, unsent)| About { program: program.to_owned(), unsent, key: None });
            let request = sync_core::wire::Request { about, ..by_hand.request(Vec::new()) };
            let (status, slug, _) = tests::stranger::sync(&scene.app, &by_hand.signed(&request));
            assert_eq!((status, slug.as_str()), (200, ""));
            let told = listed(&scene.village, by_hand.device);
            (told["program"].clone(), told["unsent"].clone())
        };
        assert_eq!(say(Some(("another 2.0", 7))), (json!("another 2.0"), json!(7)));
        // What is no name of a program is not shown to anybody.
        for odd in ["", " ", "a\u{202e}b", "line\nbreak", &"x".repeat(41)] {
            assert_eq!(say(Some((odd, 1))), (Value::Null, json!(1)), "{odd:?}");
        }
        assert_eq!(say(Some(("another 2.0", u32::MAX))).1, json!(u32::MAX));
        assert_eq!(say(None), (Value::Null, Value::Null), "a tablet of before");
    });
}

#[test]
fn what_a_lost_tablet_may_hold_is_reported_as_of_when_it_was_last_seen() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let device = scene.hers.tablet().device();
        let mut his = scene.village.facilitator_with_tablet(&scene.app, "eric");
        record(&mut his, scene.village.group, day(3, 6), Details::default());
        scene.app.clock.advance(1);
        his.sync(&mut ()).expect("a sync");
        let report = reported(&scene.village.manager, device);
        assert_eq!(
            report["holds"],
            json!({"people": 3, "records": 4, "levels": {"P": 0, "I": 0, "O": 4, "S": 0}}),
            "not the meeting of which her tablet was not told"
        );
        assert_eq!(
            (&report["last_seen_at"], &report["acknowledgement"], &report["held_by"]),
            (&json!("2026-03-05T08:00:00Z"), &json!("not-revoked"), &json!("jeanne.aegis"))
        );
        let [group] = &report["groups"].as_array().expect("groups")[..] else { panic!("{report}") };
        assert_eq!((&group["since"], group.get("dropped_at")), (&json!("2026-03-05T08:00:00Z"), None));
        let records = group["records"].as_array().expect("records");
        let known = scene.hers.tablet();
        let mut ids: Vec<String> =
            known.all::<Participant>(scene.stream()).iter().map(|(id, _)| id.to_string()).collect();
        ids.push(scene.village.group.to_string());
        ids.sort();
        assert_eq!(records.iter().map(|one| one["id"].as_str().expect("an id")).collect::<Vec<_>>(), ids);
        assert!(!report.to_string().contains("P01"), "no content: {report}");

        // Revoked, it may still hold all of it; once it came and dropped it, it says so.
        let revoke = format!("/v1/devices/{device}/revoke");
        scene.village.manager.post(&revoke, &json!({})).ok();
        let report = reported(&scene.village.manager, device);
        assert_eq!(
            (&report["acknowledgement"], &report["holds"]["records"]),
            (&json!("not-yet-seen"), &json!(4))
        );
        scene.hers.sync(&mut ()).expect("a sync");
        let report = reported(&scene.administrator(), device);
        assert_eq!(
            (&report["acknowledgement"], &report["acknowledged_at"], &report["holds"]["records"]),
            (&json!("dropped"), &json!("2026-03-05T08:06:00Z"), &json!(0))
        );
        let group = &report["groups"][0];
        assert_eq!(group["dropped_at"], "2026-03-05T08:06:00Z");
        assert_eq!(
            group["holds"]["levels"]["O"], 6,
            "with the meetings that it handed in and may have been sent"
        );

        // Nobody else reads it, and what is not there is not told from what is another's.
        let other = Village::of(&scene.app, "interpeace");
        let path = format!("/v1/devices/{device}/incident-report");
        assert_eq!(other.manager.get(&path).problem(), (404, "no-such-device"));
        assert_eq!(scene.app.login("jeanne.aegis").get(&path).problem(), (403, "role-not-allowed"));
    });
}

#[test]
fn sensitive_records_are_counted_for_managers_and_named_to_protection_officers() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let meeting = tablet.session(village.group, 5);
        let mut document = Document::genesis(Kind::Incident);
        let written =
            document.edit::<Incident>(Actor { device: tablet.device, incarnation: 0 }, START, |incident| {
                incident.session().set(SessionId::of(village.group, day(3, 5), 0, 0))?;
                incident.kind().set(IncidentType::Threat)
            });
        let written = written.expect("a sound edit").expect("something new").bytes().to_vec();
        let id = DocumentId::from_uuid(uuid::Uuid::from_u128(8));
        let outcomes = tablet.hand_in(&app, village.group.into(), &[meeting, (Kind::Incident, id, written)]);
        assert_eq!(outcomes, [Outcome::Accepted, Outcome::Accepted]);
        let names_it = |report: &Value| {
            let records = report["groups"][0]["records"].as_array().expect("records");
            records.iter().any(|one| one["kind"] == "incident")
        };
        let report = reported(&village.manager, tablet.device);
        assert_eq!((&report["holds"]["levels"]["S"], names_it(&report)), (&json!(1), false), "{report}");
        let officer = app.user("solange.aegis", Role::Manager, Some(village.organisation));
        app.user("admin", Role::Administrator, None);
        app.login("admin").request("PUT", &format!("/v1/users/{officer}/protection-officer"), None).ok();
        assert!(names_it(&reported(&app.login("solange.aegis"), tablet.device)));
        assert!(!names_it(&reported(&app.login("admin"), tablet.device)));
    });
}

#[test]
fn the_operator_prints_it() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let device = scene.hers.tablet().device();
        let said = |arguments: &[&str]| {
            let mut command = Command::new(ihuriro().expect("the program"));
            command.arg("incident-report").args(arguments).args(["--database-url", &database.url]);
            let output = command.output().expect("it runs");
            (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let (done, text) = said(&[&device.to_string()]);
        assert!(done && text.contains("Held by        jeanne.aegis"), "{text}");
        assert!(text.contains("It holds       3 people, 4 records: 4 of level O"), "{text}");
        assert_eq!(text.matches(" participant\n").count(), 3, "{text}");
        let (done, text) = said(&[&device.to_string(), "--json"]);
        let json: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((done, &json["holds"]["people"]), (true, &json!(3)));
        assert!(!said(&["018f3f6e-7d2c-7000-8000-0123456789ab"]).0, "there is no such tablet");
        let noted = scene.administrator().all("/v1/audit");
        let by_operator = noted.iter().filter(|one| one["route"] == "ihuriro incident-report");
        assert_eq!(by_operator.count(), 3, "{noted:?}");
    });
}
