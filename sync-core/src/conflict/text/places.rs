//! The places of a text that several writers wrote to unseen by each other.

use std::ops::Range;

use super::super::weave::Weave;
use super::super::writers::Writers;

/// A place in a text that several writers wrote to unseen by each other.
#[derive(Debug)]
pub(super) struct TextPlace {
    /// Its letters, in the order of the weave.
    pub(super) letters: Range<usize>,
    /// The writers that touched the same place unseen by each other.
    pub(super) clashed: Writers,
    /// All writers that wrote there, those that clashed and others.
    pub(super) wrote: Writers,
    /// The writers whose words stand against each other now: no writer that had seen them has written there since.
    pub(super) standing: Writers,
}

/// Whether a run of letters adds whole lines, and on which side of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Adds {
    /// Whole lines before a line: `new\n`.
    Before,
    /// Whole lines after a line: `\nnew`.
    After,
    /// Anything else.
    Words,
}

impl Weave {
    /// The places where writers clash or clashed, in the order of the text. A place inside the one before it, of the
    /// same writers, is left out.
    pub(super) fn places(&self) -> Vec<TextPlace> {
        let mut places: Vec<TextPlace> = Vec::new();
        for (letters, clashed) in self.touched_twice() {
            let told = |place: &TextPlace| {
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

    /// Letters that several writers touched unseen by each other, with these writers: the three cases of the
    /// [module](super).
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
            // 1. Two writers deleted the same letter.
            if self.deleters(at).len() > 1 {
                found.push((at..at + 1, unseen_among(&self.told_deleters(at))));
            }
        }
        runs.sort_unstable();
        for runs in runs.chunk_by(|(one, ..), (other, ..)| one == other) {
            let adds = |run| if runs.len() > 1 { self.adds(run) } else { Adds::Words };
            let told: Vec<(usize, usize, Adds)> =
                runs.iter().map(|(_, run, writer)| (*run, *writer, adds(*run))).collect();
            // 2. Two writers wrote between the same letters, unless both added lines on the same side.
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
            // 3. One writer wrote into what another deleted.
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
        // The new line `bill\n` before `bob` may have been inserted as `b[ill\nb]ob`. So the letters before the run, back
        // to the line's beginning, may also be the end of the run.
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

    /// The next letter from this place on that stood in the text as the writers `seen` left it.
    fn next_seen(&self, from: usize, seen: &Writers) -> Option<usize> {
        let next = (from..self.letters.len()).find(|at| self.stands(*at, seen) || self.is_spent());
        self.spend(next.unwrap_or(self.letters.len()) - from);
        next.filter(|at| self.stands(*at, seen))
    }

    /// The letters around a run that a writer put between two letters which others deleted unseen by it, with all of
    /// these writers.
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

    /// The whole place around letters that these writers touched: up to the nearest letters on both sides that stand
    /// now and stood for all of them.
    fn place(&self, letters: Range<usize>, clashed: Writers) -> TextPlace {
        let known = clashed.iter().fold(Writers::NONE, |all, one| all.or(&self.closure(one)));
        let firm = |at: &usize| self.is_spent() || (self.stands(*at, &known) && self.stands_now(*at));
        let start = (0..letters.start).rev().find(firm).map_or(0, |before| before + 1);
        let end = (letters.end..self.letters.len()).find(firm).unwrap_or(self.letters.len());
        self.spend(end - start);
        // A writer wrote there if it put a letter inside, or deleted one inside or next to the place.
        let mut wrote = Writers::NONE;
        for at in start.saturating_sub(1)..(end + 1).min(self.letters.len()) {
            wrote = wrote.or(&self.told_deleters(at));
            if let Some(writer) = self.letters[at].writer.filter(|_| (start..end).contains(&at)) {
                wrote.insert(writer);
            }
        }
        // A writer that had seen one of those who clashed and wrote there has settled what it saw: its words stand in
        // their place.
        let later = clashed.iter().fold(Writers::NONE, |all, one| all.or(self.seen_by(one)));
        let all = clashed.or(&wrote.and(&later));
        let standing = all.iter().filter(|one| self.seen_by(*one).and(&all).is_empty()).collect();
        TextPlace { letters: start..end, clashed, wrote: wrote.or(&clashed), standing }
    }

    /// Whether two of these writers, unseen by each other, wrote different words there: each reads the place
    /// differently, or both together read as neither wrote. Where no work is left, they are taken to differ.
    pub(super) fn differ(&self, letters: &Range<usize>, writers: &Writers) -> bool {
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
}
