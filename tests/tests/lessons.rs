//! Lessons: written in one organisation, on tablets and at desks, published by a second person, read by all, adopted by others.

mod clashing;
mod older;

use serde_json::{Value, json};
use server::access::Role;
use sync_core::id::{SharedLessonId, StreamId};
use sync_core::record::{Lesson, SharedLesson};
use tablet::device::Device;
use tablet::recording::LessonDetails;
use tests::{Database, TestApp, Village};

fn said(title: &str, what: &str) -> LessonDetails {
    LessonDetails {
        title: Some(title.parse().expect("a line")),
        what_happened: Some(what.to_owned()),
        languages: [sync_core::record::lesson::Language::Kinyarwanda].into(),
        ..LessonDetails::default()
    }
}

fn sync(tablet: &mut Device) {
    tablet.sync(&mut ()).expect("a sync");
}

fn shared_by(manager: &tests::Session) -> Vec<Value> {
    manager.get("/v1/lessons?shared=true").ok()["items"].as_array().expect("items").clone()
}

#[test]
fn a_lesson_goes_from_one_tablet_to_all_partners_and_back_comes_what_came_of_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (aegis, never_again) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
        let mut jeanne = aegis.facilitator_with_tablet(&app, "jeanne");
        let mut paul = aegis.facilitator_with_tablet(&app, "paul");
        let grace = app.user("grace.nar", Role::Supervisor, Some(never_again.organisation));
        let mut grace = never_again.tablet(&app, grace);
        sync(&mut grace);

        // 1. Two write it, neither with a network.
        let id =
            jeanne.write_lesson(&said("Begin with a song", "Abantu batangiye baririmba.")).expect("written");
        sync(&mut jeanne);
        sync(&mut paul);
        let why = LessonDetails { why: Some("Singing needs no courage.".into()), ..LessonDetails::default() };
        paul.edit_lesson(id, &why).expect("written on");
        let what = LessonDetails { recommendation: Some("Sing first.".into()), ..LessonDetails::default() };
        jeanne.edit_lesson(id, &what).expect("written on");
        jeanne.propose_lesson(id).expect("proposed");
        sync(&mut paul);
        sync(&mut jeanne);
        sync(&mut paul);
        sync(&mut grace);
        let read: Lesson = paul.tablet().read(id).expect("he has it");
        assert_eq!(
            (read.why.as_str(), read.recommendation.as_str()),
            ("Singing needs no courage.", "Sing first.")
        );
        assert!(grace.tablet().read::<Lesson>(id).is_err(), "another organisation's own");
        assert!(grace.tablet().all::<SharedLesson>(StreamId::PARTNERSHIP).is_empty());
        let address = format!("/v1/lessons/{id}");
        assert_eq!(aegis.manager.get(&address).ok()["status"], "proposed");
        assert_eq!(never_again.manager.get(&address).problem(), (404, "no-such-lesson"));

        // 2. Whoever may not publish it does not; a second person does, and all read it.
        let desk = app.login("paul.aegis");
        let step = json!({"status": "published", "reason": "Read and found sound."});
        assert_eq!(desk.post(&format!("{address}/status"), &step).problem(), (422, "invalid-fields"));
        let published = aegis.manager.post(&format!("{address}/status"), &step).ok();
        assert_eq!(published["status"], "published");
        let shared = shared_by(&never_again.manager);
        assert_eq!(shared.len(), 1, "{shared:?}");
        let shared_id = shared[0]["id"].as_str().expect("an id").to_owned();
        assert_eq!(shared_id, SharedLessonId::of(id).to_string());
        sync(&mut grace);
        let hers: SharedLesson = grace.tablet().read(SharedLessonId::of(id)).expect("all read it");
        assert_eq!(
            (hers.title.as_str(), hers.what_happened.as_str()),
            ("Begin with a song", "Abantu batangiye baririmba.")
        );
        assert!(grace.tablet().read::<Lesson>(id).is_err(), "what they write on stays theirs");
        // Nobody's name travels with it.
        let history = never_again.manager.get(&format!("/v1/lessons/{shared_id}/history")).ok();
        assert_eq!(history["items"][0]["by"], "the service");
        assert_eq!(never_again.manager.get(&format!("{address}/history")).problem(), (404, "no-such-lesson"));

        // 3. It is found by its words, whatever their case and accents.
        let found = |query: &str| {
            never_again.manager.get(&format!("/v1/lessons?{query}")).ok()["items"].as_array().map(Vec::len)
        };
        assert_eq!(found("text=BARIRIMBA"), Some(1));
        assert_eq!(found("text=umuganda"), Some(0));
        // In any order, and inside of longer words: in Kinyarwanda a word carries its class before its stem.
        assert_eq!(found("text=rimba+ntu+song"), Some(1));
        assert_eq!(found("text=song+umuganda"), Some(0));

        // 4. Others work by it, and say what came of it; on a tablet and at a desk.
        let adoption = json!({"since": "2026-03-05", "came_of_it": "Four of five stayed."});
        let adopted = never_again
            .manager
            .request("PUT", &format!("/v1/lessons/{shared_id}/adoption"), Some(&adoption))
            .ok();
        assert_eq!(adopted["adopted_by"][0]["came_of_it"], "Four of five stayed.");
        let of_others = json!({});
        let own =
            aegis.manager.request("PUT", &format!("/v1/lessons/{shared_id}/adoption"), Some(&of_others));
        assert_eq!(own.problem(), (409, "lesson-not-shared"));
        sync(&mut jeanne);
        let told: SharedLesson = jeanne.tablet().read(SharedLessonId::of(id)).expect("she reads it");
        assert_eq!(
            told.came_of_it.values().next().map(ToString::to_string).as_deref(),
            Some("Four of five stayed.")
        );
        sync(&mut grace);
        grace
            .leave_lesson(SharedLessonId::of(id), &"Said of the wrong lesson.".parse().expect("a line"))
            .expect("left");
        sync(&mut grace);
        app.run(server::sharing::share(app.store(), sync_core::time::Millis(1_772_700_000_000)))
            .expect("shared");
        assert_eq!(
            never_again.manager.get(&format!("/v1/lessons/{shared_id}")).ok()["adopted_by"],
            json!([])
        );

        // 5. A published one is changed by those who answer for it; what its writers go on with on tablets waits for them.
        let late = LessonDetails { why: Some("Because.".into()), ..LessonDetails::default() };
        sync(&mut paul);
        paul.edit_lesson(id, &late).expect("he writes on");
        sync(&mut paul);
        let waits = aegis.manager.get("/v1/quarantine").ok();
        assert_eq!(waits["items"].as_array().map(Vec::len), Some(1), "{waits}");
        assert_eq!(waits["items"][0]["kind"], "lesson");
        let change = waits["items"][0]["id"].as_str().expect("an id");
        assert_eq!(never_again.manager.get(&format!("/v1/quarantine/{change}")).status, 404);
        aegis.manager.post(&format!("/v1/quarantine/{change}/release"), &json!({})).ok();
        app.run(server::sharing::share(app.store(), sync_core::time::Millis(1_772_700_000_000)))
            .expect("shared");
        assert_eq!(never_again.manager.get(&format!("/v1/lessons/{shared_id}")).ok()["why"], "Because.");

        // 6. Put aside, it stays readable and says so.
        let retired = json!({"status": "retired", "reason": "We do it otherwise now."});
        aegis.manager.post(&format!("{address}/status"), &retired).ok();
        let there = never_again.manager.get(&format!("/v1/lessons/{shared_id}")).ok();
        assert_eq!(there["status"], "retired");
        assert!(there["retired_on"].is_string());
        tests::recount::check_streams(app.store());
    });
}

