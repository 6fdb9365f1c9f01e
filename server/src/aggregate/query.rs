//! The query behind an aggregate. How many columns it groups by is known only when it is asked, so it is written as text;
//! every value in it is bound, none is written.
//!
//! 1. `asked`: the sessions that count, of the groups and days that are asked for.
//! 2. `counted`: what each of them contributes, a row for each person who came, and for each cell of its headcount.
//!    Register and headcount are two counts of one meeting and are never added up: each has columns of its own.
//! 3. The rows are grouped by the dimensions, each in a column of its own.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use sync_core::record::{AgeBand, Sex};

use super::MOST_DIMENSIONS;
use super::conditions::{Values, bound};
use super::dimension::Dimension;
use crate::on_each;
use crate::records::Asked;
use crate::records::doubt::{CAME, left_out};
use crate::records::scope::{Scope, below};
use crate::store::{Conn, StoreError};

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
struct Row {
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

    /// Which people are asked for, as a condition on `counted`.
    fn people(&self, values: &mut Values) -> String {
        let mut all = Vec::new();
        if let Some(sex) = self.sex {
            all.push(values.text("sex = ?", sex.code()));
        }
        if let Some(age_band) = self.age_band {
            all.push(values.text("age_band = ?", age_band.code()));
        }
        if all.is_empty() { String::new() } else { format!("WHERE {}", all.join(" AND ")) }
    }

    /// Whether only sessions to which somebody came count: where people are told apart.
    fn of_people(&self) -> bool {
        self.sex.is_some() || self.age_band.is_some() || self.by.iter().any(|dimension| dimension.of_people())
    }

    /// # Errors
    /// Those of the store.
    pub(super) fn answer(&self, tx: &mut Conn<'_>, scope: Scope) -> Result<Vec<Total>, StoreError> {
        let mut values = Values::default();
        let sessions = self.sessions(&mut values, scope);
        let people = self.people(&mut values);
        // A session to which nobody came has a row that says nothing of people.
        let nobody = "UNION ALL SELECT asked.*, 0, NULL, 0, NULL, NULL FROM asked";
        let nobody = if self.of_people() { "" } else { nobody };
        let column = |at: usize| match self.by.get(at) {
            Some(dimension) => format!("{} AS d{at}", dimension.sql()),
            None => format!("CAST(NULL AS text) AS d{at}"),
        };
        let columns: Vec<String> = (0..MOST_DIMENSIONS).map(column).collect();
        let grouped: Vec<String> = self.by.iter().map(|dimension| dimension.sql()).collect();
        let grouped = if grouped.is_empty() {
            String::new()
        } else {
            format!("GROUP BY {0} ORDER BY {0}", grouped.join(", "))
        };
        let text = format!(
            "WITH asked AS (
                 SELECT s.id, s.group_id, s.date, g.area, g.kind, g.modality, o.code AS organisation
                 FROM sessions s
                 JOIN groups g ON g.id = s.group_id
                 JOIN organisations o ON o.id = g.organisation_id
                 WHERE {sessions} AND s.id NOT IN ({})
             ), {CAME}, counted AS (
                 SELECT asked.*, 1 AS came, p.id AS person, 0 AS heads,
                        coalesce(p.sex, 'unknown') AS sex, coalesce(p.age_band, 'unknown') AS age_band
                 FROM asked
                 JOIN came ON came.session_id = asked.id
                 LEFT JOIN participants p ON p.id = came.who AND p.group_id = asked.group_id
                 UNION ALL
                 SELECT asked.*, 0, NULL, h.heads, h.sex, h.age_band
                 FROM asked JOIN headcounts h ON h.session_id = asked.id AND h.heads > 0
                 {nobody}
             )
             SELECT {},
                    count(DISTINCT id) AS sessions,
                    count(DISTINCT CASE WHEN came > 0 THEN id END) AS by_register,
                    count(DISTINCT CASE WHEN heads > 0 THEN id END) AS by_headcount,
                    CAST(coalesce(sum(came), 0) AS bigint) AS attendances,
                    count(DISTINCT person) AS people,
                    CAST(coalesce(sum(heads), 0) AS bigint) AS heads
             FROM counted {people} {grouped}",
            left_out(),
            columns.join(", "),
        );
        let rows: Vec<Row> = on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))?;
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
        Ok(rows.into_iter().map(total).collect())
    }
}
