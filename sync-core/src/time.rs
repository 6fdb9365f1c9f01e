//! Time and randomness are arguments here, never read from the machine.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A calendar day, as a facilitator writes it: no time zone, no time.
pub type Date = jiff::civil::Date;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Millis(#[n(0)] pub i64);

impl Millis {
    pub const fn plus_minutes(self, minutes: i64) -> Self {
        Self(self.0 + minutes * 60_000)
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
