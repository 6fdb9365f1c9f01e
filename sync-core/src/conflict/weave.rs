//! A text with all letters that anybody ever wrote into it, in the order of the text, those that were deleted too; with who
//! wrote each, who deleted it, and which changes each of these had seen. Automerge shows of a text only what it reads now.

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
    /// The change that wrote it; none for one so old that all others are taken to have seen it.
    pub(super) writer: Option<usize>,
    /// The place of the letter after which it was put; none at the beginning.
    pub(super) after: Option<usize>,
    /// Whether it goes on from the letter before it, as the next operation of one change: a run of letters.
    pub(super) goes_on: bool,
    /// The place of the letter with which its run goes on.
    pub(super) next: Option<usize>,
    /// Its bytes in the words of the weave; a mark has none.
    start: usize,
    end: usize,
    /// Where its deletions begin; they end where those of the next letter begin.
    deletions: usize,
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Weave {
    pub(super) letters: Vec<Letter>,
    words: String,
    /// By the place of the letter; `None` is a change so old that all others are taken to have seen it.
    deletions: Vec<Option<usize>>,
    hashes: Vec<ChangeHash>,
    /// Of each writer, whom it had seen.
    seen: Vec<Writers>,
    /// Of each writer, who had seen it.
    seen_by: Vec<Writers>,
    /// How many letters may still be looked at.
    work: Cell<usize>,
}

/// An operation's id; the author by rank, so that ids are ordered as Automerge orders them.
type Name = (u64, usize);

/// What was written to one text, before it is put in order.
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
    /// The text in `object` as of `heads`, or now; `None` where no two changes ever wrote to it unseen by each other, or where
    /// the text holds more than letters.
    pub(super) fn of(document: &Document, object: &ObjId, heads: Option<&[ChangeHash]>) -> Option<Self> {
        if heads.is_none() && is_one_line(document) {
            return None;
        }
        let mut changes = until(document.changes(), heads);
        // Operations are numbered after all that their author had seen, so this order is causal, and the same everywhere.
        changes.sort_by_cached_key(|change| (change.inner().start_op(), change.hash()));
        let mut written = Written::default();
        let mut touching = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            if written.take(change, at, object)? {
                touching.push(at);
            }
        }
        // The writers that are told apart are the last ones: a pair among thousands that nobody settled for so long is old news.
        let told = touching.split_off(touching.len().saturating_sub(MAX_TEXT_WRITERS));
        let (seen, hashes) = who_saw_whom(&changes, &told);
        if seen.iter().enumerate().all(|(writer, seen)| seen.len() == writer) {
            return None;
        }
        let writer = |change: usize| told.binary_search(&change).ok();
        let mut weave = written.put_in_order(writer)?;
        (weave.seen_by, weave.seen, weave.hashes) = (turned(&seen), seen, hashes);
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

    /// The writer and whom it had seen.
    pub(super) fn closure(&self, writer: usize) -> Writers {
        self.seen[writer].with(writer)
    }

    /// Those of `others` that this writer had not seen, and who had not seen it.
    pub(super) fn unseen(&self, writer: usize, others: &Writers) -> Writers {
        let apart = others.without(&self.seen[writer]).without(&self.seen_by[writer]);
        apart.without(&Writers::NONE.with(writer))
    }

    pub(super) fn all(&self) -> Writers {
        (0..self.seen.len()).collect()
    }

    /// Who deleted a letter.
    pub(super) fn deleters(&self, at: usize) -> &[Option<usize>] {
        let end = self.letters.get(at + 1).map_or(self.deletions.len(), |next| next.deletions);
        &self.deletions[self.letters[at].deletions..end]
    }

    /// The deleters that are told apart.
    pub(super) fn told_deleters(&self, at: usize) -> Writers {
        self.spend(self.deleters(at).len());
        self.deleters(at).iter().copied().flatten().collect()
    }

    pub(super) fn letter(&self, at: usize) -> &str {
        let letter = &self.letters[at];
        &self.words[letter.start..letter.end]
    }

    /// Whether a letter stands in the text that these writers, and all old ones, wrote.
    pub(super) fn stands(&self, at: usize, by: &Writers) -> bool {
        let had = |writer: Option<usize>| writer.is_none_or(|writer| by.contains(writer));
        // One letter may have been deleted by hundreds.
        self.spend(self.deleters(at).len());
        had(self.letters[at].writer) && !self.deleters(at).iter().any(|deleter| had(*deleter))
    }

    pub(super) fn stands_now(&self, at: usize) -> bool {
        self.deleters(at).is_empty()
    }

    /// What the letters of these places read, as these writers wrote them.
    pub(super) fn words(&self, places: std::ops::Range<usize>, by: &Writers) -> String {
        self.spend(places.len());
        places.filter(|at| self.stands(*at, by)).map(|at| self.letter(at)).collect()
    }

    /// What the letters of these places read now.
    pub(super) fn now(&self, places: std::ops::Range<usize>) -> String {
        places.filter(|at| self.stands_now(*at)).map(|at| self.letter(at)).collect()
    }

    /// Counts letters that are looked at. A text of a few bytes can be woven so that every pair of its changes needs a look
    /// at all of it.
    pub(super) fn spend(&self, letters: usize) {
        self.work.set(self.work.get().saturating_sub(letters));
    }

    pub(super) fn is_spent(&self) -> bool {
        self.work.get() == 0
    }
}

/// Whether each change was written on top of all before it.
fn is_one_line(document: &Document) -> bool {
    let inner = document.inner();
    inner.get_heads().len() < 2 && inner.get_changes_meta(&[]).iter().all(|meta| meta.deps.len() < 2)
}

/// The changes up to these heads.
fn until(mut changes: Vec<Change>, heads: Option<&[ChangeHash]>) -> Vec<Change> {
    if let Some(heads) = heads {
        let mut had: HashSet<ChangeHash> = heads.iter().copied().collect();
        // Whatever follows a change stands after it, so it is known to be wanted when its turn comes.
        for change in changes.iter().rev() {
            if had.contains(&change.hash()) {
                had.extend(change.deps());
            }
        }
        changes.retain(|change| had.contains(&change.hash()));
    }
    changes
}

/// Of each change that is told apart, which others of these it had seen; and its hash.
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
        // Most changes know just what one that they build on knows.
        let shared = behind.into_iter().find(|one| **one == all);
        known.insert(change.hash(), shared.unwrap_or_else(|| Rc::new(all)));
    }
    (seen, hashes)
}

/// Who had seen each, from whom each had seen.
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
    /// Notes what a change wrote to the text; says whether it did, or nothing where it wrote more than letters.
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

    /// Of letters put after the same one, the one with the greatest name comes first, with all that follows it; as Automerge
    /// does. `writer` tells which changes are told apart.
    fn put_in_order(mut self, writer: impl Fn(usize) -> Option<usize>) -> Option<Weave> {
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

        // Chains of siblings: names ascend, so each new one goes to the front of its chain.
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

        let mut deleted = Vec::with_capacity(self.deleted.len());
        for (name, change) in &self.deleted {
            deleted.push((place[find(ranked(*name))?], writer(*change)));
        }
        deleted.sort_unstable();
        deleted.dedup();
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
