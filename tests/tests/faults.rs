//! Networks that fail, in every way and at every moment. Nothing is lost, nothing is counted twice.
//!
//! The conditions under which things may fail: any request may be lost, cut off, repeated, or lose its answer.
//! The condition under which all must end well: after that, every tablet syncs twice undisturbed.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sync_core::id::GroupId;
use sync_core::record::Session;
use sync_core::record::session::{Attendance, SessionState, Theme};
use tablet::device::Device;
use tablet::recording::Details;
use tests::recount::{Count, check_streams};
use tests::village::{day, marks, people_join, record};
use tests::{Database, Fault, Network, TestApp, Village};

#[test]
fn each_fault_by_itself_loses_nothing() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 3);
        jeanne.sync(&mut ()).expect("a sync");
        for (number, fault) in Fault::ALL.into_iter().enumerate() {
            let date = day(3, 1 + number as i8);
            let came = Details { attendance: marks(&[1, 2], Attendance::Present), ..Details::default() };
            record(&mut jeanne, village.group, date, came);
            let mut network = Network::to(&app.url).failing([Some(fault)]);
            let first = jeanne.sync_over(&mut network, &mut ());
            assert_eq!(first.is_ok(), fault == Fault::Repeat, "{fault:?}");
            if fault != Fault::Repeat {
                assert_eq!(jeanne.tablet().outbox().len(), 1, "{fault:?}: it still waits");
            }
            jeanne.sync(&mut ()).expect("a sync");
            assert_eq!(jeanne.tablet().outbox().len(), 0, "{fault:?}");
            let expected = number as i64 + 1;
            let counted = Count::of_answer(&village.aggregates(""));
            assert_eq!(counted, Count::registered(expected, 2 * expected, 2), "{fault:?}");
        }
        check_streams(app.store());
    });
}

/// One thing that somebody does, drawn by chance.
fn act(tablet: &mut Device, group: GroupId, app: &TestApp, rng: &mut StdRng) {
    let date = day(3, rng.random_range(1..=9));
    match rng.random_range(0..10) {
        0..4 => {
            let person = rng.random_range(1..=5);
            let mark = *Attendance::ALL.choose(rng).expect("marks");
            let theme = *Theme::ALL.choose(rng).expect("themes");
            let details = Details {
                minutes: Some(rng.random_range(30..120_i64).try_into().expect("in range")),
                attendance: marks(&[person], mark),
                themes: [theme].into(),
                summary: Some(format!("Note {}.", rng.random_range(0..100))),
                ..Details::default()
            };
            record(tablet, group, date, details);
        }
        4..6 => {
            let sessions = tablet.tablet().all::<Session>(group.into());
            if let Some((id, session)) = sessions.choose(rng) {
                let state = [SessionState::Draft, SessionState::Submitted];
                let state = session.state.max(*state.choose(rng).expect("states"));
                let details = Details { state: Some(state), ..Details::default() };
                tablet.edit_session((*id).into(), &details).expect("an edit");
            }
        }
        _ => {
            let faults: Vec<Option<Fault>> = (0..3)
                .map(|_| rng.random_bool(0.5).then(|| *Fault::ALL.choose(rng).expect("faults")))
                .collect();
            // It may fail; what matters stands at the end.
            drop(tablet.sync_over(&mut Network::to(&app.url).failing(faults), &mut ()));
        }
    }
}

#[test]
fn whatever_order_and_whatever_fails_tablets_and_totals_agree_in_the_end() {
    for seed in 1..=6_u64 {
        println!("seed {seed}");
        let database = if seed % 2 == 0 { Database::postgres() } else { Database::sqlite() };
        let app = TestApp::on(&database);
        let village = Village::of(&app, "aegis");
        let names = ["jeanne", "paul", "claudine"];
        let mut tablets: Vec<Device> =
            names.iter().map(|name| village.facilitator_with_tablet(&app, name)).collect();
        people_join(&mut tablets[0], village.group, 5);
        for tablet in &mut tablets {
            tablet.sync(&mut ()).expect("a sync");
        }
        let mut rng = StdRng::seed_from_u64(seed);
        for _ in 0..60 {
            let who = rng.random_range(0..tablets.len());
            act(&mut tablets[who], village.group, &app, &mut rng);
        }
        for _ in 0..2 {
            for tablet in &mut tablets {
                tablet.sync(&mut ()).expect("a sync");
            }
        }
        for tablet in &tablets {
            assert_eq!(
                tablet.tablet().outbox().len() + tablet.tablet().quarantined().len(),
                0,
                "seed {seed}"
            );
            assert_eq!(
                tablet.tablet().all::<Session>(village.group.into()),
                tablets[0].tablet().all::<Session>(village.group.into()),
                "seed {seed}"
            );
        }
        let totals = Count::of_answer(&village.aggregates(""));
        assert_eq!(totals, Count::of_tablets(&tablets, &[village.group]), "seed {seed}");
        check_streams(app.store());
    }
}

#[test]
fn a_copied_tablet_is_noticed_and_both_sides_agree_again() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 2);
        let about = |minutes: i64| Details {
            minutes: Some(minutes.try_into().expect("in range")),
            ..Details::default()
        };
        let session = record(&mut jeanne, village.group, day(3, 5), about(60));
        jeanne.sync(&mut ()).expect("a sync");

        // The folder is copied while nobody writes; then both copies go on.
        let folder = village.put_away(jeanne);
        let copy = village.copy_of(&folder);
        let (mut original, mut copied) = (village.take_out(&folder), village.take_out(&copy));
        original.edit_session(session, &about(80)).expect("an edit");
        original.sync(&mut ()).expect("a sync");
        copied.edit_session(session, &about(70)).expect("an edit");
        let noticed = copied.sync(&mut ()).expect("a sync");
        assert_eq!(
            noticed.report.quarantined.len(),
            1,
            "what the copy wrote is quarantined: {:?}",
            noticed.report
        );
        for _ in 0..2 {
            original.sync(&mut ()).expect("a sync");
            copied.sync(&mut ()).expect("a sync");
        }
        let quiet = copied.sync(&mut ()).expect("a sync");
        assert_eq!((quiet.report.requests, quiet.report.repaired.len()), (1, 0), "{:?}", quiet.report);
        let minutes =
            |tablet: &Device| tablet.tablet().read::<Session>(session).expect("the session").minutes;
        assert_eq!(minutes(&copied), minutes(&original));
        // From now on it writes under a name of its own.
        copied.edit_session(session, &about(75)).expect("an edit");
        assert_eq!(copied.sync(&mut ()).expect("a sync").report.accepted, 1);
    });
}
