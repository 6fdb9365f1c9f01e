//! The main journey: two facilitators record one meeting, each on their own tablet, offline.

use std::collections::BTreeSet;

use serde_json::Value;
use sync_core::record::participant::Exit;
use sync_core::record::session::{Attendance, Theme};
use sync_core::record::{Participant, Session};
use tablet::device::Device;
use tablet::recording::{Details, ParticipantDetails, participants_of};
use tests::recount::Count;
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

fn minutes(number: i64) -> Option<sync_core::record::session::Minutes> {
    Some(number.try_into().expect("in range"))
}

/// Syncs until nobody has anything new.
fn settle(tablets: &mut [&mut Device]) {
    for _ in 0..2 {
        for tablet in tablets.iter_mut() {
            tablet.sync(&mut ()).expect("a sync");
        }
    }
}

#[test]
fn two_recordings_of_one_meeting_become_one_with_both_texts_and_every_value() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 4);
        settle(&mut [&mut jeanne, &mut paul]);

        let hers = record(
            &mut jeanne,
            village.group,
            day(3, 5),
            Details {
                minutes: minutes(90),
                themes: BTreeSet::from([Theme::Grief]),
                attendance: [marks(&[1, 2], Attendance::Present), marks(&[3], Attendance::Absent)].concat(),
                summary: Some("We opened with a song.".into()),
                ..Details::default()
            },
        );
        let his = record(
            &mut paul,
            village.group,
            day(3, 5),
            Details {
                minutes: minutes(75),
                themes: BTreeSet::from([Theme::Forgiveness]),
                attendance: [marks(&[3], Attendance::Late), marks(&[4], Attendance::Present)].concat(),
                summary: Some("Two people spoke of forgiving.".into()),
                ..Details::default()
            },
        );
        assert_eq!(hers, his, "one meeting has one id");
        settle(&mut [&mut jeanne, &mut paul]);

        let on_hers: Session = jeanne.tablet().read(hers).expect("the session");
        assert_eq!(on_hers, paul.tablet().read(hers).expect("the session"));
        assert_eq!((on_hers.attendance.len(), on_hers.themes.len()), (4, 2));
        let lines: BTreeSet<&str> = on_hers.summary.lines().collect();
        assert_eq!(lines, BTreeSet::from(["We opened with a song.", "Two people spoke of forgiving."]));
        let clashes = jeanne.tablet().conflicts(hers).expect("the session");
        assert_eq!(clashes, paul.tablet().conflicts(hers).expect("the session"));
        let fields: Vec<&str> =
            clashes.iter().map(|clash| clash.field.split('/').next().unwrap_or_default()).collect();
        assert_eq!(fields, ["minutes", "attendance"]);

        let read = village.manager.get(&format!("/v1/sessions/{hers}")).ok();
        let values = |clash: &Value| -> Vec<(String, String)> {
            let value = |value: &Value| {
                (
                    value["value"].as_str().unwrap_or_default().into(),
                    value["by"].as_str().unwrap_or_default().into(),
                )
            };
            let mut all: Vec<_> = clash["values"].as_array().expect("values").iter().map(value).collect();
            all.sort();
            all
        };
        assert_eq!(
            values(&read["clashes"][0]),
            [("75".into(), "paul.aegis".into()), ("90".into(), "jeanne.aegis".into())]
        );
        assert_eq!(read["conflicts"], 2);
        assert_eq!(read["attendance"].as_array().map(Vec::len), Some(4));

        // Whoever sets a value settles it, everywhere.
        let settled =
            Details { minutes: minutes(75), attendance: marks(&[3], Attendance::Late), ..Details::default() };
        jeanne.edit_session(hers, &settled).expect("an edit");
        settle(&mut [&mut jeanne, &mut paul]);
        assert_eq!(paul.tablet().conflicts(hers).expect("the session"), []);
        assert_eq!(village.manager.get(&format!("/v1/sessions/{hers}")).ok()["conflicts"], 0);

        let totals = village.aggregates("by=district,month");
        assert_eq!(Count::of_answer(&totals), Count::registered(1, 4, 4).lasting(75));
        assert_eq!(totals["rows"][0]["of"], serde_json::json!({"district": "52", "month": "2026-03"}));
    });
}

#[test]
fn a_sync_with_nothing_new_is_one_small_request() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut tablet, village.group, 12);
        tablet.sync(&mut ()).expect("a sync");
        let quiet = tablet.sync(&mut ()).expect("a sync");
        assert_eq!((quiet.report.requests, quiet.report.received, quiet.report.accepted), (1, 0, 0));
        assert!(quiet.bytes_up + quiet.bytes_down < 600, "{} up, {} down", quiet.bytes_up, quiet.bytes_down);
    });
}

