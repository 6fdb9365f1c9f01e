//! After an erasure, wherever somebody looks.

use std::fs;

use server::backup::{Backup, backup, erasures, make_key};
use server::store::Store;
use sync_core::record::{Kind, Record, Session};
use tablet::cli::{TabletCommand, run_on};
use tests::Network;
use tests::app::START;

use super::*;

#[test]
fn whoever_asked_is_shown_nowhere_and_counts_nowhere_before_anything_is_erased() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let people =
            |scene: &Scene| scene.village.aggregates("")["total"]["people"].as_i64().expect("people");
        let before = people(&scene);
        let noted = scene.hers.ask_to_erase(scene.person, day(3, 5)).expect("it is noted");
        assert!(noted);
        scene.hers.sync(&mut ()).expect("a sync");
        let path = format!("/v1/participants/{}", scene.person);
        assert_eq!(scene.village.manager.get(&path).problem(), (404, "no-such-participant"));
        assert_eq!(people(&scene), before - 1);
        scene.is_sound();
        // A manager reads who asked, and that alone.
        let asked = scene.village.manager.all("/v1/erasures");
        let group = scene.village.group.to_string();
        assert_eq!(asked, [json!({"participant_id": scene.person, "group_id": group, "code": "P03"})]);
        let facilitator = scene.app.login("jeanne.aegis");
        assert_eq!(facilitator.get("/v1/erasures").problem(), (403, "role-not-allowed"));
        let elsewhere = Village::of(&scene.app, "nar");
        assert_eq!(elsewhere.manager.all("/v1/erasures"), Vec::<Value>::new());
        let erasure = format!("{path}/erasure");
        assert_eq!(
            elsewhere.manager.post(&erasure, &json!({"code": "P03"})).problem(),
            (404, "no-such-participant")
        );
        // It is confirmed by the code, so that nobody erases whom they did not mean.
        let other = scene.village.manager.post(&erasure, &json!({"code": "P01"}));
        assert_eq!(other.problem(), (422, "invalid-fields"));
        let total = scene.village.aggregates("");
        scene.erase();
        assert_eq!(scene.village.aggregates(""), total, "who asked did not count any more");
        assert_eq!(scene.village.manager.all("/v1/erasures"), Vec::<Value>::new());
        assert_eq!(
            scene.village.manager.post(&erasure, &json!({"code": "P03"})).problem(),
            (404, "no-such-participant")
        );
    });
}

#[test]
fn nothing_of_them_is_left_in_the_store_and_on_tablets() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        // The history names them, also where the summary does no longer.
        let edit = Details { summary: Some("Somebody told of the terraces.".into()), ..Details::default() };
        let other = record(
            &mut scene.hers,
            scene.village.group,
            day(3, 6),
            Details {
                summary: Some("And p003 again.".into()),
                attendance: marks(&[2, 3], Attendance::Late),
                ..Details::default()
            },
        );
        scene.hers.edit_session(other, &edit).expect("it is edited");
        scene.hers.sync(&mut ()).expect("a sync");
        let names = |words: &[String]| {
            let planted = [FAMILY, "P03", "p003", "under_16", "electronic", "2026-02-11"];
            planted.iter().filter(|word| words.iter().any(|one| one.contains(**word))).count()
        };
        assert_eq!(names(&all_words(&scene.app)), 6, "all of it is there before");
        let erased = scene.erase();
        assert_eq!(erased["participants"], json!([scene.person]));
        assert_eq!((&erased["records"], &erased["left"]), (&json!(3), &json!([])));
        let words = all_words(&scene.app);
        assert_eq!(names(&words), 0, "{words:#?}");
        scene.is_sound();
        // The sessions are there again, as they read, without the code; whoever came with them counts.
        let again = &erased["sessions"][0]["recorded_again"];
        let sessions = scene.village.manager.all("/v1/sessions");
        assert_eq!(sessions.len(), 3);
        let path = format!("/v1/sessions/{}", again.as_str().expect("an id"));
        let session = scene.village.manager.get(&path).ok();
        let texts: Vec<&str> = [SUMMARY.replace("P03", "__"), "Somebody told of the terraces.".into()]
            .iter()
            .map(|text| if session["summary"].as_str().map(str::trim) == Some(text) { "one" } else { "" })
            .collect();
        assert_eq!(texts.concat(), "one", "{session}");
        // Tablets hear of it with their next sync, and hold the same as the store.
        for (tablet, by_hand) in [(&mut scene.hers, false), (&mut scene.his, true)] {
            if by_hand {
                // As its holder does, who reads to the end what came.
                let mut out = Vec::new();
                run_on(tablet, TabletCommand::Sync, &mut out).expect("it ends well");
            } else {
                let report = tablet.sync(&mut ()).expect("a sync").report;
                assert!(report.repaired.is_empty() && report.unreadable == 0, "{report:?}");
            }
            let held = tablet.tablet().record(scene.person);
            assert_eq!(held, Some(Record::Erased(Kind::Participant)));
            let texts = tablet.tablet().all::<Session>(scene.village.group.into());
            assert_eq!(texts.len(), 3);
            assert!(texts.iter().all(|(_, one)| !one.summary.to_lowercase().contains("p03")), "{texts:?}");
            let again = tablet.sync(&mut ()).expect("a sync").report;
            assert_eq!((again.received, again.repaired.len()), (0, 0), "{again:?}");
        }
        // Their code is not given again.
        let taken = scene.his.add_participant(scene.village.group, third()).expect_err("the code is taken");
        assert!(taken.to_string().contains("P04"), "{taken}");
    });
}

