//! A change that can't keep its number. A tablet was copied, and both copies wrote under one number: Automerge takes only one
//! of the two. The other says the same under an author of its own, the same device in a life that the change's hash names,
//! and so does what was built on it. Whoever re-keys a change gets the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use automerge::legacy::{ElementId, Key, ObjectId, OpId};
use automerge::{ActorId, ExpandedChange};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::{Actor, Change, ChangeHash, Message};
use crate::boundary::contain;

/// What a change was before it was re-keyed.
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

/// Operations that have another author now.
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
    /// Re-keys the change. `others` are those that were, under the hashes that they had; what of them it builds on it
    /// builds on as it is now. `None` where that can't be done.
    pub fn rekeyed(&self, others: &BTreeMap<ChangeHash, Self>) -> Option<Self> {
        let [a, b, c, d, ..] = *self.hash().as_bytes();
        let life = Actor { incarnation: u32::from_be_bytes([a, b, c, d]).max(1), ..self.actor };
        let mut renamed = vec![Renamed::of(self, self.actor, life)];
        for other in self.behind(others) {
            let was = Actor { incarnation: other.message()?.was?.incarnation, ..other.actor };
            renamed.push(Renamed::of(other, was, other.actor));
        }
        let message = Message { was: Some(Was::of(self)), ..self.message().unwrap_or_default() };
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

    /// The hash that it had before it was re-keyed, if it was.
    pub(crate) fn was(&self) -> Option<ChangeHash> {
        self.message()?.was?.hash()
    }

    /// Whether it is the other one, re-keyed. Only the same device's word for that counts: nobody can make another's work
    /// seem to be there.
    pub fn stands_for(&self, other: &Self) -> bool {
        self.actor.device == other.actor.device && self.was() == Some(other.hash())
    }

    /// Those of the others that it builds on, also by way of each other.
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
