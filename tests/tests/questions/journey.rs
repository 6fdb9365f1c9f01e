//! The partnership at work, from a plan to what its donor reads: one story of three partners.

use sync_core::id::SharedLessonId;
use sync_core::record::lesson::Language;
use sync_core::record::referral::ReferralEvent;
use sync_core::record::{Referral, SharedLesson};
use tablet::recording::{Destination, LessonDetails};
use tests::village::AREA;

use super::*;

fn sync(tablet: &mut Device) {
    tablet.sync(&mut ()).expect("a sync");
}

#[test]
fn three_partners_work_side_by_side_and_their_donor_reads_what_came_of_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let [aegis, nar, interpeace] = ["aegis", "nar", "interpeace"].map(|code| Village::of(&app, code));
        app.user("secretariat", Role::Secretariat, None);
        app.user("donor", Role::Donor, None);
        app.user("admin", Role::Administrator, None);

        // 1. Aegis plans a group where Never Again Rwanda has one, and is asked; it goes on with a reason, and both settle it.
        let plan = json!({
            "name": "Inkingi", "kind": "healing_space", "modality": "sociotherapy", "area": AREA, "planned_sessions": 15,
            "starts_on": "2026-01-05",
        });
        let asked = aegis.manager.post("/v1/groups", &plan);
        assert_eq!(asked.problem(), (409, "overlap"));
        assert_eq!(asked.body["overlaps"][0]["grade"], "A", "{}", asked.body);
        let mut plan = plan;
        plan["overlap_reason"] = json!("Theirs is full; we take the next families.");
        let begun = aegis.manager.post("/v1/groups", &plan).ok();
        let group: GroupId = begun["id"].as_str().expect("an id").parse().expect("an id");
        let theirs = nar.manager.all("/v1/coverage/overlaps?resolved=false");
        let new = |one: &&Value| one["reason"]["words"] == "Theirs is full; we take the next families.";
        let overlap =
            theirs.iter().find(new).expect("they read why")["id"].as_str().expect("an id").to_owned();
        let path = format!("/v1/coverage/overlaps/{overlap}/resolve");
        for manager in [&nar.manager, &aegis.manager] {
            app.clock.advance(1);
            manager
                .post(&path, &json!({"resolution": "agreed", "note": "They take the young families."}))
                .ok();
        }
        let settled = app.login("secretariat").get(&format!("/v1/coverage/overlaps/{overlap}")).ok();
        assert_eq!(settled["resolution"]["said"], "agreed");

        // 2. It meets. P01 is sent to Interpeace and arrives, and the tablet that sent her hears of it.
        let mut jeanne = aegis.facilitator_with_tablet(&app, "jeanne");
        aegis.assign(jeanne.tablet().user(), group);
        sync(&mut jeanne);
        // The tablet says so, too, to whoever leads it: without a network, and with whom to speak.
        let near = jeanne.tablet().neighbours();
        let theirs = near.all.iter().filter(|one| one.group == group && one.overlaps);
        assert!(theirs.map(|one| one.organisation.as_str()).any(|name| name.contains("NAR")), "{near:?}");
        // Thirty agree to be counted; P01 and P02 come too, and do not.
        people_join(&mut jeanne, group, 2);
        let mut came = thirty_consent(&mut jeanne, group);
        came.extend(marks(&[1, 2], Attendance::Present));
        for date in [day(1, 14), day(1, 21)] {
            record(&mut jeanne, group, date, Details { attendance: came.clone(), ..Details::default() });
        }
        let sent = NewReferral {
            participant: ParticipantId::of(group, "P01"),
            to: Destination {
                organisation: Some(interpeace.organisation),
                ..Destination::from(ServiceKind::Specialised)
            },
            reason: ReferralReason::Trauma,
            urgency: Some(Urgency::Soon),
            on: day(3, 4),
            steps: [ReferralStep::Consented, ReferralStep::Sent].into(),
        };
        let referral = jeanne.record_referral(sent).expect("referred");
        sync(&mut jeanne);
        let officer = app.user("officer", Role::Manager, Some(interpeace.organisation));
        app.login("admin").request("PUT", &format!("/v1/users/{officer}/protection-officer"), None).ok();
        let officer = app.login("officer");
        assert_eq!(officer.get("/v1/inbox").ok()["items"][0]["id"], json!(referral));
        officer
            .post(&format!("/v1/inbox/{referral}/steps"), &json!({"step": "arrived", "on": "2026-03-05"}))
            .ok();
        sync(&mut jeanne);
        let heard: Referral = jeanne.tablet().read(referral).expect("it is there");
        assert!(heard.events.contains(&ReferralEvent { step: ReferralStep::Arrived, on: day(3, 5) }));

        // 3. She writes down what they learned; a second person publishes it, Never Again Rwanda finds it by a word within a word, and works by it.
        let lesson = LessonDetails {
            title: Some("Twatangije indirimbo".parse().expect("a line")),
            what_happened: Some("Abantu baririmbye mbere yo kuvuga.".to_owned()),
            languages: [Language::Kinyarwanda].into(),
            ..LessonDetails::default()
        };
        let lesson = jeanne.write_lesson(&lesson).expect("written");
        jeanne.propose_lesson(lesson).expect("proposed");
        sync(&mut jeanne);
        let publish = json!({"status": "published", "reason": "Read and found sound."});
        aegis.manager.post(&format!("/v1/lessons/{lesson}/status"), &publish).ok();
        let found = nar.manager.all("/v1/lessons?shared=true&text=kuvuga+ririmb");
        assert_eq!(found.len(), 1, "{found:?}");
        let shared = found[0]["id"].as_str().expect("an id");
        let adopted = json!({"came_of_it": "Those who sang spoke sooner."});
        nar.manager.request("PUT", &format!("/v1/lessons/{shared}/adoption"), Some(&adopted)).ok();
        sync(&mut jeanne);
        let told: SharedLesson = jeanne.tablet().read(SharedLessonId::of(lesson)).expect("all read it");
        assert!(told.came_of_it.contains_key(&nar.organisation), "what came of it elsewhere comes back");

        // 4. The quarter is published; a meeting of it comes too late.
        app.clock.advance(60 * 24 * 60);
        app.run(server::published::publish(app.store(), app.clock.now())).expect("published");
        record(
            &mut jeanne,
            group,
            day(3, 4),
            Details { attendance: marks(&[1], Attendance::Present), ..Details::default() },
        );
        sync(&mut jeanne);

        // 5. What the donor reads and what the manager counts differ by lines that have names, and add up.
        let donor = ask(&app.login("donor"), "people-reached");
        assert_eq!(donor["totals"]["people"], 30);
        let lines = rows(&app.login("manager.aegis"), "published-against-exact");
        let lines: Vec<Value> = lines.iter().map(|row| part(row, &["line", "people", "sessions"])).collect();
        assert_eq!(
            lines,
            [
                json!(["exactly, as of now", 32, 3]),
                json!(["people without consent", -2, null]),
                json!(["recorded or put right since the release", 0, -1]),
                json!(["rounding", 0, null]),
            ]
        );
    });
}
