//! What is asked, as conditions, and what is answered.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::row::{Field, NamedRow, Row};
use diesel::sql_types::{BigInt, Text};
use sync_core::record::session::{PartOfDay, Phase, SessionState};
use sync_core::record::{AgeBand, Sex};

use super::dimension::Dimension;
use super::refusal::MAX_ROWS;
use crate::scope::conditions::{Values, groups_asked};
use crate::scope::{Asked, Scope};

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) by: Vec<Dimension>,
    pub(super) asked: Asked,
    pub(super) sex: Option<Sex>,
    pub(super) age_band: Option<AgeBand>,
    pub(super) phase: Option<Phase>,
    pub(super) part: Option<PartOfDay>,
    pub(super) state: Option<SessionState>,
}

/// One row: the values of the dimensions in their order, and the totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Total {
    pub(super) by: Vec<String>,
    pub(super) counts: RawTotals,
}

/// The measures, exactly. It can't be serialised: the one way out of the service is [`Totals`](super::handler::Totals), the exact view of the
/// caller's own organisation. What others read is counted and protected by [`published`](crate::published).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct RawTotals {
    pub(super) sessions: i64,
    pub(super) by_register: i64,
    pub(super) by_headcount: i64,
    pub(super) attendances: i64,
    pub(super) people: i64,
    pub(super) heads: i64,
    pub(super) minutes: i64,
}

impl RawTotals {
    /// Their columns, in the order in which a [`Total`] is read.
    pub(super) const COLUMNS: [&str; 7] =
        ["sessions", "by_register", "by_headcount", "attendances", "people", "heads", "minutes"];

    pub(super) fn plus(self, more: Self) -> Self {
        Self {
            sessions: self.sessions + more.sessions,
            by_register: self.by_register + more.by_register,
            by_headcount: self.by_headcount + more.by_headcount,
            attendances: self.attendances + more.attendances,
            people: self.people + more.people,
            heads: self.heads + more.heads,
            minutes: self.minutes + more.minutes,
        }
    }
}

/// This does not compile if exact figures can be serialised: then there are two ways to read it.
const _: fn() = {
    trait Leaks<Way> {
        fn leaks() {}
    }
    struct Serialised;
    impl<T> Leaks<()> for T {}
    impl<T: serde::Serialize> Leaks<Serialised> for T {}
    <RawTotals as Leaks<_>>::leaks
};

/// Read by place: as many texts as the question has dimensions, and then the counts.
impl<DB: Backend> QueryableByName<DB> for Total
where
    String: FromSql<Text, DB>,
    i64: FromSql<BigInt, DB>,
{
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        let dimensions = row.field_count() - RawTotals::COLUMNS.len();
        let text = |place: usize| match Row::get(row, place) {
            Some(field) => String::from_nullable_sql(field.value()),
            None => Err("a row that is too short".into()),
        };
        let by = (0..dimensions).map(text).collect::<Result<_, _>>()?;
        let mut counts = [0; RawTotals::COLUMNS.len()];
        for (place, count) in counts.iter_mut().enumerate() {
            let field = Row::get(row, dimensions + place).ok_or("a row that is too short")?;
            *count = i64::from_nullable_sql(field.value())?;
        }
        let [sessions, by_register, by_headcount, attendances, people, heads, minutes] = counts;
        let counts = RawTotals { sessions, by_register, by_headcount, attendances, people, heads, minutes };
        Ok(Self { by, counts })
    }
}

impl Question {
    /// Which groups `g` are asked for, as a condition.
    pub(super) fn groups(&self, values: &mut Values, scope: Scope) -> String {
        groups_asked(values, scope.groups, &self.asked)
    }

    /// Which groups `g` and sessions `s` are asked for, as a condition.
    pub(super) fn sessions(&self, values: &mut Values, scope: Scope) -> String {
        let mut all = vec![self.groups(values, scope)];
        if let Some(from) = self.asked.from {
            all.push(values.text("s.date >= ?", from.to_string()));
        }
        if let Some(to) = self.asked.to {
            all.push(values.text("s.date <= ?", to.to_string()));
        }
        all.join(" AND ")
    }

    /// Which people are asked for, as a condition on columns `sex` and `age_band`.
    pub(super) fn people(&self, values: &mut Values, table: &str) -> String {
        let mut all = Vec::new();
        if let Some(sex) = self.sex {
            all.push(values.text(&format!("{table}sex = ?"), sex.code()));
        }
        if let Some(age_band) = self.age_band {
            all.push(values.text(&format!("{table}age_band = ?"), age_band.code()));
        }
        if all.is_empty() { "1 = 1".to_owned() } else { all.join(" AND ") }
    }

    /// Which meetings are asked for beside that, as a condition on columns `phase`, `part_of_day` and `state`.
    pub(super) fn meetings(&self, values: &mut Values, table: &str) -> String {
        let asked = [
            ("phase", self.phase.map(Phase::code)),
            ("part_of_day", self.part.map(PartOfDay::code)),
            ("state", self.state.map(SessionState::code)),
        ];
        let all: Vec<String> = asked
            .into_iter()
            .filter_map(|(column, code)| Some(values.text(&format!("{table}{column} = ?"), code?)))
            .collect();
        if all.is_empty() { "1 = 1".to_owned() } else { all.join(" AND ") }
    }

    /// Whether meetings of one group and month are told apart. Then people are not counted.
    pub(super) fn of_meetings(&self) -> bool {
        let asked = self.phase.is_some() || self.part.is_some() || self.state.is_some();
        asked || self.by.iter().any(|dimension| dimension.of_meetings())
    }

    /// Whether facts tell it: they tell apart people, or meetings, and not both at once.
    pub(super) fn is_told_by_facts(&self) -> bool {
        !(self.of_people() && self.of_meetings())
    }

    /// Whether it tells sexes apart, and age bands.
    pub(super) fn sexes_and_age_bands(&self) -> (bool, bool) {
        (
            self.sex.is_some() || self.by.contains(&Dimension::Sex),
            self.age_band.is_some() || self.by.contains(&Dimension::AgeBand),
        )
    }

    /// Whether only sessions to which somebody came count: where people are told apart.
    pub(super) fn of_people(&self) -> bool {
        self.sex.is_some() || self.age_band.is_some() || self.by.iter().any(|dimension| dimension.of_people())
    }

    /// The columns of the dimensions, each with a comma after it, and the clauses that group and order by them and end with one row more than
    /// an answer may have, over columns `organisation`, `area`, `date`, `kind`, `modality`, `sex`, `age_band`, `phase`, `part_of_day` and `state`.
    pub(super) fn grouping(&self) -> (String, String) {
        let dimensions: Vec<String> = self.by.iter().map(|dimension| dimension.sql("date")).collect();
        if dimensions.is_empty() {
            return (String::new(), String::new());
        }
        let columns = dimensions.iter().enumerate().map(|(at, sql)| format!("{sql} AS d{at}, ")).collect();
        let grouped = dimensions.join(", ");
        (columns, format!("GROUP BY {grouped} ORDER BY {grouped} LIMIT {}", MAX_ROWS + 1))
    }
}
