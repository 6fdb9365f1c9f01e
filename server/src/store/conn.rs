//! One transaction on either database, and the macro that says a query once for both.

use std::fmt;

use diesel::SqliteConnection;

use super::Pg;

/// A connection inside its transaction. Queries go through [`on_each!`](crate::on_each).
pub enum Conn<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut Pg),
}

impl fmt::Debug for Conn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite(_) => "Conn::Sqlite",
            Self::Postgres(_) => "Conn::Postgres",
        })
    }
}

/// Runs one body of Diesel's DSL on whichever database this is: `on_each!(tx, |c| users.find(id).first(c))`.
///
/// The body ends in a `QueryResult<T>` and may use `?` on others; the whole is a `Result<T, StoreError>`. Where a
/// boxed query needs the name of its backend, ask for it: `on_each!(tx, |c, Backend| …into_boxed::<Backend>()…)`.
#[macro_export]
macro_rules! on_each {
    ($tx:expr, |$c:ident| $body:expr) => {
        $crate::on_each!($tx, |$c, Backend| $body)
    };
    ($tx:expr, |$c:ident, $backend:ident| $body:expr) => {
        match &mut *$tx {
            $crate::store::Conn::Sqlite(connection) => {
                #[allow(dead_code)]
                type $backend = ::diesel::sqlite::Sqlite;
                // Called where it stands, as a body may change what is around it.
                #[allow(clippy::redundant_closure_call)]
                let done =
                    (|$c: &mut ::diesel::SqliteConnection| -> ::diesel::QueryResult<_> { $body })(connection);
                done.map_err($crate::store::StoreError::from)
            }
            $crate::store::Conn::Postgres(connection) => {
                #[allow(dead_code)]
                type $backend = ::diesel::pg::Pg;
                #[allow(clippy::redundant_closure_call)]
                let done = (|$c: &mut $crate::store::Pg| -> ::diesel::QueryResult<_> { $body })(connection);
                done.map_err($crate::store::StoreError::from)
            }
        }
    };
}
