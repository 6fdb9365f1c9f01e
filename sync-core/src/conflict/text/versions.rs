//! What a text would be in the words of each of those who wrote against each other.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::weave::Weave;
use super::super::writers::Writers;
use super::places::Place;
use crate::limits::MAX_TEXT_CLAIMS;

/// How many letters of a long line are shown on either side of where the versions differ.
const AROUND: usize = 200;

/// What the text would be, had this writer's words their way wherever they stand against others. Everywhere else it is as it
/// is now, so that whoever chooses a version takes back nothing that nobody spoke against.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) writer: usize,
    /// The places where it stands against others, in the order of the text, none touching another; and whose words make it up
    /// there.
    places: Vec<(Range<usize>, Writers)>,
}

impl Weave {
    /// The versions that stand against each other in these places, which are in the order of the text.
    pub(super) fn versions(&self, places: &[Place]) -> Vec<Version> {
        // Of each writer, the places where it stands, and its rivals in all of them.
        let mut claims: BTreeMap<usize, (Vec<&Place>, Writers)> = BTreeMap::new();
        for place in places {
            for writer in place.standing.iter() {
                let (stands, rivals) = claims.entry(writer).or_default();
                stands.push(place);
                *rivals = rivals.or(&place.standing.without(&Writers::NONE.with(writer)));
            }
        }
        // Who wrote on, in another place, without having seen the others, has one version, the later.
        for writer in claims.keys().rev().copied().collect::<Vec<_>>() {
            let against = claims[&writer].1;
            // What the rivals had replaced is no part of this version; who wrote on after seeing that too has another one.
            let replaced = against.iter().fold(Writers::NONE, |all, rival| all.or(self.seen(rival)));
            let replaced = replaced.without(&self.closure(writer));
            let goes_on = |later: &usize| {
                let seen = self.seen(*later);
                seen.contains(writer) && seen.and(&against.or(&replaced)).is_empty()
            };
            if let Some(later) = claims.keys().copied().find(goes_on)
                && let Some((stood, against)) = claims.remove(&writer)
            {
                let (stands, rivals) = claims.entry(later).or_default();
                stands.extend(stood);
                *rivals = rivals.or(&against);
            }
        }
        let late = claims.len().saturating_sub(MAX_TEXT_CLAIMS);
        claims.into_iter().skip(late).map(|(writer, (places, _))| self.version(writer, places)).collect()
    }

    /// One version: in each place all but what the rivals wrote, and who built on those alone.
    fn version(&self, writer: usize, mut places: Vec<&Place>) -> Version {
        places.sort_by_key(|place| place.letters.start);
        let own = self.closure(writer);
        let mut apart: Vec<(Range<usize>, Writers)> = Vec::new();
        for place in places {
            let rivals = place.standing.without(&own);
            match apart.last_mut().filter(|(letters, _)| place.letters.start < letters.end) {
                Some((letters, all)) => {
                    letters.end = letters.end.max(place.letters.end);
                    *all = all.or(&rivals);
                }
                None => apart.push((place.letters.clone(), rivals)),
            }
        }
        for (_, rivals) in &mut apart {
            let theirs = rivals.iter().fold(Writers::NONE, |all, rival| all.or(&self.closure(rival)));
            let after = rivals.iter().fold(Writers::NONE, |all, rival| all.or(self.seen_by(rival)));
            let out = theirs.or(&after.without(self.seen_by(writer)));
            *rivals = own.or(&self.all().without(&out));
        }
        Version { writer, places: apart }
    }

    /// Whether a letter stands in this version.
    fn stands_in(&self, version: &Version, at: usize) -> bool {
        let place = version.places.partition_point(|(letters, _)| letters.end <= at);
        match version.places.get(place).filter(|(letters, _)| letters.contains(&at)) {
            Some((_, by)) => self.stands(at, by),
            None => self.stands_now(at),
        }
    }

    /// What the letters of these places read in this version.
    pub(super) fn says(&self, version: &Version, places: Range<usize>) -> String {
        self.spend(places.len());
        places.filter(|at| self.stands_in(version, *at)).map(|at| self.letter(at)).collect()
    }

    /// Letters widened to the lines in which they stand in every version; of a long line, to the words around.
    pub(super) fn lines(&self, letters: Range<usize>, versions: &[Version]) -> Range<usize> {
        let firm = |at: usize| {
            self.spend(versions.len());
            self.stands_now(at) && versions.iter().all(|version| self.stands_in(version, at))
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
