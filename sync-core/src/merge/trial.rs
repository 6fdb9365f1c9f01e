//! Trying one change after the other. A copy of a document costs as much as all that it holds, a change mostly next to nothing: so
//! there are two of the document, one a change behind the other, and only a change that is refused costs a copy. The one behind
//! catches up when the next change comes, as mostly none does.

use crate::boundary::Unmergeable;
use crate::change::Change;
use crate::document::Document;
use crate::quarantine::Reason;

/// Applies a change; where it fails, the document may be left spoilt.
pub(super) type Apply = fn(&mut Document, &Change) -> Result<(), Unmergeable>;

/// A document that takes one change after the other, each only if it stands.
#[derive(Debug)]
pub(super) struct Trial {
    /// With all changes that were taken; here the next one is tried.
    ahead: Document,
    /// The same without `last`.
    before: Document,
    /// The last change that was taken, where `before` lacks it.
    last: Option<Change>,
}

impl Trial {
    pub(super) fn on(document: Document) -> Self {
        Self { before: document.clone(), ahead: document, last: None }
    }

    /// With all changes that were taken.
    pub(super) fn document(&self) -> &Document {
        &self.ahead
    }

    pub(super) fn into_document(self) -> Document {
        self.ahead
    }

    /// Takes a change if `check` finds nothing wrong, between the document without it and with it.
    pub(super) fn take<T>(
        &mut self,
        apply: Apply,
        change: &Change,
        check: impl FnOnce(&Document, &Document) -> Result<T, Reason>,
    ) -> Result<T, Reason> {
        if let Some(last) = self.last.take()
            && self.before.put_on(&last).is_err()
        {
            self.before = self.ahead.clone();
        }
        let tried = match apply(&mut self.ahead, change) {
            Ok(()) => check(&self.before, &self.ahead),
            Err(Unmergeable) => Err(Reason::Unreadable),
        };
        match tried {
            Ok(_) => self.last = Some(change.clone()),
            Err(_) => self.ahead = self.before.clone(),
        }
        tried
    }
}
