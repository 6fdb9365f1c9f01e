//! Brings the tables up to date, whichever version they are at and however many servers start at once; and sees whether a
//! newer version of this program did so, which this one must not touch them after.

use std::sync::LazyLock;

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::dsl::max;
use diesel::migration::{self, Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Login, Store, StoreError, identity, keys};
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
    /// Applies the migrations that are missing, all in one transaction, and gives a new store its identity. A login of PostgreSQL that may make
    /// no tables only sees whether they are up to date.
    /// Running it again changes nothing. Several servers may do so at once: one works, the others wait for it.
    ///
    /// # Errors
    /// [`StoreError::Migration`]; the store is then as it was before.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.write("migrate", apply).await.inspect(|()| self.version.watch())
    }

    /// [`Store::migrate`] for the command line. Must not be called from async code.
    pub fn migrate_blocking(&self) -> Result<(), StoreError> {
        self.write_blocking("migrate", apply).inspect(|()| self.version.watch())
    }

    /// Whether the store answers, and its tables are those that this program works with. Once they were seen to be newer,
    /// every use case is refused.
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::Version`] and those of the store.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let checked = self.read("ready", |tx| check_version(tx).map(drop)).await;
        checked.inspect_err(|error| self.version.note(error))
    }
}

/// As [`Store::migrate`], within a transaction.
///
/// # Errors
/// [`StoreError::Migration`].
pub(crate) fn apply(tx: &mut Conn<'_>) -> Result<(), StoreError> {
    if may_make_tables(tx)? {
        up_to(tx, None)?;
    } else {
        Login::of(tx)?;
        check_version(tx)?;
    }
    identity::create(tx)?;
    keys::create(tx)
}

/// A login that may not serves tables that another one made.
fn may_make_tables(tx: &mut Conn<'_>) -> Result<bool, StoreError> {
    let Conn::Postgres(c) = tx else { return Ok(true) };
    let may = "coalesce(has_schema_privilege(current_schema(), 'CREATE'), true)";
    Ok(diesel::select(diesel::dsl::sql::<Bool>(may)).get_result(*c)?)
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

/// The version of the tables that this program works with.
static KNOWN: LazyLock<String> =
    LazyLock::new(|| versions().ok().and_then(|mut all| all.pop()).unwrap_or_default());

/// The version of the tables, in a transaction that may only read.
///
/// # Errors
/// [`StoreError::Newer`] or [`StoreError::Version`] unless it is the one that this program works with.
pub(crate) fn check_version(tx: &mut Conn<'_>) -> Result<String, StoreError> {
    let found = found(tx).map_err(|error| match error {
        StoreError::Query(_) => StoreError::Version,
        other => other,
    })?;
    match found {
        Some(found) if found == *KNOWN => Ok(found),
        Some(found) if found > *KNOWN => Err(newer(found)),
        _ => Err(StoreError::Version),
    }
}

/// One look before each transaction that writes: a newer program may have brought the tables up to date meanwhile.
///
/// # Errors
/// [`StoreError::Newer`].
pub(super) fn check_not_newer(tx: &mut Conn<'_>) -> Result<(), StoreError> {
    match found(tx)? {
        Some(found) if found > *KNOWN => Err(newer(found)),
        _ => Ok(()),
    }
}

fn found(tx: &mut Conn<'_>) -> Result<Option<String>, StoreError> {
    use __diesel_schema_migrations::{table, version};
    on_each!(tx, |c| table.select(max(version)).first(c))
}

fn newer(tables: String) -> StoreError {
    StoreError::Newer { tables, known: KNOWN.clone() }
}

fn up_to(tx: &mut Conn<'_>, version: Option<&str>) -> Result<(), StoreError> {
    let strange = match tx {
        Conn::Sqlite(c) => run(*c, SQLITE, version),
        Conn::Postgres(c) => {
            c.batch_execute(TURN)?;
            run(*c, POSTGRES, version)
        }
    }
    .map_err(failed)?;
    strange.map_or(Ok(()), |tables| Err(newer(tables)))
}

/// Applies what is missing, up to a version. Where a migration was applied that this program does not know, it applies none
/// and gives its version.
fn run<DB: Backend>(
    c: &mut impl MigrationHarness<DB>,
    source: EmbeddedMigrations,
    last: Option<&str>,
) -> migration::Result<Option<String>> {
    let known = versions().map_err(|error| error.to_string())?;
    let applied = c.applied_migrations()?.into_iter().map(|version| version.to_string());
    if let Some(strange) = applied.filter(|version| !known.contains(version)).max() {
        return Ok(Some(strange));
    }
    for migration in c.pending_migrations(source)? {
        if last.is_none_or(|last| migration.name().version().to_string().as_str() <= last) {
            c.run_migration(&*migration)?;
        }
    }
    Ok(None)
}

fn failed(error: impl ToString) -> StoreError {
    StoreError::Migration(error.to_string())
}
