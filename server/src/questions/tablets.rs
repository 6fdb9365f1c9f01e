//! Tablets that hold work which was not handed in, or may.

use actix_web::get;
use diesel::prelude::*;
use jiff::ToSpan;
use sync_core::id::DeviceId;
use sync_core::time::day_in_rwanda;

use super::asked::{Asked, Asker};
use super::question::question;
use super::refusal::{MAX_ROWS, Refused, few_enough};
use super::table::{Cell, Column, Table};
use crate::on_each;
use crate::store::schema::{devices, users};
use crate::store::{At, Conn, Db, Failure};

question!(
    TABLETS,
    ask_unsynced_tablets,
    "/v1/questions/unsynced-tablets",
    "Tablets that hold work which was not handed in, or were not heard for some days",
    "What a tablet holds is what it said when it was last heard. Revoked ones are left out.",
    &["days"],
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("tablet", "The name of the tablet"),
    Column::says("person", "Who enrolled it"),
    Column::says("heard_on", "The day on which it was last heard"),
    Column::says("unheard_days", "Days since then"),
    Column::adds_up("unsent", "Changes that it had not handed in, as it last said"),
    Column::says("program", "What it runs"),
    Column::says("device_id", "Its id"),
];

/// As many as groups meet weekly.
const USUAL: i64 = 7;

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let organisation = asker.organisation().ok_or(Refused::NoRecords)?;
    let since = asker.today.saturating_sub(asked.silent.unwrap_or(USUAL).days());
    type Row = (Db<DeviceId>, String, String, Option<At>, Option<i64>, Option<String>);
    let all: Vec<Row> = on_each!(tx, |c| devices::table
        .inner_join(users::table)
        .filter(users::organisation_id.eq(Db(organisation)))
        .filter(devices::revoked_at.is_null())
        .order((devices::last_seen_at, devices::id))
        .limit(MAX_ROWS as i64 + 1)
        .select((
            devices::id,
            devices::name,
            users::name,
            devices::last_seen_at,
            devices::unsent,
            devices::program,
        ))
        .load(c))?;
    let all = few_enough(all)?;
    let tablets = all.len();
    let mut rows = Vec::new();
    for (Db(id), tablet, person, seen, unsent, program) in all {
        let heard = seen.map(|At(at)| day_in_rwanda(at));
        if unsent.unwrap_or_default() == 0 && heard.is_some_and(|day| day >= since) {
            continue;
        }
        let days = heard.and_then(|day| asker.today.since(day).ok()).map(|span| i64::from(span.get_days()));
        rows.push(vec![
            Cell::text(tablet),
            Cell::text(person),
            Cell::day(heard),
            days.map_or(Cell::Nothing, Cell::Whole),
            unsent.map_or(Cell::Nothing, Cell::Whole),
            Cell::texts(program),
            Cell::text(id),
        ]);
    }
    let unsynced = rows.len();
    let unsent: Option<i64> = on_each!(tx, |c| devices::table
        .inner_join(users::table)
        .filter(users::organisation_id.eq(Db(organisation)))
        .filter(devices::revoked_at.is_null())
        .select(diesel::dsl::sql::<diesel::sql_types::Nullable<diesel::sql_types::BigInt>>(
            "CAST(sum(devices.unsent) AS bigint)"
        ))
        .get_result(c))?;
    Ok(Table::new(COLUMNS, rows).noting(format!("{unsynced} of {tablets} tablets in use.")).reconciled(
        "unsent",
        unsent.unwrap_or_default(),
        "Changes not handed in, and those of all tablets",
    ))
}
