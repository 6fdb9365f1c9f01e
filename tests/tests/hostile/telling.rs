//! What an answer tells: nothing of people of other organisations, of those who are erased, or of groups that are not one's own.

use automerge::ROOT;
use automerge::transaction::Transactable as _;
use serde_json::json;
use server::access::Role;
use sync_core::quarantine::Outcome;
use sync_core::record::session::Attendance;
use tablet::device::Device;
use tablet::recording::Details;
use tests::village::{day, marks, people_join, record};
use tests::{Database, Stranger, Village};

use super::*;

/// Somebody joins the village's group; gives their id.
fn somebody(village: &Village, tablet: &mut Device) -> DocumentId {
    people_join(tablet, village.group, 1);
    tablet.sync(&mut ()).expect("a sync");
    village.manager.all("/v1/participants")[0]["id"].as_str().expect("an id").parse().expect("an id")
}

#[test]
fn marks_of_a_stranger_tell_nothing_of_them() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (victim, attacker) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut paul = victim.facilitator_with_tablet(&app, "paul");
        let person = somebody(&victim, &mut paul);
        assert_eq!(attacker.manager.get(&format!("/v1/participants/{person}")).status, 404);

        let mut mallory = Stranger::enrolled(&app, &attacker, "mallory");
        let mut document = Document::genesis(Kind::Session);
        let first = mallory.edit(&mut document, attacker.group, 9);
        let (kind, id, _) = mallory.session(attacker.group, 9);
        let mark = mallory.raw(&document, |tx| {
            let map = forge::map_of(tx, "attendance");
            tx.put(&map, person.to_string(), "present")
        });
        let changes = [(kind, id, first.bytes().to_vec()), (kind, id, mark)];
        let found = mallory.hand_in(&app, attacker.group.into(), &changes);
        assert_eq!(found, [Outcome::Accepted, Outcome::Accepted]);
        let shown = attacker.manager.get(&format!("/v1/sessions/{id}")).ok();
        assert_eq!(shown["attendance"].as_array().map(Vec::len), Some(1));
        assert!(shown["attendance"][0]["code"].is_null(), "{}", shown["attendance"]);
        let totals = attacker.aggregates("by=sex,age_band");
        let unknown = json!([{"sex": "unknown", "age_band": "unknown"}]);
        let of: Vec<_> =
            totals["rows"].as_array().expect("rows").iter().map(|row| row["of"].clone()).collect();
        assert_eq!(json!(of), unknown, "neither sex nor age of somebody elsewhere");
    });
}

#[test]
fn an_erased_person_is_shown_nowhere() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        let person = somebody(&village, &mut paul);
        let details = Details { attendance: marks(&[1], Attendance::Present), ..Default::default() };
        let session = record(&mut paul, village.group, day(3, 5), details);
        paul.sync(&mut ()).expect("a sync");
        let shown = || village.manager.get(&format!("/v1/sessions/{session}")).ok();
        assert_eq!(shown()["attendance"][0]["code"], "P01");
        // Erased, by a client that can say so.
        let mut mallory = Stranger::enrolled(&app, &village, "second");
        let document = held(&app, Kind::Participant, person);
        let erase = mallory.raw(&document, |tx| tx.put(ROOT, "erased", "2026-03-06"));
        let found = mallory.hand_in(&app, village.group.into(), &[(Kind::Participant, person, erase)]);
        assert_eq!(found, [Outcome::Accepted]);
        assert_eq!(village.manager.get(&format!("/v1/participants/{person}")).status, 404);
        assert!(shown()["attendance"][0]["code"].is_null(), "{}", shown()["attendance"]);
    });
}

/// With a code for somebody else's tablet one would read all that they may.
#[test]
fn only_a_manager_hands_out_a_code_for_a_tablet() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let jeanne = village.facilitator(&app, "jeanne");
        village.assign(jeanne, village.group);
        app.user("sup", Role::Supervisor, Some(village.organisation));
        app.user("root", Role::Administrator, None);
        let supervisor = app.login("sup");
        assert_eq!(supervisor.all("/v1/groups").len(), 0, "only the groups assigned to them");
        for caller in [supervisor, app.login("root")] {
            let answer = caller.post(&format!("/v1/users/{jeanne}/enrolment-codes"), &json!({}));
            assert_eq!(answer.status, 403, "{}", answer.body);
            assert!(answer.body["code"].is_null());
        }
        assert!(!village.enrolment_code(jeanne).is_empty());
    });
}
