//! The tablet's data folder: one SQLite file in which every blob, and every blob's name, is sealed. A stolen folder
//! shows how many blobs there are and how large, how many changes wait, how large they are together and how many there ever were, a random id, how many
//! wrong passphrases were tried, and how many notes were left while it was locked, how large each is, and a random public key; nothing else.
//!
//! Three things go on while nobody can open it ([`outside`]): it tells what stands in the open, takes *notes*, sealed so that only whoever opens the
//! folder reads them ([`notes`]), and gives out a *bundle* of the changes that wait, sealed for the store alone.
//!
//! Durable means durable: a write has returned only once it is on the disk (`synchronous=FULL`), all of it or none. One
//! program has the folder at a time.

mod error;
mod file;
mod seal;
mod tries;
mod notes;
mod outside;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use sync_core::id::DeviceId;
use sync_core::tablet::{Blob, Write};
use sync_core::time::Millis;

use file::{Header, blobs, header, ready, state};
use seal::{KEY, Seal};

pub use error::FolderError;
pub use notes::{KeptNote, LONGEST_NOTE, MOST_NOTES};
pub use outside::{Outside, Ready, Unsent};
pub use tries::MOST;

/// The name of the database in the folder.
pub const FILE: &str = "tablet.db";
/// The least length of a PIN: digits alone. Its tries are bounded ([`tries`]), which stops who finds the tablet, not who copies the folder.
pub const SHORTEST_PIN: usize = 6;
/// The least length of a passphrase, in characters.
pub const SHORTEST_PASSPHRASE: usize = 8;
/// Where the machine's own settings stand, among the names of the tablet's blobs, none of which is this.
const SETTINGS: &str = "settings";

/// An open folder. Whoever has it has it alone.
pub struct Folder {
    connection: SqliteConnection,
    seal: Seal,
    destroyed: bool,
    /// The note that goes with the next writes.
    note: Option<i64>,
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").finish_non_exhaustive()
    }
}

impl Folder {
    /// Whether there is a tablet in the directory `at`.
    pub fn is_at(at: &Path) -> bool {
        at.join(FILE).exists()
    }

    /// Whether a folder may have this passphrase: long enough, or a PIN that is.
    ///
    /// # Errors
    /// [`FolderError::ShortPassphrase`], [`FolderError::ShortPin`], [`FolderError::PlainPin`].
    pub fn may_be(passphrase: &str) -> Result<(), FolderError> {
        let length = passphrase.chars().count();
        match tries::is_pin(passphrase) {
            true if length < SHORTEST_PIN => Err(FolderError::ShortPin),
            true if tries::is_plain(passphrase) => Err(FolderError::PlainPin),
            false if length < SHORTEST_PASSPHRASE => Err(FolderError::ShortPassphrase),
            _ => Ok(()),
        }
    }

    /// Makes a new, empty folder; the directory too, where there is none.
    ///
    /// # Errors
    /// [`FolderError::There`] if there is one already, [`FolderError::ShortPassphrase`], or why it can't be written.
    pub fn create(at: &Path, passphrase: &str) -> Result<Self, FolderError> {
        Self::may_be(passphrase)?;
        file::make(at)?;
        let mut connection = file::connect(at)?;
        let (seal, lock) = Seal::new(passphrase);
        let began = connection.transaction(|connection| {
            if header::table.count().get_result::<i64>(connection)? > 0 {
                return Ok(false);
            }
            diesel::insert_into(header::table)
                .values(Header::of(&lock, tries::is_pin(passphrase)))
                .execute(connection)?;
            notes::keep_key(connection, &seal)?;
            Ok::<_, FolderError>(true)
        })?;
        if began {
            Ok(Self { connection, seal, destroyed: false, note: None })
        } else {
            Err(FolderError::There(at.to_owned()))
        }
    }

