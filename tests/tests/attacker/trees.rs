//! What there is to find out: an organisation of some districts, and what is published of it.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use server::published::attendances::attendances;
use server::published::counts::{Counted, Place, RawCounts};
use server::published::luck::{Luck, Secret};
use server::published::tree::{Figure, Method, Tree};
use server::published::{PEOPLE, merging};

/// The words of each split that are ever recorded, which is known.
pub(crate) const WORDS: [&[&str]; 3] = [
    &["female_youth", "male_youth", "female_other", "male_other"],
    &["sociotherapy", "space_for_peace"],
    &["first_ever", "first_this_year", "again"],
];

/// A word of each split.
pub(crate) type Cell = [&'static str; 3];
/// People by finest cell.
pub(crate) type Cells = BTreeMap<Cell, i64>;

/// People of each place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct People {
    pub places: BTreeMap<String, Cells>,
    /// Whether places are told apart.
    pub apart: bool,
}

/// What was counted of a quarter, twice where it is revised.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub first: People,
    pub now: Option<People>,
    pub attendances: i64,
}

/// A world, and the secret of its store.
#[derive(Debug)]
pub(crate) struct Story {
    pub world: World,
    /// Meetings of the busiest group in each place: public.
    pub meetings: BTreeMap<String, i64>,
    secret: Secret,
}

/// The first release, its attendances, and the revision.
pub(crate) type Published = (Option<Tree>, Option<Figure>, Option<Tree>);

impl Story {
    /// Some districts with so many groups each, put together where there are few.
    pub(crate) fn first(luck: &mut StdRng, districts: usize, groups: std::ops::RangeInclusive<i64>) -> Self {
        let code = |at: usize| format!("{}", 11 + at);
        let groups = (0..districts).map(|at| (code(at), luck.random_range(groups.clone()))).collect();
        let people: BTreeMap<String, Cells> = (0..districts).map(|at| (code(at), people(luck))).collect();
        let first = put_together(&groups, &people);
        let meetings: BTreeMap<String, i64> =
            first.places.keys().map(|name| (name.clone(), luck.random_range(3..=13))).collect();
        let mut came = 0;
        for (name, cells) in &first.places {
            let people = 0..total(cells);
            came += people.map(|_| luck.random_range(1..=meetings[name])).sum::<i64>();
        }
        let mut key = [0; 32];
        luck.fill_bytes(&mut key);
        Self { world: World { first, now: None, attendances: came }, meetings, secret: Secret::new(key) }
    }

    /// Some time later: in some places people came late, were made void, or withdrew.
    pub(crate) fn revised(luck: &mut StdRng, districts: usize) -> Self {
        let mut story = Self::first(luck, districts, 1..=5);
        let mut now = story.world.first.clone();
        for cells in now.places.values_mut() {
            for _ in 0..luck.random_range(0..12) {
                *cells.entry(cell(luck)).or_default() += 1;
            }
            for _ in 0..luck.random_range(0..7) {
                let there: Vec<Cell> =
                    cells.iter().filter(|(_, people)| **people > 0).map(|(cell, _)| *cell).collect();
                if !there.is_empty() {
                    *cells.entry(there[luck.random_range(0..there.len())]).or_default() -= 1;
                }
            }
        }
        story.world.now = Some(now);
        story
    }

    pub(crate) fn published(&self) -> Published {
        let luck = |release| self.secret.luck("people", "aegis", release);
        self.world.published(&self.meetings, [&luck("2026-Q1"), &luck("2026-Q1-revised")])
    }
}

impl World {
    /// What the method publishes of it.
    pub(crate) fn published(&self, meetings: &BTreeMap<String, i64>, lucks: [&dyn Luck; 2]) -> Published {
        let [luck, later] = lucks;
        let method = Method { measure: &PEOPLE, luck };
        let first = self.first.counted();
        let tree = method.first(&first);
        let told =
            tree.as_ref().and_then(|tree| attendances(&PEOPLE, luck, self.attendances, tree, meetings));
        let method = Method { measure: &PEOPLE, luck: later };
        let revise = |now: &People| method.revise(tree.as_ref(), &first, &now.counted()).tree;
        let revised = self.now.as_ref().and_then(revise);
        (tree, told, revised)
    }
}

impl People {
    pub(crate) fn counted(&self) -> Counted {
        let place = |(name, cells): (&String, &Cells)| {
            let counts: RawCounts = cells.iter().map(|(cell, people)| (*cell, *people)).collect();
            Place { name: name.clone(), counts }
        };
        Counted { places: self.places.iter().map(place).collect(), apart: self.apart }
    }
}

pub(crate) fn total(cells: &Cells) -> i64 {
    cells.values().sum()
}

/// People by the words of one split.
pub(crate) fn by(cells: &Cells, split: usize) -> BTreeMap<&'static str, i64> {
    let mut sums: BTreeMap<&'static str, i64> = WORDS[split].iter().map(|word| (*word, 0)).collect();
    for (cell, people) in cells {
        *sums.entry(cell[split]).or_default() += people;
    }
    sums
}

pub(crate) fn cell(luck: &mut StdRng) -> Cell {
    WORDS.map(|words| words[luck.random_range(0..words.len())])
}

fn put_together(groups: &BTreeMap<String, i64>, people: &BTreeMap<String, Cells>) -> People {
    let sum = |districts: &BTreeSet<String>| {
        let mut sum = Cells::new();
        for (cell, people) in districts.iter().flat_map(|district| &people[district]) {
            *sum.entry(*cell).or_default() += people;
        }
        sum
    };
    let places = merging::places(groups);
    if places.is_empty() {
        let all = sum(&people.keys().cloned().collect());
        return People { places: [(String::new(), all)].into(), apart: false };
    }
    People { places: places.iter().map(|of| (merging::name(of), sum(of))).collect(), apart: true }
}

/// Few people mostly, as that is where figures narrow.
fn people(luck: &mut StdRng) -> Cells {
    let mut cells = Cells::new();
    for _ in 0..luck.random_range(1..=4) {
        // A group has one method, and mostly one kind of people.
        let like = cell(luck);
        for _ in 0..luck.random_range(1..=9) {
            let mut one = like;
            for split in [0, 2] {
                if luck.random_bool(0.3) {
                    one[split] = cell(luck)[split];
                }
            }
            *cells.entry(one).or_default() += 1;
        }
    }
    cells
}
