//! Sessions held against planned, by group.

use super::asked::{Asked, Asker, OF_MONTHS};
use super::groups::{Group, held};
use super::question::question;
use super::refusal::Refused;
use super::table::{Cell, Column, Table};
use crate::store::{Conn, Failure};
use crate::totals::of_months;
use actix_web::get;

question!(
    PLAN,
    ask_sessions_against_plan,
    "/v1/questions/sessions-against-plan",
    "Meetings that were held against those that were planned, by group",
    "Each meeting once, in the months that are asked for; the plan is of the whole cycle of a group.",
    OF_MONTHS,
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("group", "The group"),
    Column::says("village", "NISR code of its village"),
    Column::says("modality", "Its method"),
    Column::says("status", "Its status, as it was recorded"),
    Column::says("begins_on", "The day on which it began, or is to"),
    Column::adds_up("planned", "Meetings that are planned for its whole cycle"),
    Column::adds_up("held", "Meetings that were held"),
    Column::says("percent", "Held, of a hundred planned"),
    Column::says("group_id", "Its id"),
];

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    let groups = Group::load(tx, scope.groups, asked)?;
    let held = held(tx, scope.groups, asked)?;
    let (totals, doubts) = of_months(tx, scope, &asked.groups)?;
    let rows = groups.iter().map(|group| {
        let held = held.get(&group.id.0).copied().unwrap_or_default();
        let planned = group.planned_sessions.map(i64::from);
        vec![
            Cell::text(&group.name),
            Cell::text(&group.area),
            Cell::text(&group.modality),
            Cell::text(&group.status),
            Cell::day(group.begins_on()),
            planned.map_or(Cell::Nothing, Cell::Whole),
            Cell::Whole(held),
            Cell::percent(held, planned.unwrap_or_default()),
            Cell::text(group.id.0),
        ]
    });
    let table = Table::new(COLUMNS, rows.collect());
    let without = groups.iter().filter(|group| group.planned_sessions.is_none()).count();
    let table = if without == 0 {
        table
    } else {
        table.noting(format!("Of {without} groups nobody said how many meetings are planned."))
    };
    Ok(table
        .reconciled("held", totals.sessions, "Meetings held, and those of GET /v1/aggregates")
        .doubting(doubts))
}
