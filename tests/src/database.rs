//! A database of a test's own.

use std::fs;
use std::path::Path;
use std::process::Command;

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

    /// Whether the files of SQLite hold this word anywhere, also where nothing points to it any more.
    pub fn files_hold(&self, word: &str) -> bool {
        let path = self.url.trim_start_matches(SQLITE);
        ["", "-wal"].iter().any(|end| {
            let bytes = fs::read(format!("{path}{end}")).unwrap_or_default();
            bytes.windows(word.len()).any(|window| window == word.as_bytes())
        })
    }

    fn in_folder(folder: TempDir) -> Self {
        let url = format!("{SQLITE}{}", folder.path().join("ihuriro.db").display());
        Self { url, _folder: Some(folder) }
    }

    /// A schema in the PostgreSQL that `tests/run` starts. Without one the test fails; it is never skipped.
    pub fn postgres() -> Self {
        let url = std::env::var("IHURIRO_TEST_POSTGRES")
            .expect("run these by tests/run, which starts a PostgreSQL");
        Self::schema_of(&url)
    }

    /// A schema whose owner is no superuser: row-level security holds it, too.
    fn schema_of(url: &str) -> Self {
        let schema = format!("test_{}", Uuid::now_v7().simple());
        as_superuser(
            url,
            &[&login(OWNER, "CREATEROLE"), &format!("CREATE SCHEMA {schema} AUTHORIZATION {OWNER}")],
        );
        let url = url.replacen(SUPERUSER, &format!("://{OWNER}@"), 1);
        Self { url: format!("{url}&options=-csearch_path%3D{schema}"), _folder: None }
    }

    /// The same database, once it is brought up to date, for a login that owns nothing in it.
    pub fn for_servant(&self) -> Self {
        let owner = format!("://{OWNER}@");
        let grant = format!("GRANT ihuriro_caller, ihuriro_worker TO {SERVANT}");
        as_superuser(&self.url.replacen(&owner, SUPERUSER, 1), &[&login(SERVANT, ""), &grant]);
        Self { url: self.url.replacen(&owner, &format!("://{SERVANT}@"), 1), _folder: None }
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

const SUPERUSER: &str = "://postgres@";
const OWNER: &str = "ihuriro_test_owner";
const SERVANT: &str = "ihuriro_test_servant";

/// Logins belong to the whole server: another test may have made this one.
fn login(name: &str, more: &str) -> String {
    format!(
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN CREATE ROLE {name} LOGIN {more}; END IF; END $$"
    )
}

/// One after the other, as two may not change one role at the same moment.
fn as_superuser(url: &str, statements: &[&str]) {
    let turn = "SELECT pg_advisory_xact_lock(5)";
    Store::open(url)
        .expect("PostgreSQL answers")
        .write_blocking("superuser", |tx: &mut Conn<'_>| -> Result<(), StoreError> {
            for statement in [turn].iter().chain(statements) {
                on_each!(tx, |c| diesel::sql_query(*statement).execute(c))?;
            }
            Ok(())
        })
        .expect("a superuser may do that");
}

/// A PostgreSQL of a test's own, which it may stop and start.
#[derive(Debug)]
pub struct OwnPostgres {
    folder: String,
}

impl OwnPostgres {
    /// Makes one and starts it.
    #[expect(clippy::new_without_default, reason = "it starts a server")]
    pub fn new() -> Self {
        Self { folder: postgres(&["new"]) }
    }

    /// A schema in it.
    pub fn database(&self) -> Database {
        Database::schema_of(&postgres(&["address", &self.folder]))
    }

    /// Stops it as a crash would.
    pub fn stop(&self) {
        postgres(&["stop", &self.folder]);
    }

    /// Starts it again, where it was.
    pub fn start(&self) {
        postgres(&["start", &self.folder]);
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        postgres(&["remove", &self.folder]);
    }
}

/// Runs `tests/postgres`; gives the line that it says.
fn postgres(words: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("postgres");
    let output = Command::new(script).args(words).output().expect("tests/postgres runs");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    assert!(output.status.success(), "tests/postgres {words:?}: {}", said(&output.stderr));
    said(&output.stdout)
}
