//! A store that goes away or fills up under a service that goes on: clear answers meanwhile, and nothing is lost.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use diesel::prelude::*;
use server::on_each;
use server::store::{Conn, Store, StoreError};
use sync_core::id::GroupId;
use sync_core::record::Session;
use sync_core::record::session::{Attendance, PartOfDay};
use sync_core::time::Date;
use tablet::device::Device;
use tablet::recording::{Details, NewSession};
use tests::database::OwnPostgres;
use tests::recount::{Count, check_streams, contents};
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

/// A meeting to which both people came.
fn meeting(tablet: &mut Device, group: GroupId, date: Date) {
    let details = Details { attendance: marks(&[1, 2], Attendance::Present), ..Details::default() };
    record(tablet, group, date, details);
}

/// PostgreSQL is stopped as a crash would stop it, while two tablets sync, and started again; twice.
#[test]
fn while_postgres_is_away_the_service_says_so_and_then_goes_on() {
    let postgres = OwnPostgres::new();
    let app = TestApp::on(&postgres.database());
    let village = Village::of(&app, "aegis");
    let mut tablets = ["jeanne", "eric"].map(|name| village.facilitator_with_tablet(&app, name));
    people_join(&mut tablets[0], village.group, 2);
    sync_all(&mut tablets);

    for month in 1..=2 {
        let (goes_well, going_well) = channel();
        thread::scope(|scope| {
            for tablet in &mut tablets {
                let (group, goes_well) = (village.group, goes_well.clone());
                scope.spawn(move || sync_until_it_breaks(tablet, group, month, &goes_well));
            }
            drop(goes_well);
            for _ in 0..2 {
                going_well.recv().expect("both sync");
            }
            postgres.stop();
        });
        let answer = village.manager.get("/v1/aggregates");
        assert_eq!(answer.problem(), (503, "unavailable"));
        assert_eq!(answer.retry_after.as_deref(), Some("5"));

        postgres.start();
        sync_all(&mut tablets);
        assert!(tablets.iter().all(|tablet| tablet.tablet().outbox().len() == 0));
        let counted = Count::of_answer(&village.aggregates(""));
        assert_eq!(counted, Count::of_tablets(&tablets, &[village.group]));
        assert!(counted.sessions > 0);
        check_streams(app.store());
        check(app.store());
    }
}

/// Twice, so that each gets what the other handed in.
fn sync_all(tablets: &mut [Device]) {
    for _ in 0..2 {
        tablets.iter_mut().for_each(|tablet| drop(tablet.sync(&mut ()).expect("a sync")));
    }
}

/// Records and syncs day by day; says when the first sync went well.
fn sync_until_it_breaks(tablet: &mut Device, group: GroupId, month: i8, goes_well: &Sender<()>) {
    for date in 1.. {
        meeting(tablet, group, day(month, 1 + date % 28));
        match tablet.sync(&mut ()) {
            Ok(_) if date == 1 => goes_well.send(()).expect("the test waits for it"),
            Ok(_) => {}
            Err(refused) => {
                let words = refused.to_string();
                assert!(words.contains("not available now") && words.contains("recorded is kept"), "{words}");
                return;
            }
        }
    }
}

fn check(store: &Store) {
    let checked = server::verify::verify(store, &mut |finding| panic!("{finding}"));
    assert_eq!(checked.expect("it can be read").findings, 0);
}

/// How many connections a store has: each has a limit of its own.
const CONNECTIONS: usize = 8;

/// Lets the file of a SQLite store grow no more, or again.
fn limit(store: &Store, pages: u32, connections: usize) {
    store
        .read_blocking("limit", |tx: &mut Conn<'_>| -> Result<(), StoreError> {
            let text = format!("PRAGMA max_page_count = {pages}");
            on_each!(tx, |c| diesel::sql_query(&text).execute(c))?;
            // While this one is taken, the next is another.
            if connections > 1 {
                limit(store, pages, connections - 1);
            }
            Ok(())
        })
        .expect("the store obeys");
}

#[test]
fn a_full_disk_is_said_in_words_and_nothing_is_lost() {
    let database = Database::sqlite();
    let app = TestApp::on(&database);
    let village = Village::of(&app, "aegis");
    let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
    people_join(&mut jeanne, village.group, 2);
    jeanne.sync(&mut ()).expect("a sync");
    let before = contents(app.store());

    for date in 1..=28 {
        meeting(&mut jeanne, village.group, day(3, date));
    }
    for _ in 0..3 {
        // As small as it can be: what is there now.
        limit(app.store(), 1, CONNECTIONS);
        let refused = jeanne.sync(&mut ()).expect_err("there is no room").to_string();
        assert!(refused.contains("disk of the service is full"), "{refused}");
        assert!(refused.contains("recorded is kept"), "{refused}");
        assert_eq!(contents(app.store()), before, "half a push is no push");
        assert_eq!(jeanne.tablet().outbox().len(), 28);
    }
    // Who only reads notices nothing.
    assert_eq!(Count::of_answer(&village.aggregates("")).sessions, 0);

    limit(app.store(), u32::MAX - 1, CONNECTIONS);
    jeanne.sync(&mut ()).expect("there is room again");
    assert_eq!(jeanne.tablet().outbox().len(), 0);
    let counted = Count::of_answer(&village.aggregates(""));
    assert_eq!(counted, Count::registered(28, 56, 2));
    check_streams(app.store());
    check(app.store());
}

/// A tablet's file, put away, that takes nothing more: it says what SQLite says, and rolls back by itself as SQLite does.
fn fill(folder: &Path, full: bool) {
    let file = folder.join(tablet::folder::FILE);
    let mut file = SqliteConnection::establish(file.to_str().expect("a sound path")).expect("it opens");
    let statement = if full {
        "CREATE TRIGGER full BEFORE INSERT ON blobs \
         BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END"
    } else {
        "DROP TRIGGER full"
    };
    diesel::sql_query(statement).execute(&mut file).expect("the file obeys");
}

#[test]
fn a_tablet_whose_disk_is_full_shows_nothing_as_saved_that_is_not() {
    let app = TestApp::on(&Database::sqlite());
    let village = Village::of(&app, "aegis");
    let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
    people_join(&mut jeanne, village.group, 2);
    let folder = village.put_away(jeanne);

    fill(&folder, true);
    let mut jeanne = village.take_out(&folder);
    for _ in 0..2 {
        let details = Details { attendance: marks(&[1, 2], Attendance::Present), ..Details::default() };
        let new = NewSession { date: day(3, 5), part: PartOfDay::Morning, details };
        let refused = jeanne.record_session(village.group, new).expect_err("there is no room").to_string();
        assert!(refused.contains("not saved") && refused.contains("the disk is full"), "{refused}");
        assert_eq!(jeanne.tablet().all::<Session>(village.group.into()), []);
        let refused = jeanne.sync(&mut ()).expect_err("there is no room to keep what comes").to_string();
        assert!(refused.contains("the disk is full"), "{refused}");
        assert_eq!(jeanne.tablet().outbox().len(), 2, "who joined is there still");
    }
    let folder = village.put_away(jeanne);

    fill(&folder, false);
    let mut jeanne = village.take_out(&folder);
    meeting(&mut jeanne, village.group, day(3, 5));
    jeanne.sync(&mut ()).expect("a sync");
    let counted = Count::of_answer(&village.aggregates(""));
    assert_eq!(counted, Count::registered(1, 2, 2));
}
