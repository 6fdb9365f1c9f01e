//! Why a folder can't be made, opened or written to, in words on what to do.

use std::path::PathBuf;

use super::{LONGEST_NOTE, MOST, MOST_NOTES, SHORTEST_PASSPHRASE, SHORTEST_PIN, tries};

/// A folder that can't be made, opened or written to.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("there is no tablet in {}; enrol it first: ihuriro tablet enrol", .0.display())]
    Missing(PathBuf),
    #[error("there is already a tablet in {}", .0.display())]
    There(PathBuf),
    #[error("another program has the tablet in {} open; close it first", .0.display())]
    InUse(PathBuf),
    #[error(
        "choose a passphrase of at least {SHORTEST_PASSPHRASE} characters, or a PIN of at least {SHORTEST_PIN} digits"
    )]
    ShortPassphrase,
    #[error("choose a PIN of at least {SHORTEST_PIN} digits, or a passphrase with other characters")]
    ShortPin,
    #[error("anybody would try this PIN first; choose another one")]
    PlainPin,
    #[error("the passphrase is wrong{}", tries::in_words(*.left))]
    WrongPassphrase {
        /// How many tries are left.
        left: i32,
    },
    #[error("too many wrong passphrases; try again in {minutes} min")]
    Wait { minutes: i64 },
    #[error(
        "the tablet is locked after {MOST} wrong passphrases, nothing on it is lost; ask your manager for a code, then: \
         ihuriro tablet unlock --server https://… --code CODE. Until then it goes on with: session record, participant add, export, status"
    )]
    Locked,
    #[error(
        "an older program opened this tablet last, and a code does not unlock it; only its passphrase opens it"
    )]
    NoDevice,
    #[error("what the server gave is not the key of this folder; tell your administrator")]
    OtherKey,
    #[error(
        "this program has not opened the tablet yet, and one of before could not take notes; nothing of this is kept. Write it on paper, and open the \
         tablet, with a code from your manager if it is locked"
    )]
    NoNotes,
    #[error(
        "nothing of this is kept: while nobody opens the tablet it takes no more than {} KiB at once; make the summary shorter",
        LONGEST_NOTE / 1024
    )]
    LongNote,
    #[error(
        "nothing of this is kept: {MOST_NOTES} notes wait on this tablet, and it takes no more until it is opened. Write it on paper, and ask your manager for a code"
    )]
    ManyNotes,
    #[error("the tablet's folder was made by a newer version; update this program")]
    Newer,
    #[error("the tablet's folder is damaged: {0}")]
    Damaged(&'static str),
    #[error("{} can't be written: {why}", path.display())]
    Unwritable { path: PathBuf, why: std::io::Error },
    #[error("the disk is full; make some room on it, then do this again")]
    Full,
    #[error("the tablet's folder can't be used: {0}")]
    Database(diesel::result::Error),
}

impl From<diesel::result::Error> for FolderError {
    fn from(error: diesel::result::Error) -> Self {
        // Diesel does not pass SQLite's codes on, only the text.
        match error {
            diesel::result::Error::DatabaseError(_, about)
                if about.message() == "database or disk is full" =>
            {
                Self::Full
            }
            error => Self::Database(error),
        }
    }
}
