//! Somebody who reads all that is published of a quarter, knows the method, the rules of the pool, which groups met where, and everything
//! but the store's secret, tries to find out who many people a figure stands for. For each figure, and for each cell that is told of with
//! others, at least five numbers must stay possible.
//!
//! A number is possible if there is a *world* in which it is so: all counts of the quarter, before and after tablets came late, and a
//! secret, for which the method publishes just the same. So it is shown:
//!
//! 1. A walk from the world as it is, person by person, and integer programming ([`model`]) where that is not enough, find counts that fit.
//! 2. A secret is looked for that draws what was published from these counts ([`secret`]): a system of differences, by Bellman and Ford.
//! 3. The method itself runs on the world, and must publish the same.
//!
//! Whoever only did the first would take for possible what no secret gives. Where the attack must succeed ([`controls`]), the first alone
//! is enough: what no counts fit, nobody needs to look for.

mod attack;
mod controls;
mod graduates;
mod model;
mod secret;
mod trees;

use rand::SeedableRng;
use rand::rngs::StdRng;
use server::published::PEOPLE;

use attack::{Attacked, attack};
use trees::Story;

/// How many trees of each kind, in the run of all tests. `IHURIRO_ATTACKED_TREES` says another number.
fn trees(of: usize) -> usize {
    let asked = std::env::var("IHURIRO_ATTACKED_TREES").ok().and_then(|number| number.parse().ok());
    asked.unwrap_or(of)
}

fn attack_all(seed: u64, count: usize, story: impl Fn(&mut StdRng) -> Story) {
    let mut all = Attacked::default();
    let mut done = 0;
    for number in 0.. {
        if done == count {
            break;
        }
        let mut luck = StdRng::seed_from_u64(seed * 1_000_000 + number);
        let story = story(&mut luck);
        if story.published().0.is_none() {
            continue;
        }
        done += 1;
        all.add(attack(&story, &mut luck));
    }
    println!("{all}");
    assert!(all.fewest >= PEOPLE.least as usize, "{all}");
}

#[test]
fn no_figure_of_a_first_release_stands_for_fewer_than_five_numbers() {
    for districts in [1, 2, 3, 5, 8] {
        println!("{districts} districts");
        attack_all(districts as u64, trees(6), |luck| Story::first(luck, districts, 1..=5));
    }
}

#[test]
fn nor_does_one_of_a_release_with_a_split_at_the_root() {
    attack_all(20, trees(3), |luck| {
        loop {
            let story = Story::first(luck, 8, 3..=5);
            if story.published().0.is_some_and(|tree| !tree.root_splits.is_empty()) {
                return story;
            }
        }
    });
}

#[test]
fn nor_does_one_of_a_revision_beside_the_first_release() {
    for districts in [1, 2, 4] {
        println!("{districts} districts");
        attack_all(30 + districts as u64, trees(6), |luck| Story::revised(luck, districts));
    }
}
