//! The query behind an aggregate. How many columns it groups by is known only when it is asked, so it is written as text;
//! every value in it is bound, none is written.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use serde::Serialize;
use sync_core::id::Id;
use sync_core::record::{AgeBand, Sex};
use utoipa::ToSchema;

use super::dimension::Dimension;
use crate::on_each;
use crate::records::Asked;
use crate::records::doubt::{POSSIBLE_DOUBLES, date_doubt, doubles, left_out};
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
    pub(super) sessions: i64,
    pub(super) attendances: i64,
    pub(super) people: i64,
}

/// What about sessions may make their totals wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName, Serialize, ToSchema)]
pub(crate) struct Doubts {
    /// Sessions that the totals leave out: they are marked as doubles.
    #[diesel(sql_type = BigInt)]
    doubles: i64,
    /// Sessions that look like a record of the same meeting as another; they are counted.
    #[diesel(sql_type = BigInt)]
    possible_doubles: i64,
    /// Sessions of which the date may be wrong; they are counted.
    #[diesel(sql_type = BigInt)]
    date_doubts: i64,
}

/// Dimensions travel in one text column, apart by a character that stands in none of their values.
const APART: char = '|';

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    dimensions: Option<String>,
    #[diesel(sql_type = BigInt)]
    sessions: i64,
    #[diesel(sql_type = BigInt)]
    attendances: i64,
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// A value to bind.
enum Bound {
    Bytes(Vec<u8>),
    Text(String),
}

/// Conditions with the values they speak of. Both databases number parameters as `$1`.
#[derive(Default)]
struct Conditions {
    sql: Vec<String>,
    bound: Vec<Bound>,
}

impl Conditions {
    /// `sql` holds one `?` for the value.
    fn text(&mut self, sql: &str, value: impl Into<String>) {
        self.push(sql, Bound::Text(value.into()));
    }

    fn id(&mut self, sql: &str, id: impl Id) {
        self.push(sql, Bound::Bytes(id.uuid().as_bytes().to_vec()));
    }

    fn push(&mut self, sql: &str, value: Bound) {
        self.bound.push(value);
        self.sql.push(sql.replace('?', &format!("${}", self.bound.len())));
    }
}

/// A query with its values.
macro_rules! bound {
    ($text:expr, $conditions:expr, $backend:ty) => {{
        let mut query = diesel::sql_query($text.as_str()).into_boxed::<$backend>();
        for value in &$conditions.bound {
            query = match value {
                Bound::Bytes(bytes) => query.bind::<Binary, _>(bytes.as_slice()),
                Bound::Text(text) => query.bind::<Text, _>(text.as_str()),
            };
        }
        query
    }};
}

impl Question {
    fn conditions(&self, scope: Scope) -> Conditions {
        let mut all = Conditions::default();
        match scope {
            Scope::Organisation(organisation) => all.id("g.organisation_id = ?", organisation),
            Scope::Assigned(user) => all.id(
                "g.id IN (SELECT group_id FROM assignments WHERE user_id = ? AND ended_at IS NULL)",
                user,
            ),
        }
        let Asked { group, organisation, kind, modality, area, from, to, text: _ } = &self.asked;
        if let Some(group) = group {
            all.id("g.id = ?", *group);
        }
        if let Some(organisation) = organisation {
            all.id("g.organisation_id = ?", *organisation);
        }
        if let Some(kind) = kind {
            all.text("g.kind = ?", kind.code());
        }
        if let Some(modality) = modality {
            all.text("g.modality = ?", modality.code());
        }
        if let Some(area) = area {
            all.text("g.area LIKE ?", below(*area));
        }
        if let Some(from) = from {
            all.text("s.date >= ?", from.to_string());
        }
        if let Some(to) = to {
            all.text("s.date <= ?", to.to_string());
        }
        all
    }

    /// As `conditions`, of the people too, and without what totals leave out.
    fn counted(&self, scope: Scope) -> Conditions {
        let mut all = self.conditions(scope);
        all.sql.push(format!("s.id NOT IN ({})", left_out()));
        if let Some(sex) = self.sex {
            all.text("p.sex = ?", sex.code());
        }
        if let Some(age_band) = self.age_band {
            all.text("p.age_band = ?", age_band.code());
        }
        all
    }

    /// Whether only sessions to which somebody came count: where people are told apart.
    fn of_people(&self) -> bool {
        self.sex.is_some() || self.age_band.is_some() || self.by.iter().any(|dimension| dimension.of_people())
    }

    /// # Errors
    /// Those of the store.
    pub(super) fn answer(&self, tx: &mut Conn<'_>, scope: Scope) -> Result<Vec<Total>, StoreError> {
        let conditions = self.counted(scope);
        let join = if self.of_people() { "JOIN" } else { "LEFT JOIN" };
        let dimensions: Vec<String> = self.by.iter().map(|dimension| dimension.sql()).collect();
        let (selected, grouped) = if dimensions.is_empty() {
            ("NULL".to_owned(), String::new())
        } else {
            let apart = format!(" || '{APART}' || ");
            (dimensions.join(&apart), format!("GROUP BY {0} ORDER BY {0}", dimensions.join(", ")))
        };
        let text = format!(
            "SELECT {selected} AS dimensions,
                    count(DISTINCT s.id) AS sessions,
                    count(a.participant_id) AS attendances,
                    count(DISTINCT a.participant_id) AS people
             FROM sessions s
             JOIN groups g ON g.id = s.group_id
             JOIN organisations o ON o.id = g.organisation_id
             {join} attendances a ON a.session_id = s.id AND a.shown AND a.mark IN ('present', 'late')
             LEFT JOIN participants p ON p.id = a.participant_id AND p.group_id = s.group_id
             WHERE {} {grouped}",
            conditions.sql.join(" AND ")
        );
        let rows: Vec<Row> = on_each!(tx, |c, Backend| bound!(text, conditions, Backend).load(c))?;
        Ok(rows.into_iter().map(Total::from).collect())
    }

    /// What about the sessions of these groups and days somebody should know who reads the totals.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn doubts(&self, tx: &mut Conn<'_>, scope: Scope) -> Result<Doubts, StoreError> {
        let conditions = self.conditions(scope);
        let text = format!(
            "SELECT count(CASE WHEN s.id IN ({}) THEN 1 END) AS doubles,
                    count(CASE WHEN s.id IN ({POSSIBLE_DOUBLES}) THEN 1 END) AS possible_doubles,
                    count(CASE WHEN {} THEN 1 END) AS date_doubts
             FROM sessions s
             JOIN groups g ON g.id = s.group_id
             WHERE {}",
            doubles(),
            date_doubt("s"),
            conditions.sql.join(" AND ")
        );
        on_each!(tx, |c, Backend| bound!(text, conditions, Backend).get_result(c))
    }
}

impl From<Row> for Total {
    fn from(row: Row) -> Self {
        Self {
            by: row.dimensions.iter().flat_map(|all| all.split(APART)).map(str::to_owned).collect(),
            sessions: row.sessions,
            attendances: row.attendances,
            people: row.people,
        }
    }
}
