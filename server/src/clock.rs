//! What time it is. The only place of the server that asks the machine.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::Offset;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sync_core::time::{Date, Millis, Moment};

/// A clock to hand around: the machine's, one that is moved away from it, or one that a test holds still and moves.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    Machine,
    /// The machine's, moved by so many milliseconds.
    Moved(Arc<AtomicI64>),
    Held(Arc<AtomicI64>, Option<Arc<Mutex<StdRng>>>),
}

impl Clock {
    pub fn system() -> Self {
        Self(Source::Machine)
    }

    /// The machine's clock, to be [set](Clock::set) to the days of a story; its clones move together.
    pub fn moved() -> Self {
        Self(Source::Moved(Arc::new(AtomicI64::new(0))))
    }

    /// Sets a moved clock to a time, from which it runs on; `None` sets it right again.
    pub fn set(&self, at: Option<Millis>) {
        if let Source::Moved(by) = &self.0 {
            let machine = Self::system().now();
            by.store(at.map_or(0, |at| at.0 - machine.0), Ordering::SeqCst);
        }
    }

    /// A clock that stands at `at`; its clones move together.
    pub fn fixed(at: Millis) -> Self {
        Self(Source::Held(Arc::new(AtomicI64::new(at.0)), None))
    }

    /// As [`Clock::fixed`], with moments whose randomness follows from a seed: the same story gives the same ids.
    pub fn seeded(at: Millis, seed: u64) -> Self {
        let luck = Arc::new(Mutex::new(StdRng::seed_from_u64(seed)));
        Self(Source::Held(Arc::new(AtomicI64::new(at.0)), Some(luck)))
    }

    /// Moves a fixed clock; the machine's clock stays what it is.
    pub fn advance(&self, minutes: i64) {
        if let Source::Held(at, _) = &self.0 {
            at.fetch_add(Millis(0).plus_minutes(minutes).0, Ordering::SeqCst);
        }
    }

    pub fn now(&self) -> Millis {
        match &self.0 {
            Source::Machine => Millis(Timestamp::now().as_millisecond()),
            Source::Moved(by) => Millis(Timestamp::now().as_millisecond() + by.load(Ordering::SeqCst)),
            Source::Held(at, _) => Millis(at.load(Ordering::SeqCst)),
        }
    }

    /// Now, with fresh randomness: what an id is made of.
    pub fn moment(&self) -> Moment {
        let mut random = [0; 16];
        match &self.0 {
            Source::Held(_, Some(luck)) => {
                luck.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut random);
            }
            _ => rand::rng().fill_bytes(&mut random),
        }
        Moment { now: self.now(), random }
    }
}

/// How a time is written in answers: RFC 3339 in UTC. A time beyond the year 9999 is written as its last moment.
pub fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::MAX)
}

/// When a day begins in Rwanda, two hours ahead of UTC all year. A day beyond all calendars begins at their end.
pub fn day_begins(day: Date) -> Millis {
    let begins = Offset::constant(2).to_timestamp(day.at(0, 0, 0, 0));
    Millis(begins.unwrap_or(Timestamp::MAX).as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_when_told_and_its_clones_with_it() {
        let clock = Clock::fixed(Millis(1_000));
        let handed_on = clock.clone();
        clock.advance(1);
        assert_eq!(handed_on.now(), Millis(61_000));
        assert_ne!(clock.moment().uuid(), clock.moment().uuid());
    }

    #[test]
    fn a_moved_clock_runs_on_from_where_it_was_set_until_it_is_set_right() {
        let clock = Clock::moved();
        let handed_on = clock.clone();
        clock.set(Some(Millis(1_000)));
        assert!((1_000..60_000).contains(&handed_on.now().0));
        clock.set(None);
        assert!(handed_on.now() >= Millis(1_700_000_000_000));
    }

    #[test]
    fn a_seeded_clock_gives_the_same_ids_again() {
        let ids = |seed| {
            let clock = Clock::seeded(Millis(1_000), seed);
            [clock.moment().uuid(), clock.moment().uuid()]
        };
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1)[0], ids(1)[1]);
        assert_ne!(ids(1), ids(2));
    }
}
