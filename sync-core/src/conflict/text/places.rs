//! Where in a text several wrote unseen by each other.

use std::ops::Range;

use super::super::weave::Weave;
use super::super::writers::Writers;

/// A place in a text that some wrote to unseen by each other.
#[derive(Debug)]
pub(super) struct TextPlace {
    /// Its letters, in the order of the weave.
    pub(super) letters: Range<usize>,
    /// Those who clashed there.
    pub(super) clashed: Writers,
    /// Those who wrote there at all, clashing or not.
    pub(super) wrote: Writers,
    /// Those whose words stand there against each other now: nobody who saw them wrote there since.
    pub(super) standing: Writers,
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
    fn place(&self, letters: Range<usize>, clashed: Writers) -> TextPlace {
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
        TextPlace { letters: start..end, clashed, wrote: wrote.or(&clashed), standing }
    }

    /// Whether two of these, who had not seen each other, wrote what does not agree.
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
