//! The days of the demo: thirteen weeks that are just over, and those that went by since when it is run again.

use jiff::civil::{DateTime, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use sync_core::time::{Date, Millis};

/// Three months.
pub(in crate::cli::demo) const WEEKS: u32 = 13;

/// The Wednesday on which it all begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli::demo) struct Calendar {
    first: Date,
}

impl Calendar {
    /// So that thirteen weeks are over on the last Tuesday before a day.
    pub(in crate::cli::demo) fn before(today: Date) -> Self {
        let since_tuesday = i64::from(today.weekday().since(Weekday::Tuesday));
        let back = if since_tuesday == 0 { 7 } else { since_tuesday };
        Self { first: today.saturating_sub(Span::new().days(back - 1 + i64::from(WEEKS) * 7)) }
    }

    /// A day of a week, 0 for the Wednesday with which it begins.
    pub(in crate::cli::demo) fn on_day(self, week: u32, day: u32) -> Date {
        self.first.saturating_add(Span::new().days(i64::from(week * 7 + day)))
    }

    /// The day on which so many weeks end.
    pub(in crate::cli::demo) fn last_day(self, weeks: u32) -> Date {
        self.on_day(weeks.saturating_sub(1), 6)
    }

    /// How many weeks were over before a day began.
    pub(in crate::cli::demo) fn weeks_before(self, today: Date) -> u32 {
        let days = self.first.until(today).map_or(0, |span| span.get_days());
        u32::try_from(days / 7).unwrap_or_default()
    }
}

/// So many minutes after 17:00 on a day, in Rwanda.
pub(in crate::cli::demo) fn evening(day: Date, minutes: i64) -> Millis {
    let at: DateTime = day.at(17, 0, 0, 0);
    let rwanda = TimeZone::fixed(Offset::constant(2));
    let at = at.to_zoned(rwanda).map(|at| at.timestamp()).unwrap_or(Timestamp::UNIX_EPOCH);
    Millis(at.as_millisecond()).plus_minutes(minutes)
}

/// `2 July 2025`
pub(in crate::cli::demo) fn in_words(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}
