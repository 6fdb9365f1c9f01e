//! Attendances of an organisation, told where they say nothing new of its people.

use std::collections::BTreeMap;

use super::luck::{Draw, Luck};
use super::measure::Measure;
use super::tree::{Figure, Tree};

/// What attendances are multiples of.
pub const BASE: i64 = 50;

/// The attendances of those who are counted, rounded; none where they would exclude a number of people that the tree leaves possible.
///
/// Whoever came, came once at least, and to each meeting of their group at most. `meetings` are those of the busiest group in each place, which
/// are public; `places` of which nothing is shown apart share what the tree says of them.
pub fn attendances(
    measure: &Measure,
    luck: &dyn Luck,
    exact: i64,
    tree: &Tree,
    meetings: &BTreeMap<String, i64>,
) -> Option<Figure> {
    let rest = exact % BASE;
    let up = luck.fraction("attendances", Draw::Round) < rest as f64 / BASE as f64;
    let told = exact - rest + if up { BASE } else { 0 };
    let margin = measure.base - 1;
    let fewest = |figure: Figure| (figure.number() - margin).max(0);
    // What may be shown apart, and beside it what is not: there everybody may have come to the least busy place.
    let apart =
        tree.places.iter().map(|(name, shown)| (shown.figure, meetings.get(name).copied().unwrap_or(1)));
    let beside = meetings.iter().filter(|(name, _)| !tree.places.contains_key(*name));
    let least_busy = beside.map(|(_, meetings)| *meetings).min().unwrap_or(1);
    let rest = if tree.places.is_empty() { Some(tree.root) } else { tree.not_shown };
    let parts: Vec<(Figure, i64)> = apart.chain(rest.map(|figure| (figure, least_busy))).collect();
    let most_people: i64 = parts.iter().map(|(figure, _)| figure.number() + margin).sum();
    let most_attendances: i64 = parts.iter().map(|(figure, meetings)| fewest(*figure) * meetings).sum();
    let excludes_none = most_people <= told + (BASE - 1) && most_attendances >= told - (BASE - 1);
    excludes_none.then_some(Figure::of(told))
}
