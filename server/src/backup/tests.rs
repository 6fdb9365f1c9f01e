//! The file itself: what is taken, what is refused, and that a backup outlives versions. On both stores.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use age::{Encryptor, x25519};
use diesel::prelude::*;
use sync_core::id::{EpochId, Id};
use sync_core::time::Millis;
use tempfile::TempDir;
use uuid::Uuid;

use super::file::{Header, Writer};
use super::row::{self, Page, Value};
use super::{Backup, KEPT, PublicKey, Refused, backup, make_key};
use crate::on_each;
use crate::store::schema::{organisations, quarantine};
use crate::store::tests::{empty, empty_postgres};
use crate::store::{Conn, Store, StoreError, migrate};
use crate::verify::verify;

/// A folder with a key.
struct Desk {
    folder: TempDir,
    public: PublicKey,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let public = make_key(&folder.path().join("key")).expect("a new key");
        Self { folder, public }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self, file: &Path) -> Result<Backup, Refused> {
        Backup::open(file, &self.path("key"))
    }

    /// A backup with these rows, of a store at some version of its tables.
    fn write(&self, tables: &str, pages: &[Page]) -> PathBuf {
        let epoch = EpochId::from_uuid(Uuid::now_v7());
        self.write_with(&Header::new(tables.to_owned(), epoch, Millis(0)), pages)
    }

    fn write_with(&self, header: &Header, pages: &[Page]) -> PathBuf {
        let mut bytes = Vec::new();
        let mut out =
            Writer::begin(&mut bytes, std::slice::from_ref(&self.public), header).expect("it begins");
        for page in pages {
            out.page(page).expect("it is written");
        }
        out.finish().expect("it ends");
        self.file(&bytes)
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.path(&Uuid::new_v4().to_string());
        std::fs::write(&path, bytes).expect("it is written");
        path
    }
}

fn newest() -> String {
    migrate::versions().expect("versions").pop().expect("one at least")
}

fn bytes(number: u128) -> Value {
    Value::Bytes(number.to_be_bytes().to_vec())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn page(table: &str, columns: &str, row: Vec<Value>) -> Page {
    Page {
        table: table.to_owned(),
        columns: columns.split(' ').map(str::to_owned).collect(),
        rows: vec![row],
    }
}

fn organisation() -> Page {
    let row = vec![bytes(1), text("aegis"), text("Aegis"), Value::Number(5)];
    page("organisations", "id code name created_at", row)
}

/// A file, then a schema of PostgreSQL, where there has never been anything.
fn each_empty(test: impl Fn(&Store)) {
    let (store, _folder) = empty();
    test(&store);
    test(&empty_postgres());
}

fn codes(store: &Store) -> Vec<String> {
    let all = |tx: &mut Conn<'_>| -> Result<Vec<String>, StoreError> {
        on_each!(tx, |c| organisations::table.select(organisations::code).load(c))
    };
    store.read_blocking("codes", all).expect("it answers")
}

#[test]
fn a_backup_of_an_earlier_version_is_brought_up_to_date_like_a_store() {
    let desk = Desk::new();
    // The third version had no ids of what is quarantined; the fourth gives them.
    let third = migrate::versions().expect("versions").swap_remove(2);
    let user = vec![bytes(2), bytes(1), text("u"), text("U"), text("manager"), text("-"), Value::Number(5)];
    let tablet = vec![bytes(3), bytes(2), bytes(33), text("a tablet"), Value::Number(5), Value::Null];
    let batch = vec![bytes(4), bytes(3), bytes(0), Value::Number(5), Value::Number(5)];
    let quarantined = vec![
        bytes(6),
        bytes(7),
        bytes(8),
        text("session"),
        bytes(3),
        Value::Number(1),
        bytes(4),
        text("unreadable"),
        text(""),
        Value::Number(5),
        bytes(9),
    ];
    let file = desk.write(
        &third,
        &[
            organisation(),
            page("users", "id organisation_id login name role password_hash created_at", user),
            page("devices", "id user_id public_key name enrolled_at revoked_at", tablet),
            page("batches", "id device_id statement claimed_at received_at", batch),
            page(
                "quarantine",
                "digest stream_id document_id kind device_id schema batch_id reason detail received_at bytes",
                quarantined,
            ),
        ],
    );
    each_empty(|store| {
        desk.open(&file).expect("it opens").restore(store, Millis(0)).expect("it is restored");
        let ids = |tx: &mut Conn<'_>| -> Result<Vec<Vec<u8>>, StoreError> {
            migrate::check_version(tx)?;
            on_each!(tx, |c| quarantine::table.select(quarantine::id).load(c))
        };
        let ids = store.read_blocking("ids", ids).expect("the version of this program");
        assert_eq!(ids.iter().map(Vec::len).collect::<Vec<_>>(), [16]);
    });
}

