//! What a framework says: indicators as data. Nothing in it is about people or groups.

mod check;

use serde::{Deserialize, Serialize};
use sync_core::codes;
use sync_core::record::group::GroupKind;
use sync_core::record::session::Phase;
use sync_core::record::{AgeBand, Modality, Sex};
use utoipa::ToSchema;

codes! {
    /// What is counted.
    #[derive(ToSchema)]
    Count {
        /// Meetings, each once.
        Sessions = "sessions",
        /// Marks of people who came.
        Attendances = "attendances",
        /// People who came at least once, each once in their group.
        People = "people",
        /// Heads counted in open circles, meeting by meeting.
        Heads = "heads",
        /// How long meetings took.
        Minutes = "minutes",
        /// Groups that met at least once.
        Groups = "groups",
        /// People who graduated, in the month in which their group met last.
        Graduates = "graduates",
    }

    /// In what an indicator is told.
    #[derive(ToSchema)]
    Unit {
        People = "people",
        Contacts = "contacts",
        Sessions = "sessions",
        Groups = "groups",
        Minutes = "minutes",
        /// Of a hundred: `measure` in `of`.
        Percent = "percent",
        /// `measure` for each of `of`.
        Ratio = "ratio",
    }

    /// Whether more is better.
    #[derive(ToSchema)]
    Direction { Up = "up", Down = "down" }

    /// By what results are told apart.
    #[derive(ToSchema)]
    Split { Sex = "sex", AgeBand = "age_band", District = "district", Modality = "modality", Kind = "kind" }

    /// How an indicator of a partner stands to a common one.
    #[derive(ToSchema)]
    Fit {
        /// Both count the same.
        Same = "same",
        /// The partner's counts a part of what the common one counts.
        PartOf = "part_of",
        /// The common one is the sum of this one and others of the partner.
        SumOf = "sum_of",
    }
}

/// A count of some meetings or people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measure {
    pub(crate) count: Count,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "healing_space")]
    pub(crate) kind: Option<GroupKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "sociotherapy")]
    pub(crate) modality: Option<Modality>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "female")]
    pub(crate) sex: Option<Sex>,
    /// Any of these; all ages if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, example = json!(["16_24", "25_35"]))]
    pub(crate) age_bands: Vec<AgeBand>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "trust")]
    pub(crate) phase: Option<Phase>,
}

impl Measure {
    /// Whether sums of what is told apart by people or meetings give the whole.
    pub(crate) fn splits_by(&self, split: Split) -> bool {
        let of_people = matches!(split, Split::Sex | Split::AgeBand);
        match self.count {
            Count::Groups => !of_people,
            Count::Sessions | Count::Minutes => !of_people,
            Count::Attendances | Count::Heads => !(of_people && self.phase.is_some()),
            Count::People | Count::Graduates => true,
        }
    }
}

/// A value from before, to compare with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    pub(crate) value: f64,
    #[schema(example = 2025)]
    pub(crate) year: u16,
    /// Where it comes from, in one line.
    #[schema(example = "Baseline study, Aegis Trust", max_length = 200)]
    pub(crate) source: String,
}

/// That an indicator of a partner is, or is in, a common one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    /// The code of the common framework.
    #[schema(example = "rpp")]
    pub(crate) framework: String,
    /// The code of its indicator.
    #[schema(example = "1.1")]
    pub(crate) indicator: String,
    pub(crate) fit: Fit,
    /// What the mapping loses, in one line: needed but where both count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Counts sociotherapy alone, not other healing spaces.", max_length = 300)]
    pub(crate) loses: Option<String>,
}

/// A name in the languages of the partnership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    #[schema(example = "People who took part in healing spaces", max_length = 200)]
    pub(crate) en: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fr: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rw: Option<String>,
}

/// One indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Indicator {
    /// Of 1 to 16 letters, digits, `.` and `-`.
    #[schema(example = "1.1", max_length = 16)]
    pub(crate) code: String,
    pub(crate) names: Names,
    pub(crate) unit: Unit,
    pub(crate) measure: Measure,
    /// What `measure` is divided by; of percent and ratios alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<Measure>,
    /// By what results are told apart, one at a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) by: Vec<Split>,
    pub(crate) direction: Direction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) baseline: Option<Baseline>,
    /// Of an indicator of a partner: the common ones that it is, or is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) maps: Vec<Mapping>,
}

/// A framework, as it is drawn up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    #[schema(example = "Common results of the Rwanda Peace Partnership", max_length = 160)]
    pub(crate) title: String,
    #[schema(min_items = 1, max_items = 100)]
    pub(crate) indicators: Vec<Indicator>,
}

impl Content {
    pub(crate) fn indicator(&self, code: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|one| one.code == code)
    }
}

impl Indicator {
    /// How often it is counted where it is told as a whole and apart.
    pub(crate) fn counts(&self) -> usize {
        (1 + self.by.len()) * (1 + usize::from(self.of.is_some()))
    }

    /// Whether both count the same.
    pub(crate) fn counts_as(&self, other: &Self) -> bool {
        (self.unit, &self.measure, &self.of) == (other.unit, &other.measure, &other.of)
    }
}

impl Count {
    /// In what it is told.
    pub(super) const fn unit(self) -> Unit {
        match self {
            Self::People | Self::Graduates => Unit::People,
            Self::Attendances | Self::Heads => Unit::Contacts,
            Self::Sessions => Unit::Sessions,
            Self::Groups => Unit::Groups,
            Self::Minutes => Unit::Minutes,
        }
    }
}
