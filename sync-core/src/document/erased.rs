//! What is left of a record that was erased because the person asked for it (Law 058/2021, article 23).
//!
//! A **tombstone** is the genesis of the kind and one change that says nothing. It has the same bytes on every machine, so
//! two stores or tablets that erase one record hold equal documents, and nobody can read from it what stood there. It
//! takes the place of the whole document, history included; whatever else arrives for that record is not merged with it.

use std::sync::LazyLock;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, ROOT, ReadDoc};
use uuid::Uuid;

use super::Document;
use crate::change::{Actor, Change};
use crate::form::Invalid;
use crate::id::{DeviceId, Id};
use crate::record::Kind;

/// The tombstone of each kind, with the change that makes it one.
static TOMBSTONES: LazyLock<Vec<(Document, Change)>> =
    LazyLock::new(|| Kind::ALL.iter().copied().map(raise).collect());

/// The author of the change: no device has this id.
fn nobody() -> Actor {
    Actor { device: DeviceId::from_uuid(Uuid::nil()), incarnation: 0 }
}

fn raise(kind: Kind) -> (Document, Change) {
    let mut inner = Document::genesis(kind).inner;
    inner.set_actor(ActorId::from(nobody()));
    let mut transaction = inner.transaction();
    transaction.put(ROOT, "tombstone", true).expect("putting a key into the root can't fail");
    let (hash, _) = transaction.commit_with(CommitOptions::default().with_time(0));
    let change = hash.and_then(|hash| inner.get_change_by_hash(&hash));
    let change = change.and_then(|change| Change::try_from(change).ok()).expect("it was just written");
    (Document::on(kind, inner), change)
}

impl Document {
    /// The tombstone of a kind.
    pub fn tombstone(kind: Kind) -> Self {
        TOMBSTONES[kind as usize].0.clone()
    }

    /// Whether the record was erased: nothing can be read from it or written to it.
    pub fn is_erased(&self) -> bool {
        self.contains(&TOMBSTONES[self.kind as usize].1.hash())
    }
}

impl Change {
    /// The change that makes the tombstone of a kind. It travels in the stream like any other. The store alone writes it.
    pub fn tombstone(kind: Kind) -> Self {
        TOMBSTONES[kind as usize].1.clone()
    }

    /// Whether this is the change of a tombstone, of whatever kind.
    pub fn is_tombstone(&self) -> bool {
        self.actor() == nobody() && TOMBSTONES.iter().any(|(_, change)| change.hash() == self.hash())
    }
}

/// Why a record that was erased is neither read nor edited.
pub(super) fn erased() -> Invalid {
    Invalid::new("record", "was erased, as the person asked; nothing can be recorded in it any more")
}
