//! Where concurrent edits of a text touch the same place. Automerge merges them letter by letter, and nobody wrote what comes
//! of it: two who each correct "Peple" to "People" get "Peoople". So it is a conflict like any other: every version is
//! kept and shown, until somebody who saw them writes in that place.
//!
//! Touching the same place is: deleting the same letter, writing between the same two letters, or writing into what the other
//! deletes. Not so two who each add whole lines between the same lines: these stay whole, one after the other.

use std::collections::BTreeMap;
use std::ops::Range;

use super::weave::Weave;
use super::writers::Writers;
use crate::change::ChangeHash;
use crate::document::Document;
use crate::form::{FieldInfo, object_of};
use crate::limits::{MAX_TEXT_CLAIM, MAX_TEXT_CLAIMS};
use crate::value::Why;

/// How many letters of a long line are shown on either side of where the versions differ.
const AROUND: usize = 200;

/// The conflict of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextClash {
    /// The change that wrote each version last, and what the lines concerned say in it.
    pub(crate) versions: Vec<(ChangeHash, String)>,
    /// What these lines say now, with everything merged.
    pub(crate) reads: String,
    /// Where they stand in the text, in characters.
    pub(crate) at: Range<usize>,
    /// How many characters the text has beside them.
    rest: usize,
}

/// A place in a text that some wrote to unseen by each other.
#[derive(Debug)]
struct Place {
    /// Its letters, in the order of the weave.
    letters: Range<usize>,
    /// Those who clashed there.
    clashed: Writers,
    /// Those whose words stand there against each other now: nobody who saw them wrote there since.
    standing: Writers,
}

/// The conflict of a text that is open now, or was at `heads`.
pub(crate) fn open(
    document: &Document,
    field: &FieldInfo,
    heads: Option<&[ChangeHash]>,
) -> Option<TextClash> {
    let weave = Weave::of(document, &object_of(document.inner(), field)?, heads)?;
    let open = |place: &Place| place.standing.len() > 1 && weave.differ(&place.letters, &place.standing);
    let places: Vec<Place> = weave.places().into_iter().filter(open).collect();
    let claims = weave.claims(&places);
    let versions: Vec<(ChangeHash, Writers)> =
        claims.iter().map(|(writer, rivals)| (weave.hash(*writer), weave.version(*writer, rivals))).collect();
    let (first, last) = (places.first()?, places.iter().map(|place| place.letters.end).max()?);
    let lines = weave.lines(first.letters.start..last, &versions);
    let reads = weave.now(lines.clone());
    let versions: Vec<(ChangeHash, String)> =
        versions.iter().map(|(hash, by)| (*hash, cut(weave.words(lines.clone(), by)))).collect();
    if versions.iter().all(|(_, words)| *words == reads) {
        return None;
    }
    let before = weave.now(0..lines.start).chars().count();
    let at = before..before + reads.chars().count();
    let rest = before + weave.now(lines.end..weave.letters.len()).chars().count();
    Some(TextClash { versions, reads: cut(reads), at, rest })
}

/// Whether some ever wrote different things to one place of a text unseen by each other.
pub(crate) fn ever(document: &Document, field: &FieldInfo) -> bool {
    let weave = object_of(document.inner(), field).and_then(|object| Weave::of(document, &object, None));
    weave.is_some_and(|weave| weave.places().iter().any(|place| weave.differ(&place.letters, &place.clashed)))
}

impl TextClash {
    /// Whether words may stand in the place of the lines concerned, in a text of at most so many characters. One that is
    /// too long already may become shorter.
    pub(super) fn allows(&self, words: &str, most: usize) -> Result<(), Why> {
        let length = words.chars().count();
        if self.rest + length > most && length > self.at.len() {
            return Err(Why(format!("the text must be at most {most} characters")));
        }
        if words.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
            return Err(Why::new("must have no control characters but ends of lines"));
        }
        Ok(())
    }
}

/// What is shown of a version. A NUL, which PostgreSQL has no place for, is shown as what it is: no letter.
fn cut(words: String) -> String {
    let words = words.replace('\0', "\u{fffd}");
    match words.char_indices().nth(MAX_TEXT_CLAIM) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

/// Between which lines a run of letters adds lines of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Adds {
    /// It ends its last line: `new\n`, before a line.
    Before,
    /// It begins with the end of a line: `\nnew`, after one.
    After,
    /// Something else than whole lines.
    Words,
}

