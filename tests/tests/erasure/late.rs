//! Work of tablets that had not heard of it.

use server::access::Role;
use server::ledger;
use sync_core::quarantine::Reason;
use sync_core::record::referral::{ReferralReason, ReferralStep, ServiceKind, Urgency};
use sync_core::record::screening::{Instrument, Timepoint};
use sync_core::record::{Referral, Screening};
use tablet::recording::{NewReferral, NewScreening};

use super::*;

fn referral_of(participant: ParticipantId) -> NewReferral {
    NewReferral {
        participant,
        to: ServiceKind::IsangeOneStop.into(),
        reason: ReferralReason::GenderBasedViolence,
        urgency: Some(Urgency::Soon),
        on: day(3, 5),
        steps: [ReferralStep::Consented, ReferralStep::Sent].into(),
    }
}

#[test]
fn what_is_recorded_of_them_later_is_quarantined_and_deleted_when_it_is_rejected() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        // His tablet has not heard, and goes on with the person and with the meeting whose summary named them.
        let details =
            ParticipantDetails { family: Some("ZQX78".parse().expect("a code")), ..Default::default() };
        scene.his.edit_participant(scene.person, details).expect("it is edited");
        let more = Details { summary: Some("P03 came late.".into()), ..Details::default() };
        scene.his.edit_session(scene.session, &more).expect("it is edited");
        scene.erase();
        let report = scene.his.sync(&mut ()).expect("a sync").report;
        let reasons: Vec<&Reason> = report.quarantined.iter().map(|(_, reason)| reason).collect();
        assert_eq!(reasons, [&Reason::Erased; 2], "{report:?}");
        scene.is_sound();
        let waiting = scene.village.manager.all("/v1/quarantine?reason=erased&state=waiting");
        assert_eq!(waiting.len(), 2);
        for one in &waiting {
            let id = one["id"].as_str().expect("an id");
            // Nobody reads in it, and nobody can let it in.
            let inside = scene.village.manager.get(&format!("/v1/quarantine/{id}")).ok();
            assert_eq!((&inside["would_be"], &inside["changes"]), (&json!("erased"), &json!([])));
            let released =
                scene.village.manager.post(&format!("/v1/quarantine/{id}/release"), &json!({})).ok();
            assert_eq!(released["outcome"], "quarantined");
            let because = json!({"reason": "They asked to be forgotten."});
            scene.village.manager.post(&format!("/v1/quarantine/{id}/reject"), &because).ok();
        }
        let words = all_words(&scene.app);
        assert!(!words.iter().any(|one| one.contains("ZQX78") || one.contains("P03 came")), "{words:#?}");
        scene.is_sound();
        let report = scene.his.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.rejected.len(), report.repaired.len()), (2, 0), "{report:?}");
        assert_eq!(
            scene.his.tablet().quarantined().len(),
            0,
            "what was rejected of them is on the tablet no more"
        );
    });
}

/// Somebody else may have got the code on a tablet that did not know of the first.
#[test]
fn a_meeting_recorded_with_their_mark_is_taken_and_the_mark_counts_for_nobody() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let attendance = marks(&[1, 3], Attendance::Present);
        record(&mut scene.his, scene.village.group, day(3, 7), Details { attendance, ..Details::default() });
        scene.erase();
        let report = scene.his.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.accepted, report.quarantined.len()), (1, 0));
        scene.is_sound();
        let totals = scene.village.aggregates("");
        assert_eq!((&totals["doubts"]["void_attendances"]), &json!(2));
    });
}

