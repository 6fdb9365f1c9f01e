//! Automerge is not trusted with bytes that nobody vouches for: it panics on some corrupt changes (seen).

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Automerge panicked or refused the bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the change can't be merged")]
pub struct Unmergeable;

/// Runs Automerge behind a boundary: a panic becomes an error of that one piece of work.
pub(crate) fn contain<T>(work: impl FnOnce() -> T) -> Result<T, Unmergeable> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Unmergeable)
}
