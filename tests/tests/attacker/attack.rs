//! Looking for worlds until each node has had five numbers: by a walk from the world as it is, and where that does not find them, by integer
//! programming.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use server::published::PEOPLE;
use server::published::tree::Tree;

use super::model::{Counts, Known, Node};
use super::secret::secret_for;
use super::trees::{Cell, Cells, People, Published, Story, WORDS, World, by, cell, total};

/// How far it is walked from world to world, before integer programs are solved and after.
const SHORT: usize = 4_000;
const LONG: usize = 120_000;
/// How long towards one number.
const STRETCH: usize = 400;
/// How many integer programs are then solved.
const TRIES: usize = 40;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Attacked {
    pub trees: usize,
    pub nodes: usize,
    pub worlds: usize,
    pub programs: usize,
    /// Counts that fit, for which there is no secret.
    pub without_secret: usize,
    /// The least that any node keeps.
    pub fewest: usize,
    /// What was found of it: for whom and which numbers.
    worst: Option<(Node, BTreeSet<i64>)>,
}

impl Attacked {
    pub(crate) fn add(&mut self, other: Self) {
        if self.trees == 0 || other.fewest < self.fewest {
            (self.fewest, self.worst) = (other.fewest, other.worst);
        }
        self.trees += other.trees;
        self.nodes += other.nodes;
        self.worlds += other.worlds;
        self.programs += other.programs;
        self.without_secret += other.without_secret;
    }
}

impl fmt::Display for Attacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trees, nodes, worlds, programs, without_secret, fewest, worst } = self;
        write!(
            f,
            "{trees} trees, {nodes} nodes, {worlds} worlds, {programs} integer programs; {without_secret} counts without a secret; the least that a node keeps is \
             {fewest} numbers: {worst:?}"
        )
    }
}

pub(crate) fn attack(story: &Story, luck: &mut StdRng) -> Attacked {
    let published = story.published();
    let (Some(tree), told, revised) = &published else { return Attacked::default() };
    let known = Known {
        tree,
        revised: revised.as_ref(),
        places: story.world.first.places.keys().cloned().collect(),
        attendances: *told,
        meetings: &story.meetings,
    };
    let mut found = Found {
        story,
        published: &published,
        seen: BTreeMap::new(),
        worlds: 0,
        programs: 0,
        without_secret: 0,
    };
    let nodes = known.numbers(&story.world).into_keys().filter(|node| known.keeps_secret(node));
    found.seen = nodes.map(|node| (node, BTreeSet::new())).collect();
    assert!(found.look(&known, &story.world), "the world as it is is one of them");

    let mut world = story.world.clone();
    found.walk(&known, &mut world, SHORT, luck);
    found.solve(&known, luck);
    found.walk(&known, &mut world, LONG, luck);
    let worst = found.seen.iter().min_by_key(|(_, seen)| seen.len());
    let worst = worst.map(|(node, seen)| (node.clone(), seen.clone()));
    Attacked {
        trees: 1,
        nodes: found.seen.len(),
        worlds: found.worlds,
        programs: found.programs,
        without_secret: found.without_secret,
        fewest: worst.as_ref().map_or(usize::MAX, |(_, seen)| seen.len()),
        worst,
    }
}

/// Somebody comes, goes, or is of another kind, once or several times; before and after where a place did not change.
fn step(world: &World, near: &str, luck: &mut StdRng) -> World {
    let mut next = world.clone();
    if luck.random_bool(0.1) {
        exchange(&mut next, luck);
        return next;
    }
    for _ in 0..luck.random_range(1..=4) {
        let names: Vec<String> = next.first.places.keys().cloned().collect();
        let name = &names[luck.random_range(0..names.len())];
        let name =
            if names.iter().any(|one| one == near) && luck.random_bool(0.5) { near } else { name.as_str() };
        let same = next.now.as_ref().is_some_and(|now| now.places[name] == next.first.places[name]);
        let late = next.now.is_some() && luck.random_bool(0.5);
        let change = change(
            if late { &next.now.as_ref().expect("now").places[name] } else { &next.first.places[name] },
            luck,
        );
        for (cell, people) in change {
            let put = |of: &mut People| {
                let cells = of.places.get_mut(name).expect("the same places");
                *cells.entry(cell).or_default() += people;
                cells.retain(|_, people| *people != 0);
            };
            if same || !late {
                put(&mut next.first);
            }
            if let Some(now) = next.now.as_mut().filter(|_| same || late) {
                put(now);
            }
        }
    }
    next.attendances += luck.random_range(-6..=6);
    next
}