#[test]
fn the_files_of_the_store_say_nothing_of_them() {
    let database = Database::sqlite();
    let scene = Scene::on(&database);
    let holds = |word: &str| database.files_hold(word);
    assert!(holds(FAMILY) && holds("terraces"));
    scene.erase();
    assert!(!holds(FAMILY), "what is deleted is overwritten, and the log emptied");
    assert!(!holds("P03"));
}

#[test]
fn an_older_backup_is_restored_without_them() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let shelf = tempfile::tempdir().expect("a folder");
        let (key, file) = (shelf.path().join("key"), shelf.path().join("backup"));
        let public = make_key(&key).expect("a key");
        backup(scene.app.store(), &file, &[public], START).expect("a backup");
        // Somebody else, of whom the backup knows nothing, is erased, too.
        let late = NewParticipant { code: "P09".parse().expect("a code"), ..third() };
        let late = scene.hers.add_participant(scene.village.group, late).expect("a person joins");
        scene.hers.sync(&mut ()).expect("a sync");
        scene.erase();
        scene.village.manager.post(&format!("/v1/participants/{late}/erasure"), &json!({"code": "P09"})).ok();
        let list = erasures::beside(&file);
        assert_eq!(erasures::keep(scene.app.store(), &list).expect("it is kept"), 3);
        let text = fs::read_to_string(&list).expect("the list");
        assert!(!text.contains("P0") && text.lines().count() == 3, "{text}");

        let elsewhere = database.another();
        let store = Store::open(&elsewhere.url).expect("it opens");
        let backup = Backup::open(&file, &key).expect("it opens");
        let since = erasures::read(&list).expect("it is read");
        backup.without(since).restore(&store, START).expect("it is restored");
        drop(store);
        let app = TestApp::on(&elsewhere);
        let words = all_words(&app);
        assert!(!words.iter().any(|one| one.contains(FAMILY) || one.contains("terraces")), "{words:#?}");
        // A tablet that has not heard of it brings nothing of them back.
        scene.his.sync_over(&mut Network::to(&app.url), &mut ()).expect("a sync");
        let words = all_words(&app);
        assert!(!words.iter().any(|one| one.contains(FAMILY)), "{words:#?}");
        let mut found = Vec::new();
        verify(app.store(), &mut |finding| found.push(finding.to_string())).expect("the store answers");
        assert_eq!(found, Vec::<String>::new());
    });
}

#[test]
fn a_service_keeps_the_list_of_erasures() {
    Database::each(|database| {
        let shelf = tempfile::tempdir().expect("a folder");
        let list = erasures::beside(&shelf.path().join("backup"));
        let app = TestApp::with(database, |settings| settings.erasures = Some(list.clone()));
        let village = Village::of(&app, "aegis");
        let mut hers = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut hers, village.group, 1);
        hers.sync(&mut ()).expect("a sync");
        let person = ParticipantId::of(village.group, "P01");
        village.manager.post(&format!("/v1/participants/{person}/erasure"), &json!({"code": "P01"})).ok();
        // It follows within a second or two; the test waits for as long as that takes.
        while erasures::read(&list).expect("a list").is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let listed = erasures::read(&list).expect("a list");
        assert_eq!(listed.iter().map(|one| one.place.document).collect::<Vec<_>>(), [person.into()]);
    });
}
