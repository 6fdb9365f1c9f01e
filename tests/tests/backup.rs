//! A disk dies. What was backed up comes back, in whichever database; what was recorded since comes from the tablets.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use server::access::organisations::{self, NewOrganisation};
use server::backup::{Backup, PublicKey, Refused, backup, make_key};
use server::on_each;
use server::store::identity::epoch;
use server::store::{Conn, Store, StoreError};
use server::verify::{Finding, verify};
use sync_core::record::session::{Attendance, Minutes};
use tablet::device::Device;
use tablet::recording::Details;
use tempfile::TempDir;
use tests::app::START;
use tests::recount::{Count, check_streams};
use tests::village::{day, marks, people_join, record};
use tests::{Database, Network, Session, TestApp, Village};

/// Where the administrator keeps keys and backups.
struct Shelf {
    folder: TempDir,
    public: PublicKey,
}

impl Shelf {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let public = make_key(&folder.path().join("key")).expect("a new key");
        Self { folder, public }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a backup; gives its path.
    fn save(&self, store: &Store, name: &str) -> PathBuf {
        let path = self.path(name);
        backup(store, &path, std::slice::from_ref(&self.public), START).expect("a backup is made");
        path
    }

    fn open(&self, file: &Path) -> Result<Backup, Refused> {
        Backup::open(file, &self.path("key"))
    }
}

/// An empty database of the other kind.
fn other(database: &Database) -> Database {
    if database.url.starts_with("sqlite") { Database::postgres() } else { Database::sqlite() }
}

fn open(database: &Database) -> Store {
    Store::open(&database.url).expect("it opens")
}

#[track_caller]
fn assert_sound(store: &Store) {
    let mut found: Vec<Finding> = Vec::new();
    let checked = verify(store, &mut |finding| found.push(finding)).expect("it can be read");
    assert_eq!((found, checked.findings), (Vec::new(), 0));
    check_streams(store);
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn came(people: &[usize], minutes: i64) -> Details {
    let minutes: Minutes = minutes.try_into().expect("in range");
    Details { minutes: Some(minutes), attendance: marks(people, Attendance::Present), ..Details::default() }
}

fn sync(tablet: &mut Device) {
    tablet.sync(&mut ()).expect("a sync");
}

/// Everything that a manager can list.
fn lists(manager: &Session) -> Vec<Vec<Value>> {
    let all = [
        "groups",
        "participants",
        "sessions",
        "conflicts",
        "quarantine",
        "quarantine?state=released",
        "devices",
        "users",
    ];
    all.iter().map(|list| manager.all(&format!("/v1/{list}"))).collect()
}

#[test]
fn a_backup_restores_into_the_other_kind_of_database_with_all_that_was_there() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 3);
        sync(&mut jeanne);
        sync(&mut paul);
        record(&mut jeanne, village.group, day(3, 4), came(&[1, 2], 90));
        record(&mut paul, village.group, day(3, 4), came(&[2, 3], 60));
        record(&mut paul, village.group, day(3, 5), came(&[3], 60));
        sync(&mut jeanne);
        village.unassign(paul.tablet().user(), village.group);
        sync(&mut paul);
        let waiting = village.manager.all("/v1/quarantine");
        assert_eq!(waiting.len(), 2);
        for item in &waiting {
            let release = format!("/v1/quarantine/{}/release", item["id"].as_str().expect("an id"));
            village.manager.post(&release, &Value::Null).ok();
        }
        village.assign(paul.tablet().user(), village.group);

        let shelf = Shelf::new();
        let file = shelf.save(app.store(), "tonight");
        let target = other(database);
        let store = open(&target);
        let back = shelf.open(&file).expect("it opens");
        assert_eq!(back.header().at, START);
        let contents = back.restore(&store).expect("it is restored");
        assert_eq!((contents.people, contents.groups), (3, 1));
        assert_eq!(contents.documents, 6, "a group, three people, two meetings");
        assert_sound(&store);
        let lives = [app.store(), &store].map(|store| store.read_blocking("test", epoch).expect("an epoch"));
        assert_ne!(lives[0], lives[1], "a new life");

        let again = TestApp::on(&target);
        let old = village.manager.at(&again.url);
        assert_eq!(old.get("/v1/groups").status, 401, "people sign in again");
        let manager = again.login("manager.aegis");
        assert_eq!(lists(&manager), lists(&village.manager));
        let totals = |manager: &Session| manager.get("/v1/aggregates?by=month,sex").ok();
        assert_eq!(totals(&manager), totals(&village.manager));
        let expected = Count { sessions: 2, attendances: 4, people: 3 };
        assert_eq!(Count::of_answer(&totals(&manager)), expected);

        // A tablet goes on as if nothing had been, and another is enrolled.
        for tablet in [&mut jeanne, &mut paul] {
            tablet.sync_over(&mut Network::to(&again.url), &mut ()).expect("a sync");
            assert_eq!(Count::of_tablets([&*tablet], &[village.group]), expected);
        }
        assert_sound(again.store());
    });
}

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
            shelf.open(&file).expect("it opens").restore(&store).expect("it is restored");
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
    let contents = shelf.open(&file).expect("it opens").restore(&store).expect("it is restored");
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
        shelf.open(&file).expect("it opens").restore(&store).expect("it is restored");
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
fn what_was_recorded_since_the_backup_comes_back_from_the_tablets() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 3);
        sync(&mut jeanne);
        sync(&mut paul);
        let both = record(&mut jeanne, village.group, day(3, 4), came(&[1, 2], 90));
        sync(&mut jeanne);
        sync(&mut paul);
        let shelf = Shelf::new();
        let file = shelf.save(app.store(), "tonight");

        jeanne.edit_session(both, &came(&[3], 95)).expect("an edit");
        record(&mut jeanne, village.group, day(3, 5), came(&[1], 60));
        record(&mut paul, village.group, day(3, 6), came(&[2, 3], 60));
        sync(&mut jeanne);
        sync(&mut paul);
        sync(&mut jeanne);
        let before = Count::of_answer(&village.aggregates(""));
        assert_eq!(before, Count { sessions: 3, attendances: 6, people: 3 });
        drop(app);

        let target = other(database);
        shelf.open(&file).expect("it opens").restore(&open(&target)).expect("it is restored");
        let app = TestApp::on(&target);
        let manager = app.login("manager.aegis");
        let totals = || Count::of_answer(&manager.get("/v1/aggregates").ok());
        assert_eq!(
            totals(),
            Count { sessions: 1, attendances: 2, people: 2 },
            "as it was when it was backed up"
        );
        for _ in 0..2 {
            for tablet in [&mut jeanne, &mut paul] {
                tablet.sync_over(&mut Network::to(&app.url), &mut ()).expect("a sync");
            }
        }
        assert_eq!(totals(), before);
        for tablet in [&jeanne, &paul] {
            assert_eq!(tablet.tablet().outbox().len() + tablet.tablet().apart().len(), 0);
            assert_eq!(Count::of_tablets([tablet], &[village.group]), before);
        }
        assert_sound(app.store());
    });
}

