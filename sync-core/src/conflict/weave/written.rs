//! All operations on one text, and the order of the text that follows from them.

use std::cell::Cell;
use std::collections::HashMap;

use automerge::legacy::{ElementId, Key, ObjectId, OpId, OpType};
use automerge::{ActorId, ObjId, ScalarValue};

use super::{Letter, Weave};
use crate::change::Change;
use crate::form::is_object;
use crate::limits::MAX_TEXT_WORK;

/// An operation's id: its number and its author. Once authors are ranked, ids are ordered as Automerge orders them.
type Name = (u64, usize);

/// The operations on one text, in the order of the changes, before the letters are put in the order of the text.
#[derive(Default)]
pub(super) struct Written {
    actors: HashMap<ActorId, usize>,
    words: String,
    /// Name, the letter after which, the change, its bytes.
    letters: Vec<(Name, Option<Name>, usize, usize, usize)>,
    /// The letter, and the change that deleted it.
    deleted: Vec<(Name, usize)>,
}

impl Written {
    /// Notes the operations of a change on the text. Gives whether there are any; `None` where one is neither an
    /// insertion of letters or marks nor a deletion.
    pub(super) fn take(&mut self, change: &Change, at: usize, object: &ObjId) -> Option<bool> {
        let expanded = change.inner().decode();
        let author = self.actor(&expanded.actor_id);
        let mut wrote = false;
        for (number, operation) in (expanded.start_op.get()..).zip(&expanded.operations) {
            let name = (number, author);
            let ObjectId::Id(id) = &operation.obj else { continue };
            let Key::Seq(element) = &operation.key else { continue };
            if !is_object(object, id) {
                continue;
            }
            wrote = true;
            let element = match element {
                ElementId::Head => None,
                ElementId::Id(id) => Some(self.name(id)),
            };
            match (&operation.action, operation.insert) {
                (OpType::Put(ScalarValue::Str(letter)), true) => {
                    let start = self.words.len();
                    self.words.push_str(letter);
                    self.letters.push((name, element, at, start, self.words.len()));
                }
                (OpType::MarkBegin(_) | OpType::MarkEnd(_), true) => {
                    let end = self.words.len();
                    self.letters.push((name, element, at, end, end));
                }
                (OpType::Delete, false) => self.deleted.push((element?, at)),
                _ => return None,
            }
        }
        Some(wrote)
    }

    fn actor(&mut self, actor: &ActorId) -> usize {
        let next = self.actors.len();
        *self.actors.entry(actor.clone()).or_insert(next)
    }

    fn name(&mut self, id: &OpId) -> Name {
        (id.counter(), self.actor(id.actor()))
    }

    /// Puts the letters in the order of the text, by Automerge's rule: of letters that were put after the same letter,
    /// the one with the greatest id comes first, with all letters that were put after it. `writer` gives the writer of
    /// a change.
    pub(super) fn put_in_order(mut self, writer: impl Fn(usize) -> Option<usize>) -> Option<Weave> {
        // 1. Ids with ranked authors, so that they compare as Automerge compares them.
        let mut actors: Vec<(ActorId, usize)> = self.actors.drain().collect();
        actors.sort_unstable();
        let mut rank = vec![0; actors.len()];
        for (place, (_, actor)) in actors.iter().enumerate() {
            rank[*actor] = place;
        }
        let ranked = |(counter, actor): Name| (counter, rank[actor]);
        for (name, after, ..) in &mut self.letters {
            (*name, *after) = (ranked(*name), after.map(ranked));
        }
        self.letters.sort_unstable_by_key(|(name, ..)| *name);
        let find = |name: Name| self.letters.binary_search_by_key(&name, |(name, ..)| *name).ok();

        // 2. A tree of letters, each below the letter after which it was put. Ids ascend, so each new letter goes to
        //    the front of its siblings.
        const NOBODY: usize = usize::MAX;
        let count = self.letters.len();
        let (mut first, mut next) = (vec![NOBODY; count + 1], vec![NOBODY; count]);
        for (at, (_, after, ..)) in self.letters.iter().enumerate() {
            let parent = match after {
                None => count,
                Some(name) => find(*name)?,
            };
            next[at] = std::mem::replace(&mut first[parent], at);
        }
        // 3. The tree from left to right, with a stack of its own: a text that was typed letter by letter is as deep as
        //    it is long.
        let (mut order, mut ahead) = (Vec::with_capacity(count), vec![first[count]]);
        while let Some(at) = ahead.pop() {
            if at != NOBODY {
                order.push(at);
                ahead.extend([next[at], first[at]]);
            }
        }
        let mut place = vec![NOBODY; count];
        for (to, at) in order.iter().enumerate() {
            place[*at] = to;
        }

        // 4. Deletions, by the place of their letter.
        let mut deleted = Vec::with_capacity(self.deleted.len());
        for (name, change) in &self.deleted {
            deleted.push((place[find(ranked(*name))?], writer(*change)));
        }
        deleted.sort_unstable();
        deleted.dedup();
        // 5. The letters, each with its writer, its deletions, and the run that it is part of.
        let mut letters = Vec::with_capacity(count);
        for at in order {
            let ((counter, author), after, change, start, end) = self.letters[at];
            let deletions = deleted.partition_point(|(letter, _)| *letter < letters.len());
            let before = after.and_then(find).map(|before| (&self.letters[before], place[before]));
            let goes_on = before.is_some_and(|((name, _, theirs, ..), _)| {
                (*name, *theirs) == ((counter.wrapping_sub(1), author), change)
            });
            let after = before.map(|(_, place)| place);
            letters.push(Letter {
                writer: writer(change),
                after,
                goes_on,
                next: None,
                start,
                end,
                deletions,
            });
        }
        for at in 0..letters.len() {
            if let Some(before) = letters[at].after.filter(|_| letters[at].goes_on) {
                letters[before].next = Some(at);
            }
        }
        Some(Weave {
            letters,
            words: self.words,
            deletions: deleted.into_iter().map(|(_, writer)| writer).collect(),
            hashes: Vec::new(),
            seen: Vec::new(),
            seen_by: Vec::new(),
            work: Cell::new(MAX_TEXT_WORK),
        })
    }
}
