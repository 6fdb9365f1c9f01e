//! Attendance and drop-out by phase.

use actix_web::get;
use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use sync_core::record::session::Phase;

use super::asked::{Asked, Asker, OF_MONTHS};
use super::question::question;
use super::refusal::Refused;
use super::table::{Cell, Column, Table};
use crate::doubt::{CAME, left_out};
use crate::on_each;
use crate::scope::Groups;
use crate::scope::conditions::{Values, bound, groups_asked};
use crate::store::{Conn, Failure, StoreError};
use crate::totals::{Totals, by_phase, of_months};

question!(
    PHASES,
    ask_attendance_by_phase,
    "/v1/questions/attendance-by-phase",
    "Attendance and drop-out, by the phase of a group's cycle",
    "Attendances are of the months that are asked for; people who dropped out stand with the phase of the last meeting to which they came, whenever that was.",
    OF_MONTHS,
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("phase", "The phase; unknown where the record of a meeting does not say it"),
    Column::adds_up("sessions", "Meetings"),
    Column::adds_up("by_register", "Those of them whose register says that somebody came"),
    Column::adds_up("attendances", "Marks of people who came, also late"),
    Column::says("mean", "Attendances of a meeting with a register"),
    Column::adds_up("heads", "Heads counted at open circles"),
    Column::adds_up(
        "dropped_out",
        "People who dropped out after a meeting of this phase; unknown where they never came",
    ),
];

const UNKNOWN: &str = "unknown";

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    let mut phases = by_phase(tx, scope, &asked.groups)?;
    let mut dropped_out = dropped_out(tx, scope.groups, asked)?;
    let (totals, doubts) = of_months(tx, scope, &asked.groups)?;
    let rows = Phase::ALL.iter().map(|phase| phase.code()).chain([UNKNOWN]).map(|phase| {
        let Totals { sessions, sessions_by_register, attendances, heads, .. } =
            phases.remove(phase).unwrap_or_default();
        vec![
            Cell::text(phase),
            Cell::Whole(sessions),
            Cell::Whole(sessions_by_register),
            Cell::Whole(attendances),
            Cell::ratio(attendances, sessions_by_register),
            Cell::Whole(heads),
            Cell::Whole(dropped_out.remove(phase).unwrap_or_default()),
        ]
    });
    let all_dropped_out = count_dropped_out(tx, scope.groups, asked)?;
    Ok(Table::new(COLUMNS, rows.collect())
        .reconciled("sessions", totals.sessions, "Meetings, and those of GET /v1/aggregates")
        .reconciled("attendances", totals.attendances, "Attendances, and those of GET /v1/aggregates")
        .reconciled(
            "dropped_out",
            all_dropped_out,
            "People who dropped out, and those of whom it is recorded",
        )
        .doubting(doubts))
}

/// Participants `p` of groups `g` who dropped out, each person once.
const DROPPED_OUT: &str = "p.exit = 'dropped_out' AND p.void IS NULL AND NOT p.erased AND g.void IS NULL
    AND p.id NOT IN (SELECT participant_id FROM people)";

fn dropped_out(tx: &mut Conn<'_>, of: Groups, asked: &Asked) -> Result<BTreeMap<String, i64>, StoreError> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = Text)]
        phase: String,
        #[diesel(sql_type = BigInt)]
        people: i64,
    }
    let mut values = Values::default();
    let groups = groups_asked(&mut values, of, &asked.groups);
    // `last`: the meetings to which each of them came, by whichever code, the latest first.
    let text = format!(
        "WITH gone AS (
             SELECT p.id, p.group_id FROM participants p JOIN groups g ON g.id = p.group_id WHERE {groups} AND {DROPPED_OUT}
         ), asked AS (
             SELECT s.id, s.group_id FROM sessions s
             WHERE s.group_id IN (SELECT group_id FROM gone) AND s.id NOT IN ({left_out})
         ), {CAME}, last AS (
             SELECT came.who, s.phase, row_number() OVER (PARTITION BY came.who ORDER BY s.date DESC, s.id DESC) AS nth
             FROM came JOIN gone ON gone.id = came.who JOIN sessions s ON s.id = came.session_id
         )
         SELECT coalesce(last.phase, '{UNKNOWN}') AS phase, count(*) AS people
         FROM gone LEFT JOIN last ON last.who = gone.id AND last.nth = 1 GROUP BY coalesce(last.phase, '{UNKNOWN}')",
        left_out = left_out()
    );
    let rows: Vec<Counted> = on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))?;
    Ok(rows.into_iter().map(|Counted { phase, people }| (phase, people)).collect())
}

fn count_dropped_out(tx: &mut Conn<'_>, of: Groups, asked: &Asked) -> Result<i64, StoreError> {
    super::members::count(tx, of, asked, Some("dropped_out"))
}
