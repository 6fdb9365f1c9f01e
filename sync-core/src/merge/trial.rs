//! Trying one change after the other on a document. Copying a document costs as much as the document holds; applying a
//! change mostly costs next to nothing. So a trial keeps two documents, one a change behind the other, and copies one
//! only when a change is refused. The document behind catches up when the next change comes; mostly no next change
//! comes.

use crate::boundary::Unmergeable;
use crate::change::Change;
use crate::document::Document;
use crate::quarantine::Reason;

/// Applies a change; where it fails, the document may be left spoilt.
pub(super) type Apply = fn(&mut Document, &Change) -> Result<(), Unmergeable>;

/// A document that takes one change after the other, each only if the checks pass. Invariant: `before` with `last`
/// holds the same changes as `ahead`.
#[derive(Debug)]
pub(super) struct Trial {
    /// Holds all changes that were taken; the next change is tried on it.
    ahead: Document,
    /// The document without `last`.
    before: Document,
    /// The last change that was taken; `None` where `before` holds it, too.
    last: Option<Change>,
}

impl Trial {
    pub(super) fn on(document: Document) -> Self {
        Self { before: document.clone(), ahead: document, last: None }
    }

    /// The document with all changes that were taken.
    pub(super) fn document(&self) -> &Document {
        &self.ahead
    }

    pub(super) fn into_document(self) -> Document {
        self.ahead
    }

    /// Takes a change if it can be applied and `check`, which gets the document without and with the change, finds
    /// nothing wrong.
    ///
    /// # Errors
    /// The reason of `check`, or [`Reason::Unreadable`] where the change can't be applied; the document is then as it
    /// was.
    pub(super) fn take<T>(
        &mut self,
        apply: Apply,
        change: &Change,
        check: impl FnOnce(&Document, &Document) -> Result<T, Reason>,
    ) -> Result<T, Reason> {
        // 1. The document behind catches up with the last change, so that `check` compares states that differ by
        //    one change. The change went in once already; should it fail here, a copy of the document ahead does as
        //    well.
        if let Some(last) = self.last.take()
            && self.before.put_on(&last).is_err()
        {
            self.before = self.ahead.clone();
        }
        // 2. The change is tried on the document ahead.
        let tried = match apply(&mut self.ahead, change) {
            Ok(()) => check(&self.before, &self.ahead),
            Err(Unmergeable) => Err(Reason::Unreadable),
        };
        // 3. Automerge can't take a change back: where it is refused, the document ahead is copied from the one behind.
        match tried {
            Ok(_) => self.last = Some(change.clone()),
            Err(_) => self.ahead = self.before.clone(),
        }
        tried
    }
}
