//! People of an organisation who graduated, told where they say nothing new of its people.

use super::measure::PEOPLE;
use super::tree::Tree;

/// The figure of those who graduated; none where it would exclude a number of people that their tree leaves possible.
///
/// Who graduated is one of the people. So there are as many people at least, and a figure of people that may stand for fewer would be narrowed, or
/// narrow this one. It is told where even the fewest people that their tree could stand for are as many as the most who can have graduated: then
/// each number of the one goes with each number of the other.
pub fn beside_people(people: &Tree, graduates: Option<Tree>) -> Option<Tree> {
    let margin = PEOPLE.base - 1;
    let places = people.places.values().map(|shown| shown.figure).chain(people.not_shown);
    let mut parts: Vec<i64> = places.map(|figure| figure.number()).collect();
    if parts.is_empty() {
        parts.push(people.root.number());
    }
    let fewest: i64 = parts.into_iter().map(|figure| (figure - margin).max(0)).sum();
    graduates.filter(|graduates| graduates.root.number() + margin <= fewest)
}
