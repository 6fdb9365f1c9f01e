//! Re-keying a change whose number is taken. A tablet was copied, and both copies wrote under one number: Automerge
//! takes only one of the two changes. The other is written again with the same operations under an author of its own:
//! the same device, in an incarnation that is taken from the change's hash. The changes that build on it are re-keyed,
//! too. The result follows from the change and those behind it, so everybody who re-keys the change gets the same
//! bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use automerge::legacy::{ElementId, Key, ObjectId, OpId};
use automerge::{ActorId, ExpandedChange};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::{Actor, Change, ChangeHash, Message};
use crate::boundary::contain;

/// The hash and the incarnation of a change before it was re-keyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Was {
    hash: String,
    incarnation: u32,
}

impl Was {
    fn of(change: &Change) -> Self {
        Self { hash: change.hash().to_string(), incarnation: change.actor.incarnation }
    }

    pub(super) fn hash(&self) -> Option<ChangeHash> {
        let bytes = HEXLOWER.decode(self.hash.as_bytes()).ok()?;
        bytes.try_into().map(ChangeHash::from_bytes).ok()
    }
}

/// The operations of one change that have another author since it was re-keyed.
struct Renamed {
    numbers: Range<u64>,
    from: ActorId,
    to: ActorId,
}

impl Renamed {
    fn of(change: &Change, from: Actor, to: Actor) -> Self {
        let first = change.inner.start_op().get();
        let numbers = first..first.saturating_add(change.inner.len() as u64);
        Self { numbers, from: from.into(), to: to.into() }
    }

    fn renames(&self, id: &OpId) -> bool {
        self.from == *id.actor() && self.numbers.contains(&id.counter())
    }
}

impl Change {
    /// The change, re-keyed. `others` are the changes of the document that were re-keyed before, by the hash that each
    /// had: where this change builds on one of them, it builds on the re-keyed form from now on. `None` where Automerge
    /// can't write it so.
    pub fn rekeyed(&self, others: &BTreeMap<ChangeHash, Self>) -> Option<Self> {
        // 1. The new author. Its incarnation follows from the hash, so two people who release the change at the same
        //    time write one change, not two.
        let [a, b, c, d, ..] = *self.hash().as_bytes();
        let life = Actor { incarnation: u32::from_be_bytes([a, b, c, d]).max(1), ..self.actor };
        // 2. Operations name other operations by author and number. The change's own have a new author, and so have
        //    those of every re-keyed change behind it.
        let mut renamed = vec![Renamed::of(self, self.actor, life)];
        for other in self.behind(others) {
            let was = Actor { incarnation: other.message()?.was?.incarnation, ..other.actor };
            renamed.push(Renamed::of(other, was, other.actor));
        }
        // 3. The message says what the change was. By that tablets let go of their own form of it, and it is not merged
        //    twice.
        let message = Message { was: Some(Was::of(self)), ..self.message().unwrap_or_default() };
        // 4. The first change of its author, with the same operations on top of the dependencies as they are now.
        let written = contain(|| {
            let mut expanded = self.inner.decode();
            expanded.actor_id = life.into();
            expanded.seq = 1;
            expanded.message = Some(message.to_string());
            for dep in &mut expanded.deps {
                *dep = others.get(&(*dep).into()).map_or(*dep, |now| now.hash().into());
            }
            expanded.deps.sort_unstable();
            rename(&mut expanded, &renamed);
            automerge::Change::from(expanded).raw_bytes().to_vec()
        });
        Self::parse(&written.ok()?).ok()
    }

    /// The hash that the change had before it was re-keyed; `None` where it was not.
    pub fn was(&self) -> Option<ChangeHash> {
        self.message()?.was?.hash()
    }

    /// Whether this is the re-keyed form of `other`. Only a change of the same device can be: otherwise anybody could
    /// write a change that claims to stand for another's work, which would then count as merged.
    pub fn stands_for(&self, other: &Self) -> bool {
        self.actor.device == other.actor.device && self.was() == Some(other.hash())
    }

    /// The changes among `others`, before or after they were re-keyed, on which this change builds, directly or through
    /// each other.
    fn behind<'a>(&self, others: &'a BTreeMap<ChangeHash, Self>) -> Vec<&'a Self> {
        let both = |(was, now): (&ChangeHash, &'a Self)| [(*was, now), (now.hash(), now)];
        let others: BTreeMap<ChangeHash, &Self> = others.iter().flat_map(both).collect();
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut ask: Vec<ChangeHash> = self.deps().collect();
        while let Some(hash) = ask.pop() {
            if let Some(other) = others.get(&hash)
                && seen.insert(other.hash())
            {
                ask.extend(other.deps());
                found.push(*other);
            }
        }
        found
    }
}

/// Gives the operations that a change names their new authors: as the object, the element or the predecessor of an
/// operation.
fn rename(change: &mut ExpandedChange, renamed: &[Renamed]) {
    let now = |id: &OpId| match renamed.iter().find(|one| one.renames(id)) {
        Some(one) => OpId::new(id.counter(), &one.to),
        None => id.clone(),
    };
    for operation in &mut change.operations {
        if let ObjectId::Id(id) = &mut operation.obj {
            *id = now(id);
        }
        if let Key::Seq(ElementId::Id(id)) = &mut operation.key {
            *id = now(id);
        }
        operation.pred = operation.pred.iter().map(now).collect();
    }
}
