//! Brings the tables up to date, whichever version they are at and however many servers start at once.

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::dsl::max;
use diesel::migration::{self, Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Store, StoreError, identity, keys};
use crate::on_each;

const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// PostgreSQL's advisory lock for migrations; any number that is ours ("ihuriro" in ASCII).
const TURN: &str = "SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(29663962171105903)";

table! {
    /// Kept by Diesel: which migrations were applied.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

impl Store {
    /// Applies the migrations that are missing, all in one transaction, and gives a new store its identity.
    /// Running it again changes nothing. Several servers may do so at once: one works, the others wait for it.
    ///
    /// # Errors
    /// [`StoreError::Migration`]; the store is then as it was before.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.write("migrate", apply).await
    }

    /// [`Store::migrate`] for the command line. Must not be called from async code.
    pub fn migrate_blocking(&self) -> Result<(), StoreError> {
        self.write_blocking("migrate", apply)
    }
}

/// As [`Store::migrate`], within a transaction.
///
/// # Errors
/// [`StoreError::Migration`].
pub(crate) fn apply(tx: &mut Conn<'_>) -> Result<(), StoreError> {
    up_to(tx, None)?;
    identity::create(tx)?;
    keys::create(tx)
}

/// Makes the tables as they were at `version`, where there have never been any; `false`, and nothing is done, where
/// there have.
///
/// # Errors
/// [`StoreError::Migration`].
pub(crate) fn begin(tx: &mut Conn<'_>, version: &str) -> Result<bool, StoreError> {
    let applied = match tx {
        Conn::Sqlite(c) => c.applied_migrations(),
        Conn::Postgres(c) => {
            c.batch_execute(TURN)?;
            c.applied_migrations()
        }
    };
    let new = applied.map_err(failed)?.is_empty();
    if new {
        up_to(tx, Some(version))?;
    }
    Ok(new)
}

/// All versions that the tables ever had, the last being that which this program works with.
///
/// # Errors
/// [`StoreError::Migration`].
pub(crate) fn versions() -> Result<Vec<String>, StoreError> {
    let all: Vec<Box<dyn Migration<Sqlite>>> = SQLITE.migrations().map_err(failed)?;
    let mut versions: Vec<String> = all.iter().map(|one| one.name().version().to_string()).collect();
    versions.sort_unstable();
    Ok(versions)
}

/// The version of the tables, in a transaction that may only read.
///
/// # Errors
/// [`StoreError::Version`] unless it is the one that this program works with.
pub(crate) fn check_version(tx: &mut Conn<'_>) -> Result<String, StoreError> {
    use __diesel_schema_migrations::{table, version};
    let found: Option<String> =
        on_each!(tx, |c| table.select(max(version)).first(c)).map_err(|error| match error {
            StoreError::Query(_) => StoreError::Version,
            other => other,
        })?;
    found.filter(|found| versions().is_ok_and(|all| all.last() == Some(found))).ok_or(StoreError::Version)
}

fn up_to(tx: &mut Conn<'_>, version: Option<&str>) -> Result<(), StoreError> {
    match tx {
        Conn::Sqlite(c) => run(*c, SQLITE, version),
        Conn::Postgres(c) => {
            c.batch_execute(TURN)?;
            run(*c, POSTGRES, version)
        }
    }
    .map_err(failed)
}

/// Applies what is missing, up to a version.
fn run<DB: Backend>(
    c: &mut impl MigrationHarness<DB>,
    source: EmbeddedMigrations,
    last: Option<&str>,
) -> migration::Result<()> {
    for migration in c.pending_migrations(source)? {
        if last.is_none_or(|last| migration.name().version().to_string().as_str() <= last) {
            c.run_migration(&*migration)?;
        }
    }
    Ok(())
}

fn failed(error: impl ToString) -> StoreError {
    StoreError::Migration(error.to_string())
}
