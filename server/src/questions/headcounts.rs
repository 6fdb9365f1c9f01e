//! Meetings at which heads were counted and names were marked: whether the two agree.

use actix_web::get;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use sync_core::id::GroupId;

use super::asked::{Asked, Asker, OF_MONTHS};
use super::question::question;
use super::refusal::{MAX_ROWS, Refused, few_enough};
use super::table::{Cell, Column, Reconciled, Table};
use crate::doubt::{CAME, left_out};
use crate::on_each;
use crate::scope::Groups;
use crate::scope::conditions::{Values, bound, groups_asked};
use crate::store::{Conn, Db, Failure, StoreError};
use crate::totals::of_months;

question!(
    HEADCOUNTS,
    ask_headcount_against_register,
    "/v1/questions/headcount-against-register",
    "Heads counted against people marked, by group",
    "Only meetings at which both were done: there the two should agree, but for people who came and are not registered.",
    OF_MONTHS,
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("group", "The group"),
    Column::says("village", "NISR code of its village"),
    Column::adds_up("sessions", "Meetings with a headcount and a register"),
    Column::adds_up("heads", "Heads that were counted there"),
    Column::adds_up("attendances", "People who were marked there"),
    Column::adds_up("difference", "Heads more than people marked"),
    Column::says("group_id", "Its id"),
];

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    id: Db<GroupId>,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    area: String,
    #[diesel(sql_type = BigInt)]
    sessions: i64,
    #[diesel(sql_type = BigInt)]
    heads: i64,
    #[diesel(sql_type = BigInt)]
    came: i64,
}

/// The meetings that count at which heads were counted, with how many; and who came to them.
fn counted(values: &mut Values, of: Groups, asked: &Asked) -> String {
    let groups = groups_asked(values, of, &asked.groups);
    let days = asked.days(values, "s.date");
    format!(
        "WITH asked AS (
             SELECT s.id, s.group_id, CAST(sum(h.heads) AS bigint) AS heads
             FROM headcounts h JOIN sessions s ON s.id = h.session_id JOIN groups g ON g.id = s.group_id
             WHERE {groups}{days} AND h.heads > 0 AND s.id NOT IN ({}) GROUP BY s.id, s.group_id
         ), {CAME}, both_counted AS (
             SELECT asked.id, asked.group_id, asked.heads, count(*) AS came
             FROM asked JOIN came ON came.session_id = asked.id GROUP BY asked.id, asked.group_id, asked.heads
         )",
        left_out()
    )
}

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    let mut values = Values::default();
    let counted = counted(&mut values, scope.groups, asked);
    let text = format!(
        "{counted}
         SELECT g.id, g.name, g.area, count(*) AS sessions, CAST(sum(b.heads) AS bigint) AS heads, CAST(sum(b.came) AS bigint) AS came
         FROM both_counted b JOIN groups g ON g.id = b.group_id
         GROUP BY g.id, g.name, g.area ORDER BY g.area, g.id LIMIT {}",
        MAX_ROWS + 1
    );
    let rows: Vec<Row> = on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))?;
    let rows = few_enough(rows)?;
    let without = without_register(tx, scope.groups, asked)?;
    let (totals, doubts) = of_months(tx, scope, &asked.groups)?;
    let both: i64 = rows.iter().map(|row| row.sessions).sum();
    let heads: i64 = rows.iter().map(|row| row.heads).sum();
    let cells = |row: Row| {
        vec![
            Cell::text(row.name),
            Cell::text(row.area),
            Cell::Whole(row.sessions),
            Cell::Whole(row.heads),
            Cell::Whole(row.came),
            Cell::Whole(row.heads - row.came),
            Cell::text(row.id.0),
        ]
    };
    let mut table = Table::new(COLUMNS, rows.into_iter().map(cells).collect());
    let all =
        "Heads counted at meetings with a register and at those without, and those of GET /v1/aggregates";
    table.reconciliation.push(Reconciled::new(all, heads + without, totals.heads));
    let neither = totals.sessions - totals.sessions_by_register - totals.sessions_by_headcount + both;
    Ok(table
        .noting(format!(
            "Of {} meetings, {} have a register, {} a headcount, {both} both and {neither} neither.",
            totals.sessions, totals.sessions_by_register, totals.sessions_by_headcount
        ))
        .doubting(doubts))
}

/// How many heads were counted at meetings to which nobody came by their register.
fn without_register(tx: &mut Conn<'_>, of: Groups, asked: &Asked) -> Result<i64, StoreError> {
    #[derive(QueryableByName)]
    struct Heads {
        #[diesel(sql_type = BigInt)]
        heads: i64,
    }
    let mut values = Values::default();
    let counted = counted(&mut values, of, asked);
    let text = format!(
        "{counted} SELECT CAST(coalesce(sum(heads), 0) AS bigint) AS heads FROM asked WHERE id NOT IN (SELECT id FROM both_counted)"
    );
    let Heads { heads } = on_each!(tx, |c, Backend| bound!(text, values, Backend).get_result(c))?;
    Ok(heads)
}