#[test]
fn whoever_began_a_lesson_does_not_publish_it_alone() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        app.user("second", Role::Supervisor, Some(village.organisation));
        let body = json!({"title": "Come back after a month", "area": "52", "languages": ["en", "rw"]});
        let lesson = village.manager.post("/v1/lessons", &body).ok();
        let address = format!("/v1/lessons/{}", lesson["id"].as_str().expect("an id"));
        let step = json!({"status": "published", "reason": "Mine."});
        assert_eq!(
            village.manager.post(&format!("{address}/status"), &step).problem(),
            (409, "needs-another")
        );
        assert!(shared_by(&village.manager).is_empty());
        app.login("second").post(&format!("{address}/status"), &step).ok();
        assert_eq!(shared_by(&village.manager).len(), 1);
        let village_code = json!({"area": "52010101"});
        assert_eq!(
            village.manager.patch(&address, &village_code).problem(),
            (422, "invalid-fields"),
            "points at a village"
        );
        // Secretariat and donor read what is shared, and nothing else.
        app.user("secretary", Role::Secretariat, None);
        let secretary = app.login("secretary");
        assert_eq!(secretary.get("/v1/lessons").ok()["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(secretary.get(&address).problem(), (404, "no-such-lesson"));
    });
}

#[test]
fn a_lesson_says_by_which_question_it_is_shown_and_never_whom_it_is_about() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (aegis, nar) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
        let mut jeanne = aegis.facilitator_with_tablet(&app, "jeanne");
        let question = "attendance-by-phase?modality=sociotherapy&from=2026-01";
        let evidence = Some(question.parse().expect("a line"));
        let lesson = LessonDetails { evidence, ..said("Begin with a song", "Baririmbye.") };
        let id = jeanne.write_lesson(&lesson).expect("written");
        let about = |evidence: &str| LessonDetails {
            evidence: Some(evidence.parse().expect("a line")),
            ..LessonDetails::default()
        };
        for one in [&format!("attendance?participant={id}"), "silent-groups?area=5201", "who is it"] {
            assert!(jeanne.edit_lesson(id, &about(one)).is_err(), "{one}");
        }
        sync(&mut jeanne);
        let address = format!("/v1/lessons/{id}");
        let wrong = aegis.manager.patch(&address, &json!({"evidence": "no-such-question"}));
        assert_eq!(wrong.body["errors"][0]["field"], "evidence");
        let wrong = aegis.manager.patch(&address, &json!({"evidence": "absences?participant=1"}));
        assert_eq!(wrong.body["errors"][0]["field"], "evidence");
        aegis
            .manager
            .post(&format!("{address}/status"), &json!({"status": "published", "reason": "Read."}))
            .ok();
        // Whoever reads it asks it of their own.
        let shared = shared_by(&nar.manager)[0]["id"].clone();
        let read = nar.manager.get(&format!("/v1/lessons/{}", shared.as_str().expect("an id"))).ok();
        assert_eq!(read["evidence"], question);
        for manager in [&aegis.manager, &nar.manager] {
            assert_eq!(manager.get(&format!("/v1/questions/{question}")).status, 200);
        }
        aegis.manager.patch(&address, &json!({"evidence": null})).ok();
        let again = json!({"status": "published", "reason": "Read again."});
        aegis.manager.post(&format!("{address}/status"), &again).ok();
        let read = nar.manager.get(&format!("/v1/lessons/{}", shared.as_str().expect("an id"))).ok();
        assert!(read.get("evidence").is_none(), "what is taken back is shared no more");
    });
}