/// Two words of a split, or two places, change their people: which of those that are told of together is the one that was drawn is not known.
fn exchange(world: &mut World, luck: &mut StdRng) {
    let names: Vec<String> = world.first.places.keys().cloned().collect();
    let [one, other] = [(); 2].map(|()| names[luck.random_range(0..names.len())].clone());
    let split = luck.random_range(0..3);
    let [word, with] = [(); 2].map(|()| WORDS[split][luck.random_range(0..WORDS[split].len())]);
    let places = luck.random_bool(0.3);
    // In both releases, or in one of a place that counts anew.
    let [before, now] = [[true, true], [true, false], [false, true]][luck.random_range(0..3)];
    let first = Some(&mut world.first).filter(|_| before);
    for people in first.into_iter().chain(world.now.as_mut().filter(|_| now)) {
        if places {
            let [a, b] = [&one, &other].map(|name| people.places[name].clone());
            people.places.extend([(one.clone(), b), (other.clone(), a)]);
            continue;
        }
        let cells = people.places.get_mut(&one).expect("a place");
        let mut exchanged = Cells::new();
        for (cell, people) in std::mem::take(cells) {
            let mut cell = cell;
            cell[split] = match cell[split] {
                is if is == word => with,
                is if is == with => word,
                is => is,
            };
            *exchanged.entry(cell).or_default() += people;
        }
        *cells = exchanged;
    }
}

fn change(cells: &Cells, luck: &mut StdRng) -> Vec<(Cell, i64)> {
    let there: Vec<Cell> = cells.keys().copied().collect();
    let to = cell(luck);
    if there.is_empty() || luck.random_bool(0.3) {
        return vec![(to, 1)];
    }
    let from = there[luck.random_range(0..there.len())];
    if luck.random_bool(0.4) {
        return vec![(from, -1)];
    }
    let mut moved = from;
    let split = luck.random_range(0..3);
    moved[split] = to[split];
    vec![(from, -1), (moved, 1)]
}

/// The numbers of each node in worlds that publish the same.
struct Found<'a> {
    story: &'a Story,
    published: &'a Published,
    seen: BTreeMap<Node, BTreeSet<i64>>,
    worlds: usize,
    programs: usize,
    without_secret: usize,
}

