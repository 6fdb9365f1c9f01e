//! One use case, one transaction, run again when it lost a race.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use r2d2::ManageConnection;
use rand::RngExt;
use tracing::Span;

use super::{Conn, Pg, Pool, Retry, Store, StoreError, migrate};

/// On PostgreSQL.
const READS: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
pub(super) const RETRIES: u32 = 20;
/// How long to wait for a connection.
const CONNECTION: Duration = Duration::from_secs(5);
/// A database that made us wait this long is busy; the caller should hear it.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Clone, Copy)]
enum Access {
    Read,
    Write,
}

impl Store {
    /// Runs `case` in one transaction that may write, where blocking is allowed. Either all of it is durably committed, or none:
    /// `Err` rolls back. A case that lost a race runs again, up to twenty times. On SQLite it may share its commit with others.
    ///
    /// # Errors
    /// What `case` answers, or a [`StoreError`] turned into it.
    pub async fn write<T, E, F>(&self, name: &'static str, case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Retry + Send + 'static,
        F: Fn(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
    {
        if let Pool::Sqlite { queue, .. } = &self.pool {
            return self.queued(queue, name, case).await;
        }
        let store = self.clone();
        on_a_blocking_thread(name, move || store.write_blocking(name, case)).await
    }

    /// Runs `case` in one transaction that sees the store as it was at one moment.
    ///
    /// # Errors
    /// What `case` answers, or a [`StoreError`] turned into it.
    pub async fn read<T, E, F>(&self, name: &'static str, case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Retry + Send + 'static,
        F: Fn(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
    {
        let store = self.clone();
        on_a_blocking_thread(name, move || store.read_blocking(name, case)).await
    }

    /// [`Store::write`] for the command line. Must not be called from async code.
    pub fn write_blocking<T, E, F>(&self, name: &'static str, case: F) -> Result<T, E>
    where
        E: From<StoreError> + Retry,
        F: Fn(&mut Conn<'_>) -> Result<T, E>,
    {
        self.run(Access::Write, name, case)
    }

    /// [`Store::read`] for the command line. Must not be called from async code.
    pub fn read_blocking<T, E, F>(&self, name: &'static str, case: F) -> Result<T, E>
    where
        E: From<StoreError> + Retry,
        F: Fn(&mut Conn<'_>) -> Result<T, E>,
    {
        self.run(Access::Read, name, case)
    }

    fn run<T, E, F>(&self, access: Access, name: &'static str, case: F) -> Result<T, E>
    where
        E: From<StoreError> + Retry,
        F: Fn(&mut Conn<'_>) -> Result<T, E>,
    {
        self.version.check()?;
        let started = Instant::now();
        let mut lost = 0;
        let result = loop {
            match self.once(access, &case) {
                Err(error) if error.retry() && lost < RETRIES && started.elapsed() < PATIENCE => {
                    lost += 1;
                    metrics::counter!("ihuriro_store_retries_total", "name" => name).increment(1);
                    tracing::debug!(name, lost, "running again");
                    std::thread::sleep(pause(lost));
                }
                result => break result,
            }
        };
        outcome(name, &result, started);
        result
    }

    /// Runs a case that may write, in the transaction that it is to be part of.
    pub(super) fn written<T, E: From<StoreError>>(
        &self,
        tx: &mut Conn<'_>,
        case: &impl Fn(&mut Conn<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.version.is_watched() {
            migrate::check_not_newer(tx).inspect_err(|error| self.version.note(error))?;
        }
        if let Some(note) = &self.note {
            note(tx)?;
        }
        case(tx)
    }

    fn once<T, E, F>(&self, access: Access, case: &F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: Fn(&mut Conn<'_>) -> Result<T, E>,
    {
        let case = |tx: &mut Conn<'_>| match access {
            Access::Read => case(tx),
            Access::Write => self.written(tx, case),
        };
        // What the case says is why it failed, whatever rolling back says after it: a database whose disk is full may have
        // done that by itself, and refuses to do it again.
        let mut failed = None;
        let mut broke_off = |error: E| {
            failed = Some(error);
            diesel::result::Error::RollbackTransaction
        };
        let result = match (&self.pool, access) {
            (Pool::Sqlite { pool, .. }, Access::Read) => {
                let mut connection = connection(pool)?;
                connection.transaction(|c| case(&mut Conn::Sqlite(c)).map_err(&mut broke_off))
            }
            (Pool::Sqlite { pool, writer, .. }, Access::Write) => {
                let _turn = writer.lock().unwrap_or_else(PoisonError::into_inner);
                let mut connection = connection(pool)?;
                let connection: &mut SqliteConnection = &mut connection;
                connection.immediate_transaction(|c| case(&mut Conn::Sqlite(c)).map_err(&mut broke_off))
            }
            (Pool::Postgres(pool), access) => {
                let mut connection = connection(pool)?;
                let connection: &mut Pg = &mut connection;
                connection.transaction(|c| {
                    let begins = match access {
                        Access::Read => [READS, &self.behalf.takes_on()].join("; "),
                        Access::Write => self.behalf.takes_on(),
                    };
                    if !begins.is_empty() {
                        c.batch_execute(&begins)?;
                    }
                    case(&mut Conn::Postgres(c)).map_err(&mut broke_off)
                })
            }
        };
        result.map_err(|error| failed.unwrap_or_else(|| E::from(StoreError::from(error))))
    }
}

/// Tells the metrics how a use case ended.
pub(super) fn outcome<T, E: Retry>(name: &'static str, result: &Result<T, E>, started: Instant) {
    let outcome = match result {
        Ok(_) => "ok",
        Err(error) if error.retry() => "busy",
        Err(_) => "refused",
    };
    metrics::histogram!("ihuriro_store_seconds", "name" => name, "outcome" => outcome)
        .record(started.elapsed().as_secs_f64());
}

/// A connection of the pool, once one is free.
pub(super) fn connection<M: ManageConnection>(
    pool: &r2d2::Pool<M>,
) -> Result<r2d2::PooledConnection<M>, StoreError> {
    let asked = Instant::now();
    let got = pool.get_timeout(CONNECTION);
    metrics::histogram!("ihuriro_store_wait_seconds").record(asked.elapsed().as_secs_f64());
    got.map_err(|error| StoreError::Away(error.to_string()))
}

/// Up to 2, 4, 8 … 64 ms, at random, so that those who met once do not meet again.
pub(super) fn pause(lost: u32) -> Duration {
    Duration::from_micros(rand::rng().random_range(0..1000 << lost.min(6)))
}

async fn on_a_blocking_thread<T, E>(
    name: &'static str,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let span = Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work))
        .await
        .unwrap_or_else(|_panicked| Err(E::from(StoreError::Stopped(name))))
}
