//! Taking changes of others into a document.

use automerge::ReadDoc;

use super::Document;
use crate::boundary::{Unmergeable, contain};
use crate::change::Change;

impl Document {
    /// Applies changes that may come from anybody, all of them or none. Costs a copy of the document.
    ///
    /// # Errors
    /// [`Unmergeable`] if Automerge refuses a change, panics, or changes its bytes, or if a dependency is not there.
    /// The document is then as it was.
    pub fn apply<'a>(&mut self, changes: impl IntoIterator<Item = &'a Change>) -> Result<(), Unmergeable> {
        let mut next = self.clone();
        let changes: Vec<&Change> = changes.into_iter().collect();
        next.put_all(&changes)?;
        // Automerge takes some corrupt changes without an error and panics only when the document is used next (seen),
        // and holds back changes whose dependencies are missing. So the document must give each change back byte for
        // byte.
        let same = |change: &&Change| {
            let back = next.inner.get_change_by_hash(&change.inner().hash());
            back.is_some_and(|back| back.raw_bytes() == change.inner().raw_bytes())
        };
        if !contain(|| changes.iter().all(same))? {
            return Err(Unmergeable);
        }
        *self = next;
        Ok(())
    }

    /// Applies one change that may come from anybody, without the copy that [`Document::apply`] makes. If this fails,
    /// the document is spoilt. It may be spoilt even if this succeeds: the caller must prove that the document
    /// [opens](Document::opens_from) from the snapshot that is to be stored, and use nothing that was read from it
    /// before that.
    ///
    /// # Errors
    /// [`Unmergeable`] if Automerge refuses the change or panics.
    pub(crate) fn put_on(&mut self, change: &Change) -> Result<(), Unmergeable> {
        self.put_all(&[change])
    }

    fn put_all(&mut self, changes: &[&Change]) -> Result<(), Unmergeable> {
        let all = || changes.iter().map(|change| change.inner().clone());
        self.values.take();
        contain(|| self.inner.apply_changes(all()))?.map_err(|_| Unmergeable)
    }

    /// Whether these bytes open as this document, under the limits that every tablet has. Heads are hashes of all
    /// changes, so equal heads mean equal changes. Costs opening the document once.
    pub fn opens_from(&self, snapshot: &[u8]) -> bool {
        let again = contain(|| Self::received(self.kind, snapshot));
        matches!(again, Ok(Ok(again)) if again.heads() == self.heads())
    }
}
