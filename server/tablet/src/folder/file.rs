//! The file: one table of sealed blobs, one row that says how to open them, and what can be told and done without opening them.

use std::fs;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::seal::{Cost, Lock};
use super::{FILE, FolderError};

/// The version of this layout.
const VERSION: i32 = 1;
/// That of a folder behind a PIN: programs of before, which count no tries, leave it alone.
const BEHIND_A_PIN: i32 = 2;

/// `EXCLUSIVE` before the first read: then nobody else reads or writes until we close.
const OPENING: &str = "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
    PRAGMA busy_timeout=500; \
    PRAGMA secure_delete=ON; BEGIN EXCLUSIVE; \
    CREATE TABLE IF NOT EXISTS blobs (name BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID; \
    CREATE TABLE IF NOT EXISTS header (id INTEGER PRIMARY KEY CHECK (id = 1) NOT NULL, version INTEGER NOT NULL, \
    salt BLOB NOT NULL, memory_kib INTEGER NOT NULL, passes INTEGER NOT NULL, lanes INTEGER NOT NULL, \
    wrapped BLOB NOT NULL); \
    CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1) NOT NULL, unsent INTEGER, \
    wrong INTEGER NOT NULL DEFAULT 0, wrong_at BIGINT NOT NULL DEFAULT 0, latest BIGINT NOT NULL DEFAULT 0, \
    device TEXT); \
    CREATE TABLE IF NOT EXISTS note_key (id INTEGER PRIMARY KEY CHECK (id = 1) NOT NULL, recipient TEXT NOT NULL); \
    CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, sealed BLOB NOT NULL, \
    dropped BOOLEAN NOT NULL DEFAULT 0); \
    CREATE TABLE IF NOT EXISTS ready (id INTEGER PRIMARY KEY CHECK (id = 1) NOT NULL, changes BIGINT NOT NULL, \
    newest BIGINT NOT NULL, bundle BLOB NOT NULL); \
    INSERT OR IGNORE INTO state (id) VALUES (1); COMMIT";

diesel::table! {
    blobs (name) {
        name -> Binary,
        value -> Binary,
    }
}

diesel::table! {
    header (id) {
        id -> Integer,
        version -> Integer,
        salt -> Binary,
        memory_kib -> Integer,
        passes -> Integer,
        lanes -> Integer,
        wrapped -> Binary,
    }
}

diesel::table! {
    /// What can be read without the passphrase.
    state (id) {
        id -> Integer,
        /// How many changes wait to be handed in; not known before the first write.
        unsent -> Nullable<Integer>,
        /// Passphrases that were tried since the last right one.
        wrong -> Integer,
        /// When the last of these was tried, in milliseconds.
        wrong_at -> BigInt,
        /// The latest time at which anybody tried to open the folder, in milliseconds: turning the clock back does not go before it.
        latest -> BigInt,
        /// The id of the device at the server: whoever unlocks a locked folder asks there for its key. Which server that is stands sealed.
        device -> Nullable<Text>,
    }
}

diesel::table! {
    /// The public key to which notes are sealed, an age recipient. Its other half stands sealed among the blobs.
    note_key (id) {
        id -> Integer,
        recipient -> Text,
    }
}

diesel::table! {
    /// What was recorded while nobody could open the folder, in its order. No id is given twice.
    notes (id) {
        id -> BigInt,
        sealed -> Binary,
        /// Its owner decided that it is not recorded.
        dropped -> Bool,
    }
}

diesel::table! {
    /// What waits to be handed in, sealed for the store alone; no row where nothing does.
    ready (id) {
        id -> Integer,
        /// How many changes are in it.
        changes -> BigInt,
        /// The serial of the newest of them.
        newest -> BigInt,
        /// As it is handed to a colleague.
        bundle -> Binary,
    }
}

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = header, check_for_backend(diesel::sqlite::Sqlite))]
pub(super) struct Header {
    id: i32,
    version: i32,
    salt: Vec<u8>,
    memory_kib: i32,
    passes: i32,
    lanes: i32,
    wrapped: Vec<u8>,
}

impl Header {
    pub(super) fn of(lock: &Lock, behind_a_pin: bool) -> Self {
        let Cost { memory_kib, passes, lanes } = lock.cost;
        let [memory_kib, passes, lanes] = [memory_kib, passes, lanes].map(u32::cast_signed);
        let (salt, wrapped) = (lock.salt.clone(), lock.wrapped.clone());
        let version = if behind_a_pin { BEHIND_A_PIN } else { VERSION };
        Self { id: 1, version, salt, memory_kib, passes, lanes, wrapped }
    }

    /// # Errors
    /// [`FolderError::Newer`] if it is of a later layout.
    pub(super) fn lock(self) -> Result<Lock, FolderError> {
        if self.version > BEHIND_A_PIN {
            return Err(FolderError::Newer);
        }
        let [memory_kib, passes, lanes] = [self.memory_kib, self.passes, self.lanes].map(i32::cast_unsigned);
        let cost = Cost { memory_kib, passes, lanes };
        Ok(Lock { salt: self.salt, cost, wrapped: self.wrapped })
    }
}

/// Makes an empty file, and the directory where there is none, for nobody but their owner. SQLite gives its other
/// files the same mode. A directory that is there already keeps its own.
pub(super) fn make(at: &Path) -> Result<(), FolderError> {
    let unwritable = |why| FolderError::Unwritable { path: at.to_owned(), why };
    if at.join(FILE).exists() {
        return Ok(());
    }
    let mut directory = fs::DirBuilder::new();
    directory.recursive(true);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        directory.mode(0o700);
        options.mode(0o600);
    }
    directory.create(at).map_err(unwritable)?;
    options.open(at.join(FILE)).map_err(unwritable)?;
    Ok(())
}

/// Opens the file, alone.
pub(super) fn connect(at: &Path) -> Result<SqliteConnection, FolderError> {
    let file = at.join(FILE);
    // SQLite does not say why it can't open a file: the system does, and that it may not is no damage.
    let opened = fs::OpenOptions::new().read(true).write(true).open(&file);
    opened.map_err(|why| FolderError::Unwritable { path: file.clone(), why })?;
    let unreadable = FolderError::Damaged("its database can't be opened");
    let path = file.to_str().ok_or(FolderError::Damaged("its path is not valid UTF-8"))?;
    let mut connection = SqliteConnection::establish(path).map_err(|_| unreadable)?;
    connection.batch_execute(OPENING).map_err(|error| {
        let words = error.to_string();
        if words.contains("locked") {
            FolderError::InUse(at.to_owned())
        } else if words.contains("not a database") || words.contains("malformed") {
            FolderError::Damaged("its database can't be read")
        } else {
            FolderError::Database(error)
        }
    })?;
    Ok(connection)
}
