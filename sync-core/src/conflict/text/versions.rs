//! What a text would be in the words of each of those who wrote against each other.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::weave::Weave;
use super::super::writers::Writers;
use super::places::TextPlace;
use crate::limits::MAX_TEXT_CLAIMS;

/// How many letters of a long line are shown on either side of where the versions differ.
const AROUND: usize = 200;

/// One version: the change that wrote it last, and whose words make it up.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) writer: usize,
    pub(super) by: Writers,
}

/// Against whom somebody's words stand, in all places together.
#[derive(Debug, Clone, Copy, Default)]
struct Against {
    rivals: Writers,
    /// Whoever wrote in those places.
    wrote: Writers,
}

impl Against {
    fn or(&self, other: &Self) -> Self {
        Self { rivals: self.rivals.or(&other.rivals), wrote: self.wrote.or(&other.wrote) }
    }
}

impl Weave {
    /// The versions that stand against each other in these places.
    pub(super) fn versions(&self, places: &[TextPlace]) -> Vec<Version> {
        let mut claims: BTreeMap<usize, Against> = BTreeMap::new();
        for place in places {
            for writer in place.standing.iter() {
                let rivals = place.standing.without(&Writers::NONE.with(writer));
                let here = Against { rivals, wrote: place.wrote };
                claims.entry(writer).and_modify(|all| *all = all.or(&here)).or_insert(here);
            }
        }
        // Who wrote on, in another place, without having seen the others, has one version, the later.
        for writer in claims.keys().rev().copied().collect::<Vec<_>>() {
            let against = claims[&writer];
            // What the rivals had replaced is no part of this version; who wrote on after seeing that too has another one.
            let replaced = against.rivals.iter().fold(Writers::NONE, |all, rival| all.or(self.seen(rival)));
            let replaced = replaced.without(&self.closure(writer));
            let goes_on = |(later, _): &(&usize, &mut Against)| {
                let seen = self.seen(**later);
                seen.contains(writer) && seen.and(&against.rivals.or(&replaced)).is_empty()
            };
            if let Some((_, all)) = claims.iter_mut().find(goes_on) {
                *all = all.or(&against);
                claims.remove(&writer);
            }
        }
        let late = claims.len().saturating_sub(MAX_TEXT_CLAIMS);
        let version = |(writer, against)| Version { writer, by: self.version(writer, &against) };
        claims.into_iter().skip(late).map(version).collect()
    }

    /// Whose words make up one version: all but what its rivals wrote, and who built on those alone.
    fn version(&self, writer: usize, against: &Against) -> Writers {
        let of = |writers: &Writers, what: &dyn Fn(usize) -> Writers| {
            writers.iter().fold(Writers::NONE, |all, one| all.or(&what(one)))
        };
        let theirs = of(&against.rivals, &|rival| self.closure(rival));
        let after = of(&against.rivals, &|rival| *self.seen_by(rival));
        let out = theirs.or(&after.without(self.seen_by(writer)));
        let own = self.closure(writer).or(&self.all().without(&out));
        // What these built on elsewhere is there too, or a correction of what a rival wrote stands beside what it corrected.
        let behind = of(&own, &|one| *self.seen(one));
        own.or(&behind.without(&out.and(&against.wrote)))
    }

    /// Letters widened to the lines in which they stand in every version; of a long line, to the words around.
    pub(super) fn lines(&self, letters: Range<usize>, versions: &[Version]) -> Range<usize> {
        let firm = |at: usize| {
            self.spend(versions.len());
            self.stands_now(at) && versions.iter().all(|version| self.stands(at, &version.by))
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
