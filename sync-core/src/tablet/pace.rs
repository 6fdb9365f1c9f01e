//! How many bytes one request carries up and one answer down. Some links refuse a body above a size, others break after
//! some bytes: the same request sent again would fail for ever. So the size of each way is halved after a failure, down
//! to one change, and doubled again once full loads go well.

use minicbor::{Decode, Encode};

use crate::limits::PAGE;

/// How many full loads must go well below the size that failed before that size is tried again.
const TRUST: u32 = 8;
/// A load of at most so many bytes is taken to fail for another reason than its size.
pub(super) const SMALL: usize = 4096;

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nobody was reached, or the store refused it for a reason of its own.
    Unrelated,
    /// The request was too large for the store or a proxy on the way (413).
    Request,
    /// The link broke, on the way up or down.
    Either,
    /// The answer ended before its end, after so many bytes.
    Answer(usize),
}

impl Failure {
    /// Whether a request that carried so many bytes may well have failed for its size, or its answer for its own. Then
    /// a smaller one is worth sending at once.
    pub(super) fn is_for_size(self, carried: usize) -> bool {
        match self {
            Self::Unrelated => false,
            Self::Request => true,
            Self::Either => carried > SMALL,
            Self::Answer(came) => came > SMALL,
        }
    }
}

/// The size of one way. Invariant: `size` and `failed` are at least 1, so that a way never closes for good.
#[derive(Debug, Clone, Encode, Decode)]
struct Way {
    /// The bytes of the next load, before compression.
    #[n(0)]
    size: u32,
    /// The load that failed last; the largest number where none did, or one of its size has gone well since.
    #[n(1)]
    failed: u32,
    /// Full loads that went well at this size.
    #[n(2)]
    well: u32,
}

/// The sizes of both ways. They are persisted: a tablet that syncs again an hour later is in the same village.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct Pace {
    #[n(0)]
    up: Way,
    #[n(1)]
    down: Way,
}

impl Way {
    const WIDE: Self = Self { size: PAGE as u32, failed: u32::MAX, well: 0 };

    /// A load of so many bytes failed. Gives whether the next one will be smaller.
    fn shrink(&mut self, load: u32) -> bool {
        let load = load.min(self.size);
        let before = self.size;
        *self = Self { size: (load / 2).max(1), failed: load.max(1), well: 0 };
        self.size < before
    }

    /// A full load went well. As long as twice its size is below the load that failed, the next load is twice as large.
    /// Closer to the failure the size is doubled only after [`TRUST`] loads; if that load goes well, too, the link has
    /// got better, and the failure is forgotten.
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

    /// How many bytes of changes one answer may bring. Where even small answers break, a request that carries changes
    /// asks for outcomes alone: the outbox must not wait for a way down that does not work.
    pub(super) fn down(&self, carries: bool) -> u32 {
        if carries && self.down.size as usize <= SMALL { 0 } else { self.down.size }
    }

    /// A request that carried so many bytes failed. Gives whether the next one will be smaller on either way.
    pub(super) fn failed(&mut self, how: Failure, carried: usize) -> bool {
        // A failure counts against a way only where that way may have caused it.
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

    /// A request and its answer went well. Only a load that was full (more waited than it had room for) says anything
    /// about the size.
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