    /// Opens the folder in the directory `at`.
    ///
    /// # Errors
    /// [`FolderError::Missing`], [`FolderError::InUse`], [`FolderError::WrongPassphrase`] and so on; [`FolderError::Wait`] or
    /// [`FolderError::Locked`] after wrong ones, also where this one is right.
    pub fn open(at: &Path, passphrase: &str, now: Millis) -> Result<Self, FolderError> {
        if !Self::is_at(at) {
            return Err(FolderError::Missing(at.to_owned()));
        }
        let mut connection = file::connect(at)?;
        let header = header::table.select(Header::as_select()).first(&mut connection).optional()?;
        let header = header.ok_or_else(|| FolderError::Missing(at.to_owned()))?;
        let lock = header.lock()?;
        tries::count(&mut connection, now)?;
        let seal = match Seal::open(passphrase, &lock) {
            Err(FolderError::WrongPassphrase { .. }) => {
                return Err(FolderError::WrongPassphrase { left: tries::left(&mut connection)? });
            }
            opened => opened?,
        };
        tries::forget(&mut connection, None)?;
        connection.transaction(|connection| notes::keep_key(connection, &seal))?;
        Ok(Self { connection, seal, destroyed: false, note: None })
    }

    /// Puts a new passphrase on the folder in the directory `at`, and gives all tries back: with its `key`, which the server gave for a manager's
    /// code, or without one, where the server has none and the passphrase of before stays.
    ///
    /// # Errors
    /// [`FolderError::OtherKey`], [`FolderError::ShortPassphrase`] and so on; the folder is as it was then.
    pub fn unlock(at: &Path, key: Option<&[u8]>, passphrase: &str, now: Millis) -> Result<(), FolderError> {
        if !Self::is_at(at) {
            return Err(FolderError::Missing(at.to_owned()));
        }
        let mut connection = file::connect(at)?;
        let Some(key) = key else { return tries::forget(&mut connection, Some(now)) };
        Self::may_be(passphrase)?;
        let key = <[u8; KEY]>::try_from(key).map_err(|_| FolderError::OtherKey)?;
        let mut folder = Self { connection, seal: Seal::with(key), destroyed: false, note: None };
        // The key opens what is there, or it is not the key.
        folder.open_all().map_err(|_| FolderError::OtherKey)?;
        let lock = folder.seal.lock(passphrase);
        folder.connection.transaction(|connection| {
            let header = Header::of(&lock, tries::is_pin(passphrase));
            diesel::update(header::table).set(header).execute(connection)?;
            tries::forget(connection, Some(now))
        })
    }

    /// What opens the folder, for the server to keep, sealed.
    pub fn key(&self) -> &[u8] {
        self.seal.key()
    }

    /// Keeps in the open by which id the server knows the folder's key.
    ///
    /// # Errors
    /// [`FolderError::Full`] or [`FolderError::Database`] if the disk refuses.
    pub fn keep_device(&mut self, device: DeviceId) -> Result<(), FolderError> {
        // Nothing is written where it stands there already.
        let place = state::table.filter(state::device.is_null());
        diesel::update(place).set(state::device.eq(device.to_string())).execute(&mut self.connection)?;
        Ok(())
    }

    /// Destroys the key and all that it opens: the tablet was revoked, and the server has what it recorded. What is written to this folder from
    /// now on is not kept.
    ///
    /// # Errors
    /// [`FolderError::Database`] if the disk refuses.
    pub fn destroy(&mut self) -> Result<(), FolderError> {
        self.connection.batch_execute(
            "BEGIN IMMEDIATE; DELETE FROM header; DELETE FROM blobs; DELETE FROM note_key; DELETE FROM notes; DELETE FROM ready; \
             UPDATE state SET unsent = 0, wrong = 0, device = NULL; COMMIT; \
             PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
        )?;
        self.destroyed = true;
        Ok(())
    }

