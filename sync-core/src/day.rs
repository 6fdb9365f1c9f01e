//! Days that can hardly be right. No day is refused: people mistype, and clocks are wrong, but a meeting may also be
//! written down late. The tablet asks before it saves such a day, and the service flags it.

use std::fmt;

use crate::conflict::{since_when, standing};
use crate::document::Document;
use crate::record::Group;
use crate::record::group::GroupStatus;
use crate::time::{Date, day_in_rwanda};
use crate::value::Value as _;

/// No group met before this day: community-based sociotherapy, the first of the methods, came to Rwanda in 2005.
pub const EARLIEST: Date = Date::constant(2005, 1, 1);

/// A meeting that is written down more than this many days later has more likely a wrong year. People do write last
/// month's meetings down from paper; a year that is mistyped, or the old year in January, is 365 days off.
pub const LONG_AGO: i64 = 300;

/// A group that is planned for a day further ahead than this has a mistyped year.
pub const PLANNED_AHEAD: i64 = 1_000;

/// The day on which a group began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Began {
    pub on: Date,
    /// Whether the group's record says so (`starts_on`). If not, `on` is the day on which the record was begun.
    pub said: bool,
}

/// Why a day can hardly be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlikely {
    /// The day is in the future; of a group's beginning, further ahead than groups are planned.
    Ahead { today: Date },
    /// The day is before the group began.
    BeforeGroup { began: Began },
    /// The day is before [`EARLIEST`].
    BeforeAll,
    /// The day is more than [`LONG_AGO`] days before the day on which it was written down.
    LongAgo { days: i64 },
}

/// Why a day that is written down on the day `today` can hardly be right; `None` where it can. `began` is the day on
/// which the group began, for the day of a meeting.
pub fn unlikely(day: Date, began: Option<Began>, today: Date) -> Option<Unlikely> {
    let days = days_between(day, today);
    match began {
        _ if day > today => Some(Unlikely::Ahead { today }),
        Some(began) if day < began.on => Some(Unlikely::BeforeGroup { began }),
        _ if day < EARLIEST => Some(Unlikely::BeforeAll),
        _ if days > LONG_AGO => Some(Unlikely::LongAgo { days }),
        _ => None,
    }
}

/// Why a group can hardly begin on a day. People plan groups ahead and write them down long afterwards, so less is
/// doubted than of a meeting's day.
pub fn unlikely_to_begin(day: Date, today: Date) -> Option<Unlikely> {
    match days_between(today, day) {
        PLANNED_AHEAD.. => Some(Unlikely::Ahead { today }),
        _ if day < EARLIEST => Some(Unlikely::BeforeAll),
        _ => None,
    }
}

/// How many days `day` is before `other`; negative where it is after.
pub fn days_between(day: Date, other: Date) -> i64 {
    day.until(other).map_or(0, |span| span.get_days().into())
}

/// The day on which a group began: as its record says, or the day on which its record was begun.
pub fn began_on(document: &Document, group: &Group) -> Option<Began> {
    let said = group.starts_on.map(|on| Began { on, said: true });
    let made = || standing(document, "organisation").map(|claim| day_in_rwanda(claim.at));
    said.or_else(|| Some(Began { on: made()?, said: false }))
}

/// The day on which it was said that a group is over; `None` while it goes on.
pub fn ended_on(document: &Document, group: &Group) -> Option<Date> {
    let over = group.status >= GroupStatus::Graduated;
    let said = || standing(document, "status").map(|claim| day_in_rwanda(claim.at));
    over.then(said).flatten()
}

/// The day since which it is said that a group is phased out, or has graduated; `None` where it goes on, or is suspended.
pub fn phased_out_on(document: &Document, group: &Group) -> Option<Date> {
    let over = [GroupStatus::PhaseOut, GroupStatus::Graduated];
    let said =
        || since_when(document, "status", |value| over.iter().any(|status| status.to_scalar() == *value));
    over.contains(&group.status).then(said).flatten().map(day_in_rwanda)
}

/// In which order day, month and year stand; days come before months here, as in all of Rwanda's official languages.
const FORMS: [&str; 6] = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %B %Y", "%d %b %Y"];

/// A day as people write it: `25/11/2026`, `25 November 2026` or `2026-11-25`. What travels has the one form of [`crate::time::day`].
pub fn as_written(text: &str) -> Option<Date> {
    let text = text.trim();
    // A year of two figures is read as one of the first century.
    FORMS.iter().find_map(|form| Date::strptime(form, text).ok()).filter(|day| day.year() >= 1900)
}

/// `5 March 2026`.
pub fn in_words(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

impl fmt::Display for Began {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.said {
            true => write!(f, "began on {}", in_words(self.on)),
            false => write!(f, "was entered on {}, and nobody said when it began", in_words(self.on)),
        }
    }
}

impl fmt::Display for Unlikely {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ahead { today } => write!(f, "today is {}", in_words(*today)),
            Self::BeforeGroup { began } => write!(f, "the group {began}"),
            Self::BeforeAll => write!(f, "no group met before {}", EARLIEST.year()),
            Self::LongAgo { days } => write!(f, "that is {days} days ago"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_unlikely_where_it_can_not_have_been() {
        let today = Date::constant(2026, 3, 5);
        let began = Began { on: Date::constant(2024, 10, 7), said: true };
        let of = |text: &str, began| unlikely(text.parse().expect("a day"), began, today);
        for sound in ["2026-03-05", "2026-03-04", "2025-06-01"] {
            assert_eq!(of(sound, Some(began)), None, "{sound}");
        }
        assert_eq!(of("2026-03-06", Some(began)), Some(Unlikely::Ahead { today }));
        assert_eq!(of("2062-03-05", None), Some(Unlikely::Ahead { today }));
        for early in ["0000-01-01", "1994-04-07", "2024-10-06"] {
            assert_eq!(of(early, Some(began)), Some(Unlikely::BeforeGroup { began }), "{early}");
        }
        assert_eq!(of("1994-04-07", None), Some(Unlikely::BeforeAll));
        assert_eq!(of("2025-03-05", Some(began)), Some(Unlikely::LongAgo { days: 365 }));
        // Who began in 1994 has mistyped that too.
        let mistyped = Began { on: Date::constant(1026, 1, 1), said: true };
        assert_eq!(of("1994-04-07", Some(mistyped)), Some(Unlikely::BeforeAll));
    }

    #[test]
    fn a_group_is_planned_ahead_but_not_for_another_age() {
        let today = Date::constant(2026, 3, 5);
        let of = |text: &str| unlikely_to_begin(text.parse().expect("a day"), today);
        for sound in ["2005-01-01", "2026-03-05", "2026-09-01", "2028-11-28"] {
            assert_eq!(of(sound), None, "{sound}");
        }
        for early in ["0000-01-01", "1926-10-05", "2004-12-31"] {
            assert_eq!(of(early), Some(Unlikely::BeforeAll), "{early}");
        }
        for late in ["2028-11-29", "2062-09-01", "9999-12-31"] {
            assert_eq!(of(late), Some(Unlikely::Ahead { today }), "{late}");
        }
    }

    #[test]
    fn it_is_said_as_people_say_it() {
        let said = |said| {
            Unlikely::BeforeGroup { began: Began { on: Date::constant(2026, 3, 5), said } }.to_string()
        };
        assert_eq!(said(true), "the group began on 5 March 2026");
        assert_eq!(said(false), "the group was entered on 5 March 2026, and nobody said when it began");
    }
}
