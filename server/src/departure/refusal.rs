//! Why an organisation's records were not exported, or not removed.

use std::io;
use std::path::{Path, PathBuf};

use crate::store::{Retry, StoreError};

/// An export that is refused leaves no file, and a removal that is refused removes nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("there is no organisation with the code {0}; GET /v1/organisations lists them")]
    NoSuchOrganisation(String),
    #[error("{} is not empty; name a folder that is empty or not there yet", .0.display())]
    NotEmpty(PathBuf),
    #[error(
        "{0} asked to be erased and are not yet, and an export tells nothing of them: have a manager confirm it (GET /v1/erasures), then \
         export"
    )]
    AskedToBeErased(String),
    #[error("{} is no export, or one that was broken off: it has no manifest.json that can be read", .0.display())]
    NotAnExport(PathBuf),
    #[error("{} is not as it was exported; export again", .0.display())]
    Changed(PathBuf),
    #[error("this is the export of another organisation, or of another store")]
    OfAnother,
    #[error("something was recorded or handed in since; export again")]
    Since,
    #[error("{} can't be written: {cause}", .path.display())]
    Write { path: PathBuf, cause: io::Error },
    #[error("{} can't be read: {cause}", .path.display())]
    Read { path: PathBuf, cause: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refused {
    pub(super) fn write(path: &Path) -> impl Fn(io::Error) -> Self {
        |cause| Self::Write { path: path.to_owned(), cause }
    }

    pub(super) fn read(path: &Path) -> impl Fn(io::Error) -> Self {
        |cause| Self::Read { path: path.to_owned(), cause }
    }
}

impl Retry for Refused {
    fn retry(&self) -> bool {
        matches!(self, Self::Store(error) if error.retry())
    }
}
