//! Tablets whose clocks are wrong: nothing rests on them, and people see by how much they were off.

use serde_json::{Value, json};
use server::access::Role;
use sync_core::conflict::Conflict;
use sync_core::id::SessionId;
use sync_core::record::Session;
use sync_core::record::session::{Attendance, Minutes, SessionState};
use sync_core::time::Millis;
use tablet::device::Device;
use tablet::recording::Details;
use tests::app::START;
use tests::recount::{Count, check_streams};
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

fn sync(tablet: &mut Device) {
    tablet.sync(&mut ()).expect("a sync");
}

fn minutes(number: i64) -> Option<Minutes> {
    Some(number.try_into().expect("in range"))
}

#[test]
fn tablets_whose_clocks_are_years_off_and_go_back_merge_like_any_others() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let mut village = Village::of(&app, "aegis");
        let mut tablets = ["jeanne", "paul", "eric"].map(|name| village.facilitator_with_tablet(&app, name));
        people_join(&mut tablets[0], village.group, 3);
        for _ in 0..2 {
            tablets.iter_mut().for_each(sync);
        }
        for round in 0..6_i8 {
            app.clock.advance(24 * 60);
            for (number, tablet) in tablets.iter_mut().enumerate() {
                // Decades behind, decades ahead, both going back; and one that jumps to and fro.
                let days = [-70 * 365 - 100 * i64::from(round), 40 * 365 - 30 * i64::from(round), 0][number];
                let jump = if number == 2 { 400 - 800 * i64::from(round % 2) } else { 0 };
                tablet.clock().set(START.plus_days(days + jump));
                let details = Details {
                    minutes: minutes(60 + 10 * number as i64),
                    attendance: marks(&[1 + number], Attendance::Present),
                    summary: Some(format!("{number} in round {round}.")),
                    ..Details::default()
                };
                record(tablet, village.group, day(3, 1 + round % 3), details);
                if (usize::from(round.unsigned_abs()) + number).is_multiple_of(2) {
                    sync(tablet);
                }
            }
        }
        for _ in 0..2 {
            tablets.iter_mut().for_each(sync);
        }
        let held = |tablet: &Device| -> Vec<(Session, Vec<Conflict>)> {
            let all = tablet.tablet().all::<Session>(village.group.into());
            let clashes = |id| tablet.tablet().conflicts(id).expect("a session");
            all.into_iter().map(|(id, session)| (session, clashes(id))).collect()
        };
        let all = held(&tablets[0]);
        assert_eq!(all.len(), 3);
        for (session, _) in &all {
            let told = |number: usize| session.summary.matches(&format!("{number} in round")).count();
            assert_eq!(((0..3).map(told).collect::<Vec<_>>(), session.attendance.len()), (vec![2; 3], 3));
        }
        assert!(tablets.iter().all(|tablet| held(tablet) == all));
        // The service's own clock went on by days, for which no access token is good.
        village.manager = app.login("manager.aegis");
        let totals = Count::of_answer(&village.aggregates(""));
        assert_eq!(totals, Count { sessions: 3, attendances: 9, people: 3 });
        assert_eq!(totals, Count::of_tablets(&tablets, &[village.group]));
        assert!(village.manager.all("/v1/quarantine").is_empty(), "nothing was set apart");
        check_streams(app.store());
    });
}

