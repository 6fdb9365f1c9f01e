//! A secret for which counts are published as they were, or that there is none.
//!
//! What is drawn for a node decides by comparison: a root is rounded up where its fraction is below its rest, and of children those are raised whose
//! chance is least. In the logits of the fractions each is a difference of two unknowns with a bound, so Bellman and Ford decide whether all of
//! them hold at once.

use std::collections::BTreeMap;

use server::published::PEOPLE;
use server::published::attendances::BASE;
use server::published::luck::{Draw, Luck};
use server::published::tree::{Figure, NOT_SHOWN, Split, Tree};

use super::trees::{Cells, Published, World, by, total};

/// In which release (0 or 1) what is drawn for which node; none is the logit 0.
type Drawn = Option<(usize, String, Draw)>;

/// Fractions by release and node.
#[derive(Debug, Default)]
pub(crate) struct Supposed(BTreeMap<(usize, String, Draw), f64>);

impl Supposed {
    /// What is drawn for a release.
    pub(crate) fn of(&self, release: usize) -> impl Luck + '_ {
        InRelease { supposed: self, release }
    }
}

struct InRelease<'a> {
    supposed: &'a Supposed,
    release: usize,
}

impl Luck for InRelease<'_> {
    fn fraction(&self, path: &str, draw: Draw) -> f64 {
        self.supposed.0.get(&(self.release, path.to_owned(), draw)).copied().unwrap_or(0.5)
    }
}

/// By how much one logit is less than another where it must be.
const LESS: f64 = 1e-4;

/// The logit of the first is below that of the second by more than the third.
#[derive(Debug, Default)]
struct Differences {
    all: Vec<(Drawn, Drawn, f64)>,
    /// Which release is looked at.
    release: usize,
    /// Whether a count is not one that any secret gives the figure of.
    impossible: bool,
}

/// A secret that publishes this of a world in which that was counted.
pub(crate) fn secret_for(world: &World, (tree, told, revised): &Published) -> Option<Supposed> {
    let tree = tree.as_ref()?;
    let mut all = Differences::default();
    let people: i64 = world.first.places.values().map(total).sum();
    all.rounded("", people, PEOPLE.base, tree.root);
    if let Some(told) = told {
        all.rounded("attendances", world.attendances, BASE, *told);
    }
    if world.first.apart {
        let children = world.first.places.iter().map(|(name, cells)| (name.clone(), total(cells))).collect();
        let shown = tree.places.iter().map(|(name, shown)| (name.clone(), shown.figure)).collect();
        all.divided("", children, &Split { shown, not_shown: tree.not_shown });
        for (place, shown) in &tree.places {
            all.splits(place, &world.first.places[place], &shown.splits);
        }
        let mut together = Cells::new();
        for (cell, people) in world.first.places.values().flatten() {
            *together.entry(*cell).or_default() += people;
        }
        all.splits("", &together, &tree.root_splits);
    }
    if let (Some(now), Some(revised)) = (&world.now, revised) {
        all.release = 1;
        all.revised(&now.places, now.apart, tree, revised);
    }
    all.solve()
}

impl Differences {
    fn revised(&mut self, now: &BTreeMap<String, Cells>, apart: bool, first: &Tree, revised: &Tree) {
        if !apart {
            let people: i64 = now.values().map(total).sum();
            if revised.root != first.root && people >= PEOPLE.least {
                self.rounded("", people, PEOPLE.base, revised.root);
            }
            return;
        }
        let mut rest = 0;
        for (place, cells) in now {
            match revised.places.get(place) {
                Some(shown) if first.places[place] != *shown && total(cells) >= PEOPLE.least => {
                    self.rounded(place, total(cells), PEOPLE.base, shown.figure);
                    self.splits(place, cells, &shown.splits);
                }
                Some(_) => {}
                None => rest += total(cells),
            }
        }
        if let Some(figure) =
            revised.not_shown.filter(|_| revised.not_shown != first.not_shown && rest >= PEOPLE.least)
        {
            self.rounded(NOT_SHOWN, rest, PEOPLE.base, figure);
        }
    }

    fn below(&mut self, one: Drawn, other: Drawn, by: f64) {
        self.all.push((one, other, by));
    }