impl Found<'_> {
    /// The node of which the fewest numbers were seen, where that are too few.
    fn least(&self) -> Option<Node> {
        let least = self.seen.iter().min_by_key(|(_, seen)| seen.len());
        least.filter(|(_, seen)| seen.len() < PEOPLE.least as usize).map(|(node, _)| node.clone())
    }

    /// From one world to the next, person by person, towards a number that a node has not had yet.
    fn walk(&mut self, known: &Known<'_>, world: &mut World, steps: usize, luck: &mut StdRng) {
        for _ in 0..steps / STRETCH {
            let Some(node) = self.least() else { break };
            let numbers = known.candidates(&node, &self.seen[&node]);
            let target = numbers[luck.random_range(0..numbers.len())];
            let off = |world: &World| {
                known.numbers(world).get(&node).map_or(i64::MAX, |number| (number - target).abs())
            };
            if luck.random_bool(0.2) {
                *world = self.story.world.clone();
            }
            let mut distance = off(world);
            for _ in 0..STRETCH {
                let next = step(world, &node.1, luck);
                if !self.look(known, &next) {
                    continue;
                }
                let further = off(&next);
                if further <= distance || luck.random_bool(0.3) {
                    (*world, distance) = (next, further);
                }
                if distance == 0 {
                    break;
                }
            }
        }
    }

    /// What lies further away is found by what is possible at all.
    fn solve(&mut self, known: &Known<'_>, luck: &mut StdRng) {
        for _ in 0..TRIES {
            let Some(node) = self.least() else { break };
            self.programs += 1;
            let numbers = known.candidates(&node, &self.seen[&node]);
            let number = numbers[luck.random_range(0..numbers.len())];
            let Some((counts, attended)) = known.counts((&node, number)) else { continue };
            // Several worlds have these counts; the hold looks at the finest cells.
            for _ in 0..4 {
                let world = world(self.story, known, &counts, attended, luck);
                if self.look(known, &world) {
                    break;
                }
            }
        }
    }

    /// Whether a world publishes the same, by some secret; then its numbers are possible.
    fn look(&mut self, known: &Known<'_>, world: &World) -> bool {
        let meetings = &self.story.meetings;
        let people: i64 = world.first.places.values().map(total).sum();
        let most: i64 = world.first.places.iter().map(|(name, cells)| total(cells) * meetings[name]).sum();
        if !(people..=most).contains(&world.attendances) {
            return false;
        }
        let Some(secret) = secret_for(world, self.published) else {
            self.without_secret += 1;
            return false;
        };
        if world.published(meetings, [&secret.of(0), &secret.of(1)]) != *self.published {
            return false;
        }
        self.worlds += 1;
        for (node, number) in known.numbers(world) {
            if let Some(seen) = self.seen.get_mut(&node) {
                seen.insert(number);
            }
        }
        true
    }
}

impl Known<'_> {
    /// Numbers of which it was not seen yet that a node has them: beside its figure, or beside those that were seen.
    fn candidates(&self, (release, place, split, word): &Node, seen: &BTreeSet<i64>) -> Vec<i64> {
        let tree: &Tree = if *release == 0 { self.tree } else { self.revised.expect("a revision") };
        let splits = if place.is_empty() {
            Some(&tree.root_splits)
        } else {
            tree.places.get(place).map(|one| &one.splits)
        };
        let figure = match (place.as_str(), split.as_str()) {
            ("", "") => Some(tree.root),
            (place, "") => tree.places.get(place).map(|shown| shown.figure),
            (_, split) => splits.and_then(|splits| splits.get(split)?.shown.get(word)).copied(),
        };
        let (least, most) = match figure.map(|figure| figure.number()) {
            Some(0) => (0, PEOPLE.least - 1),
            Some(figure) => (figure - PEOPLE.base + 1, figure + PEOPLE.base - 1),
            None => (seen.first().copied().unwrap_or(5) - 6, seen.last().copied().unwrap_or(5) + 12),
        };
        (least.max(0)..=most).filter(|number| !seen.contains(number)).collect()
    }

    /// The numbers of a world that a release tells something of.
    fn numbers(&self, world: &World) -> Counts {
        let mut numbers = Counts::new();
        let releases = [(Some(self.tree), Some(&world.first)), (self.revised, world.now.as_ref())];
        for (release, (tree, people)) in releases.into_iter().enumerate() {
            let (Some(tree), Some(people)) = (tree, people) else { continue };
            let mut all = Cells::new();
            for (place, cells) in &people.places {
                numbers.insert((release, place.clone(), String::new(), String::new()), total(cells));
                for (cell, people) in cells {
                    *all.entry(*cell).or_default() += people;
                }
                let splits = tree.places.get(place).map(|shown| &shown.splits);
                for name in splits.into_iter().flat_map(BTreeMap::keys) {
                    put(&mut numbers, release, place, name, cells);
                }
            }
            numbers.insert((release, String::new(), String::new(), String::new()), total(&all));
            for name in tree.root_splits.keys() {
                put(&mut numbers, release, "", name, &all);
            }
        }
        numbers
    }

    /// Whether it is shown, or told of with others. Of whom nothing is told with others, there is nobody.
    fn keeps_secret(&self, (release, place, split, word): &Node) -> bool {
        let tree: &Tree = if *release == 0 { self.tree } else { self.revised.expect("a revision") };
        if place.is_empty() && split.is_empty() {
            return true;
        }
        if split.is_empty() {
            return tree.places.contains_key(place) || tree.not_shown.is_some();
        }
        let splits = if place.is_empty() { &tree.root_splits } else { &tree.places[place].splits };
        splits.get(split).is_some_and(|split| split.not_shown.is_some() || split.shown.contains_key(word))
    }
}

