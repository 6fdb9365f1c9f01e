//! Quarters, and which release of one is due.

use std::fmt;
use std::str::FromStr;

use jiff::civil::date;
use jiff::{Span, ToSpan};
use serde::Serialize;
use sync_core::codes;
use sync_core::time::{Date, Millis, day_in_rwanda};
use utoipa::ToSchema;

/// How long after its end a quarter is published: tablets hand in what they have meanwhile.
pub const AFTER_ITS_END: i64 = 21;
/// How long after that it is revised.
pub const AFTER_THE_FIRST: i64 = 90;

/// `2026-Q1`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter {
    year: i16,
    /// 1 to 4
    number: i8,
}

codes! {
    /// What a release is of its quarter.
    #[derive(ToSchema)]
    Stage {
        /// Meetings and groups of the months that have ended of a quarter whose people are not published yet.
        Running = "running",
        /// The quarter as it was counted 21 days after its end.
        First = "first",
        /// The same with what tablets handed in later: the last word on it.
        Revised = "revised",
    }
}

/// A release: `2026-Q1`, `2026-Q1-revised`, or `2026-Q2-to-05`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    pub quarter: Quarter,
    pub stage: Stage,
    /// The last month that is counted, 1 to 12.
    through: i8,
}

impl Quarter {
    /// Of a month, `2026-03`.
    pub(super) fn of(month: &str) -> Option<Self> {
        let (year, month) = month.split_once('-')?;
        let (year, month): (i16, i8) = (year.parse().ok()?, month.parse().ok()?);
        (1..=12).contains(&month).then_some(Self { year, number: (month + 2) / 3 })
    }

    fn months(self) -> [i8; 3] {
        [2, 1, 0].map(|before| 3 * self.number - before)
    }

    /// The last day of one of its months.
    fn end(self, month: i8) -> Date {
        date(self.year, month, 1).last_of_month()
    }

    /// `2026-01`, the first of its months.
    pub fn first_month(self) -> String {
        self.month(self.months()[0])
    }

    /// `2026-01`, the first month of its year.
    pub(super) fn first_of_year(self) -> String {
        self.month(1)
    }

    fn month(self, number: i8) -> String {
        format!("{:04}-{number:02}", self.year)
    }
}

impl Release {
    pub fn first(quarter: Quarter) -> Self {
        Self { quarter, stage: Stage::First, through: quarter.months()[2] }
    }

    pub fn revised(quarter: Quarter) -> Self {
        Self { stage: Stage::Revised, ..Self::first(quarter) }
    }

    /// `2026-03`, the last of the months that are counted.
    pub fn last_month(self) -> String {
        self.quarter.month(self.through)
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-Q{}", self.year, self.number)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stage {
            Stage::Running => write!(f, "{}-to-{:02}", self.quarter, self.through),
            Stage::First => write!(f, "{}", self.quarter),
            Stage::Revised => write!(f, "{}-revised", self.quarter),
        }
    }
}

/// A word that names no release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no release, like 2026-Q1")]
pub struct NotARelease;

impl FromStr for Quarter {
    type Err = NotARelease;
    fn from_str(text: &str) -> Result<Self, NotARelease> {
        let quarter = text.split_once("-Q").and_then(|(year, number)| {
            let quarter = Self { year: year.parse().ok()?, number: number.parse().ok()? };
            ((0..=9999).contains(&quarter.year) && (1..=4).contains(&quarter.number)).then_some(quarter)
        });
        quarter.filter(|quarter| quarter.to_string() == text).ok_or(NotARelease)
    }
}

