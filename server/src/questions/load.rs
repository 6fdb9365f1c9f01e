//! Who leads how many groups, and which groups are led by one person or nobody.

use actix_web::get;
use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::id::{GroupId, UserId};

use super::asked::{Asked, Asker, OF_MONTHS};
use super::groups::{Group, held};
use super::question::question;
use super::refusal::Refused;
use super::table::{Cell, Column, Table};
use crate::on_each;
use crate::scope::groups_in;
use crate::store::schema::{assignments, users};
use crate::store::{Conn, Db, Failure, StoreError};

question!(
    LOAD,
    ask_facilitators,
    "/v1/questions/facilitators",
    "How many groups each person leads, and where a second one is missing",
    "Groups that have graduated or are suspended are left out. Meetings are those of the groups in the months that are asked for, whoever led them: two who lead one group both have them.",
    OF_MONTHS,
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("person", "Who leads them; empty: groups that nobody leads"),
    Column::says("role", "Their role"),
    Column::adds_up("assigned", "Groups that they lead"),
    Column::says("alone", "Those of them that nobody else leads"),
    Column::says("sessions", "Meetings of these groups"),
    Column::says("villages", "How many villages that is"),
    Column::says("user_id", "The id of the person"),
];

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    let mut groups = Group::load(tx, scope.groups, asked)?;
    groups.retain(|group| !matches!(group.status.as_str(), "graduated" | "suspended"));
    let groups: BTreeMap<GroupId, Group> = groups.into_iter().map(|group| (group.id.0, group)).collect();
    let held = held(tx, scope.groups, asked)?;
    // 1. Who leads which of them.
    let mut all: Vec<(GroupId, UserId)> = on_each!(tx, |c, Backend| assignments::table
        .filter(assignments::group_id.eq_any(groups_in!(Backend, scope.groups, &asked.groups)))
        .filter(assignments::ended_at.is_null())
        .select((assignments::group_id, assignments::user_id))
        .load::<(Db<GroupId>, Db<UserId>)>(c))?
    .into_iter()
    .map(|(Db(group), Db(user))| (group, user))
    .collect();
    all.retain(|(group, _)| groups.contains_key(group));
    let mut led: BTreeMap<UserId, BTreeSet<GroupId>> = BTreeMap::new();
    let mut leaders: BTreeMap<GroupId, usize> = BTreeMap::new();
    for (group, user) in &all {
        led.entry(*user).or_default().insert(*group);
        *leaders.entry(*group).or_default() += 1;
    }
    // 2. A row for each of those people, by name, and one for what nobody leads.
    let names = names(tx, led.keys().copied())?;
    let sessions = |of: &BTreeSet<GroupId>| of.iter().filter_map(|group| held.get(group)).sum::<i64>();
    let villages = |of: &BTreeSet<GroupId>| {
        of.iter().map(|group| &groups[group].area).collect::<BTreeSet<_>>().len() as i64
    };
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (user, (name, role)) in &names {
        let of = &led[user];
        let alone = of.iter().filter(|group| leaders[*group] == 1).count() as i64;
        rows.push(vec![
            Cell::text(name),
            Cell::text(role),
            Cell::Whole(of.len() as i64),
            Cell::Whole(alone),
            Cell::Whole(sessions(of)),
            Cell::Whole(villages(of)),
            Cell::text(user),
        ]);
    }
    rows.sort_by_key(|row| if let Cell::Text(name) = &row[0] { name.clone() } else { String::new() });
    let nobody: BTreeSet<GroupId> =
        groups.keys().filter(|group| !leaders.contains_key(*group)).copied().collect();
    let alone = leaders.values().filter(|leaders| **leaders == 1).count();
    let table = Table::new(COLUMNS, rows).noting(format!(
        "{} groups go on; {alone} of them are led by one person, {} by nobody.",
        groups.len(),
        nobody.len()
    ));
    let mut table =
        table.reconciled("assigned", all.len() as i64, "Groups led, and assignments to groups that go on");
    if !nobody.is_empty() {
        table.rows.push(vec![
            Cell::Nothing,
            Cell::Nothing,
            Cell::Nothing,
            Cell::Nothing,
            Cell::Whole(sessions(&nobody)),
            Cell::Whole(villages(&nobody)),
            Cell::Nothing,
        ]);
    }
    Ok(table)
}

fn names(
    tx: &mut Conn<'_>,
    of: impl Iterator<Item = UserId>,
) -> Result<BTreeMap<UserId, (String, String)>, StoreError> {
    let of: Vec<Db<UserId>> = of.map(Db).collect();
    let rows: Vec<(Db<UserId>, String, String)> = on_each!(tx, |c| users::table
        .filter(users::id.eq_any(&of))
        .select((users::id, users::name, users::role))
        .load(c))?;
    Ok(rows.into_iter().map(|(Db(id), name, role)| (id, (name, role))).collect())
}
