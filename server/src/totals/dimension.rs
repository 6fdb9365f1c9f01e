//! What totals can be told apart by.

use std::fmt;
use std::str::FromStr;

use sync_core::area::Level;
use sync_core::id::OrganisationId;

use crate::facts::Period;
use crate::scope::conditions::Values;

/// One thing to tell totals apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dimension {
    Organisation,
    Area(Level),
    Month,
    Quarter,
    Year,
    Kind,
    Modality,
    Sex,
    AgeBand,
    Phase,
    Part,
    State,
}

impl Dimension {
    pub(crate) const DISTRICT: Self = Self::Area(Level::District);

    const ALL: [Self; 16] = [
        Self::Organisation,
        Self::Area(Level::Province),
        Self::Area(Level::District),
        Self::Area(Level::Sector),
        Self::Area(Level::Cell),
        Self::Area(Level::Village),
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::Kind,
        Self::Modality,
        Self::Sex,
        Self::AgeBand,
        Self::Phase,
        Self::Part,
        Self::State,
    ];

    /// The expression that gives its value, in SQL that both databases read, over the columns of what is counted (see
    /// [`grouping`](super::question::Question::grouping)). It stands in brackets, so that it may stand anywhere.
    pub(crate) fn sql(self, date: &str) -> String {
        match self {
            Self::Organisation => "organisation".to_owned(),
            Self::Area(level) => format!("substr(area, 1, {})", level.digits()),
            Self::Month => format!("substr({date}, 1, 7)"),
            Self::Quarter => format!(
                "(substr({date}, 1, 4) || '-Q' || CAST((CAST(substr({date}, 6, 2) AS integer) + 2) / 3 AS text))"
            ),
            Self::Year => format!("substr({date}, 1, 4)"),
            Self::Kind => "kind".to_owned(),
            Self::Modality => "modality".to_owned(),
            Self::Sex => "sex".to_owned(),
            Self::AgeBand => "age_band".to_owned(),
            Self::Phase => "phase".to_owned(),
            Self::Part => "part_of_day".to_owned(),
            Self::State => "state".to_owned(),
        }
    }

    /// The same over sums `f` that tell areas apart up to so many digits of their codes, of the groups of one organisation: a column as it stands
    /// where that says it.
    pub(super) fn of_sums(self, digits: u32, organisation: OrganisationId, values: &mut Values) -> String {
        match self {
            Self::Organisation => values.id("(SELECT code FROM organisations WHERE id = ?)", organisation),
            Self::Area(level) if level.digits() == digits => "f.area".to_owned(),
            Self::Month => "f.month".to_owned(),
            other => other.sql("f.month"),
        }
    }

    /// Of one that tells times apart, how finely.
    pub(super) fn period(self) -> Option<Period> {
        match self {
            Self::Month => Some(Period::Month),
            Self::Quarter => Some(Period::Quarter),
            Self::Year => Some(Period::Year),
            _ => None,
        }
    }

    /// Whether it tells people apart: a session to which nobody came then stands in no row.
    pub(super) fn of_people(self) -> bool {
        matches!(self, Self::Sex | Self::AgeBand)
    }

    /// Whether it tells the meetings of one group and month apart: somebody who came to several of them is then one person of several rows.
    pub(super) fn of_meetings(self) -> bool {
        matches!(self, Self::Phase | Self::Part | Self::State)
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation => f.write_str("organisation"),
            Self::Area(level) => level.fmt(f),
            Self::Month => f.write_str("month"),
            Self::Quarter => f.write_str("quarter"),
            Self::Year => f.write_str("year"),
            Self::Kind => f.write_str("kind"),
            Self::Modality => f.write_str("modality"),
            Self::Sex => f.write_str("sex"),
            Self::AgeBand => f.write_str("age_band"),
            Self::Phase => f.write_str("phase"),
            Self::Part => f.write_str("part"),
            Self::State => f.write_str("state"),
        }
    }
}

/// A word that names no dimension.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "is made of organisation, province, district, sector, cell, village, month, quarter, year, kind, modality, sex, age_band, phase, part, state"
)]
pub(crate) struct NotADimension;

impl FromStr for Dimension {
    type Err = NotADimension;
    fn from_str(word: &str) -> Result<Self, NotADimension> {
        Self::ALL.into_iter().find(|dimension| dimension.to_string() == word).ok_or(NotADimension)
    }
}
