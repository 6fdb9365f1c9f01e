//! Trying one change after the other. A copy of a document costs as much as all that it holds, a change mostly next to nothing: so
//! there are two of the document, one a change ahead of the other, and only a change that is refused costs a copy.

use crate::boundary::Unmergeable;
use crate::change::Change;
use crate::document::Document;
use crate::quarantine::Reason;

/// Applies a change; where it fails, the document may be left spoilt.
pub(super) type Apply = fn(&mut Document, &Change) -> Result<(), Unmergeable>;

/// A document that takes one change after the other, each only if it stands.
#[derive(Debug)]
pub(super) struct Trial {
    stands: Document,
    /// The same, where the next change is tried.
    ahead: Document,
}

impl Trial {
    pub(super) fn on(document: Document) -> Self {
        Self { ahead: document.clone(), stands: document }
    }

    /// With all changes that were taken.
    pub(super) fn document(&self) -> &Document {
        &self.stands
    }

    pub(super) fn into_document(self) -> Document {
        self.stands
    }

    /// Takes a change if `check` finds nothing wrong, between the document without it and with it.
    pub(super) fn take<T>(
        &mut self,
        apply: Apply,
        change: &Change,
        check: impl FnOnce(&Document, &Document) -> Result<T, Reason>,
    ) -> Result<T, Reason> {
        let tried = match apply(&mut self.ahead, change) {
            Ok(()) => check(&self.stands, &self.ahead),
            Err(Unmergeable) => Err(Reason::Unreadable),
        };
        if tried.is_err() {
            self.ahead = self.stands.clone();
        } else if self.stands.apply_or_spoil(change).is_err() {
            self.stands = self.ahead.clone();
        }
        tried
    }
}
