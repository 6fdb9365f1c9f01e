//! A disk dies. What was backed up comes back, in whichever database; what was recorded since comes from the tablets.

mod making;
mod restoring;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use server::backup::{Backup, PublicKey, Refused, backup, make_key};
use server::on_each;
use server::register::organisations::{self, NewOrganisation};
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
use tests::{Database, Fault, Network, Session, TestApp, Village};

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
