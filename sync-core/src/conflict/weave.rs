//! A text with every letter that was ever written into it, deleted letters too, in the order of the text. Of each
//! letter it says which change wrote it and which changes deleted it; of each of these changes (a *writer*), which
//! others it had seen. Automerge itself tells only what a text reads, at given heads.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use automerge::legacy::{ElementId, Key, ObjectId, OpId, OpType};
use automerge::{ActorId, ObjId, ReadDoc, ScalarValue};

use super::writers::Writers;
use crate::change::{Change, ChangeHash};
use crate::document::Document;
use crate::form::is_object;
use crate::limits::{MAX_TEXT_WORK, MAX_TEXT_WRITERS};

/// A letter, as one operation put it there.
#[derive(Debug)]
pub(super) struct Letter {
    /// The writer; `None` for a change before the last [`MAX_TEXT_WRITERS`], which all writers are taken to have seen.
    pub(super) writer: Option<usize>,
    /// The place of the letter after which it was put; none at the beginning.
    pub(super) after: Option<usize>,
    /// Whether the same change put it after the letter before it, by its next operation: both are of one run of
    /// letters.
    pub(super) goes_on: bool,
    /// The place of the next letter of its run.
    pub(super) next: Option<usize>,
    /// Its bytes in the words of the weave; an Automerge mark (formatting) has none.
    start: usize,
    end: usize,
    /// The index of its first deletion; its deletions end where those of the next letter begin.
    deletions: usize,
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Weave {
    pub(super) letters: Vec<Letter>,
    words: String,
    /// The writers that deleted a letter, sorted by the letter's place; `None` as for [`Letter::writer`].
    deletions: Vec<Option<usize>>,
    /// The hash of each writer.
    hashes: Vec<ChangeHash>,
    /// The writers that each writer had seen.
    seen: Vec<Writers>,
    /// The writers that had seen each writer.
    seen_by: Vec<Writers>,
    /// How many more letters may be looked at; see [`Weave::spend`].
    work: Cell<usize>,
}

/// An operation's id: its number and its author. Once authors are ranked, ids are ordered as Automerge orders them.
type Name = (u64, usize);

/// The operations on one text, in the order of the changes, before the letters are put in the order of the text.
#[derive(Default)]
struct Written {
    actors: HashMap<ActorId, usize>,
    words: String,
    /// Name, the letter after which, the change, its bytes.
    letters: Vec<(Name, Option<Name>, usize, usize, usize)>,
    /// The letter, and the change that deleted it.
    deleted: Vec<(Name, usize)>,
}

impl Weave {
    /// The text in `object` as of `heads`, or now. `None` where it has no conflict for sure: no two changes wrote to it
    /// unseen by each other. `None`, too, where the text holds more than letters.
    pub(super) fn of(document: &Document, object: &ObjId, heads: Option<&[ChangeHash]>) -> Option<Self> {
        // 1. In a history in one line nothing is concurrent; heads and dependencies alone tell.
        if heads.is_none() && is_one_line(document) {
            return None;
        }
        let mut changes = until(document.changes(), heads);
        // 2. All operations on the text. Operations are numbered after all those that their author had seen, so this
        //    order is causal, and the same on every machine.
        changes.sort_by_cached_key(|change| (change.inner().start_op(), change.hash()));
        let mut written = Written::default();
        let mut touching = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            if written.take(change, at, object)? {
                touching.push(at);
            }
        }
        // 3. Which writer had seen which. Only the last writers are looked at: the sets below have a fixed size, and a
        //    conflict that thousands of later changes did not settle is old news.
        let told = touching.split_off(touching.len().saturating_sub(MAX_TEXT_WRITERS));
        let (seen, hashes) = who_saw_whom(&changes, &told);
        if seen.iter().enumerate().all(|(writer, seen)| seen.len() == writer) {
            return None;
        }
        // 4. The letters in the order of the text.
        let writer = |change: usize| told.binary_search(&change).ok();
        let mut weave = written.put_in_order(writer)?;
        (weave.seen_by, weave.seen, weave.hashes) = (turned(&seen), seen, hashes);
        // 5. The order is computed here a second time, beside Automerge: where the two do not read the same, nothing is
        //    said.
        let reads = match heads {
            None => document.inner().text(object),
            Some(heads) => {
                let heads: Vec<automerge::ChangeHash> = heads.iter().copied().map(Into::into).collect();
                document.inner().text_at(object, &heads)
            }
        };
        (weave.now(0..weave.letters.len()) == reads.ok()?).then_some(weave)
    }

    pub(super) fn hash(&self, writer: usize) -> ChangeHash {
        self.hashes[writer]
    }

    pub(super) fn seen(&self, writer: usize) -> &Writers {
        &self.seen[writer]
    }

    pub(super) fn seen_by(&self, writer: usize) -> &Writers {
        &self.seen_by[writer]
    }

    /// A writer and all that it had seen.
    pub(super) fn closure(&self, writer: usize) -> Writers {
        self.seen[writer].with(writer)
    }