#[test]
fn what_may_say_who_somebody_is_is_looked_at_again_before_all_read_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        app.user("second", Role::Supervisor, Some(village.organisation));
        let second = app.login("second");
        let body = json!({"title": "Go to see who stays away", "what_happened": "We went to Mukamana, 0788 123 456."});
        let lesson = village.manager.post("/v1/lessons", &body).ok();
        let told = |lesson: &Value| -> Vec<String> {
            let all = lesson["look_again"].as_array().expect("a list").iter();
            all.map(|one| format!("{}: {} {}", one["field"], one["looks_like"], one["text"])).collect()
        };
        let due = [
            r#""what_happened": "a phone number" "0788 123 456""#,
            r#""what_happened": "a name" "Mukamana""#,
        ];
        assert_eq!(told(&lesson), due);
        let address = format!("/v1/lessons/{}", lesson["id"].as_str().expect("an id"));
        let publish = |looked: bool| {
            let step = json!({"status": "published", "reason": "Read.", "looked_again": looked});
            second.post(&format!("{address}/status"), &step)
        };
        let refused = publish(false);
        assert_eq!(refused.problem(), (409, "look-again"));
        assert!(!refused.body.to_string().contains("Mukamana"), "no error says it again");
        assert!(shared_by(&second).is_empty());

        // It is left out, or somebody says that it names nobody.
        let without = json!({"what_happened": "We went to the home of Kalisa."});
        assert_eq!(told(&second.patch(&address, &without).ok()).len(), 1);
        publish(true).ok();
        let shared = shared_by(&village.manager);
        let shared = shared[0]["id"].as_str().expect("an id");
        let read = village.manager.get(&format!("/v1/lessons/{shared}")).ok();
        assert_eq!(
            (&read["status"], told(&read).len()),
            (&json!("published"), 0),
            "its own people look again"
        );

        // Once all read it, what is new in it is looked at before it is written; so is what came of it elsewhere.
        let more = json!({"recommendation": "Call 0788 123 457 first, then 0788 123 458."});
        let refused = second.patch(&address, &more);
        assert_eq!(refused.problem(), (409, "look-again"));
        let detail = refused.body["detail"].as_str().expect("a detail");
        assert_eq!(
            detail.matches("recommendation (a phone number)").count(),
            1,
            "each is told once: {detail}"
        );
        assert!(!detail.contains("0788"), "{detail}");
        second.patch(&address, &json!({"recommendation": "Call first."})).ok();
        second.patch(&address, &json!({"recommendation": more["recommendation"], "looked_again": true})).ok();
        let nar = Village::of(&app, "nar");
        let adopt = |looked: bool| {
            let said = json!({"came_of_it": "We saw that Mukamana stayed.", "looked_again": looked});
            nar.manager.request("PUT", &format!("/v1/lessons/{shared}/adoption"), Some(&said))
        };
        assert_eq!(adopt(false).problem(), (409, "look-again"));
        adopt(true).ok();
    });
}

