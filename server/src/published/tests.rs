//! What holds of every tree, whatever was counted.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::counts::{Counted, Place, RawCounts};
use super::luck::{Luck, Secret};
use super::measure::{Measure, PEOPLE};
use super::tree::{Figure, Method, Split, Tree};

/// As referrals and screenings would be published.
const SENSITIVE: Measure =
    Measure { name: "referrals", least: 10, base: 10, splits: &["urgency"], root_split: None };

const WHO: [&str; 3] = ["female_youth", "male_other", "unknown"];
const HOW: [&str; 2] = ["sociotherapy", "space_for_peace"];
const NEW: [&str; 3] = ["first_ever", "first_this_year", "again"];

/// People by finest cell, in some places, of which many have few.
fn counted(most_places: usize) -> impl Strategy<Value = Counted> {
    let people = prop_oneof![4 => Just(0_i64), 4 => 1..5_i64, 2 => 5..40_i64];
    let place = vec(people, WHO.len() * HOW.len() * NEW.len());
    vec(place, 1..=most_places).prop_map(|places| Counted { places: each_place(places), apart: true })
}

fn each_place(places: Vec<Vec<i64>>) -> Vec<Place> {
    let place = |(at, people): (usize, Vec<i64>)| {
        let mut counts = RawCounts::default();
        for (cell, people) in people.into_iter().enumerate() {
            let words = [WHO[cell % 3], HOW[cell / 3 % 2], NEW[cell / 6]];
            counts.add(words.map(str::to_owned).to_vec(), people);
        }
        Place { name: format!("{}", 11 + at), counts }
    };
    places.into_iter().enumerate().map(place).collect()
}

fn with_secret<T>(secret: u8, measure: &'static Measure, work: impl FnOnce(Method<'_>) -> T) -> T {
    let secret = Secret::new([secret; 32]);
    let luck: &dyn Luck = &secret.luck(measure.name, "aegis", "2026-Q1");
    work(Method { measure, luck })
}

fn sum(split: &Split) -> i64 {
    split.shown.values().chain(&split.not_shown).map(|figure| figure.number()).sum()
}

/// All sums that a reader can check, and every figure.
fn adds_up(tree: &Tree, base: i64) {
    let places = tree.places.values().map(|place| place.figure).chain(tree.not_shown);
    if tree.places.len() + usize::from(tree.not_shown.is_some()) > 0 {
        assert_eq!(tree.root.number(), places.map(Figure::number).sum::<i64>(), "{tree:?}");
    }
    let roots = tree.root_splits.values().map(|split| (tree.root, split));
    let splits =
        tree.places.values().flat_map(|place| place.splits.values().map(|split| (place.figure, split)));
    let mut figures: Vec<Figure> = vec![tree.root];
    for (of, split) in roots.chain(splits) {
        assert_eq!(of.number(), sum(split), "{tree:?}");
        figures.extend(split.shown.values().chain(&split.not_shown));
    }
    figures.extend(tree.places.values().map(|place| place.figure).chain(tree.not_shown));
    // Differences of multiples are multiples: none is 1 to base - 1.
    assert!(figures.iter().all(|figure| figure.number() % base == 0 && figure.number() >= 0), "{tree:?}");
}

fn near(figure: Figure, exact: i64, base: i64) -> bool {
    (figure.number() - exact).abs() < base
}