#[test]
fn a_value_is_shown_with_how_far_the_clock_was_off_that_wrote_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        jeanne.clock().set(START.plus_minutes(-180));
        paul.clock().set(START.plus_minutes(2));
        let of = |number: i64| Details { minutes: minutes(number), ..Details::default() };
        let session = record(&mut jeanne, village.group, day(3, 5), of(90));
        record(&mut paul, village.group, day(3, 5), of(75));
        sync(&mut jeanne);
        sync(&mut paul);

        let open = village.manager.all("/v1/conflicts").remove(0);
        let of_value = |value: &str| {
            let all = open["values"].as_array().expect("values");
            all.iter().find(|one| one["value"] == value).cloned().unwrap_or_default()
        };
        let now = server::clock::timestamp(START).to_string();
        let then = server::clock::timestamp(START.plus_minutes(-180)).to_string();
        let shown = |value: &Value| {
            (value["at"].clone(), value["received_at"].clone(), value["clock_off_by_seconds"].clone())
        };
        assert_eq!(shown(&of_value("90")), (json!(then), json!(now), json!(10_800)), "behind");
        assert_eq!(of_value("75")["clock_off_by_seconds"], -120, "ahead");

        let settled =
            json!({"record": session, "field": "minutes", "value": "80", "reason": "We asked both."});
        village.manager.post("/v1/conflicts/resolve", &settled).ok();
        let told = village.manager.get(&format!("/v1/sessions/{session}/history")).ok();
        let off: Vec<Option<&Value>> = told["items"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|item| item.get("clock_off_by_seconds"))
            .collect();
        assert_eq!(off, [Some(&json!(10_800)), Some(&json!(-120)), None], "the last was written at the web");
        assert_eq!(shown(&told["items"][0]), (json!(then), json!(now), json!(10_800)));
    });
}

#[test]
fn a_day_from_a_wrong_clock_is_flagged_and_never_refused() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let mut village = Village::of(&app, "aegis");
        let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
        let mut recorded = |date, clock: i64| {
            tablet.clock().set(START.plus_minutes(clock));
            let session = record(&mut tablet, village.group, date, Details::default());
            let report = tablet.sync(&mut ()).expect("a sync").report;
            assert_eq!((report.accepted, report.apart.len()), (1, 0), "never refused");
            session
        };
        const DAY: i64 = 24 * 60;
        let behind = recorded(day(3, 2), -3 * DAY);
        let ahead = recorded(day(3, 1), DAY + 1);
        let within = recorded(day(2, 12), -DAY);
        let tomorrow = recorded(day(3, 6), 0);
        let today = recorded(day(3, 5), 0);
        // At half past midnight in Rwanda it is still the day before in UTC.
        let night = DAY + 14 * 60 + 30;
        app.clock.advance(night);
        let after_midnight = recorded(day(3, 7), night);
        for (date, clock) in [(5, i64::MIN), (19, i64::MAX)] {
            tablet.clock().set(Millis(clock));
            record(&mut tablet, village.group, day(2, date), Details::default());
            sync(&mut tablet);
        }
        village.manager = app.login("manager.aegis");

        let manager = &village.manager;
        let doubt = |session: SessionId| {
            let read = manager.get(&format!("/v1/sessions/{session}")).ok();
            read["date_doubt"].as_str().unwrap_or_default().to_owned()
        };
        assert!(doubt(behind).contains("3 days behind"), "{}", doubt(behind));
        assert!(doubt(ahead).contains("more than a day ahead"), "{}", doubt(ahead));
        assert!(doubt(tomorrow).contains("had not begun"), "{}", doubt(tomorrow));
        for sound in [within, today, after_midnight] {
            assert_eq!(doubt(sound), "");
        }
        let count = |query: &str| manager.all(&format!("/v1/sessions?{query}")).len();
        assert_eq!((count("date_doubt=true"), count("date_doubt=false"), count("")), (5, 3, 8));
        let totals = village.aggregates("");
        assert_eq!((&totals["doubts"]["date_doubts"], &totals["total"]["sessions"]), (&json!(5), &json!(8)));

        // A supervisor who asked which day it was, and verifies it on her tablet, ends the doubt.
        let odette = app.user("odette.aegis", Role::Supervisor, Some(village.organisation));
        village.assign(odette, village.group);
        let mut odette = village.tablet(&app, odette);
        sync(&mut odette);
        let verified = odette
            .edit::<Session>(village.group.into(), behind, |edit| edit.state().set(SessionState::Verified));
        assert!(verified.expect("an edit"));
        sync(&mut odette);
        assert_eq!((doubt(behind), count("date_doubt=true")), (String::new(), 4));
    });
}
