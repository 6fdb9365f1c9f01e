//! Sets of the changes that wrote to a text (its *writers*), as bits: they are united and compared for each pair of
//! writers.

use crate::limits::MAX_TEXT_WRITERS;

const WORDS: usize = MAX_TEXT_WRITERS / 64;

/// A set of writers, each by its index among the last [`MAX_TEXT_WRITERS`]. A writer's index is greater than that of
/// each writer that it had seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Writers([u64; WORDS]);

impl Writers {
    pub(super) const NONE: Self = Self([0; WORDS]);

    pub(super) fn insert(&mut self, writer: usize) {
        self.0[writer / 64] |= 1 << (writer % 64);
    }

    pub(super) fn with(mut self, writer: usize) -> Self {
        self.insert(writer);
        self
    }

    pub(super) fn contains(&self, writer: usize) -> bool {
        self.0[writer / 64] & (1 << (writer % 64)) != 0
    }

    fn each(&self, other: &Self, word: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|at| word(self.0[at], other.0[at])))
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        self.each(other, |a, b| a | b)
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        self.each(other, |a, b| a & b)
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        self.each(other, |a, b| a & !b)
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.without(other).is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// In ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + use<'_> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            std::iter::successors(Some(*word), |rest| Some(rest & rest.checked_sub(1)?))
                .take_while(|rest| *rest != 0)
                .map(move |rest| at * 64 + rest.trailing_zeros() as usize)
        })
    }
}

impl FromIterator<usize> for Writers {
    fn from_iter<I: IntoIterator<Item = usize>>(writers: I) -> Self {
        writers.into_iter().fold(Self::NONE, Self::with)
    }
}
