//! A text with every letter that was ever written into it, deleted letters too, in the order of the text. Of each
//! letter it says which change wrote it and which changes deleted it; of each of these changes (a *writer*), which
//! others it had seen. Automerge itself tells only what a text reads, at given heads.

mod seen;
mod written;

use std::cell::Cell;

use automerge::{ObjId, ReadDoc};

use super::writers::Writers;
use crate::change::{Change, ChangeHash};
use crate::document::Document;
use crate::limits::MAX_TEXT_WRITERS;
use seen::{is_one_line, turned, until, who_saw_whom};
use written::Written;

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

    /// All that was ever written in the text: each run of letters that one change wrote, and all letters one after the other, deleted ones
    /// too. `None` where the text holds more than letters.
    pub(super) fn ever(changes: &[Change], object: &ObjId) -> Option<Vec<String>> {
        let mut written = Written::default();
        for (at, change) in changes.iter().enumerate() {
            written.take(change, at, object)?;
        }
        let weave = written.put_in_order(|_| None)?;
        let letters = || (0..weave.letters.len()).map(|at| weave.letter(at));
        let mut all = vec![letters().collect::<String>()];
        for (at, letter) in weave.letters.iter().enumerate().filter(|(_, letter)| !letter.goes_on) {
            let run = std::iter::successors(letter.next, |next| weave.letters[*next].next);
            all.push(std::iter::once(at).chain(run).map(|at| weave.letter(at)).collect());
        }
        Some(all)
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
    /// look at the whole text; once [`MAX_TEXT_WORK`](crate::limits::MAX_TEXT_WORK) is spent, further conflicts are not looked for.
    pub(super) fn spend(&self, letters: usize) {
        self.work.set(self.work.get().saturating_sub(letters));
    }

    pub(super) fn is_spent(&self) -> bool {
        self.work.get() == 0
    }
}
