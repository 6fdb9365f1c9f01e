//! What is there stays as it is, whatever an old sheet says.

use super::*;
use sync_core::id::ParticipantId;
use sync_core::record::session::Attendance;
use sync_core::value::Pseudonym;
use tablet::recording::Details;
use tests::village::{day, marks, people_join, record};

#[test]
fn an_old_sheet_overwrites_nothing_that_tablets_and_managers_recorded() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 3);
        let came = Details { attendance: marks(&[1, 2], Attendance::Present), ..Details::default() };
        let session = record(&mut jeanne, village.group, day(3, 4), came);
        jeanne.sync(&mut ()).expect("a sync");
        let void = json!({"void": true, "reason": "It was a rehearsal."});
        let path =
            format!("/v1/records/{}/void", record(&mut jeanne, village.group, day(3, 3), Details::default()));
        jeanne.sync(&mut ()).expect("a sync");
        village.manager.post(&path, &void).ok();

        let before = everything(&app);
        for (sheet, text) in [
            ("people", "login,name,role\njeanne.aegis,Somebody Else,supervisor\n"),
            (
                "groups",
                "name,kind,modality,area,status\nTwiyubake,dialogue_circle,dialogue_club,52010101,suspended\n",
            ),
            (
                "participants",
                "group,code,sex,exit\nTwiyubake,P01,female,dropped_out\nTwiyubake,P02,male,moved\n",
            ),
            // Also one that was set aside: it is not made again.
            (
                "sessions",
                "group,date,present,minutes\nTwiyubake,2026-03-04,P03,15\nTwiyubake,2026-03-03,P03,15\n",
            ),
        ] {
            let report = made(&village.manager, sheet, text);
            assert_eq!(counts(&report)[2], report["lines"].as_array().map_or(0, Vec::len) as u64, "{report}");
        }
        assert_eq!(everything(&app), before);
        let marked = village.manager.get(&format!("/v1/sessions/{session}")).ok();
        assert!(marked.to_string().contains("present"), "{marked}");
    });
}

#[test]
fn whoever_was_erased_does_not_come_back_with_an_old_sheet() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let (people, meetings) =
            ("group,code,sex\nTwiyubake,P01,female\n", "group,date,absent\nTwiyubake,2026-03-04,P01\n");
        let id = made(&village.manager, "participants", people)["lines"][0]["id"].clone();
        let id = id.as_str().expect("an id");
        village.manager.post(&format!("/v1/participants/{id}/erasure"), &json!({"code": "P01"})).ok();
        let before = everything(&app);
        let report = made(&village.manager, "participants", people);
        assert_eq!(counts(&report), [0, 0, 1, 0], "{report}");
        assert_eq!(said(&village.manager.import("sessions", true, meetings).ok(), 2).0, "refused");
        assert_eq!(everything(&app), before);
    });
}

#[test]
fn a_code_that_was_imported_is_given_to_nobody_else() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 1);
        jeanne.sync(&mut ()).expect("a sync");
        made(&village.manager, "participants", "group,code\nTwiyubake,P02\n");
        let code: Pseudonym = "P01".parse().expect("a code");
        let id = ParticipantId::of(village.group, &code);
        let split = |code: &str| {
            let body = json!({"device": jeanne.tablet().device().to_string(), "code": code, "reason": "She is another woman."});
            village.manager.post(&format!("/v1/participants/{id}/split"), &body)
        };
        assert_eq!(split("P02").problem(), (409, "code-taken"));
        assert_eq!(split("P03").status, 204);
        // Taken back and said again, the code is theirs still.
        let body = json!({"device": jeanne.tablet().device().to_string(), "code": null, "reason": "No."});
        assert_eq!(village.manager.post(&format!("/v1/participants/{id}/split"), &body).status, 204);
        assert_eq!(split("P03").status, 204);
        is_sound(&app);
    });
}

#[test]
fn a_facilitator_who_recorded_the_same_offline_merges_with_what_was_imported() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 2);
        let came = Details { attendance: marks(&[1], Attendance::Present), ..Details::default() };
        record(&mut jeanne, village.group, day(3, 4), came);

        made(
            &village.manager,
            "participants",
            "group,code,sex,age_band\nTwiyubake,P01,male,25_35\nTwiyubake,P02,female,36_59\n",
        );
        made(&village.manager, "sessions", "group,date,present\nTwiyubake,2026-03-04,P02\n");
        jeanne.sync(&mut ()).expect("a sync");
        jeanne.sync(&mut ()).expect("a sync");
        let totals = &village.aggregates("")["total"];
        let all = ["sessions", "attendances", "people"].map(|name| totals[name].as_i64());
        assert_eq!(all, [1, 2, 2].map(Some), "one meeting, by both: {totals}");
        is_sound(&app);
    });
}
