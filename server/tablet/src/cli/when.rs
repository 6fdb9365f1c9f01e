//! Days as people write them, and the question whether one can be right.

use std::str::FromStr;

use sync_core::day::{Began, as_written, unlikely};
use sync_core::time::Date;

use super::CommandError;

/// A day that somebody named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Today,
    Yesterday,
    On(Date),
}

/// Words that name no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a day is written as 25/11/2026, 25 November 2026, 2026-11-25, today or yesterday")]
pub struct NoDay;

impl FromStr for When {
    type Err = NoDay;
    fn from_str(text: &str) -> Result<Self, NoDay> {
        let text = text.trim();
        match text.to_lowercase().as_str() {
            "today" => return Ok(Self::Today),
            "yesterday" => return Ok(Self::Yesterday),
            _ => {}
        }
        as_written(text).map(Self::On).ok_or(NoDay)
    }
}

impl When {
    pub fn on(self, today: Date) -> Date {
        match self {
            Self::Today => today,
            Self::Yesterday => today.yesterday().unwrap_or(today),
            Self::On(day) => day,
        }
    }
}

/// Asks after a day that can hardly be right, unless the person has said that it is. `began`: when the group began, for a
/// day of its meetings.
pub(super) fn ask(
    today: Date,
    day: Option<Date>,
    began: Option<Began>,
    yes: bool,
) -> Result<(), CommandError> {
    match day.and_then(|day| Some((day, unlikely(day, began, today)?))) {
        Some((day, why)) if !yes => Err(CommandError::Unlikely { day, why }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_understood_as_people_write_them() {
        let day = Date::constant(2026, 11, 5);
        for said in [
            "2026-11-05",
            "05/11/2026",
            "5/11/2026",
            "5.11.2026",
            "5-11-2026",
            "5 November 2026",
            " 5 Nov 2026 ",
        ] {
            assert_eq!(said.parse(), Ok(When::On(day)), "{said}");
        }
        assert_eq!("Today".parse::<When>().map(|when| when.on(day)), Ok(day));
        assert_eq!("yesterday".parse::<When>().map(|when| when.on(day)), Ok(Date::constant(2026, 11, 4)));
        for odd in ["", "11/25/2026", "5/11/26", "31/2/2026", "2026-11", "5 11 2026", "tomorrow", "P02"] {
            assert_eq!(odd.parse::<When>(), Err(NoDay), "{odd}");
        }
    }
}