    /// Makes the tablet's writes durable, all or none.
    ///
    /// # Errors
    /// [`FolderError::Full`] or [`FolderError::Database`] if the disk refuses; nothing is written then.
    ///
    /// `unsent` is what waits to be handed in once they are: how much stands in the open for whoever shares the tablet, and the changes themselves, sealed
    /// for the store, so that they can leave a tablet that nobody opens. The note that is being recorded goes with them.
    pub fn persist(&mut self, writes: &[Write], unsent: impl Into<Unsent>) -> Result<(), FolderError> {
        if self.destroyed {
            return Ok(());
        }
        self.connection.batch_execute("BEGIN IMMEDIATE")?;
        let done = self.write(writes, &unsent.into()).and_then(|()| self.connection.batch_execute("COMMIT"));
        match &done {
            Ok(()) => self.note = None,
            // Where the disk is full SQLite has rolled back by itself, and refuses to do it again. In a transaction of
            // Diesel's that would be the end of the connection.
            Err(_) => drop(self.connection.batch_execute("ROLLBACK")),
        }
        Ok(done?)
    }

    fn write(&mut self, writes: &[Write], unsent: &Unsent) -> Result<(), diesel::result::Error> {
        let Self { connection, seal, note, .. } = self;
        let changes = i32::try_from(unsent.changes).unwrap_or(i32::MAX);
        diesel::update(state::table).set(state::unsent.eq(changes)).execute(connection)?;
        if unsent.changes == 0 {
            diesel::delete(ready::table).execute(connection)?;
        } else if let Some(Ready { newest, bundle }) = &unsent.ready {
            let of = (ready::changes.eq(i64::from(changes)), ready::newest.eq(newest.cast_signed()));
            let row = (ready::id.eq(1), of, ready::bundle.eq(bundle));
            diesel::replace_into(ready::table).values(row).execute(connection)?;
        }
        if let Some(note) = *note {
            notes::remove(connection, note)?;
        }
        for write in writes {
            match write {
                Write::Put(key, value) => put(connection, seal, &key.to_string(), value)?,
                Write::Delete(key) => {
                    let name = seal.name(&key.to_string());
                    diesel::delete(blobs::table.find(name.as_slice())).execute(connection)?;
                }
            }
        }
        Ok(())
    }

    /// All blobs of the tablet.
    ///
    /// # Errors
    /// [`FolderError::Damaged`] if one was tampered with or bears another's name.
    pub fn blobs(&mut self) -> Result<Vec<Blob>, FolderError> {
        let mut open = self.open_all()?;
        open.remove(SETTINGS);
        open.remove(notes::KEY);
        let keyed = open.into_iter().map(|(name, value)| Ok((name.parse()?, value)));
        keyed.collect::<Result<_, sync_core::document::Damaged>>().map_err(|_| {
            FolderError::Damaged("it holds something that this version does not know; update this program")
        })
    }

    /// The machine's own settings, where they were kept.
    ///
    /// # Errors
    /// [`FolderError::Damaged`] if they were tampered with.
    pub fn settings(&mut self) -> Result<Option<Vec<u8>>, FolderError> {
        let name = self.seal.name(SETTINGS);
        let row = blobs::table.find(name.as_slice()).select(blobs::value);
        let sealed: Option<Vec<u8>> = row.first(&mut self.connection).optional()?;
        sealed.map(|sealed| Ok(self.seal.unseal(&name, &sealed)?.1)).transpose()
    }

    /// Keeps the machine's own settings.
    ///
    /// # Errors
    /// [`FolderError::Full`] or [`FolderError::Database`] if the disk refuses.
    pub fn keep_settings(&mut self, settings: &[u8]) -> Result<(), FolderError> {
        if self.destroyed {
            return Ok(());
        }
        Ok(put(&mut self.connection, &self.seal, SETTINGS, settings)?)
    }

    fn open_all(&mut self) -> Result<BTreeMap<String, Vec<u8>>, FolderError> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = blobs::table.load(&mut self.connection)?;
        rows.iter().map(|(name, sealed)| self.seal.unseal(name, sealed)).collect()
    }
}

fn put(
    connection: &mut SqliteConnection,
    seal: &Seal,
    name: &str,
    value: &[u8],
) -> Result<(), diesel::result::Error> {
    let sealed = seal.seal(name, value);
    let row = (blobs::name.eq(seal.name(name).to_vec()), blobs::value.eq(sealed));
    diesel::replace_into(blobs::table).values(row).execute(connection)?;
    Ok(())
}

#[cfg(test)]
mod tests;
