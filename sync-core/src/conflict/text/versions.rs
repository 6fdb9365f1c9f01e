//! The versions of a text that stand against each other: the text as it would read with the words of one writer,
//! without those of its rivals.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::weave::Weave;
use super::super::writers::Writers;
use super::places::TextPlace;
use crate::limits::MAX_TEXT_CLAIMS;

/// How many letters of a long line are shown before and after the place where the versions differ.
const AROUND: usize = 200;

/// One version: its last writer, and all writers whose words it consists of.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) writer: usize,
    pub(super) by: Writers,
}

/// The rivals of a writer, in all places together.
#[derive(Debug, Clone, Copy, Default)]
struct Against {
    rivals: Writers,
    /// All writers that wrote in those places.
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
        // 1. Of each writer whose words stand somewhere, its rivals in all places.
        let mut claims: BTreeMap<usize, Against> = BTreeMap::new();
        for place in places {
            for writer in place.standing.iter() {
                let rivals = place.standing.without(&Writers::NONE.with(writer));
                let here = Against { rivals, wrote: place.wrote };
                claims.entry(writer).and_modify(|all| *all = all.or(&here)).or_insert(here);
            }
        }
        // 2. A writer that wrote on in another place, without having seen the rivals, has one version, the later: that
        //    one has the words of the earlier, too.
        for writer in claims.keys().rev().copied().collect::<Vec<_>>() {
            let against = claims[&writer];
            // Words that the rivals had replaced are no part of this version; a writer that wrote on having seen those,
            // too, has a version of its own.
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
        // 3. The last few are shown.
        let late = claims.len().saturating_sub(MAX_TEXT_CLAIMS);
        let version = |(writer, against)| Version { writer, by: self.version(writer, &against) };
        claims.into_iter().skip(late).map(version).collect()
    }

    /// The writers whose words one version consists of: all but its rivals, what these had seen beyond it, and the
    /// writers that built on rivals alone.
    fn version(&self, writer: usize, against: &Against) -> Writers {
        let of = |writers: &Writers, what: &dyn Fn(usize) -> Writers| {
            writers.iter().fold(Writers::NONE, |all, one| all.or(&what(one)))
        };
        let theirs = of(&against.rivals, &|rival| self.closure(rival));
        let after = of(&against.rivals, &|rival| *self.seen_by(rival));
        let out = theirs.or(&after.without(self.seen_by(writer)));
        let own = self.closure(writer).or(&self.all().without(&out));
        // Writers on which these built elsewhere are added. Otherwise the correction of a word that a rival put would
        // stand beside the word that the rival had replaced.
        let behind = of(&own, &|one| *self.seen(one));
        own.or(&behind.without(&out.and(&against.wrote)))
    }

    /// The letters with the rest of their lines, as every version has it; of a long line, with the words around.
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
