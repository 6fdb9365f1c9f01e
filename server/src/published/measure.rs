//! What is counted in a tree, and how strongly it is protected.

/// A measure of which trees are published.
#[derive(Debug, PartialEq, Eq)]
pub struct Measure {
    pub name: &'static str,
    /// `k`: fewer than so many people are told of nowhere, and so many must change before a figure does.
    pub least: i64,
    /// `b`: what figures are multiples of.
    pub base: i64,
    /// The splits under each place. A [`Cell`](super::counts::Cell) has a word for each of them.
    pub splits: &'static [&'static str],
    /// The split that the root has, too, where enough places are shown.
    pub root_split: Option<usize>,
}

/// People who came in a quarter, each once in their group; of them those who consent.
pub const PEOPLE: Measure = Measure {
    name: "people",
    least: 5,
    base: 5,
    splits: &["sex_and_age", "modality", "novelty"],
    root_split: Some(0),
};

/// Those of them who graduated, of an organisation as a whole: they are told where that says nothing of its people
/// ([`beside_people`](super::graduates::beside_people)).
pub const GRADUATES: Measure =
    Measure { name: "graduates", least: 5, base: 5, splits: &[], root_split: None };

/// How many places must be shown before the root has a split. With fewer the same people, rounded once at the root and once in each place,
/// narrow each other.
pub(super) const PLACES_FOR_A_ROOT_SPLIT: usize = 6;
