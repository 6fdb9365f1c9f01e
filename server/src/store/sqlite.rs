//! SQLite in a file: no server to look after, for one office or a laptop.

#[cfg(unix)]
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{Error, R2D2Connection};
use diesel::{Connection, SqliteConnection};
use r2d2::ManageConnection;

use super::StoreError;

const CONNECTIONS: u32 = 8;
const PATIENCE: Duration = Duration::from_secs(10);

/// `busy_timeout` first: the others may have to wait for a lock themselves. FULL, since a change that was
/// acknowledged leaves the tablet's outbox, and must then survive a power cut here. `secure_delete`, since what was
/// erased must not be found in the file.
const SETTINGS: &str = "
    PRAGMA busy_timeout = 10000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
";

/// Makes connections to one file.
#[derive(Debug)]
pub(super) struct Files {
    path: PathBuf,
}

pub(super) fn pool(path: PathBuf) -> Result<r2d2::Pool<Files>, StoreError> {
    keep_private(&path).map_err(|error| StoreError::Away(format!("{}: {error}", path.display())))?;
    let files = Files { path };
    // A file that can't be opened now won't be in ten seconds either: say so at once. One that is only locked,
    // since another process is making it a WAL database, is left to the pool, which tries again.
    if let Err(Error::ConnectionError(error)) = files.connect() {
        return Err(StoreError::Away(format!("{}: {error}", files.path.display())));
    }
    r2d2::Pool::builder()
        .max_size(CONNECTIONS)
        .min_idle(Some(1))
        .connection_timeout(PATIENCE)
        // A file does not hang up.
        .test_on_check_out(false)
        .build(files)
        .map_err(|error| StoreError::Away(error.to_string()))
}

/// The file holds records, password hashes and keys: a new one is readable by its owner alone. SQLite gives the files
/// beside it the same mode. One that is there keeps the mode that its owner gave it.
#[cfg(unix)]
fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

#[cfg(not(unix))]
fn keep_private(_: &Path) -> std::io::Result<()> {
    Ok(())
}

impl ManageConnection for Files {
    type Connection = SqliteConnection;
    type Error = Error;

    fn connect(&self) -> Result<SqliteConnection, Error> {
        let mut connection =
            SqliteConnection::establish(&self.path.to_string_lossy()).map_err(Error::ConnectionError)?;
        connection.batch_execute(SETTINGS).map_err(Error::QueryError)?;
        Ok(connection)
    }

    fn is_valid(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        connection.ping().map_err(Error::QueryError)
    }

    /// A connection that a panic passed through may be inside a transaction still.
    fn has_broken(&self, connection: &mut SqliteConnection) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}
