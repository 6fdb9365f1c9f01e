//! Time and randomness of the machine, which sync-core never reads itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::tz::{Offset, TimeZone};
use sync_core::time::{Date, Millis, Moment};

/// A clock to hand around. Clones show the same time.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's own.
    #[default]
    System,
    /// Stands still until it is set; for tests and the demo.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    pub fn fixed(now: Millis) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(now.0)))
    }

    /// Sets a fixed clock, and all its clones. The machine's own can't be set.
    pub fn set(&self, now: Millis) {
        if let Self::Fixed(clock) = self {
            clock.store(now.0, Ordering::Relaxed);
        }
    }

    pub fn now(&self) -> Millis {
        match self {
            Self::System => Millis(jiff::Timestamp::now().as_millisecond()),
            Self::Fixed(clock) => Millis(clock.load(Ordering::Relaxed)),
        }
    }

    /// Now, with sixteen random bytes of the machine drawn for it.
    pub fn moment(&self) -> Moment {
        Moment { now: self.now(), random: rand::random() }
    }

    /// The day it is in Rwanda.
    pub fn today(&self) -> Date {
        in_rwanda(self.now()).date()
    }
}

/// A time as a clock on the wall in Rwanda shows it: two hours ahead of UTC all year.
pub fn in_rwanda(at: Millis) -> jiff::Zoned {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.to_zoned(TimeZone::fixed(Offset::constant(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_the_day_in_rwanda() {
        let clock = Clock::fixed(Millis(1_772_661_600_000));
        assert_eq!(clock.now().to_string(), "2026-03-04T22:00:00Z");
        assert_eq!(clock.today(), Date::constant(2026, 3, 5));
        clock.clone().set(Millis(1_772_661_600_000).plus_days(1));
        assert_eq!(clock.today(), Date::constant(2026, 3, 6));
    }
}