#[test]
fn each_sees_their_own() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (aegis, interpeace) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut jeanne = aegis.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, aegis.group, 2);
        let session = record(
            &mut jeanne,
            aegis.group,
            day(3, 5),
            Details { attendance: marks(&[1], Attendance::Present), ..Details::default() },
        );
        jeanne.sync(&mut ()).expect("a sync");

        let stranger = &interpeace.manager;
        assert_eq!(stranger.get(&format!("/v1/sessions/{session}")).problem(), (404, "no-such-session"));
        assert_eq!(stranger.get(&format!("/v1/groups/{}", aegis.group)).problem(), (404, "no-such-group"));
        assert!(stranger.all("/v1/participants").is_empty());
        assert_eq!(interpeace.aggregates("")["total"]["sessions"], 0);
        let other = interpeace.facilitator(&app, "kevin");
        let assigned = aegis
            .manager
            .post(&format!("/v1/groups/{}/assignments", aegis.group), &serde_json::json!({"user_id": other}));
        assert_eq!(assigned.problem(), (422, "invalid-fields"));

        let found = aegis.manager.get("/v1/areas?text=kabeza%20nyagatare&level=village").ok();
        assert!(
            found["items"][0]["path"].as_str().is_some_and(|path| path.starts_with("Kabeza, ")),
            "{found}"
        );

        // A facilitator sees the groups assigned to them, also over REST.
        let second = aegis.group("Icyizere", "space_for_peace");
        let hers = app.login("jeanne.aegis");
        assert_eq!(hers.all("/v1/groups").len(), 1);
        assert_eq!(hers.get(&format!("/v1/groups/{second}")).status, 404);
        assert_eq!(aegis.manager.all("/v1/groups").len(), 2);
        assert_eq!(aegis.manager.all("/v1/groups?modality=space_for_peace").len(), 1);
        assert_eq!(aegis.manager.all("/v1/sessions?area=52&from=2026-03-01&text=nothing%20such").len(), 0);
        assert_eq!(aegis.manager.all("/v1/sessions?area=52&from=2026-03-01").len(), 1);
        assert_eq!(aegis.manager.get("/v1/sessions?area=99").problem(), (422, "invalid-fields"));
    });
}

#[test]
fn who_is_taken_off_a_group_hands_in_what_they_had_and_drops_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let user = village.facilitator(&app, "jeanne");
        village.assign(user, village.group);
        let mut tablet = village.tablet(&app, user);
        tablet.sync(&mut ()).expect("a sync");
        people_join(&mut tablet, village.group, 2);
        village.unassign(user, village.group);

        let summary = tablet.sync(&mut ()).expect("a sync");
        assert_eq!(
            (summary.report.quarantined.len(), summary.report.dropped),
            (2, 1),
            "{:?}",
            summary.report
        );
        assert!(tablet.tablet().groups().is_empty());
        assert_eq!(village.manager.all("/v1/participants").len(), 0);
        // Assigned again, the group comes back from its beginning.
        village.assign(user, village.group);
        tablet.sync(&mut ()).expect("a sync");
        assert_eq!(tablet.tablet().groups(), [village.group]);
    });
}

#[test]
fn who_is_assigned_again_gets_their_own_work_back_with_what_others_built_on_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let (user, other) = (village.facilitator(&app, "jeanne"), village.facilitator(&app, "eric"));
        village.assign(user, village.group);
        village.assign(other, village.group);
        let mut tablet = village.tablet(&app, user);
        tablet.sync(&mut ()).expect("a sync");
        people_join(&mut tablet, village.group, 1);
        tablet.sync(&mut ()).expect("a sync");
        let mut theirs = village.tablet(&app, other);
        theirs.sync(&mut ()).expect("a sync");
        let left = ParticipantDetails { exit: Some(Exit::Moved), ..ParticipantDetails::default() };
        let (person, _) = participants_of(theirs.tablet(), village.group).remove(0);
        theirs.edit_participant(person, left).expect("recorded");
        theirs.sync(&mut ()).expect("a sync");
        village.unassign(user, village.group);
        tablet.sync(&mut ()).expect("a sync");
        village.assign(user, village.group);

        let report = tablet.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.requests, report.unreadable, report.repaired.len()), (1, 0, 0), "{report:?}");
        let back: Participant = tablet.tablet().read(person).expect("there");
        assert_eq!(back.exit, Some(Exit::Moved));
    });
}
