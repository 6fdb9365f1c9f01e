//! The same attacks on ways that do not protect, where they must succeed: who finds nothing there finds nothing anywhere.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use server::published::PEOPLE;
use server::published::luck::Secret;
use server::published::tree::{Method, Split, Tree};

use super::model::{Known, Node};
use super::trees::{People, WORDS, cell};

const TIMES: usize = 400;

/// A cell and its complement, rounded with noise of their own for each of many equivalent questions.
#[test]
fn noise_of_each_cell_averages_out() {
    let mut luck = StdRng::seed_from_u64(1);
    let mut found = 0;
    for _ in 0..TIMES {
        let exact: i64 = luck.random_range(1..40);
        // 200 ways to split the rest in two give the cell as a difference each time, each with the noise of two cells.
        let asked: Vec<i64> =
            (0..200).map(|_| exact + luck.random_range(-2..=2) - luck.random_range(-2..=2)).collect();
        let mean = asked.iter().sum::<i64>() as f64 / asked.len() as f64;
        found += usize::from(mean.round() as i64 == exact);
    }
    assert!(found > TIMES * 9 / 10, "{found} of {TIMES}");
}

#[test]
fn exact_totals_at_two_dates_tell_of_one_who_joined() {
    let mut luck = StdRng::seed_from_u64(2);
    for _ in 0..TIMES {
        let yesterday: i64 = luck.random_range(5..200);
        let today = yesterday + 1;
        // Neither is small, so neither is suppressed.
        assert!(yesterday >= PEOPLE.least && today - yesterday == 1);
    }
}

/// Where the smallest of those that are shown joins the pool, it says of the others that they are no smaller.
#[test]
fn to_pull_the_smallest_child_into_the_pool_narrows_the_others() {
    let mut luck = StdRng::seed_from_u64(3);
    let mut narrowed = 0;
    for _ in 0..TIMES {
        let few: i64 = luck.random_range(1..=4);
        let mut shown: Vec<i64> = (0..2).map(|_| luck.random_range(5..20)).collect();
        shown.sort_unstable();
        let pool = few + shown[0];
        let round = |number: i64, up: bool| number - number % 5 + if number % 5 > 0 && up { 5 } else { 0 };
        let told = [round(pool, luck.random_bool(0.5)), round(shown[1], luck.random_bool(0.5))];
        let possible = |drawn_is_smallest: bool| -> BTreeSet<i64> {
            let near = |figure: i64| (figure - 4).max(5)..=figure + 4;
            let mut numbers = BTreeSet::new();
            for pool in near(told[0]) {
                for few in 1..=4 {
                    let drawn = pool - few;
                    numbers.extend(
                        near(told[1]).filter(|other| drawn >= 5 && (!drawn_is_smallest || *other >= drawn)),
                    );
                }
            }
            numbers
        };
        assert!(possible(false).len() >= 5, "drawn by lot, it says nothing");
        narrowed += usize::from(possible(true).len() < 5);
    }
    println!("{narrowed} of {TIMES} are narrowed");
    assert!(narrowed > 0);
}

/// The same people rounded at the root and in the only district.
#[test]
fn a_split_of_the_root_over_one_district_narrows_cells() {
    let mut luck = StdRng::seed_from_u64(4);
    let (mut narrowed, mut trees) = (0, 0);
    while trees < 24 {
        let mut cells = super::trees::Cells::new();
        for _ in 0..luck.random_range(15..40) {
            *cells.entry(cell(&mut luck)).or_default() += 1;
        }
        let people = People { places: [("11".to_owned(), cells)].into(), apart: true };
        let tree_of = |key: u8| -> Option<Tree> {
            let secret = Secret::new([key; 32]);
            let luck = secret.luck("people", "aegis", "2026-Q1");
            Method { measure: &PEOPLE, luck: &luck }.first(&people.counted())
        };
        // A tree, and a split as another secret rounds it to the same root: that is what a split of the root would be.
        let Some(mut tree) = tree_of(trees as u8) else { continue };
        let again = (100..=255)
            .filter_map(tree_of)
            .find(|one| one.places.get("11").map(|shown| shown.figure) == Some(tree.root));
        let Some(again) = again.filter(|_| tree.places.contains_key("11")) else { continue };
        let name = PEOPLE.splits[0];
        tree.root_splits = BTreeMap::from([(name.to_owned(), again.places["11"].splits[name].clone())]);
        trees += 1;
        let meetings = BTreeMap::from([("11".to_owned(), 13)]);
        let known = Known {
            tree: &tree,
            revised: None,
            places: vec!["11".to_owned()],
            attendances: None,
            meetings: &meetings,
        };
        narrowed += usize::from(WORDS[0].iter().any(|word| fits(&known, name, word) < PEOPLE.least as usize));
    }
    println!("{narrowed} of {trees} trees are narrowed");
    assert!(narrowed * 10 > trees, "{narrowed} of {trees}");
}

/// How many numbers fit a cell that is shown at the root or in the district; many where it is neither.
fn fits(known: &Known<'_>, name: &str, word: &str) -> usize {
    let split: &Split = &known.tree.places["11"].splits[name];
    let Some(figure) = split.shown.get(word) else { return usize::MAX };
    let node: Node = (0, "11".to_owned(), name.to_owned(), word.to_owned());
    let near = (figure.number() - 4).max(0)..=figure.number() + 4;
    near.filter(|number| known.counts((&node, *number)).is_some()).count()
}