#[test]
fn a_backup_that_is_cut_off_or_changed_or_for_another_key_is_refused() {
    let database = Database::sqlite();
    let app = TestApp::on(&database);
    let village = Village::of(&app, "aegis");
    let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
    people_join(&mut jeanne, village.group, 3);
    // Long enough for several of the pieces that age encrypts one by one.
    let mut rng = StdRng::seed_from_u64(1);
    for date in 1..=28 {
        let random: String = (0..12_000).map(|_| char::from(rng.random_range(b'!'..b'~'))).collect();
        let details = Details { summary: Some(random), ..came(&[1], 60) };
        record(&mut jeanne, village.group, day(3, date), details);
    }
    sync(&mut jeanne);
    let shelf = Shelf::new();
    let file = shelf.save(app.store(), "tonight");
    let bytes = fs::read(&file).expect("it is there");
    assert!(bytes.len() > 4 * 65_536, "{}", bytes.len());

    let refused = |name: String, bytes: &[u8]| {
        let path = shelf.path("spoilt");
        fs::write(&path, bytes).expect("it is written");
        match shelf.open(&path) {
            Err(refused) => assert!(
                matches!(refused, Refused::Spoilt | Refused::Foreign | Refused::Key),
                "{name}: {refused:?}"
            ),
            Ok(_) => panic!("{name} was taken"),
        }
    };
    // Where the pieces begin: after the header, which ends with a line of its own, and a number of sixteen bytes.
    let head = bytes.windows(4).position(|some| some == b"\n---").expect("a header");
    let head = head + 1 + bytes[head + 1..].iter().position(|byte| *byte == b'\n').expect("a line") + 1 + 16;
    let pieces = (head..bytes.len()).step_by(65_536 + 16);
    let even = (0..bytes.len()).step_by(bytes.len() / 50);
    for at in even.chain(pieces).chain([bytes.len() - 1]) {
        refused(format!("cut at {at}"), &bytes[..at]);
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        refused(format!("changed at {at}"), &flipped);
    }
    refused("with something after it".to_owned(), &[&bytes[..], b"x"].concat());
    refused("another file".to_owned(), b"SQLite format 3\0");

    let stranger = Shelf::new();
    assert!(matches!(stranger.open(&file), Err(Refused::Key)));
    let both = shelf.path("both");
    backup(app.store(), &both, &[shelf.public.clone(), stranger.public.clone()], START).expect("a backup");
    for shelf in [&shelf, &stranger] {
        shelf.open(&both).expect("either key opens it");
    }
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

        let in_use = shelf.open(&file).expect("it opens").restore(app.store());
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