fn put(numbers: &mut Counts, release: usize, place: &str, name: &str, cells: &Cells) {
    let at = PEOPLE.splits.iter().position(|one| *one == name).expect("a split");
    for (word, people) in by(cells, at) {
        numbers.insert((release, place.to_owned(), name.to_owned(), word.to_owned()), people);
    }
}

/// A world with these counts.
fn world(
    story: &Story,
    known: &Known<'_>,
    counts: &Counts,
    attended: Option<i64>,
    luck: &mut StdRng,
) -> World {
    let whole = |release: usize, place: &str| (release, place.to_owned(), String::new(), String::new());
    let mut first = People { places: BTreeMap::new(), apart: story.world.first.apart };
    let mut who = hidden(counts, luck);
    for place in &known.places {
        let cells = if known.tree.places.contains_key(place) {
            cells_of(counts, 0, place, luck)
        } else {
            anybody(counts[&whole(0, place)], &mut who, luck)
        };
        first.places.insert(place.clone(), cells);
    }
    let now = story.world.now.as_ref().map(|_| {
        let mut now = first.clone();
        for (place, cells) in &mut now.places {
            let Some(people) = counts.get(&whole(1, place)) else { continue };
            let told = known.revised.and_then(|tree| tree.places.get(place));
            let split = told.is_some_and(|shown| !shown.splits.is_empty());
            if split {
                *cells = cells_of(counts, 1, place, luck);
            } else if told.is_some() || counts[&whole(0, place)] != *people || luck.random_bool(0.5) {
                *cells = anybody(*people, &mut Vec::new(), luck);
            }
        }
        now
    });
    let people: i64 = first.places.values().map(total).sum();
    let most: i64 = first.places.iter().map(|(name, cells)| total(cells) * story.meetings[name]).sum();
    let attendances = attended.unwrap_or_else(|| story.world.attendances.clamp(people, most.max(people)));
    World { first, now, attendances }
}

/// Cells of a place that is shown, with these sums in each split.
fn cells_of(counts: &Counts, release: usize, place: &str, luck: &mut StdRng) -> Cells {
    let mut people: Vec<Cell> = Vec::new();
    for (at, name) in PEOPLE.splits.iter().enumerate() {
        let number = |word: &str| counts[&(release, place.to_owned(), (*name).to_owned(), word.to_owned())];
        let mut words: Vec<&'static str> =
            WORDS[at].iter().flat_map(|word| vec![*word; number(word) as usize]).collect();
        words.shuffle(luck);
        people.resize(words.len(), [""; 3]);
        people.iter_mut().zip(words).for_each(|(one, word)| one[at] = word);
    }
    sum(people)
}

/// So many people of any kind, but for what the root says of them.
fn anybody(people: i64, who: &mut Vec<&'static str>, luck: &mut StdRng) -> Cells {
    let one = |_| {
        let mut cell = cell(luck);
        if let Some(word) = who.pop() {
            cell[0] = word;
        }
        cell
    };
    sum((0..people).map(one).collect())
}

/// What the root's split leaves for places that are not shown.
fn hidden(counts: &Counts, luck: &mut StdRng) -> Vec<&'static str> {
    let number = |word: &str| {
        let node = (0, "hidden".to_owned(), PEOPLE.splits[0].to_owned(), word.to_owned());
        counts.get(&node).copied().unwrap_or_default()
    };
    let mut words: Vec<&'static str> =
        WORDS[0].iter().flat_map(|word| vec![*word; number(word) as usize]).collect();
    words.shuffle(luck);
    words
}

fn sum(people: Vec<Cell>) -> Cells {
    let mut cells = Cells::new();
    for one in people {
        *cells.entry(one).or_default() += 1;
    }
    cells
}