#[test]
fn what_was_learned_near_a_place_comes_first_and_of_that_what_most_partners_work_by() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let aegis = Village::of(&app, "aegis");
        for (title, area) in [
            ("elsewhere", Some("21")),
            ("nowhere", None),
            ("there", Some("52")),
            ("around", Some("5")),
            ("there too", Some("52")),
        ] {
            let lesson = json!({"title": title, "area": area});
            assert_eq!(aegis.manager.post("/v1/lessons", &lesson).status, 201);
            // Ids that are made at one moment follow each other by chance.
            app.clock.advance(1);
        }
        let titles = |query: &str| -> Vec<String> {
            let (mut titles, mut after) = (Vec::new(), String::new());
            loop {
                let page = aegis.manager.get(&format!("/v1/lessons?{query}{after}")).ok();
                let items = page["items"].as_array().expect("items");
                titles.extend(items.iter().map(|one| one["title"].as_str().expect("a title").to_owned()));
                match page["next"].as_str() {
                    Some(next) => after = format!("&after={next}"),
                    None => return titles,
                }
            }
        };
        let near = ["there", "there too", "around", "elsewhere", "nowhere"];
        for limit in [1, 2, 100] {
            assert_eq!(titles(&format!("near=52010101&limit={limit}")), near, "{limit} on a page");
        }
        assert_eq!(titles("near=52010101&text=there"), near[..2]);
        let refused = aegis.manager.get("/v1/lessons?near=nowhere");
        assert_eq!(
            (refused.problem(), &refused.body["errors"][0]["field"]),
            ((422, "invalid-fields"), &json!("near"))
        );
    });
}
