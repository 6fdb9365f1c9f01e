//! Notes that were left while nobody could open the tablet, recorded by whoever opens it.

use sync_core::time::Millis;

use super::Device;
use crate::clock::Clock;
use crate::folder::{FolderError, KeptNote};

impl Device {
    /// The notes in the folder: those that wait, oldest first, then those that were dropped.
    ///
    /// # Errors
    /// [`FolderError`] in words.
    pub fn notes(&mut self) -> Result<Vec<KeptNote>, FolderError> {
        self.folder.notes()
    }

    /// How many notes wait to be recorded.
    ///
    /// # Errors
    /// [`FolderError`] in words.
    pub fn notes_waiting(&mut self) -> Result<usize, FolderError> {
        self.folder.notes_waiting()
    }

    /// Does what a note says, as of the time `at` at which it was left: with the first write of `record` the note is gone, both or neither. Where that fails
    /// the note stays.
    ///
    /// # Errors
    /// Those of `record`, and [`FolderError`].
    pub fn record_note<T, E: From<FolderError>>(
        &mut self,
        note: i64,
        at: Millis,
        record: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let clock = std::mem::replace(&mut self.clock, Clock::fixed(at));
        self.folder.goes_with_next(Some(note));
        let done = record(self);
        self.clock = clock;
        // Nothing was written: either it failed, or the records say all of it already.
        let stays = self.folder.goes_with_next(None).is_some();
        if stays && done.is_ok() {
            self.folder.remove_note(note)?;
        }
        done
    }

    /// Writes a note again: put right, or dropped.
    ///
    /// # Errors
    /// [`FolderError`] in words.
    pub fn write_note(&mut self, note: i64, content: &[u8], dropped: bool) -> Result<(), FolderError> {
        self.folder.write_note(note, content, dropped)
    }
}
