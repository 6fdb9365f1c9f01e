//! Looking for worlds until each node has had five numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use server::published::PEOPLE;
use server::published::tree::Tree;

use super::model::{Counts, Known, Node};
use super::secret::secret_for;
use super::trees::{Cell, Cells, People, Published, Story, WORDS, World, cell, total};

/// How many worlds are looked for, for each node.
const TRIES: usize = 12;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Attacked {
    pub trees: usize,
    pub nodes: usize,
    pub worlds: usize,
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
        self.without_secret += other.without_secret;
    }
}

impl fmt::Display for Attacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trees, nodes, worlds, without_secret, fewest, worst } = self;
        write!(
            f,
            "{trees} trees, {nodes} nodes, {worlds} worlds; {without_secret} counts without a secret; the least that a node keeps is \
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
    let mut found = Found { seen: BTreeMap::new(), worlds: 0, without_secret: 0 };
    // The world as it is is one of them.
    let mut counts = known.counts(None, luck).expect("the world itself fits");
    for node in counts.0.keys().filter(|node| known.keeps_secret(node)) {
        found.seen.insert(node.clone(), BTreeSet::new());
    }
    found.look(story, &known, &published, &counts, luck);
    for _ in 0..TRIES * found.seen.len() {
        let least = found.seen.iter().min_by_key(|(_, seen)| seen.len());
        let Some((node, seen)) = least.filter(|(_, seen)| seen.len() < PEOPLE.least as usize) else { break };
        let (node, numbers) = (node.clone(), candidates(seen));
        let number = numbers[luck.random_range(0..numbers.len())];
        if let Some(fit) = known.counts(Some((&node, number)), luck) {
            counts = fit;
            found.look(story, &known, &published, &counts, luck);
        }
    }
    let worst = found.seen.iter().min_by_key(|(_, seen)| seen.len());
    let worst = worst.map(|(node, seen)| (node.clone(), seen.clone()));
    Attacked {
        trees: 1,
        nodes: found.seen.len(),
        worlds: found.worlds,
        without_secret: found.without_secret,
        fewest: worst.as_ref().map_or(usize::MAX, |(_, seen)| seen.len()),
        worst,
    }
}

/// Numbers beside those that were seen.
fn candidates(seen: &BTreeSet<i64>) -> Vec<i64> {
    let (least, most) = (seen.first().copied().unwrap_or(5), seen.last().copied().unwrap_or(5));
    let near = (least - 4).max(0)..=most + 4;
    near.filter(|number| !seen.contains(number)).collect()
}

/// The numbers of each node in worlds that publish the same.
struct Found {
    seen: BTreeMap<Node, BTreeSet<i64>>,
    worlds: usize,
    without_secret: usize,
}

impl Found {
    fn look(
        &mut self,
        story: &Story,
        known: &Known<'_>,
        published: &Published,
        (counts, attended): &(Counts, Option<i64>),
        luck: &mut StdRng,
    ) {
        // Several worlds have these counts; the hold looks at the finest cells.
        for _ in 0..4 {
            let Some(world) = world(story, known, counts, *attended, luck) else { continue };
            let Some(secret) = secret_for(&world, published) else {
                self.without_secret += 1;
                continue;
            };
            if world.published(&story.meetings, &secret) == *published {
                self.worlds += 1;
                for (node, numbers) in &mut self.seen {
                    numbers.extend(counts.get(node));
                }
                return;
            }
        }
    }
}

impl Known<'_> {
    /// Whether it is shown, or told of with others. Of whom nothing is told with others, there is nobody.
    fn keeps_secret(&self, (release, place, split, word): &Node) -> bool {
        let tree: &Tree = if *release == 0 { self.tree } else { self.revised.expect("a revision") };
        if place == "hidden" {
            return false;
        }
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

/// A world with these counts.
fn world(
    story: &Story,
    known: &Known<'_>,
    counts: &Counts,
    attended: Option<i64>,
    luck: &mut StdRng,
) -> Option<World> {
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
    let attendances = attended.unwrap_or_else(|| story.world.attendances.clamp(people, most));
    (attendances >= people && attendances <= most).then_some(World { first, now, attendances })
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
