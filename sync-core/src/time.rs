//! Time and randomness are arguments here, never read from the machine.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A calendar day, as a facilitator writes it: no time zone, no time. In all that travels and is asked it has one form, which
/// [`day`] reads: its own `FromStr` takes a dozen others, with times and time zones.
pub type Date = jiff::civil::Date;

/// A day in the one form that it has: `2026-03-05`, of a year from 0000 to 9999.
pub fn day(text: &str) -> Option<Date> {
    let day: Date = text.parse().ok()?;
    (text.len() == "2026-03-05".len() && day.to_string() == text).then_some(day)
}

/// The day that it is in Rwanda, two hours ahead of UTC all year. Beyond all calendars it is their last day, or their first.
pub fn day_in_rwanda(at: Millis) -> Date {
    let beyond = if at.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or(beyond);
    jiff::tz::Offset::constant(2).to_datetime(at).date()
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Millis(#[n(0)] pub i64);

impl Millis {
    /// At the ends of time it stays there: a tablet's clock says anything.
    pub const fn plus_minutes(self, minutes: i64) -> Self {
        Self(self.0.saturating_add(minutes.saturating_mul(60_000)))
    }

    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_minutes(days * 24 * 60)
    }

    /// Whole seconds, as Automerge and JWT count.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

/// RFC 3339 in UTC, to the second: `2026-03-05T08:15:00Z`.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.seconds()) {
            Ok(at) => at.fmt(f),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

/// A moment as a caller hands it in: when it is, and sixteen random bytes drawn for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub now: Millis,
    pub random: [u8; 16],
}

impl Moment {
    /// UUIDv7 of this moment. A clock before 1970 counts as 1970: nothing rests on a tablet's clock.
    pub fn uuid(&self) -> Uuid {
        let mut random = [0; 10];
        random.copy_from_slice(&self.random[..10]);
        let millis = u64::try_from(self.now.0).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_form() {
        assert_eq!(day("2026-03-05"), Some(Date::constant(2026, 3, 5)));
        assert_eq!(day("0000-01-01"), Some(Date::constant(0, 1, 1)));
        for other in [
            "20260305",
            "2026-3-5",
            "2026-03-05T08:00",
            "2026-10-01 23:30 -05:00",
            "2026-03-05[Africa/Kigali]",
            "1 October 23:30 -05:00",
            "2026-10-01T23:30-05:00",
            "+002026-03-05",
            "-000001-01-01",
            "2026-02-29",
            " 2026-03-05",
            "2026-W10-4",
            "",
        ] {
            assert_eq!(day(other), None, "{other}");
        }
    }

    #[test]
    fn the_day_in_rwanda_begins_two_hours_early() {
        let midnight = Millis(1_772_661_600_000);
        assert_eq!(midnight.to_string(), "2026-03-04T22:00:00Z");
        assert_eq!(day_in_rwanda(midnight), Date::constant(2026, 3, 5));
        assert_eq!(day_in_rwanda(Millis(midnight.0 - 1)), Date::constant(2026, 3, 4));
        assert_eq!(day_in_rwanda(Millis(i64::MAX)), Date::MAX);
        assert_eq!(day_in_rwanda(Millis(i64::MIN)).year(), -9999);
    }
}
