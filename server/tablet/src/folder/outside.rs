//! What of a folder can be told and done without its passphrase.

use std::path::Path;

use diesel::prelude::*;
use sync_core::id::DeviceId;
use sync_core::time::Millis;

use super::file::{self, header, note_key, notes, ready, state};
use super::notes::{LONGEST_NOTE, MOST_NOTES, waiting};
use super::{Folder, FolderError, tries};

/// What a folder tells whoever has it.
#[derive(Debug)]
pub struct Outside {
    /// How many changes wait to be handed in; `None` where it does not say.
    pub unsent: Option<usize>,
    /// How many notes wait to be recorded.
    pub notes: usize,
    /// Why no passphrase is taken now: [`FolderError::Locked`] or [`FolderError::Wait`].
    pub refuses: Option<FolderError>,
}

/// What waits to be handed in, as it stands in the open once the writes beside it are durable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unsent {
    /// How many changes wait.
    pub changes: usize,
    /// The changes themselves, sealed for the store, where these writes concern them.
    pub ready: Option<Ready>,
}

/// What waits, as a colleague can carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The serial of the newest change in it.
    pub newest: u64,
    pub bundle: Vec<u8>,
}

impl From<usize> for Unsent {
    fn from(changes: usize) -> Self {
        Self { changes, ready: None }
    }
}

impl Folder {
    /// What the folder in the directory `at` tells.
    ///
    /// # Errors
    /// [`FolderError::Missing`], [`FolderError::InUse`] and so on.
    pub fn outside(at: &Path, now: Millis) -> Result<Outside, FolderError> {
        let mut connection = connect(at)?;
        let unsent: Option<i32> = state::table.select(state::unsent).first(&mut connection)?;
        Ok(Outside {
            unsent: unsent.and_then(|unsent| usize::try_from(unsent).ok()),
            notes: waiting(&mut connection)?,
            refuses: tries::refusal(&mut connection, now)?,
        })
    }

    /// The id by which the server knows the folder in the directory `at`.
    ///
    /// # Errors
    /// [`FolderError::NoDevice`] where it was never opened since it was enrolled, [`FolderError::Missing`] and so on.
    pub fn device(at: &Path) -> Result<DeviceId, FolderError> {
        let device: Option<String> = state::table.select(state::device).first(&mut connect(at)?)?;
        let device = device.ok_or(FolderError::NoDevice)?;
        device.parse().map_err(|_| FolderError::Damaged("the device's id can't be read"))
    }

    /// Leaves a note in the folder in the directory `at`, for whoever opens it; says how many wait then. It is on the disk when this returns, and can
    /// be read no more until the folder is opened.
    ///
    /// # Errors
    /// [`FolderError::LongNote`], [`FolderError::ManyNotes`], [`FolderError::NoNotes`], [`FolderError::Missing`] and so on; nothing is kept then.
    pub fn leave_note(at: &Path, note: &[u8]) -> Result<usize, FolderError> {
        if note.len() > LONGEST_NOTE {
            return Err(FolderError::LongNote);
        }
        let mut connection = connect(at)?;
        if header::table.count().get_result::<i64>(&mut connection)? == 0 {
            return Err(FolderError::Missing(at.to_owned()));
        }
        let recipient: Option<String> =
            note_key::table.select(note_key::recipient).first(&mut connection).optional()?;
        let recipient = recipient.ok_or(FolderError::NoNotes)?;
        // Whoever finds the tablet may leave notes, too: all that they can leave takes little room.
        if waiting(&mut connection)? >= MOST_NOTES {
            return Err(FolderError::ManyNotes);
        }
        let sealed = sealing::seal(note, &[recipient]);
        let sealed =
            sealed.map_err(|_| FolderError::Damaged("the key for notes was changed from outside"))?;
        diesel::insert_into(notes::table).values(notes::sealed.eq(sealed)).execute(&mut connection)?;
        waiting(&mut connection)
    }

    /// What waits to be handed in on the folder in the directory `at`, sealed for the store, as a colleague can carry it; and how many changes that are.
    /// `None` where nothing waits, and where this program has not opened the folder yet.
    ///
    /// # Errors
    /// [`FolderError::Missing`], [`FolderError::InUse`] and so on.
    pub fn bundle(at: &Path) -> Result<Option<(usize, Vec<u8>)>, FolderError> {
        let row = ready::table.select((ready::changes, ready::bundle));
        let ready: Option<(i64, Vec<u8>)> = row.first(&mut connect(at)?).optional()?;
        Ok(ready.map(|(changes, bundle)| (usize::try_from(changes).unwrap_or_default(), bundle)))
    }

    /// How many changes stand ready in the open, and the serial of the newest.
    ///
    /// # Errors
    /// [`FolderError::Database`].
    pub fn stands_ready(&mut self) -> Result<Option<(usize, u64)>, FolderError> {
        let row = ready::table.select((ready::changes, ready::newest));
        let ready: Option<(i64, i64)> = row.first(&mut self.connection).optional()?;
        let read = |(changes, newest): (i64, i64)| {
            (usize::try_from(changes).unwrap_or_default(), newest.cast_unsigned())
        };
        Ok(ready.map(read))
    }
}

fn connect(at: &Path) -> Result<SqliteConnection, FolderError> {
    if Folder::is_at(at) { file::connect(at) } else { Err(FolderError::Missing(at.to_owned())) }
}
