//! Unlocking: a folder that locked after wrong passphrases is opened again with a code that a manager hands out.

use std::path::Path;

use data_encoding::BASE64URL_NOPAD;

use super::Device;
use crate::clock::Clock;
use crate::folder::{Folder, FolderError};
use crate::link::{Link, LinkError, Unlock};

/// A folder that stays locked.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("{0}")]
    Refused(LinkError),
    #[error("{0}; the code may be used up: if it is refused, ask for another one")]
    Link(LinkError),
}

impl From<LinkError> for UnlockError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Broken(_) | LinkError::CutOff { .. } => Self::Link(error),
            error => Self::Refused(error),
        }
    }
}

/// What the folder opens with from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpensWith {
    /// The new passphrase.
    New,
    /// The passphrase of before: the server did not have the key.
    Before,
}

impl Device {
    /// Unlocks the folder in the directory `at` with a manager's code, and puts a new passphrase on it. The key comes from the `server`,
    /// sealed for this one answer.
    ///
    /// # Errors
    /// [`UnlockError`] in words. A passphrase that can't be taken is refused before the code is used up.
    pub fn unlock(
        at: &Path,
        server: &str,
        code: &str,
        passphrase: &str,
        clock: &Clock,
    ) -> Result<OpensWith, UnlockError> {
        Folder::may_be(passphrase)?;
        let device_id = Folder::device(at)?;
        let identity = sealing::new_identity();
        let recipient = sealing::recipient_of(&identity).map_err(|_| LinkError::StoreKeys)?;
        let asking = Unlock { device_id, code: code.to_owned(), recipient };
        let sealed = Link::to(server)?.unlock(&asking)?.folder_key;
        let Some(sealed) = sealed else {
            Folder::unlock(at, None, passphrase, clock.now())?;
            return Ok(OpensWith::Before);
        };
        let sealed = BASE64URL_NOPAD.decode(sealed.as_bytes()).map_err(|_| FolderError::OtherKey)?;
        let key = sealing::open(&sealed, &[identity], sync_core::limits::MAX_FOLDER_KEY);
        Folder::unlock(at, Some(&key.map_err(|_| FolderError::OtherKey)?), passphrase, clock.now())?;
        Ok(OpensWith::New)
    }
}
