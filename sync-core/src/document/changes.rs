//! The changes of a document: which they are, who wrote them, which were re-keyed.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ReadDoc;

use super::Document;
use crate::boundary::contain;
use crate::change::{Actor, Change, ChangeHash, tells_of_another};
use crate::id::DeviceId;

impl Document {
    /// Every change but the genesis, each after those that it builds on.
    pub fn changes(&self) -> Vec<Change> {
        let genesis = Self::genesis(self.kind).inner.get_heads();
        self.inner
            .get_changes(&genesis)
            .into_iter()
            .filter_map(|change| Change::try_from(change).ok())
            .collect()
    }

    /// The change with this hash, where the document has it.
    fn change(&self, hash: &ChangeHash) -> Option<Change> {
        let change = contain(|| self.inner.get_change_by_hash(&(*hash).into())).ok()??;
        Change::try_from(change).ok()
    }

    /// The devices that began the record without knowing of each other: the authors of changes that build on the
    /// genesis alone.
    pub fn begun_by(&self) -> BTreeSet<DeviceId> {
        let genesis = Self::genesis(self.kind).inner.get_heads();
        let metas = self.inner.get_changes_meta(&genesis);
        let first = metas.iter().filter(|meta| meta.deps == genesis);
        first.filter_map(|meta| Some(Actor::try_from(&*meta.actor).ok()?.device)).collect()
    }

    /// The numbers that each author has taken, each with the change that has it.
    pub(crate) fn numbers(&self) -> BTreeMap<(Actor, u64), ChangeHash> {
        let metas = self.inner.get_changes_meta(&[]);
        let number = |meta: &automerge::ChangeMetadata<'_>| {
            Some(((Actor::try_from(&*meta.actor).ok()?, meta.seq), meta.hash.into()))
        };
        metas.iter().filter_map(number).collect()
    }

    /// The changes that were re-keyed because their number was taken, by the hash that each had before.
    pub fn rekeyed(&self) -> BTreeMap<ChangeHash, Change> {
        let metas = self.inner.get_changes_meta(&[]);
        let rekeyed = metas.iter().filter(|meta| meta.message.as_deref().is_some_and(tells_of_another));
        let change = |meta: &automerge::ChangeMetadata<'_>| {
            let change = self.change(&meta.hash.into())?;
            Some((change.was()?, change))
        };
        rekeyed.filter_map(change).collect()
    }

    /// Whether a change is merged here: itself, its re-keyed form, or the change of which it is the re-keyed form.
    /// `rekeyed` is [`Document::rekeyed`].
    pub fn has_taken(&self, change: &Change, rekeyed: &BTreeMap<ChangeHash, Change>) -> bool {
        self.contains(&change.hash()) || self.same_by_another_name(change, rekeyed).is_some()
    }

    /// The change in this document that says the same under another hash: the re-keyed form of `change`, or the change
    /// of which it is the re-keyed form.
    pub(crate) fn same_by_another_name(
        &self,
        change: &Change,
        rekeyed: &BTreeMap<ChangeHash, Change>,
    ) -> Option<ChangeHash> {
        let before = change.was().and_then(|was| self.change(&was)).filter(|was| change.stands_for(was));
        let after = rekeyed.get(&change.hash()).filter(|now| now.stands_for(change));
        before.as_ref().or(after).map(Change::hash)
    }

    /// Whether a change numbers its operations right after those on which it builds. A gap uses up numbers, of which
    /// there are 2^32: without them Automerge stops the process at the next edit (seen).
    pub(crate) fn continues(&self, change: &Change) -> bool {
        let behind = change.deps().filter_map(|hash| self.inner.get_change_meta_by_hash(&hash.into()));
        change.inner().start_op().get() == behind.map(|meta| meta.max_op).max().unwrap_or(0) + 1
    }

    /// The same document without some changes and the changes that build on these; `None` if the rest can't be merged.
    pub(crate) fn without(&self, mut gone: BTreeSet<ChangeHash>) -> Option<Self> {
        let mut stay = Vec::new();
        for change in self.changes() {
            if gone.contains(&change.hash()) || change.deps().any(|behind| gone.contains(&behind)) {
                gone.insert(change.hash());
            } else {
                stay.push(change);
            }
        }
        let mut rest = Self::genesis(self.kind);
        rest.apply(&stay).ok()?;
        Some(rest)
    }
}
