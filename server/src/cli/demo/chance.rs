//! Luck that is the same every time. Each thing draws from a source of its own, named by numbers, so that more groups
//! change nothing in those that are there.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const SEED: u64 = 0x1b1b_2025;

pub(super) struct Chance(StdRng);

impl Chance {
    /// The luck of one thing: a group, or a meeting of it.
    pub(super) fn of(names: &[u64]) -> Self {
        // splitmix64's step, once per name: neighbouring numbers end far apart.
        let seed = names.iter().fold(SEED, |seed, name| {
            let mixed = (seed ^ name).wrapping_add(0x9e37_79b9_7f4a_7c15);
            (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
        });
        Self(StdRng::seed_from_u64(seed))
    }

    pub(super) fn percent(&mut self, of_hundred: u32) -> bool {
        self.0.random_ratio(of_hundred.min(100), 100)
    }

    /// Both ends included.
    pub(super) fn between(&mut self, least: usize, most: usize) -> usize {
        self.0.random_range(least..=most)
    }

    /// One of a list that is not empty.
    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.0.random_range(0..list.len())]
    }

    /// One of a list, each as likely as its weight says.
    pub(super) fn weighted<T: Copy>(&mut self, list: &[(T, u32)]) -> T {
        let mut drawn = self.0.random_range(0..list.iter().map(|(_, weight)| weight).sum());
        for (thing, weight) in list {
            if drawn < *weight {
                return *thing;
            }
            drawn -= weight;
        }
        list[0].0
    }
}
