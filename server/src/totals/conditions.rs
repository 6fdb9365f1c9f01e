//! Conditions in SQL, with the values that they speak of bound beside them.

use sync_core::id::Id;

/// A value to bind.
#[derive(Debug)]
pub(super) enum Bound {
    Bytes(Vec<u8>),
    Text(String),
}

/// The values of a query, in the order in which its text names them: SQLite takes `$1` for a name, and numbers the names as
/// they come, so a condition stands in the text after all that were made before it.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) bound: Vec<Bound>,
}

impl Values {
    /// `sql` holds one `?` for the value.
    pub(super) fn text(&mut self, sql: &str, value: impl Into<String>) -> String {
        self.push(sql, Bound::Text(value.into()))
    }

    pub(super) fn id(&mut self, sql: &str, id: impl Id) -> String {
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
                $crate::totals::conditions::Bound::Bytes(bytes) => {
                    query.bind::<::diesel::sql_types::Binary, _>(bytes.as_slice())
                }
                $crate::totals::conditions::Bound::Text(text) => {
                    query.bind::<::diesel::sql_types::Text, _>(text.as_str())
                }
            };
        }
        query
    }};
}
pub(super) use bound;
