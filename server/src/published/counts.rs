//! Exact counts, before they are protected.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A word for each split of the measure: `["female_youth", "sociotherapy", "again"]`.
pub type Cell = Vec<String>;

/// Exact counts of people by finest cell. They can't be serialised or printed: what leaves this room is a
/// [`Figure`](super::tree::Figure), which only the method makes.
///
/// ```compile_fail
/// fn leaves_the_service(_: impl serde::Serialize) {}
/// leaves_the_service(server::published::counts::RawCounts::default());
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawCounts(BTreeMap<Cell, i64>);

impl fmt::Debug for RawCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawCounts(..)")
    }
}

impl RawCounts {
    pub fn add(&mut self, cell: Cell, people: i64) {
        *self.0.entry(cell).or_default() += people;
    }

    pub(super) fn total(&self) -> i64 {
        self.0.values().sum()
    }

    /// By the words of one split.
    pub(super) fn by(&self, split: usize) -> BTreeMap<&str, i64> {
        let mut sums = BTreeMap::new();
        for (cell, people) in &self.0 {
            *sums.entry(cell[split].as_str()).or_default() += people;
        }
        sums
    }

    /// How many more there are than before over all cells with more, and how many fewer over all cells with fewer.
    pub(super) fn since(&self, before: &Self) -> (i64, i64) {
        let cells: BTreeSet<&Cell> = self.0.keys().chain(before.0.keys()).collect();
        let of = |counts: &Self, cell: &Cell| counts.0.get(cell).copied().unwrap_or_default();
        cells.into_iter().fold((0, 0), |(more, fewer), cell| {
            let change = of(self, cell) - of(before, cell);
            (more + change.max(0), fewer - change.min(0))
        })
    }

    /// The cells with people.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&Cell, i64)> {
        self.0.iter().filter(|(_, people)| **people != 0).map(|(cell, people)| (cell, *people))
    }
}

impl<const N: usize> FromIterator<([&'static str; N], i64)> for RawCounts {
    fn from_iter<I: IntoIterator<Item = ([&'static str; N], i64)>>(cells: I) -> Self {
        let mut counts = Self::default();
        for (cell, people) in cells {
            counts.add(cell.map(str::to_owned).to_vec(), people);
        }
        counts
    }
}

/// Some districts that are told of together, with what was counted there. The name stays what it was in the first release of a quarter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub name: String,
    pub counts: RawCounts,
}

/// What was counted of one organisation in a quarter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    pub places: Vec<Place>,
    /// Whether the places are told apart. With fewer than three groups in all they are not, and nothing is split.
    pub apart: bool,
}
