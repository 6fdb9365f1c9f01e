//! One record as an Automerge document: how it begins, how it is edited, how it takes changes of others, how it is
//! read.
//!
//! Opening, copying and saving a document each cost as much as it holds, history included; looking a change up costs
//! little.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, OnceLock};

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Automerge, ObjType, ROOT, ReadDoc};

use crate::boundary::{Unmergeable, contain};
use crate::change::{Actor, Change, ChangeHash, Grounds, frame, message, tells_of_another};
use crate::form::{Edit, EditError, GENESIS_ACTOR, Invalid, Shape, Values};
use crate::id::DeviceId;
use crate::limits::{MAX_DOCUMENT_CHANGES, MAX_DOCUMENT_OPERATIONS};
use crate::record::{Kind, Kinded, Record, SCHEMA};
use crate::time::Millis;

/// A stored document that can't be opened: the store or the folder is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stored document can't be opened; restore it from a backup or let a sync bring it again")]
pub struct Damaged;

/// One record as an Automerge document.
#[derive(Debug, Clone)]
pub struct Document {
    kind: Kind,
    inner: Automerge,
    /// See [`Document::values`].
    values: OnceLock<Arc<Values>>,
}

impl Document {
    /// A new document. All documents of a kind begin with one genesis change, the same on every machine, that makes the
    /// maps and texts of the field table. So two tablets can create one record offline and merge it: of two maps for
    /// one field one would win, and the entries of the other vanish (seen).
    pub fn genesis(kind: Kind) -> Self {
        static GENESIS: LazyLock<Vec<Document>> =
            LazyLock::new(|| Kind::ALL.iter().copied().map(Document::begin).collect());
        GENESIS[kind as usize].clone()
    }

    fn begin(kind: Kind) -> Self {
        let mut inner = Automerge::new().with_actor(ActorId::from(GENESIS_ACTOR));
        let mut transaction = inner.transaction();
        let built = (|| {
            transaction.put(ROOT, "record", kind.code())?;
            transaction.put(ROOT, "schema", i64::from(SCHEMA))?;
            for field in kind.fields() {
                match field.shape {
                    Shape::Register => continue,
                    Shape::Map => transaction.put_object(ROOT, field.name, ObjType::Map)?,
                    Shape::Text => transaction.put_object(ROOT, field.name, ObjType::Text)?,
                };
            }
            Ok::<_, automerge::AutomergeError>(())
        })();
        built.expect("putting keys into a new map can't fail");
        transaction.commit_with(CommitOptions::default().with_time(0));
        Self::on(kind, inner)
    }

    fn on(kind: Kind, inner: Automerge) -> Self {
        Self { kind, inner, values: OnceLock::new() }
    }

    /// Opens bytes that [`Document::save`] wrote, from the tablet's folder or the store.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are not what was saved.
    pub fn load(kind: Kind, snapshot: &[u8]) -> Result<Self, Damaged> {
        let loaded = contain(|| Automerge::load(snapshot)).map_err(|_| Damaged)?;
        Ok(Self::on(kind, loaded.map_err(|_| Damaged)?))
    }

    /// Opens a document that somebody sent. Its weight is checked first: a few bytes can claim to hold gigabytes.
    ///
    /// # Errors
    /// [`Damaged`] if it is not one document, or larger than any that the store takes.
    pub fn received(kind: Kind, snapshot: &[u8]) -> Result<Self, Damaged> {
        frame::document(snapshot).map_err(|_| Damaged)?;
        Self::load(kind, snapshot)
    }

    /// The whole document with its history, compacted (Automerge's document chunk).
    pub fn save(&self) -> Vec<u8> {
        self.inner.save()
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The hashes of the changes on which no other change builds, ascending.
    pub fn heads(&self) -> Vec<ChangeHash> {
        let mut heads: Vec<_> = self.inner.get_heads().into_iter().map(ChangeHash::from).collect();
        heads.sort_unstable();
        heads
    }

    pub fn contains(&self, hash: &ChangeHash) -> bool {
        self.inner.get_change_meta_by_hash(&(*hash).into()).is_some()
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

    /// Whether it holds the genesis alone.
    pub(crate) fn is_empty(&self) -> bool {
        self.heads() == Self::genesis(self.kind).heads()
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

    /// Whether a change numbers its operations right after those on which it builds. A gap uses up numbers, of which
    /// there are 2^32: without them Automerge stops the process at the next edit (seen).
    pub(crate) fn continues(&self, change: &Change) -> bool {
        let behind = change.deps().filter_map(|hash| self.inner.get_change_meta_by_hash(&hash.into()));
        change.inner().start_op().get() == behind.map(|meta| meta.max_op).max().unwrap_or(0) + 1
    }

    /// Every change but the genesis, each after those that it builds on.
    pub fn changes(&self) -> Vec<Change> {
        let genesis = Self::genesis(self.kind).inner.get_heads();
        self.inner
            .get_changes(&genesis)
            .into_iter()
            .filter_map(|change| Change::try_from(change).ok())
            .collect()
    }

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

    /// The record as a plain struct. Fields that this version does not know stay in the document.
    ///
    /// # Errors
    /// [`Invalid`] names the first field that does not stand as the data dictionary says.
    pub fn record(&self) -> Result<Record, Invalid> {
        contain(|| Record::read(self.kind, &self.inner, self.values()))
            .unwrap_or_else(|_| Err(Invalid::new("document", "can't be read")))
    }

    /// As [`Document::record`], where the kind is known.
    ///
    /// # Errors
    /// [`Invalid`] names the first field that does not stand as the data dictionary says.
    pub fn read<R: Kinded>(&self) -> Result<R, Invalid> {
        if self.kind != R::KIND {
            return Err(Invalid::new("kind", format!("must be {}", R::KIND)));
        }
        R::read(&self.inner, self.values())
    }

    /// All current values of the document, concurrent ones included. They are read at the first call and kept until a
    /// change is applied.
    pub fn values(&self) -> &Values {
        self.values.get_or_init(|| Arc::new(Values::of(&self.inner, self.kind.fields())))
    }

    pub(crate) fn inner(&self) -> &Automerge {
        &self.inner
    }
}
