//! The revision of a quarter: what tablets brought later, where it is enough people that no one of them shows.

use super::counts::{Counted, Place};
use super::split::round;
use super::tree::{Figure, Method, Shown, Tree};

/// What a revision makes of what was counted again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revised {
    pub tree: Option<Tree>,
    /// What the figures count: of a place that changed too little what they counted before.
    pub counted: Counted,
}

impl Method<'_> {
    /// The revision of a first release. `held` is what the first release counted, `now` what is counted of the same places, by the same
    /// names, and of no others but where nothing was held.
    pub fn revise(&self, first: Option<&Tree>, held: &Counted, now: &Counted) -> Revised {
        let (places, changed) = self.hold(held, now);
        let counted = Counted { places, apart: now.apart };
        let tree = match first {
            // Nothing was published that could be compared.
            None => self.without_root_split(&counted),
            Some(first) => Some(self.revised(first, &counted, &changed)),
        };
        Revised { tree, counted }
    }

    /// A place counts anew, all of its cells at once, if so many people came to its cells, or went from them, as may be told of. Gives
    /// the names of those that do.
    fn hold(&self, held: &Counted, now: &Counted) -> (Vec<Place>, Vec<String>) {
        let mut changed = Vec::new();
        let place = |now: &Place| {
            let before = held.places.iter().find(|place| place.name == now.name);
            let before = before.map(|place| place.counts.clone()).unwrap_or_default();
            let (more, fewer) = now.counts.since(&before);
            if more.max(fewer) < self.measure.least {
                return Place { name: now.name.clone(), counts: before };
            }
            changed.push(now.name.clone());
            now.clone()
        };
        let places = now.places.iter().map(place).collect();
        (places, changed)
    }

    /// Places that are shown stay shown, those that did not change as they are; each of the others is rounded by itself.
    fn revised(&self, first: &Tree, counted: &Counted, changed: &[String]) -> Tree {
        let of = |figure: i64| Figure::of(figure);
        let all: i64 = counted.places.iter().map(|place| place.counts.total()).sum();
        if !counted.apart {
            let root = if changed.is_empty() { first.root } else { of(self.alone("", all)) };
            return Tree { root, ..Tree::default() };
        }
        let mut tree = Tree { places: first.places.clone(), not_shown: first.not_shown, ..Tree::default() };
        let (mut not_shown, mut rest_changed) = (0, false);
        for Place { name, counts } in &counted.places {
            let anew = changed.contains(name);
            match tree.places.get_mut(name) {
                Some(shown) if anew => {
                    let figure = of(self.alone(name, counts.total()));
                    let told = counts.total() >= self.measure.least;
                    let splits = if told { self.splits_of(name, figure, counts) } else { Default::default() };
                    *shown = Shown { figure, splits };
                }
                Some(_) => {}
                None => {
                    not_shown += counts.total();
                    rest_changed |= anew;
                }
            }
        }
        if rest_changed {
            tree.not_shown = Some(of(self.alone(super::tree::NOT_SHOWN, not_shown)));
        }
        let figures = tree.places.values().map(|shown| shown.figure).chain(tree.not_shown);
        tree.root = of(figures.map(Figure::number).sum());
        tree
    }

    /// Rounded as a root is. Too few are told of as nobody, so that nobody is what may also be one to four.
    fn alone(&self, path: &str, people: i64) -> i64 {
        if people < self.measure.least { 0 } else { round(self, path, people) }
    }
}