proptest! {
    #[test]
    fn figures_add_up_and_lie_beside_what_was_counted(counted in counted(9), secret: u8) {
        let Some(tree) = with_secret(secret, &PEOPLE, |method| method.first(&counted)) else {
            let all: i64 = counted.places.iter().map(|place| place.counts.total()).sum();
            prop_assert!(all < PEOPLE.least);
            return Ok(());
        };
        adds_up(&tree, PEOPLE.base);
        prop_assert_eq!(tree.root_splits.len(), usize::from(tree.places.len() >= 6));
        for place in &counted.places {
            let Some(shown) = tree.places.get(&place.name) else { continue };
            prop_assert!(place.counts.total() >= PEOPLE.least);
            prop_assert!(near(shown.figure, place.counts.total(), PEOPLE.base));
            for (at, name) in PEOPLE.splits.iter().enumerate() {
                let exact = place.counts.by(at);
                for (word, figure) in &shown.splits[*name].shown {
                    prop_assert!(exact[word.as_str()] >= PEOPLE.least);
                    prop_assert!(near(*figure, exact[word.as_str()], PEOPLE.base));
                }
                let shown = &shown.splits[*name];
                let rest: i64 = exact.iter().filter(|(word, _)| !shown.shown.contains_key(**word)).map(|(_, people)| people).sum();
                prop_assert!(rest == 0 || rest >= PEOPLE.least, "a pool of {rest}");
            }
        }
    }

    #[test]
    fn a_revision_shows_no_change_of_fewer_than_five_people_of_a_district(
        counted in counted(6), secret: u8, moves in vec((0..6_usize, 0..18_usize, 0..18_usize), 0..4),
    ) {
        // Up to three people of each district come, go, or are told apart otherwise.
        let mut now = counted.clone();
        for (place, from, to) in moves {
            let at = place % now.places.len();
            let cell = |cell: usize| [WHO[cell % 3], HOW[cell / 3 % 2], NEW[cell / 6]].map(str::to_owned).to_vec();
            let place = &mut now.places[at].counts;
            if place.cells().any(|(there, _)| *there == cell(from)) {
                place.add(cell(from), -1);
            }
            place.add(cell(to), 1);
        }
        with_secret(secret, &PEOPLE, |method| {
            let first = method.first(&counted);
            let revised = method.revise(first.as_ref(), &counted, &now);
            let without_root_split = first.map(|tree| Tree { root_splits: BTreeMap::new(), ..tree });
            assert_eq!(revised.tree, without_root_split);
            assert_eq!(revised.counted, counted);
        });
    }

    #[test]
    fn a_revision_adds_up_and_tells_apart_no_more(before in counted(5), after in counted(5), secret: u8) {
        let names: Vec<String> = before.places.iter().map(|place| place.name.clone()).collect();
        let mut now = after;
        now.places.retain(|place| names.contains(&place.name));
        for name in names.iter().skip(now.places.len()) {
            now.places.push(Place { name: name.clone(), counts: RawCounts::default() });
        }
        with_secret(secret, &PEOPLE, |method| {
            let first = method.first(&before);
            let revised = method.revise(first.as_ref(), &before, &now);
            if let Some(tree) = &revised.tree {
                adds_up(tree, PEOPLE.base);
                assert!(tree.root_splits.is_empty());
                if let Some(first) = &first {
                    assert!(tree.places.keys().eq(first.places.keys()));
                }
            }
            // Who revises again what was revised finds nothing to change.
            let again = method.revise(revised.tree.as_ref(), &revised.counted, &now);
            if revised.tree.is_some() {
                assert_eq!(again.tree, revised.tree);
            }
        });
    }

    #[test]
    fn a_sensitive_tree_is_made_of_tens(people in vec((0..40_i64, 0..40_i64), 1..8), secret: u8) {
        let place = |(at, (urgent, routine)): (usize, &(i64, i64))| Place {
            name: format!("{}", 11 + at),
            counts: [(["urgent"], *urgent), (["routine"], *routine)].into_iter().collect(),
        };
        let counted = Counted { places: people.iter().enumerate().map(place).collect(), apart: true };
        let tree = with_secret(secret, &SENSITIVE, |method| method.first(&counted));
        if let Some(tree) = tree {
            adds_up(&tree, 10);
        }
    }

    #[test]
    fn on_average_a_figure_is_what_was_counted(people in 5..60_i64) {
        let counted = Counted {
            places: vec![Place { name: "52".into(), counts: [(["female_youth", "sociotherapy", "again"], people)].into_iter().collect() }],
            apart: true,
        };
        let figures = (0..=255).map(|secret| {
            with_secret(secret, &PEOPLE, |method| method.first(&counted)).map_or(0, |tree| tree.root.number())
        });
        let mean = figures.sum::<i64>() as f64 / 256.0;
        prop_assert!((mean - people as f64).abs() < 0.8, "{mean} of {people}");
    }
}

#[test]
fn what_is_not_told_apart_is_one_figure() {
    let counts: RawCounts = [(["female_youth", "sociotherapy", "again"], 12)].into_iter().collect();
    let counted = Counted { places: vec![Place { name: String::new(), counts }], apart: false };
    with_secret(1, &PEOPLE, |method| {
        let tree = method.first(&counted).expect("twelve people");
        assert!(tree.places.is_empty() && tree.not_shown.is_none() && tree.root_splits.is_empty());
        let fewer: RawCounts = [(["female_youth", "sociotherapy", "again"], 3)].into_iter().collect();
        let now = Counted { places: vec![Place { name: String::new(), counts: fewer }], apart: false };
        let revised = method.revise(Some(&tree), &counted, &now).tree.expect("a tree");
        assert_eq!(revised.root, Figure::of(0), "too few look like nobody");
    });
}