impl FromStr for Release {
    type Err = NotARelease;
    fn from_str(text: &str) -> Result<Self, NotARelease> {
        let (quarter, rest) = text.split_at_checked("2026-Q1".len()).ok_or(NotARelease)?;
        let first = Self::first(quarter.parse()?);
        let release = match rest {
            "" => Some(first),
            "-revised" => Some(Self::revised(first.quarter)),
            other => other
                .strip_prefix("-to-")
                .and_then(|month| month.parse().ok())
                .filter(|month| first.quarter.months().contains(month))
                .map(|through| Self { stage: Stage::Running, through, ..first }),
        };
        release.filter(|release| release.to_string() == text).ok_or(NotARelease)
    }
}

/// Which releases are due, earlier quarters first. `held` are the quarters in which there were meetings, `there` the releases that were made, with
/// when.
pub fn due(held: &[Quarter], there: &[(Release, Millis)], now: Millis) -> Vec<Release> {
    let today = day_in_rwanda(now);
    // Days beyond all calendars are due never.
    let since = |day: Date, span: Span| day.checked_add(span).is_ok_and(|due| due <= today);
    let made = |release: Release| there.iter().find(|(one, _)| *one == release).map(|(_, at)| *at);
    let mut all: Vec<Release> = Vec::new();
    for quarter in held {
        let (first, revised) = (Release::first(*quarter), Release::revised(*quarter));
        match (made(first), made(revised)) {
            (_, Some(_)) => {}
            (Some(at), None) => {
                all.extend(Some(revised).filter(|_| since(day_in_rwanda(at), AFTER_THE_FIRST.days())));
            }
            (None, None) if since(quarter.end(first.through), AFTER_ITS_END.days()) => all.push(first),
            (None, None) => {
                let ended = quarter.months().into_iter().rfind(|month| quarter.end(*month) < today);
                let running = ended.map(|through| Release { through, stage: Stage::Running, ..first });
                all.extend(running.filter(|release| made(*release).is_none()));
            }
        }
    }
    all.sort_unstable();
    all
}

impl Serialize for Quarter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::day_begins;

    fn due_on(day: Date, there: &[(&str, Date)]) -> Vec<String> {
        let there: Vec<(Release, Millis)> =
            there.iter().map(|(name, at)| (name.parse().expect("a release"), day_begins(*at))).collect();
        let held = ["2026-Q1", "2026-Q2"].map(|quarter| quarter.parse().expect("a quarter"));
        due(&held, &there, day_begins(day)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_quarter_is_due_three_weeks_after_its_end_and_once_more_ninety_days_after_that() {
        assert_eq!(due_on(date(2026, 1, 31), &[]), Vec::<String>::new());
        assert_eq!(due_on(date(2026, 2, 1), &[]), ["2026-Q1-to-01"]);
        assert_eq!(due_on(date(2026, 2, 2), &[("2026-Q1-to-01", date(2026, 2, 1))]), Vec::<String>::new());
        assert_eq!(due_on(date(2026, 4, 20), &[]), ["2026-Q1-to-03"]);
        assert_eq!(due_on(date(2026, 4, 21), &[]), ["2026-Q1"]);
        let first = ("2026-Q1", date(2026, 4, 21));
        assert_eq!(due_on(date(2026, 7, 19), &[first]), ["2026-Q2-to-06"]);
        assert_eq!(due_on(date(2026, 7, 20), &[first]), ["2026-Q1-revised", "2026-Q2-to-06"]);
        let all = [first, ("2026-Q1-revised", date(2026, 7, 20)), ("2026-Q2", date(2026, 7, 21))];
        assert_eq!(due_on(date(2026, 8, 1), &all), Vec::<String>::new());
    }

    #[test]
    fn a_release_has_one_name() {
        for name in ["2026-Q1", "2026-Q4-revised", "2026-Q2-to-05"] {
            assert_eq!(name.parse::<Release>().expect("a release").to_string(), name);
        }
        for name in ["2026-Q5", "2026-Q1-to-04", "2026-Q2-to-5", "2026-Q1-", "26-Q1", "2026-q1", "ééééé"]
        {
            assert!(name.parse::<Release>().is_err(), "{name}");
        }
    }
}
