//! What is asked, as conditions, and what is answered.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use sync_core::record::{AgeBand, Sex};

use super::MOST_DIMENSIONS;
use super::conditions::Values;
use super::dimension::Dimension;
use super::refusal::MAX_ROWS;
use crate::scope::{Asked, Scope, below};

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) by: Vec<Dimension>,
    pub(super) asked: Asked,
    pub(super) sex: Option<Sex>,
    pub(super) age_band: Option<AgeBand>,
}

/// One row: the values of the dimensions in their order, and the totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Total {
    pub(super) by: Vec<String>,
    pub(super) counts: Counts,
}

/// The measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, QueryableByName)]
pub(super) struct Counts {
    #[diesel(sql_type = BigInt)]
    pub(super) sessions: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) by_register: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) by_headcount: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) attendances: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) people: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) heads: i64,
}

#[derive(QueryableByName)]
pub(super) struct Row {
    #[diesel(embed)]
    dimensions: Columns,
    #[diesel(embed)]
    counts: Counts,
}

/// The values of at most [`MOST_DIMENSIONS`] dimensions, each in a column of its own: no text stands in a text, so that no
/// operator and no absent value of one reaches another.
#[derive(QueryableByName)]
struct Columns {
    #[diesel(sql_type = Nullable<Text>)]
    d0: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    d1: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    d2: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    d3: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    d4: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    d5: Option<String>,
}

impl Columns {
    fn values(self) -> [Option<String>; MOST_DIMENSIONS] {
        [self.d0, self.d1, self.d2, self.d3, self.d4, self.d5]
    }
}

impl Question {
    /// Which groups `g` are asked for, as a condition.
    pub(super) fn groups(&self, values: &mut Values, scope: Scope) -> String {
        let mut all = vec![match scope {
            Scope::Organisation(organisation) => values.id("g.organisation_id = ?", organisation),
            Scope::Assigned(user) => values.id(
                "g.id IN (SELECT group_id FROM assignments WHERE user_id = ? AND ended_at IS NULL)",
                user,
            ),
        }];
        let Asked { group, organisation, kind, modality, area, .. } = &self.asked;
        if let Some(group) = group {
            all.push(values.id("g.id = ?", *group));
        }
        if let Some(organisation) = organisation {
            all.push(values.id("g.organisation_id = ?", *organisation));
        }
        if let Some(kind) = kind {
            all.push(values.text("g.kind = ?", kind.code()));
        }
        if let Some(modality) = modality {
            all.push(values.text("g.modality = ?", modality.code()));
        }
        if let Some(area) = area {
            all.push(values.text("g.area LIKE ?", below(*area)));
        }
        all.join(" AND ")
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

    /// Whether only sessions to which somebody came count: where people are told apart.
    pub(super) fn of_people(&self) -> bool {
        self.sex.is_some() || self.age_band.is_some() || self.by.iter().any(|dimension| dimension.of_people())
    }
    /// The columns of the dimensions, and the clauses that group and order by them and end with one row more than an answer may have, over columns `organisation`, `area`, `date`,
    /// `kind`, `modality`, `sex` and `age_band`.
    pub(super) fn grouping(&self) -> (String, String, String) {
        let column = |at: usize| match self.by.get(at) {
            Some(dimension) => format!("{} AS d{at}", dimension.sql()),
            None => format!("CAST(NULL AS text) AS d{at}"),
        };
        let columns: Vec<String> = (0..MOST_DIMENSIONS).map(column).collect();
        let grouped: Vec<String> = self.by.iter().map(|dimension| dimension.sql()).collect();
        let grouped = grouped.join(", ");
        if grouped.is_empty() {
            (columns.join(", "), String::new(), String::new())
        } else {
            (
                columns.join(", "),
                format!("GROUP BY {grouped}"),
                format!("ORDER BY {grouped} LIMIT {}", MAX_ROWS + 1),
            )
        }
    }

    /// What rows say, by as many dimensions as are asked for.
    pub(super) fn totals(&self, rows: Vec<Row>) -> Vec<Total> {
        let total = |row: Row| Total {
            by: row
                .dimensions
                .values()
                .into_iter()
                .take(self.by.len())
                .map(Option::unwrap_or_default)
                .collect(),
            counts: row.counts,
        };
        rows.into_iter().map(total).collect()
    }
}
