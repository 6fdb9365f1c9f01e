//! Rounding a root, and dividing a figure among children: which of them are shown, and how they are rounded so that they add up.

use std::collections::BTreeMap;

use super::luck::Draw;
use super::tree::{Method, NOT_SHOWN};

/// A part of a node.
#[derive(Clone)]
pub(super) struct Child {
    pub(super) path: String,
    pub(super) people: i64,
}

/// The figures of the children that are shown, by path, and of the rest.
#[derive(Default)]
pub(super) struct Divided {
    pub(super) shown: BTreeMap<String, i64>,
    pub(super) not_shown: Option<i64>,
}

/// The multiple of the base below or above a number, more often the nearer one: on average it is the number.
pub(super) fn round(method: &Method<'_>, path: &str, people: i64) -> i64 {
    let base = method.measure.base;
    let rest = people % base;
    let up = method.luck.fraction(path, Draw::Round) < rest as f64 / base as f64;
    people - rest + if up { base } else { 0 }
}

/// Divides a figure, to which a node was rounded, among its children. `above` is the path below which they lie.
pub(super) fn divide(method: &Method<'_>, above: &str, figure: i64, children: Vec<Child>) -> Divided {
    let pooled = pool(method, above, children);
    let base = method.measure.base;
    // Each child gets the multiple below it. What is then lacking of the figure is given to as many children as it is multiples: as each
    // rest is smaller than the base, there are at least so many with a rest.
    let floor = |child: &Child| child.people - child.people % base;
    let lacking = figure - pooled.all().map(floor).sum::<i64>();
    let mut chances: Vec<(f64, &str)> = pooled
        .all()
        .filter(|child| child.people % base > 0)
        .map(|child| (chance(method, child), child.path.as_str()))
        .collect();
    chances.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(other.1)));
    let raised: Vec<&str> =
        chances.iter().take((lacking / base).unsigned_abs() as usize).map(|(_, path)| *path).collect();
    let number = |child: &Child| floor(child) + if raised.contains(&child.path.as_str()) { base } else { 0 };
    Divided {
        shown: pooled.shown.iter().map(|child| (child.path.clone(), number(child))).collect(),
        not_shown: pooled.pool.as_ref().map(number),
    }
}

/// By which children are raised, the least first: Pareto sampling (B. Rosén, On sampling with probability proportional to size, Journal of
/// Statistical Planning and Inference 62, 1997), a sample of fixed size in which each has nearly the chance that its rest is of the base.
fn chance(method: &Method<'_>, child: &Child) -> f64 {
    let fraction = method.luck.fraction(&child.path, Draw::Round);
    let rest = (child.people % method.measure.base) as f64 / method.measure.base as f64;
    fraction / (1.0 - fraction) * ((1.0 - rest) / rest)
}

struct Pooled {
    shown: Vec<Child>,
    pool: Option<Child>,
}

impl Pooled {
    fn all(&self) -> impl Iterator<Item = &Child> {
        self.shown.iter().chain(&self.pool)
    }
}

/// Puts the children that are too few to be told of into one. A child of nobody is left out, so that it looks like one that is not shown.
fn pool(method: &Method<'_>, above: &str, children: Vec<Child>) -> Pooled {
    let least = method.measure.least;
    let there = children.into_iter().filter(|child| child.people > 0);
    let (few, mut shown): (Vec<Child>, Vec<Child>) = there.partition(|child| child.people < least);
    let mut people: i64 = few.iter().map(|child| child.people).sum();
    // A pool of too few is told of no more than they are: one child that would be shown joins it. By size it would say that the others
    // are larger, so it is drawn.
    if (1..least).contains(&people) {
        let pull = |child: &Child| method.luck.fraction(&child.path, Draw::Pull);
        let joins = (0..shown.len())
            .min_by(|one, other| {
                let (one, other) = (&shown[*one], &shown[*other]);
                pull(one).total_cmp(&pull(other)).then(one.path.cmp(&other.path))
            })
            .map(|at| shown.remove(at));
        people += joins.map_or(0, |child| child.people);
    }
    let pool = (people > 0).then(|| Child { path: format!("{above}{NOT_SHOWN}"), people });
    Pooled { shown, pool }
}
