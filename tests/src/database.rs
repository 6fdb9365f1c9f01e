//! A database of a test's own.

use std::fs;

use diesel::prelude::*;
use server::on_each;
use server::store::{Conn, Store, StoreError};
use tempfile::TempDir;
use uuid::Uuid;

const SQLITE: &str = "sqlite:";

/// A temporary folder, in memory where the machine has one there.
pub(crate) fn in_memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder")
}

/// A database that goes with the test; two services may work on it at once.
#[derive(Debug)]
pub struct Database {
    pub url: String,
    _folder: Option<TempDir>,
}

impl Database {
    pub fn sqlite() -> Self {
        Self::in_folder(tempfile::tempdir().expect("a temporary folder"))
    }

    /// A copy of a whole SQLite file, in memory where the machine has a folder there.
    pub fn sqlite_of(file: &[u8]) -> Self {
        let database = Self::in_folder(in_memory());
        fs::write(database.url.trim_start_matches(SQLITE), file).expect("the file is written");
        database
    }

    fn in_folder(folder: TempDir) -> Self {
        let url = format!("{SQLITE}{}", folder.path().join("ihuriro.db").display());
        Self { url, _folder: Some(folder) }
    }

    /// A schema in the PostgreSQL that `tests/run` starts. Without one the test fails; it is never skipped.
    pub fn postgres() -> Self {
        let url = std::env::var("IHURIRO_TEST_POSTGRES")
            .expect("run these by tests/run, which starts a PostgreSQL");
        let schema = format!("test_{}", Uuid::now_v7().simple());
        let create = format!("CREATE SCHEMA {schema}");
        let store = Store::open(&url).expect("PostgreSQL answers");
        store
            .write_blocking("schema", |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
                on_each!(tx, |c| diesel::sql_query(&create).execute(c))
            })
            .expect("a schema of its own");
        Self { url: format!("{url}&options=-csearch_path%3D{schema}"), _folder: None }
    }

    /// An empty one of the same kind.
    pub fn another(&self) -> Self {
        if self.url.starts_with(SQLITE) { Self::sqlite_of(&[]) } else { Self::postgres() }
    }

    /// Runs a test on both, saying which one it is on.
    pub fn each(test: impl Fn(&Database)) {
        for (name, database) in [("SQLite", Self::sqlite()), ("PostgreSQL", Self::postgres())] {
            println!("on {name}");
            test(&database);
        }
    }
}