impl Weave {
    /// Where some clash or clashed, in the order of the text; none twice.
    fn places(&self) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for (letters, clashed) in self.touched_twice() {
            let told = |place: &Place| {
                place.letters.start <= letters.start
                    && letters.end <= place.letters.end
                    && clashed.is_subset(&place.clashed)
            };
            if places.last().is_some_and(told) {
                continue;
            }
            if self.is_spent() {
                break;
            }
            places.push(self.place(letters, clashed));
        }
        places
    }

    /// What several wrote to unseen by each other: letters, and who.
    fn touched_twice(&self) -> Vec<(Range<usize>, Writers)> {
        let mut found = Vec::new();
        let unseen_among = |all: &Writers| -> Writers {
            all.iter().filter(|one| !self.unseen(*one, all).is_empty()).collect()
        };
        // Where runs of letters begin, with the letter after which they were put.
        let mut runs: Vec<(Option<usize>, usize, usize)> = Vec::new();
        for (at, letter) in self.letters.iter().enumerate() {
            if let Some(writer) = letter.writer.filter(|_| !letter.goes_on) {
                runs.push((letter.after, at, writer));
            }
            // Two deleted the same letter.
            if self.deleters(at).len() > 1 {
                found.push((at..at + 1, unseen_among(&self.told_deleters(at))));
            }
        }
        runs.sort_unstable();
        for runs in runs.chunk_by(|(one, ..), (other, ..)| one == other) {
            let adds = |run| if runs.len() > 1 { self.adds(run) } else { Adds::Words };
            let told: Vec<(usize, usize, Adds)> =
                runs.iter().map(|(_, run, writer)| (*run, *writer, adds(*run))).collect();
            // Two wrote between the same letters, unless both added lines.
            let those = |adds: Option<Adds>| -> Writers {
                let fits = |one: &&(usize, usize, Adds)| adds.is_none_or(|adds| one.2 == adds);
                told.iter().filter(fits).map(|(_, writer, _)| *writer).collect()
            };
            let (all, before, behind) = (those(None), those(Some(Adds::Before)), those(Some(Adds::After)));
            let clashes = |(run, writer, adds): &(usize, usize, Adds)| {
                let unlike = match adds {
                    Adds::Words => all,
                    Adds::Before => all.without(&before),
                    Adds::After => all.without(&behind),
                };
                let others = self.unseen(*writer, &unlike);
                (!others.is_empty()).then(|| (*run, others.with(*writer)))
            };
            let pairs: Vec<(usize, Writers)> = told.iter().filter_map(clashes).collect();
            if let (Some((first, _)), Some((last, _))) = (pairs.first(), pairs.last()) {
                let clashed = pairs.iter().fold(Writers::NONE, |all, (_, some)| all.or(some));
                let end = self.run(*last).last().map_or(*last, |last| last + 1);
                found.push((*first..end, clashed));
            }
            // One wrote into what the other deleted.
            found.extend(
                runs.iter()
                    .filter_map(|(after, run, writer)| self.put_into_deleted((*after)?, *run, *writer)),
            );
        }
        found.retain(|(_, clashed)| !clashed.is_empty());
        found.sort_by_key(|(letters, _)| letters.start);
        found
    }

    /// The places of the letters of a run.
    fn run(&self, first: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(first), |at| self.letters[*at].next).inspect(|_| self.spend(1))
    }

    /// Whether a run adds whole lines to the text that its writer had seen.
    fn adds(&self, run: usize) -> Adds {
        let Some(writer) = self.letters[run].writer else { return Adds::Words };
        let seen = self.seen(writer);
        let words: String = self.run(run).map(|at| self.letter(at)).collect();
        // The beginning of the line in which it was put: a line `bill\n` before `bob` may stand as `b[ill\nb]ob`.
        let mut rest = words.as_str();
        let mut whole = true;
        for at in (0..self.letters[run].after.map_or(0, |after| after + 1)).rev() {
            self.spend(1);
            if !self.stands(at, seen) {
                continue;
            }
            if self.letter(at) == "\n" {
                break;
            }
            match rest.strip_suffix(self.letter(at)) {
                Some(shorter) => rest = shorter,
                None => {
                    whole = false;
                    break;
                }
            }
        }
        if whole && rest.ends_with('\n') {
            return Adds::Before;
        }
        let next = self.next_seen(self.letters[run].after.map_or(0, |after| after + 1), seen);
        if words.starts_with('\n') && next.is_none_or(|next| self.letter(next) == "\n") {
            return Adds::After;
        }
        Adds::Words
    }

    /// The next letter from this place on that stood in the text that somebody had seen.
    fn next_seen(&self, from: usize, seen: &Writers) -> Option<usize> {
        let next = (from..self.letters.len()).find(|at| self.stands(*at, seen) || self.is_spent());
        self.spend(next.unwrap_or(self.letters.len()) - from);
        next.filter(|at| self.stands(*at, seen))
    }

    /// Where somebody put a run between two letters that others deleted without having seen it.
    fn put_into_deleted(&self, after: usize, run: usize, writer: usize) -> Option<(Range<usize>, Writers)> {
        let before = self.unseen(writer, &self.told_deleters(after));
        if before.is_empty() {
            return None;
        }
        let next = self.next_seen(after + 1, self.seen(writer))?;
        let behind = self.unseen(writer, &self.told_deleters(next));
        let both = before.or(&behind).with(writer);
        (!behind.is_empty()).then(|| (after.min(run)..next + 1, both))
    }

    /// The whole place around letters to which these wrote: up to the nearest letters that stand now and stood for all of them.
    fn place(&self, letters: Range<usize>, clashed: Writers) -> Place {
        let known = clashed.iter().fold(Writers::NONE, |all, one| all.or(&self.closure(one)));
        let firm = |at: &usize| self.is_spent() || (self.stands(*at, &known) && self.stands_now(*at));
        let start = (0..letters.start).rev().find(firm).map_or(0, |before| before + 1);
        let end = (letters.end..self.letters.len()).find(firm).unwrap_or(self.letters.len());
        self.spend(end - start);
        // Who wrote there: put a letter inside, or deleted one inside or next to it.
        let mut wrote = Writers::NONE;
        for at in start.saturating_sub(1)..(end + 1).min(self.letters.len()) {
            wrote = wrote.or(&self.told_deleters(at));
            if let Some(writer) = self.letters[at].writer.filter(|_| (start..end).contains(&at)) {
                wrote.insert(writer);
            }
        }
        let later = clashed.iter().fold(Writers::NONE, |all, one| all.or(self.seen_by(one)));
        let all = clashed.or(&wrote.and(&later));
        let standing = all.iter().filter(|one| self.seen_by(*one).and(&all).is_empty()).collect();
        Place { letters: start..end, clashed, standing }
    }

    /// Whether two of these, who had not seen each other, wrote what does not agree.
    fn differ(&self, letters: &Range<usize>, writers: &Writers) -> bool {
        let words = |by: &Writers| self.words(letters.clone(), by);
        writers.iter().any(|one| {
            if self.is_spent() {
                return true;
            }
            let own = words(&self.closure(one));
            let others = self.unseen(one, writers);
            others.iter().filter(|other| *other > one).any(|other| {
                let both = self.closure(one).or(&self.closure(other));
                self.is_spent() || words(&self.closure(other)) != own || words(&both) != own
            })
        })
    }

    /// Whose versions stand against each other in these places, each with those that it stands against.
    fn claims(&self, places: &[Place]) -> Vec<(usize, Writers)> {
        let mut rivals: BTreeMap<usize, Writers> = BTreeMap::new();
        for place in places {
            for writer in place.standing.iter() {
                let others = place.standing.without(&Writers::NONE.with(writer));
                rivals.entry(writer).and_modify(|all| *all = all.or(&others)).or_insert(others);
            }
        }
        // Who wrote on, in another place, without having seen the others, has one version, the later.
        for writer in rivals.keys().rev().copied().collect::<Vec<_>>() {
            let against = rivals[&writer];
            // What the rivals had replaced is no part of this version; who wrote on after seeing that too has another one.
            let replaced = against.iter().fold(Writers::NONE, |all, rival| all.or(self.seen(rival)));
            let replaced = replaced.without(&self.closure(writer));
            let goes_on = |(later, _): &(&usize, &mut Writers)| {
                let seen = self.seen(**later);
                seen.contains(writer) && seen.and(&against.or(&replaced)).is_empty()
            };
            if let Some((_, all)) = rivals.iter_mut().find(goes_on) {
                *all = all.or(&against);
                rivals.remove(&writer);
            }
        }
        let late = rivals.len().saturating_sub(MAX_TEXT_CLAIMS);
        rivals.into_iter().skip(late).collect()
    }

    /// Whose words make up one version: all but what its rivals wrote, and who built on those alone.
    fn version(&self, writer: usize, rivals: &Writers) -> Writers {
        let theirs = rivals.iter().fold(Writers::NONE, |all, rival| all.or(&self.closure(rival)));
        let after = rivals.iter().fold(Writers::NONE, |all, rival| all.or(self.seen_by(rival)));
        let out = theirs.or(&after.without(self.seen_by(writer)));
        self.closure(writer).or(&self.all().without(&out))
    }

    /// Letters widened to the lines in which they stand in every version; of a long line, to the words around.
    fn lines(&self, letters: Range<usize>, versions: &[(ChangeHash, Writers)]) -> Range<usize> {
        let firm = |at: usize| {
            self.spend(versions.len());
            self.stands_now(at) && versions.iter().all(|(_, by)| self.stands(at, by))
        };
        let ends = |passed: &mut usize, at: usize| {
            if !firm(at) {
                return false;
            }
            *passed += 1;
            let letter = self.letter(at);
            letter == "\n" || (*passed > AROUND && letter.trim().is_empty()) || self.is_spent()
        };
        let (mut before, mut behind) = (0, 0);
        let start = (0..letters.start).rev().find(|at| ends(&mut before, *at)).map_or(0, |at| at + 1);
        let end = (letters.end..self.letters.len()).find(|at| ends(&mut behind, *at));
        start..end.unwrap_or(self.letters.len())
    }
}
