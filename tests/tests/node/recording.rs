//! Groups, participants and sessions, recorded with a tablet of ours at the same time.

use server::backup::{Backup, backup, make_key};
use server::store::Store;
use sync_core::record::Session;
use sync_core::record::session::Attendance;
use tablet::recording::Details;
use tests::Network;
use tests::app::START;
use tests::recount::{Count, check_streams};
use tests::village::{day, marks, people_join, record};

use super::*;

#[test]
fn a_client_written_from_the_specification_alone_works_with_ours() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let group = village.group.to_string();
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 3);
        let came = Details {
            minutes: Some(90.try_into().expect("in range")),
            attendance: marks(&[1, 2], Attendance::Present),
            summary: Some("We opened with a song.".into()),
            ..Details::default()
        };
        let ours = record(&mut jeanne, village.group, day(3, 5), came);
        jeanne.sync(&mut ()).expect("a sync");

        let node = Node::enrolled(&app, &village, "paul");
        node.run(&["sync"]);

        // It edits what ours made, and records a meeting of its own; ours edits the first at the same time.
        let summary = "We opened with a song. Then two people spoke of forgiving.";
        node.run(&["edit", &ours.to_string(), "--minutes", "75", "--summary", summary, "--late", "P03"]);
        let theirs = node.run(&[
            "record",
            "--group",
            &group,
            "--date",
            "2026-03-12",
            "--present",
            "P01",
            "--minutes",
            "60",
            "--summary",
            "Abantu bose baje.",
        ]);
        let theirs = theirs["id"].as_str().or(theirs.as_str()).expect("an id").to_owned();
        let said = Details { minutes: Some(80.try_into().expect("in range")), ..Details::default() };
        jeanne.edit_session(ours, &said).expect("an edit");
        node.run(&["sync"]);
        jeanne.sync(&mut ()).expect("a sync");
        node.run(&["sync"]);

        let here: Session = jeanne.tablet().read(ours).expect("the session");
        let there = node.run(&["show", &ours.to_string()]);
        assert_eq!(here.summary, summary);
        assert_eq!(there["summary"], here.summary);
        assert_eq!(there["attendance"].as_object().map(|all| all.len()), Some(here.attendance.len()));
        assert_eq!(there["conflicts"][0]["field"], "minutes", "{there}");
        assert_eq!(jeanne.tablet().conflicts(ours).expect("the session")[0].field, "minutes");
        assert_eq!(there["minutes"], i64::from(here.minutes.expect("set")), "both show the same of the two");

        let id: sync_core::id::SessionId = theirs.parse().expect("an id");
        let here: Session = jeanne.tablet().read(id).expect("the session of the other client");
        assert_eq!((here.summary.as_str(), here.attended()), ("Abantu bose baje.", 1));
        let quiet = jeanne.sync(&mut ()).expect("a sync");
        assert_eq!((quiet.report.requests, quiet.report.repaired.len()), (1, 0), "the fingerprints agree");
        let totals = Count::of_answer(&village.aggregates(""));
        assert_eq!(totals.lasting(0), Count::registered(2, 4, 3));
        check_streams(app.store());
    });
}

#[test]
fn a_simple_client_gives_a_restored_store_back_what_it_lost() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let group = village.group.to_string();
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 3);
        let came = Details { attendance: marks(&[1, 2], Attendance::Present), ..Details::default() };
        let both = record(&mut jeanne, village.group, day(3, 5), came);
        jeanne.sync(&mut ()).expect("a sync");
        let node = Node::enrolled(&app, &village, "paul");
        node.run(&["sync"]);
        let shelf = tempfile::tempdir().expect("a temporary folder");
        let [key, file] = ["key", "tonight"].map(|name| shelf.path().join(name));
        let public = make_key(&key).expect("a new key");
        backup(app.store(), &file, &[public], START).expect("a backup is made");

        // Since then: she marks another, it hears of that, builds on it, and records a meeting of its own.
        let late = Details { attendance: marks(&[3], Attendance::Late), ..Details::default() };
        jeanne.edit_session(both, &late).expect("an edit");
        jeanne.sync(&mut ()).expect("a sync");
        node.run(&["sync"]);
        node.run(&["edit", &both.to_string(), "--minutes", "90"]);
        node.run(&["record", "--group", &group, "--date", "2026-03-12", "--present", "P01"]);
        node.run(&["sync"]);
        let before = Count::of_answer(&village.aggregates(""));
        assert_eq!(before.lasting(0), Count::registered(2, 4, 3));
        drop(app);

        let target =
            if database.url.starts_with("sqlite") { Database::postgres() } else { Database::sqlite() };
        let store = Store::open(&target.url).expect("it opens");
        Backup::open(&file, &key).expect("it opens").restore(&store, START).expect("it is restored");
        let app = TestApp::on(&target);
        node.moves_to(&app);
        let report = node.run(&["sync"]);
        assert_eq!(report["accepted"], 1, "its meeting: {report}");
        let reasons: Vec<&Value> =
            report["quarantined"].as_array().expect("a list").iter().map(|one| &one["reason"]).collect();
        assert_eq!(reasons, ["unvouched", "missing-dependency"], "her change, and its own that builds on it");

        jeanne.sync_over(&mut Network::to(&app.url), &mut ()).expect("a sync");
        // Its own change went on with hers, which the fingerprint tells.
        node.run(&["sync"]);
        assert_eq!(node.run(&["status"])["quarantined"], Value::Array(Vec::new()), "all of it is merged");
        let quiet = node.run(&["sync"]);
        assert_eq!((&quiet["requests"], &quiet["repaired"]), (&1.into(), &Value::Array(Vec::new())));
        let manager = app.login("manager.aegis");
        assert_eq!(Count::of_answer(&manager.get("/v1/aggregates").ok()), before);
        check_streams(app.store());
    });
}

/// What is easy to write in JavaScript, and would hide what the other tablet recorded.
#[test]
fn what_would_hide_the_work_of_others_waits_with_the_field_named() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 2);
        let came = Details {
            attendance: marks(&[1, 2], Attendance::Present),
            summary: Some("We opened with a song.".into()),
            ..Details::default()
        };
        let session = record(&mut jeanne, village.group, day(3, 5), came);
        jeanne.sync(&mut ()).expect("a sync");
        let before = village.manager.get(&format!("/v1/sessions/{session}")).ok();
        for (way, field) in [
            ("replace", "attendance"),
            ("replace-text", "summary"),
            ("put-over", "attendance"),
            ("remove", "attendance"),
            ("remove-key", "attendance/"),
            ("nest", "attendance/"),
            ("nest-text", "attendance/"),
            ("beside", "notes"),
            ("kind", "record"),
        ] {
            // Each in a life of its own, so that none builds on another.
            let node = Node::enrolled(&app, &village, &way.replace('-', ""));
            node.run(&["sync"]);
            node.script("harm.mjs", &[way, &session.to_string()]);
            let report = node.run(&["sync"]);
            let quarantined = &report["quarantined"][0];
            assert_eq!(quarantined["reason"], "invalid", "{way}: {report}");
            assert!(
                quarantined["field"].as_str().is_some_and(|named| named.starts_with(field)),
                "{way}: {report}"
            );
            let after = village.manager.get(&format!("/v1/sessions/{session}")).ok();
            assert_eq!(after, before, "{way}");
        }
    });
}
