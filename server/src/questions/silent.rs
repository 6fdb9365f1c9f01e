//! Groups of which no meeting was heard for some days.

use actix_web::get;
use std::collections::BTreeMap;

use diesel::dsl::max;
use diesel::prelude::*;
use jiff::ToSpan;
use sync_core::id::GroupId;
use sync_core::time::{Date, day_in_rwanda};

use super::asked::{Asked, Asker};
use super::groups::{Group, last_meetings};
use super::question::question;
use super::refusal::Refused;
use super::table::{Cell, Column, Reconciled, Table};
use crate::on_each;
use crate::scope::{Groups, groups_in};
use crate::store::schema::{groups, readings};
use crate::store::{At, Conn, Db, Failure, StoreError};

question!(
    SILENT,
    ask_silent_groups,
    "/v1/questions/silent-groups",
    "Groups that go on, of which no meeting was recorded for some days",
    "Groups that have graduated or are suspended are left out, and those that have not begun for so long. Where no tablet that holds a group was heard \
     since, it may have met all the same.",
    &["days", "group", "kind", "modality", "area"],
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("group", "The group"),
    Column::says("village", "NISR code of its village"),
    Column::says("modality", "Its method"),
    Column::says("status", "Its status, as it was recorded"),
    Column::says("begins_on", "The day on which it began, or was to"),
    Column::says("last_met_on", "The day of its last meeting"),
    Column::says("silent_days", "Days since then, or since it was to begin"),
    Column::says("heard_on", "The day on which a tablet that holds it was last heard"),
    Column::says("group_id", "Its id"),
];

/// As many as meet weekly, with one week missed.
const USUAL: i64 = 14;

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    let days = asked.silent.unwrap_or(USUAL);
    let since = asker.today.saturating_sub(days.days()).to_string();
    // 1. The groups that go on.
    let mut groups = Group::load(tx, scope.groups, asked)?;
    groups.retain(|group| !OVER.contains(&group.status.as_str()));
    let going_on = groups.len() as i64;
    // 2. Of those, the ones that have not met since then, nor begun.
    let last = last_meetings(tx, scope.groups, asked)?;
    let latest = |group: &Group| last.get(&group.id.0).or(group.begins_on()).cloned();
    let (silent, met): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|group| latest(group).is_none_or(|day| day < since));
    let ids: Vec<GroupId> = silent.iter().map(|group| group.id.0).collect();
    let heard = heard(tx, &ids)?;
    let rows = silent.iter().map(|group| {
        let latest: Option<Date> = latest(group).and_then(|day| day.parse().ok());
        let silent =
            latest.and_then(|day| asker.today.since(day).ok()).map(|span| i64::from(span.get_days()));
        vec![
            Cell::text(&group.name),
            Cell::text(&group.area),
            Cell::text(&group.modality),
            Cell::text(&group.status),
            Cell::day(group.begins_on()),
            Cell::day(last.get(&group.id.0)),
            silent.map_or(Cell::Nothing, Cell::Whole),
            Cell::day(heard.get(&group.id.0)),
            Cell::text(group.id.0),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let silent = rows.len() as i64;
    let mut table = Table::new(COLUMNS, rows).noting(format!("{silent} of {going_on} groups that go on."));
    let all = "Silent groups and the others, against the groups that go on";
    let counted = count_going_on(tx, scope.groups, asked)?;
    table.reconciliation.push(Reconciled::new(all, silent + met.len() as i64, counted));
    Ok(table)
}

/// The states of groups that do not go on.
const OVER: [&str; 2] = ["graduated", "suspended"];

fn count_going_on(tx: &mut Conn<'_>, of: Groups, asked: &Asked) -> Result<i64, StoreError> {
    let count = on_each!(tx, |c, Backend| groups::table
        .filter(groups::id.eq_any(groups_in!(Backend, of, &asked.groups)))
        .filter(groups::void.is_null())
        .filter(groups::status.ne_all(OVER))
        .count()
        .get_result(c))?;
    Ok(count)
}

/// How many groups are looked at in one query.
const AT_ONCE: usize = 500;

/// The day on which a tablet that holds a group last synced.
fn heard(tx: &mut Conn<'_>, ids: &[GroupId]) -> Result<BTreeMap<GroupId, Date>, StoreError> {
    let mut found = BTreeMap::new();
    for some in ids.chunks(AT_ONCE) {
        let rows: Vec<(Db<GroupId>, Option<At>)> = on_each!(tx, |c| readings::table
            .group_by(readings::stream_id)
            .select((readings::stream_id, max(readings::seen_at)))
            .filter(readings::stream_id.eq_any(some.iter().copied().map(Db)))
            .load(c))?;
        found.extend(rows.into_iter().filter_map(|(Db(id), at)| Some((id, day_in_rwanda(at?.0)))));
    }
    Ok(found)
}