/// Everything that a backup of a store holds.
fn all(store: &Store) -> Vec<Page> {
    let read = |tx: &mut Conn<'_>| -> Result<Vec<Page>, StoreError> {
        let mut pages: Vec<Page> = Vec::new();
        for table in KEPT {
            while let Some(page) = row::read(tx, table, pages.last().filter(|page| page.table == table.name))?
            {
                pages.push(page);
            }
        }
        Ok(pages)
    };
    store.read_blocking("all", read).expect("it answers")
}

#[test]
fn many_rows_go_from_one_kind_of_database_to_the_other_and_back() {
    const MANY: i64 = 450;
    let many = |table: &str, columns: &str, row: &dyn Fn(i64) -> Vec<Value>| Page {
        rows: (1..=MANY).map(row).collect(),
        ..page(table, columns, Vec::new())
    };
    let id = |table: u128, number: i64| bytes(table << 64 | number.cast_unsigned() as u128);
    let number = Value::Number;
    let no = || Value::Null;
    let kind = || text("session");
    let tablets = "id user_id public_key name enrolled_at revoked_at last_request last_seen_at";
    let keys =
        ["checkpoints", "published", "receipts", "seal", "sign_in"].map(|name| vec![text(name), bytes(1)]);
    let pages = [
        Page { rows: keys.to_vec(), ..page("store_keys", "name value", Vec::new()) },
        many("organisations", "id code name created_at", &|n| {
            vec![id(1, n), text(&format!("o{n}")), text("Ubumuntu \u{1f331}"), number(-n)]
        }),
        page(
            "users",
            "id organisation_id login name role password_hash created_at",
            vec![id(2, 1), no(), text("u"), text("U"), text("administrator"), text("-"), number(i64::MAX)],
        ),
        page(
            "devices",
            tablets,
            vec![id(3, 1), id(2, 1), id(3, 2), text(""), number(5), no(), number(0), no()],
        ),
        page(
            "streams",
            "id kind organisation_id last_seq fingerprint created_at",
            vec![id(4, 1), text("group"), id(1, 7), number(MANY), bytes(0), number(5)],
        ),
        many("documents", "id kind stream_id version snapshot heads updated_at", &|n| {
            vec![id(5, n), kind(), id(4, 1), number(1), bytes(0), bytes(1), number(5)]
        }),
        many("batches", "id device_id statement claimed_at received_at", &|n| {
            vec![id(6, n), id(3, 1), Value::Bytes(Vec::new()), number(5), number(5)]
        }),
        many(
            "changes",
            "stream_id seq hash document_id kind author incarnation schema batch_id received_at bytes",
            &|n| {
                let batch = if n % 2 == 0 { no() } else { id(6, n) };
                let author = id(3, 1);
                vec![
                    id(4, 1),
                    number(n),
                    id(7, n),
                    id(5, n),
                    kind(),
                    author,
                    number(0),
                    number(1),
                    batch,
                    number(5),
                    bytes(9),
                ]
            },
        ),
        many(
            "quarantine",
            "digest stream_id document_id kind device_id schema batch_id reason detail received_at bytes id",
            &|n| {
                vec![
                    id(8, n),
                    id(4, 1),
                    id(5, n % 9),
                    kind(),
                    id(3, 1),
                    number(1),
                    id(6, n),
                    text("unreadable"),
                    text(""),
                    number(5),
                    bytes(9),
                    id(9, n),
                ]
            },
        ),
        page(
            "readings",
            "device_id stream_id position seen_at since",
            vec![id(3, 1), id(4, 1), number(1), number(5), number(5)],
        ),
        many("purges", "device_id stream_id received_at", &|n| vec![id(3, 1), id(4, 1), number(n)]),
    ];
    let desk = Desk::new();
    let file = desk.write(&newest(), &pages);
    let ((first, _folder), second, (third, _folder3)) = (empty(), empty_postgres(), empty());
    desk.open(&file).expect("it opens").restore(&first, Millis(0)).expect("it is restored");
    for (from, to) in [(&first, &second), (&second, &third)] {
        let path = desk.path(&Uuid::new_v4().to_string());
        backup(from, &path, std::slice::from_ref(&desk.public), Millis(0)).expect("a backup");
        desk.open(&path).expect("it opens").restore(to, Millis(0)).expect("it is restored");
        assert!(all(from).iter().all(|page| page.rows.len() <= 200));
        let named = |store: &Store| -> BTreeMap<String, Vec<BTreeMap<String, Value>>> {
            let mut tables: BTreeMap<String, Vec<_>> = BTreeMap::new();
            // A restore is noted in the audit log of what it restores.
            for page in all(store).into_iter().filter(|page| page.table != "audit_entries") {
                let names = page.columns;
                let rows = page.rows.into_iter().map(|row| names.iter().cloned().zip(row).collect());
                tables.entry(page.table).or_default().extend(rows);
            }
            tables
        };
        let there = named(to);
        assert_eq!(there.len(), pages.len());
        assert!(pages.iter().all(|page| there[&page.table].len() == page.rows.len()));
        assert_eq!(there, named(from));
        // Nothing of it is sound, and all of it is looked at.
        let checked = verify(to, &mut |_| {}).expect("it can be read");
        let many = MANY.cast_unsigned();
        assert_eq!((checked.documents, checked.changes), (many, many));
        assert_eq!((checked.batches, checked.quarantined), (many, many));
        assert!(checked.findings > 3 * many);
    }
}

