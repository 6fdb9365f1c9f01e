//! The boundary around Automerge: it panics on some corrupt changes (seen), so all work on bytes of strangers runs in
//! `contain`.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Automerge panicked or refused the bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the change can't be merged")]
pub struct Unmergeable;

/// Runs work on Automerge; a panic becomes an error of this one piece of work. A value that the work was changing may
/// be spoilt after an error: the caller gives it up.
pub(crate) fn contain<T>(work: impl FnOnce() -> T) -> Result<T, Unmergeable> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Unmergeable)
}
