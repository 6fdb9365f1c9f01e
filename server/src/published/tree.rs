//! A tree of figures: what is published of the people of one organisation and quarter.
//!
//! ```text
//! root ─┬─ place ─┬─ split sex_and_age: female_youth, female_other, .., not_shown
//!       │         ├─ split modality:    sociotherapy, .., not_shown
//!       │         └─ split novelty:     first_ever, first_this_year, again, not_shown
//!       ├─ place ..
//!       └─ not_shown
//! ```
//!
//! The children of a node add up to it, in each split. What is not shown apart, of places or of cells, is one figure: the *pool*.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::counts::{Counted, Place, RawCounts};
use super::luck::Luck;
use super::measure::{Measure, PLACES_FOR_A_ROOT_SPLIT};
use super::split::{Child, divide, round};

/// A figure that may leave the service: protected, or exact where it counts no people. It is made in this room only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Figure(i64);

impl Figure {
    pub(super) const fn of(number: i64) -> Self {
        Self(number)
    }

    pub const fn number(self) -> i64 {
        self.0
    }
}

/// Children of one node that are shown, by their words, and the rest of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    pub shown: BTreeMap<String, Figure>,
    pub not_shown: Option<Figure>,
}

/// A place that is shown, with its splits by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    pub figure: Figure,
    pub splits: BTreeMap<String, Split>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    pub root: Figure,
    pub root_splits: BTreeMap<String, Split>,
    pub places: BTreeMap<String, Shown>,
    /// The places that are not shown.
    pub not_shown: Option<Figure>,
}

/// The path and the word of what is not shown.
pub const NOT_SHOWN: &str = "not_shown";

/// How a tree is made of counts.
#[derive(Clone, Copy)]
pub struct Method<'a> {
    pub measure: &'static Measure,
    pub luck: &'a dyn Luck,
}

impl std::fmt::Debug for Method<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Method({})", self.measure.name)
    }
}

impl Method<'_> {
    /// The tree of a first release; none where there are too few people for any.
    pub fn first(&self, counted: &Counted) -> Option<Tree> {
        let mut tree = self.without_root_split(counted)?;
        let split = self.measure.root_split.filter(|_| tree.places.len() >= PLACES_FOR_A_ROOT_SPLIT);
        if let Some(split) = split {
            let mut all: BTreeMap<&str, i64> = BTreeMap::new();
            for place in &counted.places {
                for (word, people) in place.counts.by(split) {
                    *all.entry(word).or_default() += people;
                }
            }
            let name = self.measure.splits[split];
            tree.root_splits.insert(name.to_owned(), self.split_of("", name, tree.root, all));
        }
        Some(tree)
    }

    pub(super) fn without_root_split(&self, counted: &Counted) -> Option<Tree> {
        let all: i64 = counted.places.iter().map(|place| place.counts.total()).sum();
        if all < self.measure.least {
            return None;
        }
        let root = round(self, "", all);
        let mut tree = Tree { root: Figure(root), ..Tree::default() };
        if !counted.apart {
            return Some(tree);
        }
        let child = |place: &Place| Child { path: place.name.clone(), people: place.counts.total() };
        let divided = divide(self, "", root, counted.places.iter().map(child).collect());
        tree.not_shown = divided.not_shown.map(Figure);
        for place in &counted.places {
            if let Some(figure) = divided.shown.get(&place.name) {
                let figure = Figure(*figure);
                let splits = self.splits_of(&place.name, figure, &place.counts);
                tree.places.insert(place.name.clone(), Shown { figure, splits });
            }
        }
        Some(tree)
    }

    /// The splits of a place that has the least that is told of, and is shown as `figure`.
    pub(super) fn splits_of(
        &self,
        place: &str,
        figure: Figure,
        counts: &RawCounts,
    ) -> BTreeMap<String, Split> {
        let splits = self.measure.splits.iter().enumerate();
        splits
            .map(|(at, name)| ((*name).to_owned(), self.split_of(place, name, figure, counts.by(at))))
            .collect()
    }

    fn split_of(&self, of: &str, name: &str, figure: Figure, people: BTreeMap<&str, i64>) -> Split {
        let above = format!("{of}/{name}/");
        let child = |(word, people): (&str, i64)| Child { path: format!("{above}{word}"), people };
        let divided = divide(self, &above, figure.0, people.into_iter().map(child).collect());
        let word = |path: String| path[above.len()..].to_owned();
        Split {
            shown: divided.shown.into_iter().map(|(path, number)| (word(path), Figure(number))).collect(),
            not_shown: divided.not_shown.map(Figure),
        }
    }
}
