use sync_core::id::{DocumentId, Id};
use sync_core::tablet::Key;

use super::*;

const PASSPHRASE: &str = "urugo rwiza rwo mu Kabeza";

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
    let mut folder = Folder::open(at.path(), PASSPHRASE).expect("opens");
    let mut blobs = folder.blobs().expect("readable");
    blobs.sort();
    assert_eq!(blobs, [(key(1), b"two".to_vec()), (Key::Outbox(7), Vec::new())]);
    assert_eq!(folder.settings().expect("readable").as_deref(), Some(b"where the server is".as_slice()));
}

#[test]
fn a_wrong_passphrase_is_said_to_be_wrong_and_a_short_one_is_not_taken() {
    let at = scratch();
    assert!(matches!(Folder::open(at.path(), PASSPHRASE), Err(FolderError::Missing(_))));
    assert!(matches!(Folder::create(at.path(), "amahoro"), Err(FolderError::ShortPassphrase)));
    drop(Folder::create(at.path(), PASSPHRASE).expect("a new folder"));
    assert!(matches!(Folder::open(at.path(), "another passphrase"), Err(FolderError::WrongPassphrase)));
    assert!(matches!(Folder::create(at.path(), PASSPHRASE), Err(FolderError::There(_))));
}

#[test]
fn a_second_program_is_refused_until_the_first_is_done() {
    let at = scratch();
    let first = Folder::create(at.path(), PASSPHRASE).expect("a new folder");
    assert!(matches!(Folder::open(at.path(), PASSPHRASE), Err(FolderError::InUse(_))));
    drop(first);
    Folder::open(at.path(), PASSPHRASE).expect("opens");
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
    let mut folder = Folder::open(at.path(), PASSPHRASE).expect("opens");
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
