//! Who said first what a field says since a clash in it was settled.

use std::collections::{BTreeMap, BTreeSet};

use automerge::legacy::{Key, ObjectId, OpId, OpType};
use automerge::{ActorId, ChangeHash, ReadDoc, ScalarValue};

use crate::document::Document;

/// The changes that first put the values which `holds` picks, where these put them last. A change that settled a clash in favour of one
/// of its values is replaced by those that had put this one; where it said something else, it stays. Looks at each value once.
pub(super) fn first_said(
    document: &Document,
    field: &str,
    last: Vec<ChangeHash>,
    holds: impl Fn(&ScalarValue) -> bool,
) -> Vec<ChangeHash> {
    let (mut first, mut seen, mut ahead, mut writers) = (Vec::new(), BTreeSet::new(), last, None);
    while let Some(change) = ahead.pop() {
        if !seen.insert(change) {
            continue;
        }
        let over = overwritten(document, field, &change);
        if over.len() < 2 {
            first.push(change);
            continue;
        }
        let writers = writers.get_or_insert_with(|| Writers::of(document));
        let before: Vec<ChangeHash> =
            over.iter().filter_map(|value| writers.put(document, value, &holds)).collect();
        if before.is_empty() { first.push(change) } else { ahead.extend(before) }
    }
    first
}

/// The values of a field that a change found there and overwrote.
fn overwritten(document: &Document, field: &str, change: &ChangeHash) -> Vec<OpId> {
    let Some(change) = document.inner().get_change_by_hash(change) else { return Vec::new() };
    // What a change writes twice overwrites its own words the second time.
    let first = change.decode().operations.into_iter().find(
        |one| matches!((&one.obj, &one.key), (ObjectId::Root, Key::Map(name)) if name.as_str() == field),
    );
    first.iter().flat_map(|one| one.pred.iter().cloned()).collect()
}

/// By the author and the number of its first operation, each change, and whether a value that it put is one that is looked for.
struct Writers {
    changes: BTreeMap<(ActorId, u64), ChangeHash>,
    known: BTreeMap<(ActorId, u64), Option<ChangeHash>>,
}

impl Writers {
    fn of(document: &Document) -> Self {
        let all = document.inner().get_changes_meta(&[]);
        let changes = all.into_iter().map(|meta| ((meta.actor.into_owned(), meta.start_op), meta.hash));
        Self { changes: changes.collect(), known: BTreeMap::new() }
    }

    /// The change that put a value, if `holds` picks it.
    fn put(
        &mut self,
        document: &Document,
        value: &OpId,
        holds: impl Fn(&ScalarValue) -> bool,
    ) -> Option<ChangeHash> {
        let at = (value.actor().clone(), value.counter());
        if let Some(known) = self.known.get(&at) {
            return *known;
        }
        let put = || {
            let ((actor, start), hash) = self.changes.range(..=&at).next_back()?;
            let nth = usize::try_from(at.1 - start).ok().filter(|_| *actor == at.0)?;
            let put = document.inner().get_change_by_hash(hash)?.decode().operations.into_iter().nth(nth)?;
            matches!(&put.action, OpType::Put(said) if holds(said)).then_some(*hash)
        };
        let put = put();
        self.known.insert(at, put);
        put
    }
}
