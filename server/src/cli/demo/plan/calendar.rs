//! The days of the demo: thirteen weeks of the third quarter of 2025, and those that each later run adds.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};
use sync_core::time::{Date, Millis};

/// A Wednesday: thirteen weeks from it end with the quarter.
const FIRST_DAY: Date = Date::constant(2025, 7, 2);
/// Three months.
pub(in crate::cli::demo) const WEEKS: u32 = 13;

/// A day of a week, 0 for the Wednesday with which it begins.
pub(in crate::cli::demo) fn on_day(week: u32, day: u32) -> Date {
    FIRST_DAY.saturating_add(Span::new().days(i64::from(week * 7 + day)))
}

/// The day on which so many weeks end.
pub(in crate::cli::demo) fn last_day(weeks: u32) -> Date {
    on_day(weeks.saturating_sub(1), 6)
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
