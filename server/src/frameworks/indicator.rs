//! What a framework says: indicators as data. Nothing in it is about people or groups.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sync_core::codes;
use sync_core::record::group::GroupKind;
use sync_core::record::session::Phase;
use sync_core::record::{AgeBand, Modality, Sex};
use utoipa::ToSchema;

use crate::problem::Fields;

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
    fn check(&self, fields: &mut Fields, field: &str) {
        let of_people = self.sex.is_some() || !self.age_bands.is_empty();
        match self.count {
            Count::Sessions | Count::Minutes | Count::Groups if of_people => {
                fields
                    .refuse(field, "counts meetings or groups, which have no sex and no age: leave them out");
            }
            Count::People | Count::Graduates | Count::Groups if self.phase.is_some() => {
                fields.refuse(
                    field,
                    "counts people or groups, which are not of one phase: count sessions or attendances",
                );
            }
            _ if of_people && self.phase.is_some() => {
                fields.refuse(field, "tells apart people or phases, not both at once");
            }
            _ => {}
        }
    }

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

/// More than these nobody reports on.
const MOST_INDICATORS: usize = 100;

impl Content {
    /// Names all that is wrong. A common framework is mapped onto none.
    pub(crate) fn check(&self, fields: &mut Fields, is_common: bool) {
        line(fields, "title", &self.title, 160);
        if !(1..=MOST_INDICATORS).contains(&self.indicators.len()) {
            fields.refuse("indicators", format!("has 1 to {MOST_INDICATORS} of them"));
            return;
        }
        let mut codes = BTreeSet::new();
        for (at, one) in self.indicators.iter().enumerate() {
            if !codes.insert(&one.code) {
                fields.refuse(&format!("indicators.{at}.code"), "stands here twice");
            }
            one.check(fields, &format!("indicators.{at}"), is_common);
        }
    }

    pub(crate) fn indicator(&self, code: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|one| one.code == code)
    }
}

impl Indicator {
    fn check(&self, fields: &mut Fields, at: &str, is_common: bool) {
        let known = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if !(1..=16).contains(&self.code.len()) || !self.code.chars().all(known) {
            fields.refuse(&format!("{at}.code"), "has 1 to 16 letters (a to z), digits, . or -");
        }
        let Names { en, fr, rw } = &self.names;
        for (language, name) in [("en", Some(en)), ("fr", fr.as_ref()), ("rw", rw.as_ref())] {
            name.into_iter().for_each(|name| line(fields, &format!("{at}.names.{language}"), name, 200));
        }
        self.measure.check(fields, &format!("{at}.measure"));
        if let Some(of) = &self.of {
            of.check(fields, &format!("{at}.of"));
        }
        self.check_unit(fields, at);
        let splits = self.by.iter().find(|split| !self.measure.splits_by(**split));
        if let Some(split) = splits {
            fields.refuse(&format!("{at}.by"), format!("can't be {split}: what is counted has none"));
        }
        if let Some(Baseline { value, year, source }) = &self.baseline {
            line(fields, &format!("{at}.baseline.source"), source, 200);
            if !value.is_finite() || !(1990..=2100).contains(year) {
                fields.refuse(&format!("{at}.baseline"), "has a number, and a year from 1990 to 2100");
            }
        }
        if is_common && !self.maps.is_empty() {
            fields.refuse(&format!("{at}.maps"), "is for indicators of partners: this one is a common one");
        }
        if self.maps.len() > 10 {
            fields.refuse(&format!("{at}.maps"), "has at most 10 of them");
        }
        for (number, map) in self.maps.iter().enumerate() {
            let at = format!("{at}.maps.{number}.loses");
            match &map.loses {
                Some(loses) => line(fields, &at, loses, 300),
                None if map.fit == Fit::Same => {}
                None => fields.refuse(&at, "says what is lost where the two do not count the same"),
            }
        }
    }
}

impl Indicator {
    /// The unit says what is counted, or that it is divided; a percentage is part of what it is divided by.
    fn check_unit(&self, fields: &mut Fields, at: &str) {
        let field = format!("{at}.of");
        let divided = matches!(self.unit, Unit::Percent | Unit::Ratio);
        match &self.of {
            None if divided => fields.refuse(&field, "is missing: a percentage or ratio is of something"),
            Some(_) if !divided => fields.refuse(&field, "is there for percentages and ratios alone"),
            Some(of) if self.unit == Unit::Percent && of.count != self.measure.count => {
                fields.refuse(
                    &field,
                    format!("counts {}, as the measure does, of which it is a part", self.measure.count),
                );
            }
            None if self.unit != self.measure.count.unit() => {
                fields.refuse(
                    &format!("{at}.unit"),
                    format!("is {} where {} are counted", self.measure.count.unit(), self.measure.count),
                );
            }
            _ => {}
        }
    }

    /// Whether both count the same.
    pub(super) fn counts_as(&self, other: &Self) -> bool {
        (self.unit, &self.measure, &self.of) == (other.unit, &other.measure, &other.of)
    }
}

impl Count {
    /// In what it is told.
    const fn unit(self) -> Unit {
        match self {
            Self::People | Self::Graduates => Unit::People,
            Self::Attendances | Self::Heads => Unit::Contacts,
            Self::Sessions => Unit::Sessions,
            Self::Groups => Unit::Groups,
            Self::Minutes => Unit::Minutes,
        }
    }
}

/// A text of one line.
pub(super) fn line(fields: &mut Fields, field: &str, text: &str, most: usize) {
    let fits = (1..=most).contains(&text.trim().chars().count());
    if !fits || text.chars().any(char::is_control) {
        fields.refuse(field, format!("has 1 to {most} letters, on one line"));
    }
}
