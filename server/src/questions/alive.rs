//! Groups that go on by themselves after they were phased out.

use actix_web::get;
use diesel::prelude::*;
use jiff::ToSpan;
use sync_core::time::Date;

use super::asked::{Asked, Asker};
use super::groups::{Group, last_meetings};
use super::question::question;
use super::refusal::Refused;
use super::table::{Cell, Column, Reconciled, Table};
use crate::on_each;
use crate::scope::{Groups, groups_in};
use crate::store::schema::groups;
use crate::store::{Conn, Failure, StoreError};

question!(
    ALIVE,
    ask_groups_alive,
    "/v1/questions/groups-alive",
    "Groups that were phased out, and whether they still met 6 and 12 months after that",
    "A group is phased out since the day on which its status was first said to be that, or graduated. It is alive after so many months where a meeting of that day or a later one was recorded; nothing is \
     told of a group before so many months have gone by. Groups that are suspended are left out.",
    &["group", "kind", "modality", "area"],
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("group", "The group"),
    Column::says("village", "NISR code of its village"),
    Column::says("modality", "Its method"),
    Column::says("status", "Its status, as it was recorded"),
    Column::says("phased_out_on", "Since when it is phased out, or has graduated"),
    Column::says("last_met_on", "The day of its last meeting"),
    Column::says("alive_6_months", "Whether it met 6 months after that, or later: yes or no"),
    Column::says("alive_12_months", "Whether it met 12 months after that, or later: yes or no"),
    Column::says("group_id", "Its id"),
];

/// After how many months it is asked.
const AFTER: [i32; 2] = [6, 12];

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    let mut groups = Group::load(tx, scope.groups, asked)?;
    groups.retain(|group| group.phased_out_on.is_some());
    let last = last_meetings(tx, scope.groups, asked)?;
    let mut alive = AFTER.map(|_| (0, 0));
    let rows = groups.iter().map(|group| {
        let met: Option<Date> = last.get(&group.id.0).and_then(|day| day.parse().ok());
        let over: Option<Date> = group.phased_out_on.as_ref().and_then(|day| day.parse().ok());
        let told = AFTER.map(|months| is_alive(over?.saturating_add(months.months()), met, asker.today));
        for (told, (yes, all)) in told.iter().flatten().zip(&mut alive) {
            *yes += i64::from(*told);
            *all += 1;
        }
        let [half, whole] =
            told.map(|alive| alive.map_or(Cell::Nothing, |yes| Cell::text(if yes { "yes" } else { "no" })));
        vec![
            Cell::text(&group.name),
            Cell::text(&group.area),
            Cell::text(&group.modality),
            Cell::text(&group.status),
            Cell::day(group.phased_out_on.as_ref()),
            Cell::day(met),
            half,
            whole,
            Cell::text(group.id.0),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let counted = count_phased_out(tx, scope.groups, asked)?;
    let all = Reconciled::new("Rows, and groups that were phased out", rows.len() as i64, counted);
    let mut table = Table::new(COLUMNS, rows);
    table.reconciliation.push(all);
    for (months, (yes, all)) in AFTER.into_iter().zip(alive) {
        table = table.noting(format!("{yes} of {all} still met {months} months after they were phased out."));
    }
    Ok(table.noting("Whoever meets without a tablet is not heard of: ask after those that are told as no."))
}

/// Whether a group met on a day or later; `None` before that day.
fn is_alive(on: Date, met: Option<Date>, today: Date) -> Option<bool> {
    match met {
        Some(met) if met >= on => Some(true),
        _ if today < on => None,
        _ => Some(false),
    }
}

fn count_phased_out(tx: &mut Conn<'_>, of: Groups, asked: &Asked) -> Result<i64, StoreError> {
    let count = on_each!(tx, |c, Backend| groups::table
        .filter(groups::id.eq_any(groups_in!(Backend, of, &asked.groups)))
        .filter(groups::void.is_null().and(groups::phased_out_on.is_not_null()))
        .count()
        .get_result(c))?;
    Ok(count)
}
