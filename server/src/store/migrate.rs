//! Brings the tables up to date, whichever version they are at and however many servers start at once.

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Store, StoreError, identity};

const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// PostgreSQL's advisory lock for migrations; any number that is ours ("ihuriro" in ASCII).
const TURN: &str = "SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(29663962171105903)";

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

fn apply(tx: &mut Conn<'_>) -> Result<(), StoreError> {
    match tx {
        Conn::Sqlite(c) => c.run_pending_migrations(SQLITE).map(drop),
        Conn::Postgres(c) => {
            c.batch_execute(TURN)?;
            c.run_pending_migrations(POSTGRES).map(drop)
        }
    }
    .map_err(|error| StoreError::Migration(error.to_string()))?;
    identity::create(tx)
}