    /// The writers among `others` that are concurrent with this one: neither had seen the other.
    pub(super) fn unseen(&self, writer: usize, others: &Writers) -> Writers {
        let apart = others.without(&self.seen[writer]).without(&self.seen_by[writer]);
        apart.without(&Writers::NONE.with(writer))
    }

    pub(super) fn all(&self) -> Writers {
        (0..self.seen.len()).collect()
    }

    /// The writers that deleted a letter.
    pub(super) fn deleters(&self, at: usize) -> &[Option<usize>] {
        let end = self.letters.get(at + 1).map_or(self.deletions.len(), |next| next.deletions);
        &self.deletions[self.letters[at].deletions..end]
    }

    /// The deleters of a letter among the last writers.
    pub(super) fn told_deleters(&self, at: usize) -> Writers {
        self.spend(self.deleters(at).len());
        self.deleters(at).iter().copied().flatten().collect()
    }

    pub(super) fn letter(&self, at: usize) -> &str {
        let letter = &self.letters[at];
        &self.words[letter.start..letter.end]
    }

    /// Whether a letter stands in the text as the writers `by`, and all changes before the last writers, wrote it.
    pub(super) fn stands(&self, at: usize, by: &Writers) -> bool {
        let had = |writer: Option<usize>| writer.is_none_or(|writer| by.contains(writer));
        // One letter may have been deleted by hundreds.
        self.spend(self.deleters(at).len());
        had(self.letters[at].writer) && !self.deleters(at).iter().any(|deleter| had(*deleter))
    }

    pub(super) fn stands_now(&self, at: usize) -> bool {
        self.deleters(at).is_empty()
    }

    /// The letters of these places, as the writers `by` wrote them.
    pub(super) fn words(&self, places: std::ops::Range<usize>, by: &Writers) -> String {
        self.spend(places.len());
        places.filter(|at| self.stands(*at, by)).map(|at| self.letter(at)).collect()
    }

    /// The letters of these places, as they read now.
    pub(super) fn now(&self, places: std::ops::Range<usize>) -> String {
        places.filter(|at| self.stands_now(*at)).map(|at| self.letter(at)).collect()
    }

    /// Takes `letters` off the work that is left. A few bytes of changes can be made so that each pair of them needs a
    /// look at the whole text; once [`MAX_TEXT_WORK`] is spent, further conflicts are not looked for.
    pub(super) fn spend(&self, letters: usize) {
        self.work.set(self.work.get().saturating_sub(letters));
    }

    pub(super) fn is_spent(&self) -> bool {
        self.work.get() == 0
    }
}

/// Whether each change was written on top of all changes before it.
fn is_one_line(document: &Document) -> bool {
    let inner = document.inner();
    inner.get_heads().len() < 2 && inner.get_changes_meta(&[]).iter().all(|meta| meta.deps.len() < 2)
}

/// The changes that are behind these heads, or all.
fn until(mut changes: Vec<Change>, heads: Option<&[ChangeHash]>) -> Vec<Change> {
    if let Some(heads) = heads {
        let mut had: HashSet<ChangeHash> = heads.iter().copied().collect();
        // Each change stands before those that build on it: read from the end, it is known by then whether it is
        // wanted.
        for change in changes.iter().rev() {
            if had.contains(&change.hash()) {
                had.extend(change.deps());
            }
        }
        changes.retain(|change| had.contains(&change.hash()));
    }
    changes
}

/// Of each of the changes at the indices `told`, which others of these it had seen; and its hash.
fn who_saw_whom(changes: &[Change], told: &[usize]) -> (Vec<Writers>, Vec<ChangeHash>) {
    let mut known: HashMap<ChangeHash, Rc<Writers>> = HashMap::with_capacity(changes.len());
    let (mut seen, mut hashes) = (Vec::with_capacity(told.len()), Vec::with_capacity(told.len()));
    for (at, change) in changes.iter().enumerate() {
        let behind: Vec<Rc<Writers>> = change.deps().filter_map(|dep| known.get(&dep).cloned()).collect();
        let mut all = behind.iter().fold(Writers::NONE, |all, one| all.or(one));
        if told.get(seen.len()) == Some(&at) {
            seen.push(all);
            hashes.push(change.hash());
            all.insert(seen.len() - 1);
        }
        // Most changes know just what one of their dependencies knows: sharing that set saves 128 bytes for each.
        let shared = behind.into_iter().find(|one| **one == all);
        known.insert(change.hash(), shared.unwrap_or_else(|| Rc::new(all)));
    }
    (seen, hashes)
}

/// The writers that had seen each writer, from the writers that each had seen.
fn turned(seen: &[Writers]) -> Vec<Writers> {
    let mut seen_by = vec![Writers::NONE; seen.len()];
    for (writer, seen) in seen.iter().enumerate() {
        for one in seen.iter() {
            seen_by[one].insert(writer);
        }
    }
    seen_by
}

impl Written {
    /// Notes the operations of a change on the text. Gives whether there are any; `None` where one is neither an
    /// insertion of letters or marks nor a deletion.
    fn take(&mut self, change: &Change, at: usize, object: &ObjId) -> Option<bool> {
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
    fn put_in_order(mut self, writer: impl Fn(usize) -> Option<usize>) -> Option<Weave> {
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
