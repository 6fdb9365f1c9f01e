use sync_core::id::{DocumentId, Id};
use sync_core::tablet::Key;

use super::*;

const PASSPHRASE: &str = "urugo rwiza rwo mu Kabeza";
const NOW: Millis = Millis(1_772_697_600_000);

fn key(number: u128) -> Key {
    Key::Document(DocumentId::from_uuid(uuid::Uuid::from_u128(number)))
}

fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[test]
fn what_was_persisted_is_there_after_opening_again() {
    let at = scratch();
    let mut folder = Folder::create(at.path(), PASSPHRASE).expect("a new folder");
    let writes = [Write::Put(key(1), b"one".to_vec()), Write::Put(Key::Outbox(7), Vec::new())];
    folder.persist(&writes, 1).expect("durable");
    folder
        .persist(&[Write::Put(key(1), b"two".to_vec()), Write::Put(key(2), b"gone".to_vec())], 0)
        .expect("durable");
    folder.persist(&[Write::Delete(key(2))], 0).expect("durable");
    folder.keep_settings(b"where the server is").expect("durable");
    drop(folder);
    let mut folder = Folder::open(at.path(), PASSPHRASE, NOW).expect("opens");
    let mut blobs = folder.blobs().expect("readable");
    blobs.sort();
    assert_eq!(blobs, [(key(1), b"two".to_vec()), (Key::Outbox(7), Vec::new())]);
    assert_eq!(folder.settings().expect("readable").as_deref(), Some(b"where the server is".as_slice()));
}

#[test]
fn a_wrong_passphrase_is_said_to_be_wrong_and_a_short_one_is_not_taken() {
    let at = scratch();
    assert!(matches!(Folder::open(at.path(), PASSPHRASE, NOW), Err(FolderError::Missing(_))));
    assert!(matches!(Folder::create(at.path(), "amahoro"), Err(FolderError::ShortPassphrase)));
    drop(Folder::create(at.path(), PASSPHRASE).expect("a new folder"));
    assert!(matches!(
        Folder::open(at.path(), "another passphrase", NOW),
        Err(FolderError::WrongPassphrase { left: 9 })
    ));
    assert!(matches!(Folder::create(at.path(), PASSPHRASE), Err(FolderError::There(_))));
}

#[test]
fn a_second_program_is_refused_until_the_first_is_done() {
    let at = scratch();
    let first = Folder::create(at.path(), PASSPHRASE).expect("a new folder");
    assert!(matches!(Folder::open(at.path(), PASSPHRASE, NOW), Err(FolderError::InUse(_))));
    drop(first);
    Folder::open(at.path(), PASSPHRASE, NOW).expect("opens");
}

/// As full as it can be made to be from inside: the file may have no more pages than it has.
#[test]
fn a_full_disk_takes_nothing_and_spoils_nothing() {
    let at = scratch();
    let mut folder = Folder::create(at.path(), PASSPHRASE).expect("a new folder");
    folder.persist(&[Write::Put(key(1), vec![1; 40])], 0).expect("durable");
    let there = folder.blobs().expect("readable");
    folder.connection.batch_execute("PRAGMA max_page_count = 1").expect("as large as it is now");
    let many = [Write::Delete(key(1)), Write::Put(key(2), vec![2; 40]), Write::Put(key(3), vec![3; 1 << 20])];
    for _ in 0..2 {
        let refused = folder.persist(&many, 0).expect_err("there is no room");
        assert_eq!(refused.to_string(), "the disk is full; make some room on it, then do this again");
        assert_eq!(folder.blobs().expect("readable"), there, "all of it or nothing");
    }
    folder.connection.batch_execute("PRAGMA max_page_count = 1000000").expect("room");
    folder.persist(&many, 0).expect("the same folder goes on");
    drop(folder);
    let mut folder = Folder::open(at.path(), PASSPHRASE, NOW).expect("opens");
    assert_eq!(folder.blobs().expect("readable").len(), 2);
}