    fn rounded(&mut self, path: &str, count: i64, base: i64, figure: Figure) {
        let rest = count % base;
        self.impossible |= (figure.number() - count).abs() >= base;
        if rest == 0 {
            return;
        }
        let node = Some((self.release, path.to_owned(), Draw::Round));
        let bound = logit(rest as f64 / base as f64);
        if figure.number() > count {
            self.below(node, None, bound);
        } else {
            self.below(None, node, -bound);
        }
    }

    fn splits(&mut self, place: &str, cells: &Cells, splits: &BTreeMap<String, Split>) {
        for (name, split) in splits {
            let at = PEOPLE.splits.iter().position(|one| one == name).expect("a split");
            let above = format!("{place}/{name}/");
            let path = |word: &str| format!("{above}{word}");
            let children = by(cells, at).into_iter().map(|(word, people)| (path(word), people)).collect();
            let shown = split.shown.iter().map(|(word, figure)| (path(word), *figure)).collect();
            self.divided(&above, children, &Split { shown, not_shown: split.not_shown });
        }
    }

    fn divided(&mut self, above: &str, children: Vec<(String, i64)>, split: &Split) {
        let (shown, hidden): (Vec<_>, Vec<_>) =
            children.into_iter().partition(|(path, _)| split.shown.contains_key(path));
        self.impossible |= shown.iter().any(|(_, people)| *people < PEOPLE.least);
        let few: i64 = hidden.iter().map(|(_, people)| people).filter(|people| **people < PEOPLE.least).sum();
        let joined = hidden.iter().filter(|(_, people)| *people >= PEOPLE.least).count();
        // One joins where the others are too few, and none where they are not.
        self.impossible |= joined != usize::from((1..PEOPLE.least).contains(&few));
        self.impossible |= split.not_shown.is_some() != (few > 0);
        // Whoever joined the pool was drawn among all that are told of else.
        for (joined, _) in hidden.iter().filter(|(_, people)| *people >= PEOPLE.least) {
            for (path, _) in &shown {
                let [joined, path] =
                    [joined, path].map(|path| Some((self.release, path.clone(), Draw::Pull)));
                self.below(joined, path, 0.0);
            }
        }
        let pool: i64 = hidden.iter().map(|(_, people)| people).sum();
        let pool = split.not_shown.map(|figure| (format!("{above}{NOT_SHOWN}"), pool, figure));
        let items = shown.into_iter().map(|(path, people)| (split.shown[&path], path, people));
        let items = items.map(|(figure, path, people)| (path, people, figure)).chain(pool);
        let items: Vec<(String, i64, Figure)> = items.collect();
        self.impossible |=
            items.iter().any(|(_, people, figure)| (figure.number() - people).abs() >= PEOPLE.base);
        let (raised, not): (Vec<_>, Vec<_>) = items
            .into_iter()
            .filter(|(_, people, _)| people % PEOPLE.base > 0)
            .map(|(path, people, figure)| {
                let rest = (people % PEOPLE.base) as f64 / PEOPLE.base as f64;
                (Some((self.release, path, Draw::Round)), -logit(rest), figure.number() > people)
            })
            .partition(|(.., raised)| *raised);
        for (one, of_one, _) in &raised {
            for (other, of_other, _) in &not {
                self.below(one.clone(), other.clone(), of_other - of_one);
            }
        }
    }

    fn solve(self) -> Option<Supposed> {
        if self.impossible {
            return None;
        }
        let mut logits: BTreeMap<Drawn, f64> = BTreeMap::from([(None, 0.0)]);
        for (one, other, _) in &self.all {
            logits.insert(one.clone(), 0.0);
            logits.insert(other.clone(), 0.0);
        }
        for _ in 0..=logits.len() {
            let mut moved = false;
            for (one, other, by) in &self.all {
                let most = logits[other] + by - LESS;
                if logits[one] > most {
                    logits.insert(one.clone(), most);
                    moved = true;
                }
            }
            if !moved {
                let zero = logits[&None];
                let fraction =
                    |(node, logit): (Drawn, f64)| Some((node?, 1.0 / (1.0 + (zero - logit).exp())));
                return Some(Supposed(logits.into_iter().filter_map(fraction).collect()));
            }
        }
        None
    }
}

fn logit(fraction: f64) -> f64 {
    (fraction / (1.0 - fraction)).ln()
}
