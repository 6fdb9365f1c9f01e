//! A new store from a backup.

use std::fmt;
use std::path::{Path, PathBuf};

use age::Identity;
use sync_core::id::Id;
use sync_core::time::Millis;

use super::file::{Header, Reader};
use super::key::read_keys;
use super::{Contents, Refused, row};
use crate::audit::{self, Action, ObjectKind};
use crate::ledger::{self, Erasure};
use crate::store::{Conn, Store, migrate};

/// A backup that can be read to its end.
pub struct Backup {
    path: PathBuf,
    keys: Vec<Box<dyn Identity + Send + Sync>>,
    header: Header,
    erased_since: Vec<Erasure>,
}

impl Backup {
    /// Opens a backup with one of the keys in a file, and reads all of it once, so that one that is cut off or changed is
    /// found before any database is touched.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn open(path: &Path, key_file: &Path) -> Result<Self, Refused> {
        let keys = read_keys(key_file)?;
        let (mut reader, header) = Reader::open(path, &keys)?;
        if !migrate::versions()?.contains(&header.tables) {
            return Err(Refused::Newer(header.program));
        }
        while reader.page()?.is_some() {}
        Ok(Self { path: path.to_owned(), keys, header, erased_since: Vec::new() })
    }

    /// The same backup, of which a restore erases again what was erased since it was made.
    pub fn without(self, erased_since: Vec<Erasure>) -> Self {
        Self { erased_since, ..self }
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Rebuilds the store in a database that never was in use. It begins a new life: an epoch of its own, which tablets
    /// notice, and keys of its own, so that people sign in again. All of it is there afterwards, or nothing. A document
    /// that can't be read comes back without rows; `verify` names it.
    ///
    /// Must not be called from async code.
    ///
    /// # Errors
    /// [`Refused`]; the database is then as it was.
    pub fn restore(&self, store: &Store, now: Millis) -> Result<Contents, Refused> {
        store.write_blocking("restore", |tx| self.put(tx, now))
    }

    fn put(&self, tx: &mut Conn<'_>, now: Millis) -> Result<Contents, Refused> {
        if !migrate::begin(tx, &self.header.tables)? {
            return Err(Refused::InUse);
        }
        let (mut reader, _) = Reader::open(&self.path, &self.keys)?;
        while let Some(page) = reader.page()? {
            row::insert(tx, &page)?;
        }
        migrate::apply(tx)?;
        ledger::rebuild_within(tx)?;
        ledger::erase(tx, &self.erased_since, now)?;
        // In the place of the first entry that was lost: so a checkpoint that was kept tells how many these are.
        let entry = audit::by_operator(now, Action::Restore, "ihuriro restore");
        audit::note(tx, &entry.about(ObjectKind::Epoch, self.header.epoch.uuid()))?;
        Ok(Contents::of(tx)?)
    }
}

impl fmt::Debug for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backup")
            .field("path", &self.path)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}