#[test]
fn a_blob_that_was_tampered_with_or_moved_is_noticed() {
    let at = scratch();
    let mut folder = Folder::create(at.path(), PASSPHRASE).expect("a new folder");
    folder.persist(&[Write::Put(key(1), vec![1; 40]), Write::Put(key(2), vec![2; 40])], 0).expect("durable");
    let rows: Vec<(Vec<u8>, Vec<u8>)> = blobs::table.load(&mut folder.connection).expect("two rows");
    let mut spoil = |name: &[u8], value: &[u8]| {
        let row = diesel::update(blobs::table.find(name.to_vec())).set(blobs::value.eq(value.to_vec()));
        row.execute(&mut folder.connection).expect("written");
        let found = matches!(folder.blobs(), Err(FolderError::Damaged(_)));
        found
    };
    let mut flipped = rows[0].1.clone();
    flipped[30] ^= 1;
    assert!(spoil(&rows[0].0, &flipped), "a flipped bit");
    assert!(spoil(&rows[0].0, &rows[1].1), "another blob's value");
    assert!(spoil(&rows[0].0, b"short"), "a value cut off");
    assert!(!spoil(&rows[0].0, &rows[0].1), "as it was");
}

#[cfg(unix)]
#[test]
fn nobody_but_the_owner_may_look() {
    use std::os::unix::fs::PermissionsExt as _;
    let at = scratch();
    let place = at.path().join("tablet");
    let _folder = Folder::create(&place, PASSPHRASE).expect("a new folder");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o700);
    for entry in std::fs::read_dir(&place).expect("there") {
        let path = entry.expect("readable").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

const MINUTE: i64 = 60_000;

fn after(minutes: i64) -> Millis {
    Millis(NOW.0 + minutes * MINUTE)
}

#[test]
fn wrong_passphrases_cost_waiting_and_lock_the_folder_whatever_the_clock_says() {
    let at = scratch();
    drop(Folder::create(at.path(), "483920").expect("a PIN"));
    let open = |pin: &str, now| Folder::open(at.path(), pin, now).map(drop);
    let wrong = |now| match open("483921", now) {
        Err(FolderError::WrongPassphrase { left }) => left,
        other => panic!("{other:?}"),
    };
    let wait = |pin, now| match open(pin, now) {
        Err(FolderError::Wait { minutes }) => minutes,
        other => panic!("{other:?}"),
    };
    assert_eq!([9, 8].map(|_| wrong(NOW)), [9, 8]);
    open("483920", NOW).expect("the right one");
    assert_eq!([0; 5].map(|_| wrong(NOW)), [9, 8, 7, 6, 5], "all tries were there again");
    // The right one waits like any other, and a clock that is turned back gives nothing.
    assert_eq!((wait("483920", NOW), wait("483920", after(-525_600))), (1, 1));
    let mut now = 1;
    for (left, minutes) in [(4, 5), (3, 15), (2, 60), (1, 240)] {
        assert_eq!(wrong(after(now)), left);
        assert_eq!(wait("483920", after(now)), minutes);
        now += minutes;
    }
    let refused = open("483921", after(now)).expect_err("the last one");
    assert!(refused.to_string().contains("locked now: ask your manager"), "{refused}");
    for later in [now, now + 1_000_000] {
        assert!(matches!(open("483920", after(later)), Err(FolderError::Locked)));
    }
    // Where the server has no key, a code gives the tries back, and the PIN stays.
    Folder::unlock(at.path(), None, "730184", after(now)).expect("unlocked");
    open("483920", after(now)).expect("as before");
}

#[test]
fn ending_the_program_in_a_try_gives_no_free_one() {
    let at = scratch();
    drop(Folder::create(at.path(), PASSPHRASE).expect("a new folder"));
    for _ in 0..3 {
        // As far as it comes if it is killed while it looks at the passphrase.
        tries::count(&mut file::connect(at.path()).expect("opens"), NOW).expect("counted");
    }
    let refused = Folder::open(at.path(), "another passphrase", NOW);
    assert!(matches!(refused, Err(FolderError::WrongPassphrase { left: 6 })), "{refused:?}");
}

#[test]
fn a_pin_has_six_digits_that_nobody_tries_first_and_older_programs_leave_it_alone() {
    let at = scratch();
    assert!(matches!(Folder::create(at.path(), "48392"), Err(FolderError::ShortPin)));
    for plain in ["000000", "123456", "87654321"] {
        assert!(matches!(Folder::create(at.path(), plain), Err(FolderError::PlainPin)), "{plain}");
    }
    let version = |folder: &mut Folder| -> i32 {
        header::table.select(header::version).first(&mut folder.connection).expect("a header")
    };
    assert_eq!(version(&mut Folder::create(at.path(), "483920").expect("a PIN")), 2);
    let other = scratch();
    assert_eq!(version(&mut Folder::create(other.path(), PASSPHRASE).expect("a passphrase")), 1);
}

#[test]
fn the_key_opens_a_locked_folder_under_a_new_passphrase_and_another_key_does_not() {
    let at = scratch();
    let mut folder = Folder::create(at.path(), PASSPHRASE).expect("a new folder");
    folder.persist(&[Write::Put(key(1), b"kept".to_vec())], 1).expect("durable");
    let its_key = folder.key().to_vec();
    drop(folder);
    for other in [vec![7; 64], vec![7; 63]] {
        let refused = Folder::unlock(at.path(), Some(&other), "730184", NOW);
        assert!(matches!(refused, Err(FolderError::OtherKey)), "{refused:?}");
    }
    let short = Folder::unlock(at.path(), Some(&its_key), "7301", NOW);
    assert!(matches!(short, Err(FolderError::ShortPin)), "{short:?}");
    Folder::unlock(at.path(), Some(&its_key), "730184", NOW).expect("unlocked");
    assert!(matches!(Folder::open(at.path(), PASSPHRASE, NOW), Err(FolderError::WrongPassphrase { .. })));
    let mut folder = Folder::open(at.path(), "730184", NOW).expect("the new one");
    assert_eq!(folder.blobs().expect("readable"), [(key(1), b"kept".to_vec())]);
}

#[test]
fn what_is_destroyed_opens_no_more_and_its_key_is_not_on_the_disk() {
    let at = scratch();
    let mut folder = Folder::create(at.path(), PASSPHRASE).expect("a new folder");
    folder.persist(&[Write::Put(key(1), vec![1; 4000])], 1).expect("durable");
    let wrapped: Vec<u8> =
        header::table.select(header::wrapped).first(&mut folder.connection).expect("there");
    let on_disk = || {
        let files = std::fs::read_dir(at.path()).expect("the folder");
        let bytes = files.flat_map(|file| std::fs::read(file.expect("a file").path()).expect("readable"));
        let bytes: Vec<u8> = bytes.collect();
        bytes.windows(wrapped.len()).any(|some| some == wrapped)
    };
    assert!(on_disk());
    folder.destroy().expect("destroyed");
    assert!(!on_disk());
    folder.persist(&[Write::Put(key(2), vec![2; 40])], 1).expect("nothing is kept");
    drop(folder);
    assert!(!on_disk());
    assert!(matches!(Folder::open(at.path(), PASSPHRASE, NOW), Err(FolderError::Missing(_))));
    drop(Folder::create(at.path(), PASSPHRASE).expect("somebody else may have the tablet"));
}

/// What is left in the open for whoever opens the folder.
#[test]
fn notes_are_left_without_a_passphrase_and_read_by_whoever_opens_the_folder() {
    let at = scratch();
    assert!(matches!(Folder::leave_note(at.path(), b"one"), Err(FolderError::Missing(_))));
    let key = Folder::create(at.path(), PASSPHRASE).expect("a new folder").key().to_vec();
    let notes = ["one", "two", "three"].map(|note| note.repeat(20));
    for (number, note) in notes.iter().enumerate() {
        assert_eq!(Folder::leave_note(at.path(), note.as_bytes()).expect("kept"), number + 1);
    }
    let read = |folder: &mut Folder| -> Vec<Option<String>> {
        let text = |note: KeptNote| note.content.map(|bytes| String::from_utf8(bytes).expect("text"));
        folder.notes().expect("readable").into_iter().map(text).collect()
    };
    // With the passphrase, and with the key that the service keeps.
    let mut folder = Folder::open(at.path(), PASSPHRASE, NOW).expect("opens");
    assert_eq!(read(&mut folder), notes.clone().map(Some));
    drop(folder);
    Folder::unlock(at.path(), Some(&key), "730184", NOW).expect("unlocked");
    let mut folder = Folder::open(at.path(), "730184", NOW).expect("opens");
    let ids: Vec<i64> = folder.notes().expect("readable").into_iter().map(|note| note.id).collect();
    // One goes with a write, both or neither.
    folder.connection.batch_execute("PRAGMA max_page_count = 1").expect("as large as it is now");
    folder.goes_with_next(Some(ids[0]));
    folder.persist(&[Write::Put(super::tests::key(1), vec![1; 1 << 20])], 1).expect_err("there is no room");
    assert_eq!((folder.notes_waiting().expect("counted"), folder.blobs().expect("readable").len()), (3, 0));
    folder.connection.batch_execute("PRAGMA max_page_count = 1000000").expect("room");
    folder.persist(&[Write::Put(super::tests::key(1), vec![1; 1 << 20])], 1).expect("durable");
    assert_eq!((folder.goes_with_next(None), folder.notes_waiting().expect("counted")), (None, 2));
    folder.write_note(ids[1], b"put right", false).expect("written");
    folder.write_note(ids[2], b"left out", true).expect("written");
    drop(folder);
    assert_eq!(Folder::leave_note(at.path(), b"four").expect("kept"), 2);
    let mut folder = Folder::open(at.path(), "730184", NOW).expect("opens");
    assert_eq!(read(&mut folder), ["put right", "four", "left out"].map(|text| Some(text.to_owned())));
    folder.destroy().expect("destroyed");
    drop(folder);
    assert!(matches!(Folder::leave_note(at.path(), b"five"), Err(FolderError::Missing(_))));
    let left = Folder::outside(at.path(), NOW).expect("it says");
    assert_eq!((left.notes, left.unsent), (0, Some(0)));
}

#[test]
fn who_finds_the_tablet_leaves_few_notes_and_reads_none() {
    let at = scratch();
    drop(Folder::create(at.path(), PASSPHRASE).expect("a new folder"));
    let refused = Folder::leave_note(at.path(), &vec![0; LONGEST_NOTE + 1]);
    assert!(matches!(refused, Err(FolderError::LongNote)), "{refused:?}");
    // Somebody puts their own key in the place of that for notes, and reads what is noted until the folder is opened.
    let mut connection = file::connect(at.path()).expect("opens");
    let theirs = sealing::recipient_of(&sealing::new_identity()).expect("a key");
    let put = diesel::update(file::note_key::table).set(file::note_key::recipient.eq(theirs));
    put.execute(&mut connection).expect("written");
    drop(connection);
    Folder::leave_note(at.path(), b"read by others").expect("kept");
    let mut folder = Folder::open(at.path(), PASSPHRASE, NOW).expect("opens");
    assert_eq!(folder.notes().expect("listed")[0].content, None, "its owner is told");
    drop(folder);
    for number in 2..=MOST_NOTES {
        assert_eq!(Folder::leave_note(at.path(), &[7; 100]).expect("kept"), number);
    }
    let refused = Folder::leave_note(at.path(), b"one more");
    assert!(matches!(refused, Err(FolderError::ManyNotes)), "{refused:?}");
    let mut folder = Folder::open(at.path(), PASSPHRASE, NOW).expect("opens");
    let readable = folder.notes().expect("listed").into_iter().filter(|note| note.content.is_some());
    assert_eq!(readable.count(), MOST_NOTES - 1, "the key in the open is the folder's again");
}

/// As a program of before left it: with no key for notes, and nothing of what waits in the open.
#[test]
fn a_folder_of_before_takes_notes_once_it_was_opened() {
    let at = scratch();
    let mut folder = Folder::create(at.path(), PASSPHRASE).expect("a new folder");
    folder.persist(&[Write::Put(key(1), b"kept".to_vec())], 1).expect("durable");
    let name = folder.seal.name(notes::KEY);
    diesel::delete(blobs::table.find(name.as_slice())).execute(&mut folder.connection).expect("gone");
    let drop_tables = "DROP TABLE note_key; DROP TABLE notes; DROP TABLE ready";
    folder.connection.batch_execute(drop_tables).expect("as before");
    drop(folder);
    let refused = Folder::leave_note(at.path(), b"one");
    assert!(matches!(refused, Err(FolderError::NoNotes)), "{refused:?}");
    let mut folder = Folder::open(at.path(), PASSPHRASE, NOW).expect("opens");
    assert_eq!(folder.blobs().expect("readable"), [(key(1), b"kept".to_vec())]);
    drop(folder);
    Folder::leave_note(at.path(), b"one").expect("kept");
}
