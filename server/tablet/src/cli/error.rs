//! Why a command was not done: one sentence.

use super::find::FindError;
use crate::device::{EnrolError, OpenError, RelayError, SyncError};
use crate::recording::RecordError;

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Find(#[from] FindError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Sync(#[from] SyncError),
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error("the passphrase can't be asked for here ({0}); set IHURIRO_TABLET_PASSPHRASE")]
    Passphrase(std::io::Error),
    #[error("the two passphrases are not the same")]
    Mistyped,
    #[error("say how consent was given: --consent oral, written or electronic")]
    ConsentHow,
    #[error("the output can't be written: {0}")]
    Output(#[from] std::io::Error),
}

impl From<sync_core::tablet::NotSaved> for CommandError {
    fn from(error: sync_core::tablet::NotSaved) -> Self {
        Self::Record(error.into())
    }
}
