//! Notes: what is recorded while nobody can open the folder. A note is sealed to a public key that stands in the open, and the key that opens it stands
//! sealed like all else: whoever has the tablet can leave a note, and only whoever opens the folder, by its passphrase or with the key that the service
//! keeps, reads it. A note goes when it is recorded, in the transaction that records it.

use diesel::prelude::*;

use super::file::{blobs, note_key, notes};
use super::seal::Seal;
use super::{Folder, FolderError, put};

/// The most bytes of a note before it is sealed: a summary of 5,000 words, or all marks of a large group with a shorter one.
pub const LONGEST_NOTE: usize = 32 * 1024;
/// The most notes that wait in a folder: months of meetings. With [`LONGEST_NOTE`] that is 6.5 MB, which is all that somebody who finds the tablet can fill.
pub const MOST_NOTES: usize = 200;
/// Where the key that opens notes stands, among the names of the tablet's blobs, none of which is this.
pub(super) const KEY: &str = "note key";

/// A note of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptNote {
    pub id: i64,
    /// `None` where it can't be opened: it was changed from outside, or the public key was.
    pub content: Option<Vec<u8>>,
    /// Its owner decided that it is not recorded.
    pub dropped: bool,
}

/// Makes the key that opens notes, where there is none, as in a folder of before. What stands in the open is its public half: where somebody had put
/// another there, they read no note from now on.
pub(super) fn keep_key(connection: &mut SqliteConnection, seal: &Seal) -> Result<(), FolderError> {
    let identity = match identity(connection, seal)? {
        Some(identity) => identity,
        None => {
            let identity = sealing::new_identity();
            put(connection, seal, KEY, identity.as_bytes())?;
            identity
        }
    };
    let recipient = sealing::recipient_of(&identity).map_err(|_| UNREADABLE)?;
    let stands: Option<String> = note_key::table.select(note_key::recipient).first(connection).optional()?;
    if stands.as_ref() != Some(&recipient) {
        let row = (note_key::id.eq(1), note_key::recipient.eq(recipient));
        diesel::replace_into(note_key::table).values(row).execute(connection)?;
    }
    Ok(())
}

const UNREADABLE: FolderError = FolderError::Damaged("its key for notes can't be read");

fn identity(connection: &mut SqliteConnection, seal: &Seal) -> Result<Option<String>, FolderError> {
    let name = seal.name(KEY);
    let row = blobs::table.find(name.as_slice()).select(blobs::value);
    let sealed: Option<Vec<u8>> = row.first(connection).optional()?;
    let opened = sealed.map(|sealed| seal.unseal(&name, &sealed)).transpose()?;
    opened.map(|(_, identity)| String::from_utf8(identity).map_err(|_| UNREADABLE)).transpose()
}

/// How many notes wait to be recorded.
pub(super) fn waiting(connection: &mut SqliteConnection) -> Result<usize, FolderError> {
    let waiting: i64 = notes::table.filter(notes::dropped.eq(false)).count().get_result(connection)?;
    Ok(usize::try_from(waiting).unwrap_or_default())
}

pub(super) fn remove(connection: &mut SqliteConnection, note: i64) -> QueryResult<()> {
    diesel::delete(notes::table.find(note)).execute(connection).map(drop)
}

impl Folder {
    /// How many notes wait to be recorded.
    ///
    /// # Errors
    /// [`FolderError::Database`].
    pub fn notes_waiting(&mut self) -> Result<usize, FolderError> {
        waiting(&mut self.connection)
    }

    /// The notes in the folder: those that wait, oldest first, then those that were dropped. Were there more than may wait, somebody put them in by a program
    /// of their own; the rest follows once these are recorded or dropped.
    ///
    /// # Errors
    /// [`FolderError::Damaged`] if the key that opens them was tampered with.
    pub fn notes(&mut self) -> Result<Vec<KeptNote>, FolderError> {
        let rows = notes::table.order((notes::dropped, notes::id)).limit(MOST_NOTES as i64);
        let rows: Vec<(i64, Vec<u8>, bool)> = rows.load(&mut self.connection)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let identity = identity(&mut self.connection, &self.seal)?.ok_or(UNREADABLE)?;
        let identities = [identity];
        let opened = |sealed: &[u8]| sealing::open(sealed, &identities, LONGEST_NOTE).ok();
        let note =
            |(id, sealed, dropped): (i64, Vec<u8>, bool)| KeptNote { id, content: opened(&sealed), dropped };
        Ok(rows.into_iter().map(note).collect())
    }

    /// From now on the next writes remove this note, both or neither; `None` takes that back. Gives the note that was still to be removed.
    pub fn goes_with_next(&mut self, note: Option<i64>) -> Option<i64> {
        std::mem::replace(&mut self.note, note)
    }

    /// Removes a note: the records say already what it says.
    ///
    /// # Errors
    /// [`FolderError::Full`] or [`FolderError::Database`] if the disk refuses.
    pub fn remove_note(&mut self, note: i64) -> Result<(), FolderError> {
        Ok(remove(&mut self.connection, note)?)
    }

    /// Writes a note again: put right, or dropped.
    ///
    /// # Errors
    /// [`FolderError::Full`] or [`FolderError::Database`] if the disk refuses.
    pub fn write_note(&mut self, note: i64, content: &[u8], dropped: bool) -> Result<(), FolderError> {
        let identity = identity(&mut self.connection, &self.seal)?.ok_or(UNREADABLE)?;
        let recipient = sealing::recipient_of(&identity).map_err(|_| UNREADABLE)?;
        let sealed = sealing::seal(content, &[recipient]).map_err(|_| UNREADABLE)?;
        let set = (notes::sealed.eq(sealed), notes::dropped.eq(dropped));
        diesel::update(notes::table.find(note)).set(set).execute(&mut self.connection)?;
        Ok(())
    }
}
