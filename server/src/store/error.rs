//! What can go wrong between us and the database.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// What went wrong in the store. The text is for the log and the command line; over HTTP nobody sees more than
/// whether to try again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database address is not understood: {0}")]
    Address(String),
    #[error("the database does not answer: {0}")]
    Away(String),
    #[error("the disk of the database is full; make room, and everything goes on: {0}")]
    Full(String),
    /// Deadlock, serialization failure, a lock not granted in time. Run again by the store.
    #[error("the database is busy: {0}")]
    Busy(DieselError),
    /// A use case says: somebody was faster, run me again on what is there now.
    #[error("somebody else kept changing the same thing at the same moment")]
    Raced,
    /// What a use case read before, in a transaction of its own, does not stand any longer: that must run again.
    #[error("somebody else changed the same thing meanwhile")]
    Stale,
    /// The same request is being answered at the same moment, and was first.
    #[error("the same request came twice at the same moment")]
    Twice,
    #[error("the database refused a query: {0}")]
    Query(DieselError),
    #[error(
        "the database's login {0} may not serve: as its owner, GRANT ihuriro_caller, ihuriro_worker TO {0}"
    )]
    Login(String),
    #[error("the database could not be brought up to date: {0}")]
    Migration(String),
    #[error(
        "the database is not of the version that this program works with; bring it up to date with `ihuriro migrate`, \
         or take the program that it was last used with"
    )]
    Version,
    #[error(
        "a newer version of this program brought the database up to date: its tables are of version {tables}, and this \
         program knows them up to {known}. Run that version or a later one; nothing was changed"
    )]
    Newer { tables: String, known: String },
    #[error("the database holds something unreadable: {0}")]
    Damaged(&'static str),
    /// The use case panicked; its transaction was rolled back.
    #[error("the use case {0} stopped half way")]
    Stopped(&'static str),
}

/// Tells the store whether an error of a use case asks for another run. An error type of a room answers for the
/// [`StoreError`] it may hold, and `false` for everything else.
pub trait Retry {
    fn retry(&self) -> bool;
}

impl Retry for StoreError {
    fn retry(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Raced)
    }
}

/// Why a use case was not done: a refusal of its own, or the store. A room says its refusals as one small enum
/// and marks it with [`Refusal`]; `?` then lifts both kinds.
#[derive(Debug, thiserror::Error)]
pub enum Failure<R> {
    #[error(transparent)]
    Refused(R),
    #[error(transparent)]
    Store(StoreError),
}

/// Marks the refusals of one use case.
pub trait Refusal: std::error::Error {}

impl<R: Refusal> From<R> for Failure<R> {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal)
    }
}

impl<R> From<StoreError> for Failure<R> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<R> Retry for Failure<R> {
    fn retry(&self) -> bool {
        matches!(self, Self::Store(error) if error.retry())
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        // What the commit says is why; that there was nothing left to roll back is not.
        if let DieselError::RollbackErrorOnCommit { commit_error, .. } = error {
            return Self::from(*commit_error);
        }
        match &error {
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                about,
            ) => Self::Away(about.message().to_owned()),
            DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Self::Busy(error),
            // Diesel does not pass SQLSTATE or SQLite's codes on, only the text. Our connections ask PostgreSQL
            // for English texts where they may.
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, about) => match about.message() {
                "deadlock detected" | "canceling statement due to lock timeout" => Self::Busy(error),
                text if text.starts_with("database is locked")
                    || text.starts_with("database table is locked") =>
                {
                    Self::Busy(error)
                }
                text if text.starts_with("terminating connection")
                    || text.starts_with("the database system is") =>
                {
                    Self::Away(text.to_owned())
                }
                text if text == "database or disk is full" || text.ends_with("No space left on device") => {
                    Self::Full(text.to_owned())
                }
                _ => Self::Query(error),
            },
            _ => Self::Query(error),
        }
    }
}

impl<R> Failure<R> {
    /// The same failure among the refusals of a larger use case.
    pub fn lift<S: From<R>>(self) -> Failure<S> {
        match self {
            Self::Refused(refusal) => Failure::Refused(refusal.into()),
            Self::Store(error) => Failure::Store(error),
        }
    }
}
