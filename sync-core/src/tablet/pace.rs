//! How much one request carries up and one answer down. Some links refuse a body above a size, others break after so many
//! bytes: the same request sent again would fail for ever. So each way gets smaller after a failure, down to one change, and
//! larger again once it goes well.

use minicbor::{Decode, Encode};

use crate::limits::PAGE;

/// How many full loads must go well below the size that failed before that size is tried again.
const TRUST: u32 = 8;
/// Something this small is not held up by its size, in bytes.
pub(super) const SMALL: usize = 4096;

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nobody was reached, or the store refused it for a reason of its own.
    Unrelated,
    /// It was too large for something on the way (413).
    Request,
    /// The link broke, on whichever way.
    Either,
    /// The answer ended before its end, after so many bytes.
    Answer(usize),
}

impl Failure {
    /// Whether it may well have failed for its size, of a request that carried so many bytes: then a smaller one is worth
    /// sending at once.
    pub(super) fn is_for_size(self, carried: usize) -> bool {
        match self {
            Self::Unrelated => false,
            Self::Request => true,
            Self::Either => carried > SMALL,
            Self::Answer(came) => came > SMALL,
        }
    }
}

/// One way.
#[derive(Debug, Clone, Encode, Decode)]
struct Way {
    /// In bytes, before they are compressed.
    #[n(0)]
    size: u32,
    /// The least load that failed since a larger one went well.
    #[n(1)]
    failed: u32,
    /// Full loads that went well at this size.
    #[n(2)]
    well: u32,
}

/// Both ways. It is kept: whoever syncs again an hour later is in the same village.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct Pace {
    #[n(0)]
    up: Way,
    #[n(1)]
    down: Way,
}

impl Way {
    const WIDE: Self = Self { size: PAGE as u32, failed: u32::MAX, well: 0 };

    /// A load of so many bytes failed. Says whether the next one will be smaller.
    fn shrink(&mut self, load: u32) -> bool {
        let load = load.min(self.size);
        let before = self.size;
        *self = Self { size: (load / 2).max(1), failed: load.max(1), well: 0 };
        self.size < before
    }

    /// A full load went well. Far below what failed the next is twice as large; close to it only after some, and if
    /// that goes well too, the failure is forgotten.
    fn grow(&mut self) {
        if self.size >= self.failed {
            self.failed = u32::MAX;
        }
        self.well += 1;
        if self.size.saturating_mul(2) < self.failed || self.well >= TRUST {
            self.size = self.size.saturating_mul(2).min(PAGE as u32);
            self.well = 0;
        }
    }
}

impl Pace {
    pub(super) const WIDE: Self = Self { up: Way::WIDE, down: Way::WIDE };

    /// How many bytes of changes go into one request.
    pub(super) fn up(&self) -> usize {
        self.up.size as usize
    }

    /// How many bytes of changes come in one answer. Where even little does not come through, what goes up asks for nothing
    /// to come down: the outbox must not wait for that.
    pub(super) fn down(&self, carries: bool) -> u32 {
        if carries && self.down.size as usize <= SMALL { 0 } else { self.down.size }
    }

    /// A request failed that carried so many bytes. Says whether the next one asks for less, so that it may go better.
    pub(super) fn failed(&mut self, how: Failure, carried: usize) -> bool {
        let carried = u32::try_from(carried).unwrap_or(u32::MAX);
        let up = match how {
            Failure::Request => carried > 0,
            Failure::Either => carried as usize > SMALL,
            Failure::Unrelated | Failure::Answer(_) => false,
        };
        let down = matches!(how, Failure::Answer(_) | Failure::Either);
        let up = up && self.up.shrink(carried);
        let down = down && self.down.shrink(u32::MAX);
        up || down
    }

    /// A request and its answer went well; whether each was as full as it could be.
    pub(super) fn went_well(&mut self, up_full: bool, down_full: bool) {
        if up_full {
            self.up.grow();
        }
        if down_full {
            self.down.grow();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The loads of so many requests over a link that takes up to `limit` bytes, where there is always more to send.
    fn loads(pace: &mut Pace, limit: usize, requests: usize) -> Vec<(usize, bool)> {
        let load = |_| {
            let size = pace.up();
            let well = size <= limit;
            if well {
                pace.went_well(true, false)
            } else {
                _ = pace.failed(Failure::Request, size)
            }
            (size, well)
        };
        (0..requests).map(load).collect()
    }

    #[test]
    fn whatever_the_link_takes_is_found_in_a_few_requests_and_used() {
        for limit in [1, 300, 8_000, 60_000, 100_000, 200_000] {
            let mut pace = Pace::WIDE;
            let loads = loads(&mut pace, limit, 200);
            let first = loads.iter().position(|(_, well)| *well).expect("one goes through");
            assert!(first <= 18, "{limit}: after {first}");
            let after = &loads[first..];
            let failed = after.iter().filter(|(_, well)| !well).count();
            assert!(failed * 8 <= after.len(), "{limit}: {failed} of {}", after.len());
            assert!(after.iter().all(|(size, _)| *size * 4 > limit), "{limit}: {after:?}");
        }
    }

    #[test]
    fn a_link_that_got_better_is_used_in_full_again() {
        let mut pace = Pace::WIDE;
        loads(&mut pace, 2_000, 100);
        assert!(pace.up() <= 4_000);
        let loads = loads(&mut pace, usize::MAX, 20);
        assert_eq!(loads.last(), Some(&(PAGE, true)));
    }

    #[test]
    fn what_says_nothing_of_the_link_changes_nothing() {
        let mut pace = Pace::WIDE;
        assert!(!pace.failed(Failure::Unrelated, PAGE));
        assert!(!pace.failed(Failure::Request, 0), "it carried nothing");
        assert_eq!((pace.up(), pace.down(true)), (PAGE, PAGE as u32));
        assert!(pace.failed(Failure::Answer(10), 10));
        assert_eq!((pace.up(), pace.down(true)), (PAGE, PAGE as u32 / 2));
    }
}
