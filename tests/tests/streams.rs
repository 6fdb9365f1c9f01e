//! Many tablets at once, through two services on one database.

use std::thread;

use sync_core::record::session::Attendance;
use tablet::device::Device;
use tablet::recording::Details;
use tests::recount::{Count, check_streams};
use tests::village::{day, marks, people_join, record};
use tests::{Database, Network, TestApp, Village};

#[test]
fn two_services_on_one_database_leave_streams_without_gaps() {
    let database = Database::postgres();
    let (one, other) = (TestApp::on(&database), TestApp::on(&database));
    let village = Village::of(&one, "aegis");
    let mut tablets: Vec<Device> =
        (0..6).map(|number| village.facilitator_with_tablet(&one, &format!("facilitator{number}"))).collect();
    people_join(&mut tablets[0], village.group, 6);
    for tablet in &mut tablets {
        tablet.sync(&mut ()).expect("a sync");
        tablet.sync(&mut ()).expect("a sync");
    }
    thread::scope(|scope| {
        for (number, tablet) in tablets.iter_mut().enumerate() {
            let urls = [one.url.clone(), other.url.clone()];
            let group = village.group;
            scope.spawn(move || {
                for round in 0..8_usize {
                    // All of them record the same meetings: every document is written by all, at once.
                    let came = marks(&[1 + number % 6], Attendance::Present);
                    let details = Details {
                        attendance: came,
                        summary: Some(format!("{number} in round {round}.")),
                        ..Details::default()
                    };
                    record(tablet, group, day(3, 1 + (round % 4) as i8), details);
                    let mut network = Network::to(&urls[(number + round) % 2]);
                    tablet.sync_over(&mut network, &mut ()).expect("a sync");
                }
            });
        }
    });
    for tablet in &mut tablets {
        tablet.sync(&mut ()).expect("a sync");
    }
    for tablet in &tablets {
        let sessions = tablet.tablet().all::<sync_core::record::Session>(village.group.into());
        assert_eq!(sessions.len(), 4);
        for (_, session) in sessions {
            for number in 0..6 {
                assert!(session.summary.contains(&format!("{number} in round")), "{}", session.summary);
            }
        }
    }
    check_streams(one.store());
    let totals = Count::of_answer(&village.aggregates(""));
    assert_eq!(totals, Count::registered(4, 24, 6));
    assert_eq!(totals, Count::of_tablets(&tablets, &[village.group]));
}

/// A manager's web interface that sends a form twice makes two documents of the same bytes: same author, same second.
#[test]
fn two_groups_that_begin_alike_are_two_groups() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let alike = village.group("Twiyubake", "sociotherapy");
        assert_ne!(alike, village.group);
        assert_eq!(village.manager.all("/v1/groups").len(), 2);
        check_streams(app.store());
    });
}
