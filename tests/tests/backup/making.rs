//! While everybody works on, of one moment, and for its owner alone.

use super::*;

#[test]
fn backups_made_while_tablets_sync_are_each_of_one_moment() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 3);
        sync(&mut jeanne);
        let shelf = Shelf::new();
        let start = Barrier::new(2);
        let files: Vec<PathBuf> = std::thread::scope(|threads| {
            let writing = threads.spawn(|| {
                start.wait();
                for date in 1..=20 {
                    record(&mut jeanne, village.group, day(3, date), came(&[1, 2, 3], 60));
                    sync(&mut jeanne);
                }
            });
            start.wait();
            let files = (0..4).map(|number| shelf.save(app.store(), &format!("{number}"))).collect();
            writing.join().expect("it all syncs");
            files
        });
        for file in files {
            // The same kind and the other, in turn, to keep this short.
            let target = other(database);
            let store = open(&target);
            shelf.open(&file).expect("it opens").restore(&store, START).expect("it is restored");
            assert_sound(&store);
        }
    });
}

/// PostgreSQL lets a backup be held up between two tables; SQLite has no way to.
#[test]
fn what_is_written_between_two_tables_is_in_a_backup_whole_or_not_at_all() {
    let database = Database::postgres();
    let app = TestApp::on(&database);
    let village = Village::of(&app, "aegis");
    let shelf = Shelf::new();
    let held_up = |tx: &mut Conn<'_>| -> Result<i64, StoreError> {
        let waiting = "SELECT count(*) AS count FROM pg_locks
            WHERE NOT granted AND relation = 'assignments'::regclass";
        let Waiting { count } = on_each!(tx, |c| diesel::sql_query(waiting).get_result(c))?;
        Ok(count)
    };
    let file = std::thread::scope(|threads| {
        let hold = |tx: &mut Conn<'_>| -> Result<_, StoreError> {
            on_each!(tx, |c| diesel::sql_query("LOCK TABLE assignments IN ACCESS EXCLUSIVE MODE")
                .execute(c))?;
            let backup = threads.spawn(|| shelf.save(app.store(), "tonight"));
            while app.store().read_blocking("test", held_up)? == 0 {
                assert!(!backup.is_finished(), "it reads all tables");
                std::thread::yield_now();
            }
            // It has read the streams, and the documents not yet.
            village.group("Abahuza", "dialogue_club");
            Ok(backup)
        };
        app.store().write_blocking("test", hold).expect("held").join().expect("a backup")
    });
    let store = open(&other(&database));
    let contents = shelf.open(&file).expect("it opens").restore(&store, START).expect("it is restored");
    assert_eq!((contents.groups, contents.documents), (1, 1));
    assert_sound(&store);
}

#[test]
fn a_backup_waits_for_nobody_and_holds_nothing_that_is_half_done() {
    Database::each(|database| {
        let app = TestApp::on(database);
        Village::of(&app, "aegis");
        let shelf = Shelf::new();
        let moment = app.clock.moment();
        let new = NewOrganisation { code: "late".into(), name: "Late".into() };
        let file = app
            .store()
            .write_blocking("test", |tx: &mut Conn<'_>| -> Result<PathBuf, StoreError> {
                organisations::create(tx, &new, &moment).expect("it is new");
                Ok(shelf.save(app.store(), "tonight"))
            })
            .expect("it is written");
        let target = other(database);
        let store = open(&target);
        shelf.open(&file).expect("it opens").restore(&store, START).expect("it is restored");
        let codes = |store: &Store| -> Vec<String> {
            let list = |tx: &mut Conn<'_>| -> Result<Vec<String>, StoreError> {
                use server::store::schema::organisations::{code, table};
                on_each!(tx, |c| table.select(code).order(code).load(c))
            };
            store.read_blocking("codes", list).expect("it answers")
        };
        assert_eq!(codes(app.store()), ["aegis", "late"]);
        assert_eq!(codes(&store), ["aegis"]);
    });
}

#[test]
fn nothing_is_overwritten() {
    Database::each(|database| {
        let app = TestApp::on(database);
        Village::of(&app, "aegis");
        let shelf = Shelf::new();
        let file = shelf.save(app.store(), "tonight");
        let bytes = fs::read(&file).expect("it is there");
        let keys = std::slice::from_ref(&shelf.public);
        let refused = backup(app.store(), &file, keys, START);
        assert!(matches!(refused, Err(Refused::Exists(_))), "{refused:?}");
        assert_eq!(fs::read(&file).expect("it is there"), bytes);
        let (tomorrow, part) = (shelf.path("tomorrow"), shelf.path("tomorrow.part"));
        fs::write(&part, b"begun").expect("it is written");
        let refused = backup(app.store(), &tomorrow, keys, START);
        assert!(matches!(refused, Err(Refused::BeingWritten(_))), "{refused:?}");
        assert!(part.exists() && !tomorrow.exists());

        let in_use = shelf.open(&file).expect("it opens").restore(app.store(), START);
        assert!(matches!(in_use, Err(Refused::InUse)), "{in_use:?}");
        assert_sound(app.store());

        // A store of another version is neither backed up nor checked; and what is begun is taken away.
        let strange = open(&other(database));
        let refused = backup(&strange, &shelf.path("strange"), keys, START);
        assert!(matches!(refused, Err(Refused::Store(StoreError::Version))), "{refused:?}");
        assert!(!shelf.path("strange").exists() && !shelf.path("strange.part").exists());
        assert!(matches!(verify(&strange, &mut |_| {}), Err(StoreError::Version)));
    });
}

#[cfg(unix)]
#[test]
fn keys_and_backups_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let database = Database::sqlite();
    let app = TestApp::on(&database);
    let shelf = Shelf::new();
    shelf.save(app.store(), "tonight");
    for name in ["key", "tonight"] {
        let mode = fs::metadata(shelf.path(name)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
