//! Work of tablets that had not heard of it.

use sync_core::quarantine::Reason;

use super::*;

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
