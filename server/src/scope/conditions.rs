//! Conditions in SQL, with the values that they speak of bound beside them.

use sync_core::id::{Id, UserId};

use super::{Asked, Groups, Whose, below};

/// A value to bind.
#[derive(Debug)]
pub(crate) enum Bound {
    Bytes(Vec<u8>),
    Text(String),
}

/// The values of a query, in the order in which its text names them: SQLite takes `$1` for a name, and numbers the names as
/// they come, so a condition stands in the text after all that were made before it.
#[derive(Debug, Default)]
pub(crate) struct Values {
    pub(crate) bound: Vec<Bound>,
}

impl Values {
    /// `sql` holds one `?` for the value.
    pub(crate) fn text(&mut self, sql: &str, value: impl Into<String>) -> String {
        self.push(sql, Bound::Text(value.into()))
    }

    pub(crate) fn id(&mut self, sql: &str, id: impl Id) -> String {
        self.push(sql, Bound::Bytes(id.uuid().as_bytes().to_vec()))
    }

    fn push(&mut self, sql: &str, value: Bound) -> String {
        self.bound.push(value);
        sql.replace('?', &format!("${}", self.bound.len()))
    }
}

/// A query with its values.
macro_rules! bound {
    ($text:expr, $values:expr, $backend:ty) => {{
        let mut query = ::diesel::sql_query($text.as_str()).into_boxed::<$backend>();
        for value in &$values.bound {
            query = match value {
                $crate::scope::conditions::Bound::Bytes(bytes) => {
                    query.bind::<::diesel::sql_types::Binary, _>(bytes.as_slice())
                }
                $crate::scope::conditions::Bound::Text(text) => {
                    query.bind::<::diesel::sql_types::Text, _>(text.as_str())
                }
            };
        }
        query
    }};
}
pub(crate) use bound;

/// Whether a person leads group `g`, as a condition.
fn led_by(values: &mut Values, user: UserId) -> String {
    values.id("g.id IN (SELECT group_id FROM assignments WHERE user_id = ? AND ended_at IS NULL)", user)
}

/// Whether anybody of the teams of a person leads group `g`, as a condition.
fn led_by_teams_of(values: &mut Values, user: UserId) -> String {
    values.id(
        "g.id IN (SELECT a.group_id FROM team_members own
            JOIN team_members mate ON mate.team_id = own.team_id AND mate.ended_at IS NULL
            JOIN assignments a ON a.user_id = mate.user_id AND a.ended_at IS NULL
            WHERE own.user_id = ? AND own.ended_at IS NULL)",
        user,
    )
}

/// Which groups `g` of some are asked for, as a condition: what [`groups_in!`](super::groups_in) is for queries that are written as text.
pub(crate) fn groups_asked(values: &mut Values, groups: Groups, asked: &Asked) -> String {
    let mut condition = |whose: Whose| match whose {
        Whose::Organisation(organisation) => values.id("g.organisation_id = ?", organisation),
        Whose::Assigned(user) => led_by(values, user),
        Whose::Teams(user) => {
            format!("({} OR {})", led_by(values, user), led_by_teams_of(values, user))
        }
    };
    let mut all: Vec<String> = groups.each().map(&mut condition).collect();
    let Asked { group, organisation, kind, modality, area, .. } = asked;
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
