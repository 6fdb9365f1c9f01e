//! Where everything is kept: SQLite in a file, or PostgreSQL, with one text of queries for both.
//!
//! A use case is a closure over one transaction, named for the metrics:
//!
//! ```ignore
//! let organisations = store.read("organisations", |tx| {
//!     on_each!(tx, |c| organisations::table.select(Organisation::as_select()).load(c))
//! }).await?;
//! ```
//!
//! The closure may run several times (see [`StoreError::Raced`]), so it must not do anything but talk to the
//! store. No connection leaves it.
//!
//! Reading order: where the database is ([`address`]), what can go wrong ([`error`]), the two connections
//! ([`conn`], [`sqlite`], [`postgres`]), columns and tables, who asks ([`wall`]), transactions, then [`migrate`] and [`identity`].

mod address;
mod error;
mod conn;
mod sqlite;
mod postgres;
pub mod columns;
pub mod schema;
mod version;
mod wall;
mod transaction;
mod writer;
pub(crate) mod migrate;
pub mod identity;
pub mod keys;
pub mod token_keys;
#[cfg(test)]
pub(crate) mod tests;

pub use address::Address;
pub use columns::{At, Code, Db};
pub use conn::Conn;
pub use error::{Failure, Refusal, Retry, StoreError};
pub use postgres::Pg;
pub(crate) use wall::as_worker;
pub use wall::{Asker, Login};

use std::fmt;
use std::sync::{Arc, Mutex};

use diesel::connection::SimpleConnection;
use version::Version;

/// The store of one service. Cheap to clone; all clones share one pool of connections.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    version: Version,
    /// See [`Store::noting`].
    note: Option<Note>,
    behalf: wall::Behalf,
}

/// What is written before anything else in each transaction that may write.
type Note = Arc<dyn Fn(&mut Conn<'_>) -> Result<(), StoreError> + Send + Sync>;

#[derive(Clone)]
enum Pool {
    Sqlite {
        pool: r2d2::Pool<sqlite::Files>,
        /// SQLite has one writer at a time. Queueing here, before a connection is taken, is fairer than its
        /// polling and leaves the pool to the readers.
        writer: Arc<Mutex<()>>,
        /// Takes what is to be written, many at a time.
        queue: writer::Queue,
    },
    Postgres(r2d2::Pool<postgres::Servers>),
}

impl Store {
    /// Opens `sqlite:PATH`, `file:PATH`, a bare path, or `postgres://…`, and makes sure that it answers.
    ///
    /// For PostgreSQL, `sslmode` is `disable`, `prefer` (the default), `require` or `verify-full`; wherever TLS is
    /// used, the server's certificate is verified, against `sslrootcert=FILE` if given, otherwise against the
    /// system's roots.
    ///
    /// Blocks for up to ten seconds while a database does not answer.
    ///
    /// # Errors
    /// [`StoreError::Address`] and [`StoreError::Away`].
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let pool = match url.parse()? {
            Address::Sqlite(path) => {
                let (pool, writer) = (sqlite::pool(path)?, Arc::new(Mutex::new(())));
                let queue = writer::start(pool.clone(), Arc::clone(&writer))
                    .map_err(|error| StoreError::Away(error.to_string()))?;
                Pool::Sqlite { pool, writer, queue }
            }
            Address::Postgres(address) => Pool::Postgres(postgres::pool(&address)?),
        };
        Ok(Self { pool, version: Version::default(), note: None, behalf: wall::Behalf::default() })
    }

    /// As [`Store::open`], but makes no new file.
    ///
    /// # Errors
    /// [`StoreError::Address`] and [`StoreError::Away`].
    pub fn open_existing(url: &str) -> Result<Self, StoreError> {
        match url.parse()? {
            Address::Sqlite(path) if !path.exists() => Err(StoreError::Away(format!(
                "there is no file {}; DATABASE_URL or --database-url says which it is, and `ihuriro migrate` makes one",
                path.display()
            ))),
            _ => Self::open(url),
        }
    }

    /// The same store, in which every use case that writes first writes a note, in its transaction, after the notes that it wrote anyway:
    /// all is committed, or nothing.
    pub fn noting(
        &self,
        note: impl Fn(&mut Conn<'_>) -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> Self {
        let note: Note = match self.note.clone() {
            None => Arc::new(note),
            Some(before) => Arc::new(move |tx| before(tx).and_then(|()| note(tx))),
        };
        Self { note: Some(note), ..self.clone() }
    }

    /// The same store, without the notes.
    pub fn not_noting(&self) -> Self {
        Self { note: None, ..self.clone() }
    }

    /// Empties the write-ahead log of SQLite, in which what was overwritten stands until its pages are used again. Where somebody reads at
    /// this moment it stays until they end; a later commit empties it then. PostgreSQL does this by itself, in its own time.
    pub async fn forget_what_was_overwritten(&self) {
        let store = self.clone();
        let done = actix_web::web::block(move || match &store.pool {
            Pool::Sqlite { pool, .. } => pool.get().is_ok_and(|mut connection| {
                connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").is_ok()
            }),
            Pool::Postgres(_) => true,
        });
        if !done.await.unwrap_or(false) {
            tracing::warn!("the write-ahead log could not be emptied; it is when the service stops");
        }
    }

    /// `SQLite` or `PostgreSQL`, for people.
    pub fn kind(&self) -> &'static str {
        match self.pool {
            Pool::Sqlite { .. } => "SQLite",
            Pool::Postgres(_) => "PostgreSQL",
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.kind())
    }
}
