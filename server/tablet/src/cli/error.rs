//! Why a command was not done: one sentence.

use sync_core::day::Unlikely;
use sync_core::record::session::Cell;
use sync_core::time::Date;

use super::find::FindError;
use super::when::NoDay;
use super::words;
use crate::device::{EnrolError, OpenError, ReadingLocked, RelayError, SyncError, UnlockError};
use crate::folder::FolderError;
use crate::people::NotOne;
use crate::recording::RecordError;

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    #[error(transparent)]
    Locked(#[from] ReadingLocked),
    #[error(transparent)]
    NotOne(#[from] NotOne),
    #[error(transparent)]
    Find(#[from] FindError),
    #[error(transparent)]
    NoDay(#[from] NoDay),
    #[error(
        "no lesson on this tablet begins with \"{0}\", or it is not one with which that can be done; see: ihuriro tablet lesson list"
    )]
    NoLesson(String),
    #[error("several lessons begin with \"{said}\": {there}; type more of the title, or the id")]
    SeveralLessons { said: String, there: String },
    #[error(
        "\"{0}\" is no kind of service, and no service on this tablet begins so; see: ihuriro tablet service list"
    )]
    NoService(String),
    #[error("several services begin with \"{said}\": {there}; type more of the name, or the id")]
    SeveralServices { said: String, there: String },
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Sync(#[from] SyncError),
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(
        "this needs the tablet to be open; without that there are: session record, participant add, export and status"
    )]
    NeedsOpening,
    #[error("there is no note {note} that waits; see: ihuriro tablet notes")]
    NoSuchNote { note: i64 },
    #[error("note {note} says nothing of that kind: a meeting has a day, somebody who joined has a code")]
    NotOfNote { note: i64 },
    #[error("it can't be read: it was changed from outside, or left by a program of another version")]
    NoteUnreadable,
    #[error(
        "it rests on what note {earlier} says, which comes first; put that one right, and this one follows"
    )]
    NoteWaits { earlier: i64 },
    #[error("the passphrase can't be asked for here ({0}); set IHURIRO_TABLET_PASSPHRASE")]
    Passphrase(std::io::Error),
    #[error("the two passphrases are not the same")]
    Mistyped,
    #[error("{} are counted twice, in different ways", words::heads(.cell))]
    CountedTwice { cell: Cell },
    #[error("say how consent was given: --consent oral, written or electronic")]
    ConsentHow,
    #[error("this group has used up its codes; give one with other letters, as: --code B01")]
    NoFreeCode,
    #[error("\"{said}\" is not one of the tablets that gave this code: {there}")]
    WhichTablet { said: String, there: String },
    #[error(
        "the day and the part of the day of a meeting stay as they were recorded; move the meeting, as: \
         ihuriro tablet session move {session} --to 5/3/2026 --reason \"why\""
    )]
    DayIsFixed { session: String },
    #[error("it was moved already; take that back first{}", not_counted(.since))]
    MovedAlready { since: String },
    #[error("this would be {}, but {why}; is this right? If it is, say it again with --yes", words::day(*.day))]
    Unlikely { day: Date, why: Unlikely },
    #[error("nobody disagrees about {field} of {record} now; to be settled of it: {open}")]
    NotOpen { field: String, record: String, open: String },
    #[error("nothing was saved; say it again in other words")]
    NotSaved,
    #[error("the output can't be written: {0}")]
    Output(#[from] std::io::Error),
}

fn not_counted(since: &str) -> String {
    match since {
        "" => String::new(),
        since => format!(
            ". Recorded in it since, and counted nowhere: {since}; ask your supervisor to carry that over"
        ),
    }
}

impl From<crate::device::SaveError> for CommandError {
    fn from(error: crate::device::SaveError) -> Self {
        Self::Record(error.into())
    }
}

impl From<sync_core::tablet::NotSaved> for CommandError {
    fn from(error: sync_core::tablet::NotSaved) -> Self {
        Self::Record(error.into())
    }
}
