//! Who was absent three times, and to which meetings one person came.

use actix_web::get;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use sync_core::id::{GroupId, ParticipantId, SessionId};
use sync_core::record::session::Attendance;

use super::asked::{Asked, Asker};
use super::question::question;
use super::refusal::{MAX_ROWS, Refused, few_enough};
use super::table::{Cell, Column, Table};
use crate::doubt::{absences, left_out};
use crate::on_each;
use crate::scope::groups_in;
use crate::store::schema::{attendances, groups, participants, sessions};
use crate::store::{Conn, Db, Failure};

question!(
    ABSENCES,
    ask_absences,
    "/v1/questions/absences",
    "Who is still in a group and was absent without an excuse some times",
    "Three times if nothing else is said. Of whoever has graduated or left nothing is told.",
    &["times", "group", "kind", "modality", "area"],
    absent
);

const ABSENT: &[Column] = &[
    Column::says("group", "The group"),
    Column::says("code", "The participant's pseudonym"),
    Column::adds_up("absences", "From how many meetings they were absent without an excuse"),
    Column::says("participant_id", "Their id"),
];

const USUAL: i64 = 3;

fn absent(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    let times = absences("participants");
    let at_least = format!("{times} >= {}", asked.times.unwrap_or(USUAL));
    let rows: Vec<(String, String, i64, Db<ParticipantId>)> = on_each!(tx, |c, Backend| participants::table
        .inner_join(groups::table.on(groups::id.eq(participants::group_id)))
        .filter(participants::group_id.eq_any(groups_in!(Backend, scope.groups, &asked.groups)))
        .filter(groups::void.is_null().and(participants::void.is_null()))
        .filter(participants::exit.is_null().and(participants::erased.eq(false)))
        .filter(sql::<Bool>(&at_least))
        .order((groups::area, groups::id, participants::code, participants::id))
        .limit(MAX_ROWS as i64 + 1)
        .select((groups::name, participants::code, sql::<BigInt>(&times), participants::id))
        .load(c))?;
    let rows = few_enough(rows)?.into_iter().map(|(group, code, times, Db(id))| {
        vec![Cell::text(group), Cell::text(code), Cell::Whole(times), Cell::text(id)]
    });
    Ok(Table::new(ABSENT, rows.collect()).noting(
        "Absences are those marked under a code: where two codes are one person, each stands for itself.",
    ))
}

question!(
    ATTENDANCE,
    ask_attendance,
    "/v1/questions/attendance",
    "To which meetings one person came",
    "Every meeting of their group that counts, with the mark under their code; the latest first.",
    &["participant"],
    of_one
);

const OF_ONE: &[Column] = &[
    Column::says("date", "The day of the meeting"),
    Column::says("part", "The part of the day"),
    Column::says("phase", "The phase of the group's cycle"),
    Column::says("mark", "present, late, absent or excused; empty where nobody marked them"),
    Column::adds_up("came", "1 where they came"),
    Column::says("session_id", "The id of the meeting"),
];

fn of_one(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    let Some(participant) = asked.participant else { return Err(Refused::NoSuchParticipant.into()) };
    // 1. Their group, where the caller may see it.
    let group: Option<Db<GroupId>> = on_each!(tx, |c, Backend| participants::table
        .filter(participants::id.eq(Db(participant)))
        .filter(participants::erased.eq(false))
        .filter(participants::group_id.eq_any(groups_in!(Backend, scope.groups, &asked.groups)))
        .select(participants::group_id)
        .first(c)
        .optional())?;
    let Some(Db(group)) = group else { return Err(Refused::NoSuchParticipant.into()) };
    // 2. Its meetings, with their mark.
    let counts = format!("sessions.id NOT IN ({})", left_out());
    type Row = (String, String, Option<String>, Option<String>, Db<SessionId>);
    let rows: Vec<Row> = on_each!(tx, |c| sessions::table
        .left_join(
            attendances::table.on(attendances::session_id
                .eq(sessions::id)
                .and(attendances::participant_id.eq(Db(participant)))
                .and(attendances::shown.eq(true)))
        )
        .filter(sessions::group_id.eq(Db(group)))
        .filter(sql::<Bool>(&counts))
        .order((sessions::date.desc(), sessions::id.desc()))
        .limit(MAX_ROWS as i64 + 1)
        .select(
            (sessions::date, sessions::part, sessions::phase, attendances::mark.nullable(), sessions::id,)
        )
        .load(c))?;
    let came = [Attendance::Present.code(), Attendance::Late.code()];
    let rows = few_enough(rows)?.into_iter().map(|(date, part, phase, mark, Db(id))| {
        let came = mark.as_deref().is_some_and(|mark| came.contains(&mark));
        vec![
            Cell::Day(date),
            Cell::text(part),
            Cell::texts(phase),
            Cell::texts(mark),
            Cell::Whole(came.into()),
            Cell::text(id),
        ]
    });
    let counted: i64 = on_each!(tx, |c| attendances::table
        .inner_join(sessions::table.on(sessions::id.eq(attendances::session_id)))
        .filter(attendances::participant_id.eq(Db(participant)).and(attendances::shown.eq(true)))
        .filter(attendances::mark.eq_any(came))
        .filter(sessions::group_id.eq(Db(group)))
        .filter(sql::<Bool>(&counts))
        .count()
        .get_result(c))?;
    Ok(Table::new(OF_ONE, rows.collect()).reconciled(
        "came",
        counted,
        "Meetings to which they came, and marks that say so",
    ))
}