#[test]
fn a_restore_that_fails_half_way_leaves_nothing_behind() {
    let desk = Desk::new();
    let orphan =
        vec![bytes(2), bytes(77), text("u"), text("U"), text("manager"), text("-"), Value::Number(5)];
    let orphan = page("users", "id organisation_id login name role password_hash created_at", orphan);
    let bad = desk.write(&newest(), &[organisation(), orphan]);
    let good = desk.write(&newest(), &[organisation()]);
    each_empty(|store| {
        let refused = desk.open(&bad).expect("it opens").restore(store, Millis(0));
        assert!(matches!(refused, Err(Refused::Store(StoreError::Query(_)))), "{refused:?}");
        let good = desk.open(&good).expect("it opens");
        good.restore(store, Millis(0)).expect("as if there had been nothing before");
        assert_eq!(codes(store), ["aegis"]);
        let refused = good.restore(store, Millis(0));
        assert!(matches!(refused, Err(Refused::InUse)), "{refused:?}");
        assert_eq!(codes(store), ["aegis"]);
    });
}

#[test]
fn what_is_not_a_backup_or_of_a_later_version_is_refused() {
    let desk = Desk::new();
    let seal = |content: &[u8]| {
        let key: x25519::Recipient = desk.public.to_string().parse().expect("a key");
        let mut sealed = Vec::new();
        let encryptor = Encryptor::with_recipients(std::iter::once(&key as _)).expect("a key");
        let mut out = encryptor.wrap_output(&mut sealed).expect("it begins");
        out.write_all(content).expect("it is written");
        out.finish().expect("it ends");
        desk.file(&sealed)
    };
    let packed = |content: &[u8]| zstd::encode_all(content, 1).expect("it is packed");
    let columns = |columns: &str| page("organisations", columns, vec![bytes(1)]);
    let strange = page("sqlite_master", "name", vec![text("x")]);
    for foreign in [
        desk.file(b"a letter to somebody"),
        seal(b"a letter to somebody"),
        seal(&packed(b"")),
        seal(&packed(&[0, 0, 0, 1, 0x80])),
        seal(&packed(&[0xff; 100])),
        desk.write(&newest(), &[strange]),
        desk.write(&newest(), &[columns("id) SELECT")]),
        desk.write(&newest(), &[columns("id code")]),
    ] {
        let refused = desk.open(&foreign);
        assert!(matches!(refused, Err(Refused::Foreign)), "{refused:?}");
    }
    let refused = desk.open(&desk.write("20991231000001", &[]));
    assert!(matches!(refused, Err(Refused::Newer(_))), "{refused:?}");
    let later = packed(b"\0\0\0\x17\x83\x6eihuriro backup\x02\x659.9.9");
    let refused = desk.open(&seal(&later));
    assert!(matches!(&refused, Err(Refused::Newer(version)) if version == "9.9.9"), "{refused:?}");
    assert!(matches!(Backup::open(&seal(b""), &desk.file(b"no key")), Err(Refused::NotAKeyFile(_))));
    assert!(matches!(make_key(&desk.path("key")), Err(Refused::Exists(_))));
}
