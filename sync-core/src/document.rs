//! One record as an Automerge document: how it begins, how it is edited, how it takes changes of others, how it is
//! read.
//!
//! Opening, copying and saving a document each cost as much as it holds, history included; looking a change up costs
//! little.

mod apply;
mod changes;
mod edit;
mod erased;

use std::sync::{Arc, LazyLock, OnceLock};

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, ObjType, ROOT};

use crate::boundary::contain;
use crate::change::{ChangeHash, frame};
use crate::form::{GENESIS_ACTOR, Invalid, Shape, Values};
use crate::record::{Kind, Kinded, Record, SCHEMA};

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

    /// Whether it holds the genesis alone.
    pub(crate) fn is_empty(&self) -> bool {
        self.heads() == Self::genesis(self.kind).heads()
    }

    /// The record as a plain struct. Fields that this version does not know stay in the document.
    ///
    /// # Errors
    /// [`Invalid`] names the first field that does not stand as the data dictionary says.
    pub fn record(&self) -> Result<Record, Invalid> {
        if self.is_erased() {
            return Ok(Record::Erased(self.kind));
        }
        contain(|| Record::read(self.kind, &self.inner, self.values()))
            .unwrap_or_else(|_| Err(Invalid::new("document", "can't be read")))
    }

    /// As [`Document::record`], where the kind is known.
    ///
    /// # Errors
    /// [`Invalid`] names the first field that does not stand as the data dictionary says, or says that the record was erased.
    pub fn read<R: Kinded>(&self) -> Result<R, Invalid> {
        if self.kind != R::KIND {
            return Err(Invalid::new("kind", format!("must be {}", R::KIND)));
        }
        if self.is_erased() {
            return Err(erased::erased());
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
