//! A store that fails at a chosen point of a transaction, as when the service or the database is killed there.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use server::on_each;
use server::store::{Conn, Store, StoreError};

/// What a transaction does when it is struck: the first word of SQL, and the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) event: &'static str,
    pub(super) table: &'static str,
}

const fn point(event: &'static str, table: &'static str) -> Point {
    Point { event, table }
}

/// In about the order in which a push comes by them.
pub(super) const POINTS: [Point; 13] = [
    point("UPDATE", "devices"),
    point("INSERT", "batches"),
    point("INSERT", "quarantine"),
    point("UPDATE", "quarantine"),
    point("INSERT", "assignments"),
    point("UPDATE", "streams"),
    point("INSERT", "documents"),
    point("UPDATE", "documents"),
    point("INSERT", "changes"),
    point("INSERT", "participants"),
    point("INSERT", "sessions"),
    point("INSERT", "attendances"),
    point("INSERT", "conflict_claims"),
];

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Lets the store fail where something is done to a table: at the first row, or once `more` rows have been put in. The
/// text is PostgreSQL's when it is shut down, by which the service knows that its store is away.
pub(super) fn strike(store: &Store, Point { event, table }: Point, more: i64) {
    let away = "terminating connection due to administrator command";
    run(store, |tx| {
        let count = format!("SELECT count(*) AS count FROM {table}");
        let rows: Rows = on_each!(tx, |c| diesel::sql_query(&count).get_result(c))?;
        let most = if event == "INSERT" { rows.count + more } else { 0 };
        let when = format!("(SELECT count(*) FROM {table}) >= {most}");
        let statements = match tx {
            Conn::Sqlite(_) => vec![format!(
                "CREATE TRIGGER strike BEFORE {event} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{away}'); END"
            )],
            Conn::Postgres(_) => vec![
                format!(
                    "CREATE OR REPLACE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql AS
                     'BEGIN IF {when} THEN RAISE EXCEPTION ''{away}''; END IF; RETURN NEW; END'"
                ),
                format!(
                    "CREATE TRIGGER strike BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION strike()"
                ),
            ],
        };
        statements.iter().try_for_each(|text| on_each!(tx, |c| diesel::sql_query(text).execute(c)).map(drop))
    });
}

/// Lets it be whole again.
pub(super) fn lift(store: &Store, Point { table, .. }: Point) {
    run(store, |tx| {
        let text = match tx {
            Conn::Sqlite(_) => "DROP TRIGGER strike".to_owned(),
            Conn::Postgres(_) => format!("DROP TRIGGER strike ON {table}"),
        };
        on_each!(tx, |c| diesel::sql_query(&text).execute(c)).map(drop)
    });
}

fn run(store: &Store, work: impl Fn(&mut Conn<'_>) -> Result<(), StoreError>) {
    store.write_blocking("strike", work).expect("the store obeys");
}
