//! The log is bounded, and whoever is behind it is served all the same.

use diesel::prelude::*;
use server::ledger::{Compacted, Policy, compact, rebuild};
use server::on_each;
use server::store::schema::changes;
use server::store::{Conn, Store, StoreError};
use server::verify::verify;
use sync_core::record::Session;
use sync_core::record::session::Attendance;
use tablet::device::Device;
use tablet::recording::Details;
use tests::recount::{Count, check_streams};
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

/// How many changes still have their bytes.
fn whole(store: &Store) -> i64 {
    let count = |tx: &mut Conn<'_>| -> Result<i64, StoreError> {
        on_each!(tx, |c| changes::table.filter(changes::bytes.ne(Vec::<u8>::new())).count().get_result(c))
    };
    store.read_blocking("count", count).expect("the store answers")
}

fn minutes(minutes: i64) -> Details {
    Details { minutes: Some(minutes.try_into().expect("in range")), ..Details::default() }
}

#[test]
fn old_changes_are_given_up_and_tablets_in_every_state_are_served() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let mut village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        let mut drawer = village.facilitator_with_tablet(&app, "claudine");
        people_join(&mut jeanne, village.group, 4);
        let came = Details { attendance: marks(&[1, 2, 3], Attendance::Present), ..minutes(90) };
        let first = record(&mut jeanne, village.group, day(3, 1), came);
        for tablet in [&mut jeanne, &mut paul, &mut drawer] {
            tablet.sync(&mut ()).expect("a sync");
        }
        for number in 2..6 {
            record(&mut jeanne, village.group, day(3, number), minutes(60));
        }
        for tablet in [&mut jeanne, &mut paul] {
            tablet.sync(&mut ()).expect("a sync");
            tablet.sync(&mut ()).expect("a sync says where it is");
        }
        // One tablet lies in a drawer, with work of its own on a record that is old by the time.
        drawer.edit_session(first, &minutes(95)).expect("an edit");
        record(&mut drawer, village.group, day(3, 9), minutes(45));
        let all = whole(app.store());
        let give_up = || -> Compacted {
            let work = compact(app.store(), Policy::default(), app.clock.now());
            app.run(work).expect("the store answers")
        };

        assert_eq!(give_up(), Compacted::default(), "nothing is old yet");
        app.clock.advance(100 * 24 * 60);
        let some = give_up();
        let left = whole(app.store());
        assert_eq!(some.changes as i64, all - left);
        assert!(some.changes > 0, "what all three are past is given up");
        assert!(left >= 4, "what the drawer has not seen stays: {left}");
        assert_eq!(give_up(), Compacted::default(), "there is no more to give up");

        // A new tablet, and one that is past: the usual way.
        village.manager = app.login("manager.aegis");
        let mut new = village.facilitator_with_tablet(&app, "emmanuel");
        assert_eq!(paul.sync(&mut ()).expect("a sync").report.requests, 1);

        app.clock.advance(300 * 24 * 60);
        village.manager = app.login("manager.aegis");
        give_up();
        assert!(whole(app.store()) < left, "a year is long enough, wherever tablets are");
        let back = drawer.sync(&mut ()).expect("a sync");
        assert_eq!((back.report.accepted, back.report.quarantined.len()), (2, 0), "its work counts");
        assert_eq!(back.report.lost.len(), 1, "it was told that its cursor is lost");

        for tablet in [&mut jeanne, &mut paul, &mut new] {
            tablet.sync(&mut ()).expect("a sync");
        }
        let sessions = |tablet: &Device| tablet.tablet().all::<Session>(village.group.into());
        for tablet in [&paul, &drawer, &new] {
            assert_eq!(sessions(tablet), sessions(&jeanne));
        }
        let totals = Count::of_answer(&village.aggregates(""));
        assert_eq!(totals, Count::of_tablets([&jeanne], &[village.group]));
        assert_eq!(totals.sessions, 6);
        check_streams(app.store());
        let mut found = Vec::new();
        verify(app.store(), &mut |finding| found.push(finding.to_string())).expect("it can be read");
        assert_eq!(found, [""; 0], "the store is sound");
        assert_eq!(app.run(rebuild(app.store())).expect("the store answers").mended, 0);
        let history = village.manager.get(&format!("/v1/sessions/{first}/history")).ok();
        assert_eq!(history["items"].as_array().map(Vec::len), Some(2), "its history is whole: {history}");
    });
}
