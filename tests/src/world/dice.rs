//! Everything that a world leaves to luck, drawn from its seed.

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use sync_core::time::{Millis, Moment};

#[derive(Debug)]
pub(super) struct Dice(StdRng);

impl Dice {
    pub(super) fn of(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub(super) fn percent(&mut self, of_hundred: u32) -> bool {
        self.0.random_ratio(of_hundred, 100)
    }

    /// From 0, `end` not included, which is at least 1.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// Both ends included.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        self.0.random_range(least..=most)
    }

    /// One of a list, or nothing of an empty one.
    pub(super) fn pick<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        if list.is_empty() { None } else { Some(list[self.below(list.len())].clone()) }
    }

    /// One of a list, each as likely as its weight says.
    pub(super) fn weighted<'a, T>(&mut self, list: &'a [T], weight: impl Fn(&T) -> usize) -> Option<&'a T> {
        let total: usize = list.iter().map(&weight).sum();
        let mut drawn = self.below(total.max(1));
        list.iter().find(|thing| match drawn.checked_sub(weight(thing)) {
            Some(rest) => {
                drawn = rest;
                false
            }
            None => true,
        })
    }

    pub(super) fn bytes<const LENGTH: usize>(&mut self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    pub(super) fn moment(&mut self, now: Millis) -> Moment {
        Moment { now, random: self.bytes() }
    }
}
