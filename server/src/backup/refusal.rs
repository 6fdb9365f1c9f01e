//! Why a backup or a restore was not done.

use std::io;
use std::path::{Path, PathBuf};

use sealing::HeaderBounds;

use crate::store::{Retry, StoreError};

/// Whatever it says, nothing is lost: a backup that is refused leaves no file, and a restore that is refused no row.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("{} is there already, and is not overwritten; give another name", .0.display())]
    Exists(PathBuf),
    #[error(
        "{} is there: another backup is being written, or one was broken off; remove it if nobody is writing it",
        .0.display()
    )]
    BeingWritten(PathBuf),
    #[error("{} can't be written: {cause}", .path.display())]
    Write { path: PathBuf, cause: io::Error },
    #[error("{} can't be read: {cause}", .path.display())]
    Read { path: PathBuf, cause: io::Error },
    #[error("this is not a public key: they begin with age1, and `ihuriro backup-key` makes one")]
    NotAPublicKey,
    #[error("a backup is made for at most {} public keys", HeaderBounds::BACKUP_READERS)]
    TooManyKeys,
    #[error("{} holds no key; one is made by `ihuriro backup-key` or age-keygen", .0.display())]
    NotAKeyFile(PathBuf),
    #[error(
        "the key does not open this backup: it was made for another key, or was changed; nothing was restored"
    )]
    Key,
    #[error("{} is not a list of erasures, one line of JSON for each; look at it, or put it aside", .0.display())]
    NotAList(PathBuf),
    #[error("this is not a backup of Ihuriro; nothing was restored")]
    Foreign,
    #[error("the backup was cut off or changed; take another copy of it; nothing was restored")]
    Spoilt,
    #[error("the backup was made by a newer version, {0}; restore it with that or a later one")]
    Newer(String),
    #[error(
        "this database is in use already; restore into a new file, or a new PostgreSQL database or schema; \
         nothing was changed"
    )]
    InUse,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refused {
    pub(super) fn write(path: &Path) -> impl Fn(io::Error) -> Self {
        |cause| Self::Write { path: path.to_owned(), cause }
    }

    /// What reading says: the machine could not, or what is encrypted (age) or compressed (zstd) is not whole.
    pub(super) fn read(path: &Path) -> impl Fn(io::Error) -> Self {
        |cause| match (cause.raw_os_error(), cause.kind()) {
            (Some(_), _) => Self::Read { path: path.to_owned(), cause },
            (None, io::ErrorKind::Other) => Self::Foreign,
            (None, _) => Self::Spoilt,
        }
    }
}

impl Retry for Refused {
    fn retry(&self) -> bool {
        matches!(self, Self::Store(error) if error.retry())
    }
}
