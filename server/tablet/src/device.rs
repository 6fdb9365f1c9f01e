//! The device: a tablet with its folder. What it is told, it keeps before it says so.

mod enrol;
mod sync;
mod lease;
mod relay;
mod unlock;
mod ready;
mod notes;

use std::path::Path;

use minicbor::{Decode, Encode};
use sync_core::change::Grounds;
use sync_core::document::Damaged;
use sync_core::form::{Edit, EditError};
use sync_core::id::{DocumentId, StreamId};
use sync_core::record::Kinded;
use sync_core::tablet::{NotSaved, Output, Tablet, Write};

use crate::clock::Clock;
use crate::folder::{Folder, FolderError};

pub use enrol::EnrolError;
pub use lease::ReadingLocked;
pub use relay::{Packed, RelayError};
pub use sync::{Progress, Step, Summary, SyncError};
pub use unlock::{OpensWith, UnlockError};

/// An enrolled tablet, open.
#[derive(Debug)]
pub struct Device {
    tablet: Tablet,
    folder: Folder,
    settings: Settings,
    clock: Clock,
}

/// What the machine knows beside the tablet's own blobs.
#[derive(Debug, Clone, Default, Encode, Decode)]
pub struct Settings {
    /// The server's address, `https://ihuriro.example.rw`.
    #[n(0)]
    pub server: String,
    /// The name of the person whose tablet it is.
    #[n(1)]
    pub user: String,
    #[n(2)]
    pub login: String,
    /// The name of their organisation.
    #[n(3)]
    pub organisation: String,
    /// An enrolment that has not been answered.
    #[n(4)]
    pending: Option<enrol::Pending>,
    /// None where the server lends for ever.
    #[n(5)]
    lease: Option<lease::Lease>,
}

/// A folder that holds no tablet that can be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("this tablet's enrolment was not finished: run enrol again with the same code")]
    Unfinished,
    #[error("the tablet's folder is damaged: {0}")]
    Damaged(#[from] Damaged),
}

/// An edit that was not kept.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    #[error(transparent)]
    NotSaved(#[from] NotSaved),
    #[error("this was not saved: {0}")]
    Folder(#[from] FolderError),
}

impl Settings {
    fn read(folder: &mut Folder) -> Result<Self, FolderError> {
        let Some(bytes) = folder.settings()? else { return Ok(Self::default()) };
        minicbor::decode(&bytes).map_err(|_| FolderError::Damaged("its settings can't be read"))
    }

    fn keep(&self, folder: &mut Folder) -> Result<(), FolderError> {
        folder.keep_settings(&minicbor::to_vec(self).expect("writing to a Vec can't fail"))
    }
}

impl Device {
    /// Opens the tablet in the directory `at`.
    ///
    /// # Errors
    /// [`OpenError`] in words: no tablet there, a wrong passphrase, another program that has it open.
    pub fn open(at: &Path, passphrase: &str, clock: Clock) -> Result<Self, OpenError> {
        let mut folder = Folder::open(at, passphrase, clock.now())?;
        let settings = Settings::read(&mut folder)?;
        let blobs = folder.blobs()?;
        if blobs.is_empty() {
            return Err(OpenError::Unfinished);
        }
        let tablet = Tablet::open(blobs)?;
        folder.keep_device(tablet.device())?;
        let mut device = Self { tablet, folder, settings, clock };
        device.note_time()?;
        device.make_ready()?;
        Ok(device)
    }

    /// Edits a record of `stream`, or begins it. Has it on the disk before it returns; says whether anything changed.
    ///
    /// # Errors
    /// [`SaveError`] in words; nothing is changed then.
    pub fn edit<R: Kinded>(
        &mut self,
        stream: StreamId,
        id: impl Into<DocumentId>,
        edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
    ) -> Result<bool, SaveError> {
        let outputs = self.tablet.edit::<R>(&self.clock.moment(), stream, id, edit)?;
        self.keep(outputs)
    }

    /// As [`Device::edit`]; the change says why it was written.
    ///
    /// # Errors
    /// [`SaveError`] in words; nothing is changed then.
    pub fn edit_because<R: Kinded>(
        &mut self,
        stream: StreamId,
        id: impl Into<DocumentId>,
        grounds: &Grounds,
        edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
    ) -> Result<bool, SaveError> {
        let outputs = self.tablet.edit_because::<R>(&self.clock.moment(), stream, id, grounds, edit)?;
        self.keep(outputs)
    }

    /// Settles what several people set differently in a field of a record: a value and why.
    ///
    /// # Errors
    /// [`SaveError`] in words; nothing is changed then.
    pub fn settle(
        &mut self,
        id: impl Into<DocumentId>,
        said: (&str, &str),
        grounds: &Grounds,
    ) -> Result<(), SaveError> {
        let outputs = self.tablet.settle(&self.clock.moment(), id, said, grounds)?;
        self.keep(outputs).map(drop)
    }

    fn keep(&mut self, outputs: Vec<Output>) -> Result<bool, SaveError> {
        let changed = !outputs.is_empty();
        for output in outputs {
            if let Output::Persist(writes) = output {
                self.persist(&writes)?;
            }
        }
        Ok(changed)
    }

    /// What the tablet knows, for reading.
    pub fn tablet(&self) -> &Tablet {
        &self.tablet
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Where the disk refuses, the tablet goes back to what the disk has: it never shows what is not kept.
    fn persist(&mut self, writes: &[Write]) -> Result<(), FolderError> {
        let kept = self.folder.persist(writes, self.unsent(writes));
        if kept.is_err() {
            self.go_back();
        }
        kept
    }

    fn go_back(&mut self) {
        if let Some(tablet) = self.folder.blobs().ok().and_then(|blobs| Tablet::open(blobs).ok()) {
            self.tablet = tablet;
        }
    }
}
