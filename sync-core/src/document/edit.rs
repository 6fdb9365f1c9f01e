//! Writing one change into a document, checked before anybody sees it.

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, ReadDoc};

use super::Document;
use super::erased::erased;
use crate::change::{Actor, Change, Grounds, message};
use crate::form::{Edit, EditError};
use crate::limits::{MAX_DOCUMENT_CHANGES, MAX_DOCUMENT_OPERATIONS};
use crate::record::{Kinded, Record};
use crate::time::Millis;

impl Document {
    /// Edits the record; see the `edited by` type of its kind for what can be said. Writes one change with only
    /// what differs, checks the record as a whole, and gives back the change; `None` where nothing changed.
    /// `at` is the author's clock, kept for people to read; nothing rests on it.
    ///
    /// # Errors
    /// [`EditError`] in words; the document is then as it was.
    pub fn edit<R: Kinded>(
        &mut self,
        actor: Actor,
        at: Millis,
        edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
    ) -> Result<Option<Change>, EditError> {
        self.edit_for(actor, at, None, edit)
    }

    /// As [`Document::edit`]; the change says why it was written.
    ///
    /// # Errors
    /// [`EditError`] in words; the document is then as it was.
    pub fn edit_because<R: Kinded>(
        &mut self,
        actor: Actor,
        at: Millis,
        grounds: &Grounds,
        edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
    ) -> Result<Option<Change>, EditError> {
        self.edit_for(actor, at, Some(grounds), edit)
    }

    pub(crate) fn edit_for<R: Kinded>(
        &mut self,
        actor: Actor,
        at: Millis,
        grounds: Option<&Grounds>,
        edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
    ) -> Result<Option<Change>, EditError> {
        debug_assert_eq!(self.kind, R::KIND);
        self.write(actor, at, grounds, |transaction| {
            let mut under = Edit::new(transaction);
            edit(&mut under)?;
            Ok(under.into_transaction())
        })
    }

    /// Writes one change, with grounds where the author had to give them, and checks the record as a whole.
    pub(crate) fn write(
        &mut self,
        actor: Actor,
        at: Millis,
        grounds: Option<&Grounds>,
        work: impl FnOnce(Transaction<'_>) -> Result<Transaction<'_>, EditError>,
    ) -> Result<Option<Change>, EditError> {
        if self.is_erased() {
            return Err(erased().into());
        }
        // 1. Work on a copy: Automerge can't take a committed change back, and the record may turn out to be invalid.
        let mut next = self.inner.clone();
        next.set_actor(ActorId::from(actor));
        let transaction = work(next.transaction())?;
        // 2. An edit that changes nothing writes no change: it would travel and be stored for nothing.
        if transaction.pending_ops() == 0 {
            return Ok(None);
        }
        let mut options = CommitOptions::default().with_time(at.seconds());
        if let Some(grounds) = grounds {
            options.set_message(message(grounds));
        }
        let (hash, _) = transaction.commit_with(options);
        let hash = hash.ok_or(automerge::AutomergeError::Fail)?;
        // 3. The record must be valid as a whole, and within limits past which the store would quarantine the change.
        let next = Self::on(self.kind, next);
        Record::read(self.kind, &next.inner, next.values())?;
        let holds = next.inner.stats();
        if holds.num_ops > MAX_DOCUMENT_OPERATIONS || holds.num_changes > MAX_DOCUMENT_CHANGES {
            return Err(EditError::Full);
        }
        let change =
            next.inner.get_change_by_hash(&hash).ok_or(automerge::AutomergeError::MissingHash(hash))?;
        *self = next;
        Change::try_from(change).map(Some).map_err(|_| automerge::AutomergeError::Fail.into())
    }
}