/// Between deciding about what came and writing it, somebody may be erased.
#[test]
fn a_referral_that_comes_while_they_are_erased_is_nowhere() {
    const PEOPLE: usize = 12;
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let group = scene.village.group;
        let codes: Vec<String> = (10..10 + PEOPLE).map(|number| format!("P{number}")).collect();
        let join = |code: &String| {
            let person = NewParticipant::of(code.parse().expect("a code"));
            scene.hers.add_participant(group, person).expect("a person joins")
        };
        let people: Vec<ParticipantId> = codes.iter().map(join).collect();
        scene.hers.sync(&mut ()).expect("a sync");
        scene.his.sync(&mut ()).expect("a sync");
        for participant in &people {
            scene.his.record_referral(referral_of(*participant)).expect("a referral");
        }
        let (his, manager) = (&mut scene.his, &scene.village.manager);
        std::thread::scope(|scope| {
            scope.spawn(|| his.sync(&mut ()).expect("a sync"));
            for (person, code) in people.iter().zip(&codes) {
                let path = format!("/v1/participants/{person}/erasure");
                manager.post(&path, &json!({ "code": code })).ok();
            }
        });
        let waiting = manager.all("/v1/quarantine?reason=erased&state=waiting").len();
        println!("{waiting} came after, {} before", PEOPLE - waiting);
        let live = |tx: &mut Conn<'_>| ledger::live(tx, group.into(), Kind::Referral);
        let live = scene.app.store().read_blocking("test", live).expect("the store answers");
        assert_eq!(live, [], "in the place of those that came before stand tombstones");
        scene.is_sound();
    });
}

/// A referral and a score are records of their own: they say more of the person than anything else.
#[test]
fn a_referral_and_a_score_of_them_that_come_later_are_read_by_nobody_and_deleted() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let referral = scene.his.record_referral(referral_of(scene.person)).expect("a referral");
        let score = NewScreening {
            participant: scene.person,
            instrument: Instrument::Phq9,
            version: None,
            timepoint: Timepoint::Baseline,
            date: day(3, 5),
            score: 26,
            max: None,
            risk: Some(true),
            corrects: None,
        };
        let score = scene.his.record_screening(score).expect("a screening");
        scene.erase();
        let report = scene.his.sync(&mut ()).expect("a sync").report;
        let reasons: Vec<&Reason> = report.quarantined.iter().map(|(_, reason)| reason).collect();
        assert_eq!((report.accepted, reasons), (0, vec![&Reason::Erased; 2]), "{report:?}");
        scene.is_sound();

        // Whoever may decide about them reads nothing in them, and can't let them in.
        scene.app.user("odette", Role::Supervisor, Some(scene.village.organisation));
        let odette = scene.app.login("odette");
        let team = scene.village.manager.post("/v1/teams", &json!({"name": "East"})).ok();
        for member in [odette.get("/v1/me").ok()["id"].clone(), json!(scene.his.tablet().user())] {
            let path = format!(
                "/v1/teams/{}/members/{}",
                team["id"].as_str().expect("an id"),
                member.as_str().expect("an id")
            );
            scene.village.manager.request("PUT", &path, None).ok();
        }
        let waiting = odette.all("/v1/quarantine?reason=erased&state=waiting");
        assert_eq!(waiting.len(), 2, "{waiting:?}");
        for one in &waiting {
            let path = format!("/v1/quarantine/{}", one["id"].as_str().expect("an id"));
            let inside = odette.get(&path).ok();
            assert_eq!((&inside["would_be"], &inside["changes"]), (&json!("erased"), &json!([])), "{inside}");
            assert_eq!(odette.post(&format!("{path}/release"), &json!({})).ok()["outcome"], "quarantined");
            odette.post(&format!("{path}/reject"), &json!({"reason": "They asked to be forgotten."})).ok();
        }
        let words = all_words(&scene.app);
        let planted = ["isange_one_stop", "gender_based_violence", "PHQ-9"];
        assert!(!words.iter().any(|one| planted.iter().any(|word| one.contains(word))), "{words:#?}");
        scene.is_sound();
        scene.his.sync(&mut ()).expect("a sync");
        let tablet = scene.his.tablet();
        assert!(tablet.read::<Referral>(referral).is_err() && tablet.read::<Screening>(score).is_err());
    });
}
