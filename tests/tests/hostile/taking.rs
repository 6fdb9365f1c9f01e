//! Taking what is another's: the id of a meeting, a place in a stream, a group, a number.

use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::Modality;
use sync_core::record::group::{Group, GroupKind};
use tablet::recording::Details;
use tests::app::START;
use tests::stranger::outcomes;
use tests::village::{AREA, day, record};
use tests::{Database, Stranger, Village};

use super::*;

/// Which field an outcome calls invalid.
fn invalid(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Quarantined(Reason::Invalid(field, _)) => field,
        _ => "",
    }
}

/// The answer was lost, the author was taken off the group, the change comes again: it is merged already.
#[test]
fn what_is_merged_is_a_duplicate_also_of_somebody_no_longer_assigned() {
    let (document, first) = begun();
    let plan = planned_as(Standing::Stranger, place(), Some(&document.save()), &[first.bytes()]);
    assert_eq!(plan.outcomes, [Outcome::Duplicate]);
}

#[test]
fn a_session_can_not_take_the_id_of_another_groups_meeting() {
    let theirs = SessionId::of(GroupId::from_uuid(uuid::Uuid::from_u128(99)), DAY, 0, 0);
    let (_, first) = begun();
    let plan = planned(Place { document: theirs.into(), ..place() }, None, &[first.bytes()]);
    assert_eq!(invalid(&plan.outcomes[0]), "date", "{:?}", plan.outcomes);
}

/// Whoever knows the id of a group of another organisation knows the ids of its meetings.
#[test]
fn a_meeting_to_come_keeps_its_id_for_its_own_group() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (victim, attacker) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut squatter = Stranger::enrolled(&app, &attacker, "mallory");
        let mut jeanne = Stranger::enrolled(&app, &victim, "jeanne");
        let (kind, id, honest) = jeanne.session(victim.group, 9);
        let (_, _, bytes) = squatter.session(attacker.group, 9);
        let found = squatter.hand_in(&app, attacker.group.into(), &[(kind, id, bytes)]);
        assert_eq!(invalid(&found[0]), "date", "{found:?}");
        let found = jeanne.hand_in(&app, victim.group.into(), &[(kind, id, honest)]);
        assert_eq!(found, [Outcome::Accepted]);
    });
}

#[test]
fn one_document_in_two_streams_lives_in_its_own_and_holds_back_nothing() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let elsewhere = village.group("Icyizere", "space_for_peace");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        village.assign(tablet.user, elsewhere);
        let (kind, id, here) = tablet.session(village.group, 5);
        let (_, _, there) = tablet.session(elsewhere, 5);
        let one = tablet.batch(village.group.into(), &[(kind, id, here), tablet.session(village.group, 6)]);
        let other = tablet.batch(elsewhere.into(), &[(kind, id, there)]);
        let request = tablet.request(vec![one, other]);
        let found = outcomes(&app, &tablet.signed(&request));
        assert_eq!(found[..2], [Outcome::Accepted, Outcome::Accepted]);
        // Which of the two streams is looked at first is chance: the id is taken, or is not that of this day and group.
        assert!(["document", "date"].contains(&invalid(&found[2])), "{found:?}");
        assert_eq!(
            village.manager.get(&format!("/v1/sessions/{id}")).ok()["group_id"],
            village.group.to_string()
        );
    });
}

#[test]
fn a_tablet_can_not_begin_a_group_of_another_organisation() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, other) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let mut document = Document::genesis(Kind::Group);
        let actor = Actor { device: tablet.device, incarnation: 0 };
        let change = document
            .edit::<Group>(actor, START, |group| {
                group.organisation().set(other.organisation)?;
                group.name().set("Not theirs".parse()?)?;
                group.kind().set(GroupKind::HealingSpace)?;
                group.modality().set(Modality::Sociotherapy)?;
                group.area().set(AREA.parse()?)
            })
            .expect("a sound record")
            .expect("something new");
        let id = DocumentId::from_uuid(uuid::Uuid::from_u128(8));
        let batch = tablet.batch(village.group.into(), &[(Kind::Group, id, change.bytes().to_vec())]);
        let request = tablet.request(vec![batch]);
        let found = outcomes(&app, &tablet.signed(&request));
        assert!(
            matches!(&found[..], [Outcome::Quarantined(Reason::Invalid(field, _))] if field == "group"),
            "{found:?}"
        );
        assert_eq!(other.manager.all("/v1/groups").len(), 1);
    });
}

#[test]
fn who_comes_back_to_a_group_does_not_clash_with_what_they_left_waiting() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let user = jeanne.tablet().user();
        let about = |minutes: i64| Details {
            minutes: Some(minutes.try_into().expect("in range")),
            ..Default::default()
        };
        record(&mut jeanne, village.group, day(3, 5), about(60));
        village.unassign(user, village.group);
        let left = jeanne.sync(&mut ()).expect("a sync");
        assert_eq!(left.report.quarantined.len(), 1, "what she recorded is quarantined");
        village.assign(user, village.group);
        jeanne.sync(&mut ()).expect("a sync");
        record(&mut jeanne, village.group, day(3, 5), about(90));
        jeanne.sync(&mut ()).expect("a sync");

        // Released, it goes in beside what she recorded when she was back.
        let waiting = village.manager.all("/v1/quarantine");
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        let id = waiting[0]["id"].as_str().expect("an id");
        let released =
            village.manager.post(&format!("/v1/quarantine/{id}/release"), &serde_json::json!({})).ok();
        assert_eq!(released["outcome"], "accepted", "{released}");
    });
}
