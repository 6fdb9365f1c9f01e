//! Who was absent three times, and to which meetings one person came.

use actix_web::get;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Text};
use sync_core::id::{GroupId, ParticipantId, SessionId};
use sync_core::record::session::Attendance;

use super::asked::{Asked, Asker};
use super::question::question;
use super::refusal::{MAX_ROWS, Refused, few_enough};
use super::table::{Cell, Column, Table};
use crate::doubt::{ABSENT_MARK, left_out};
use crate::on_each;
use crate::scope::conditions::{Values, bound, groups_asked};
use crate::scope::groups_in;
use crate::store::schema::{attendances, participants, sessions};
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

/// How many people may be in the groups that are asked for: that takes a quarter of a second where each of them was absent some times.
const MOST_PEOPLE: usize = 20_000;

fn absent(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    #[derive(QueryableByName)]
    struct Absent {
        #[diesel(sql_type = Binary)]
        id: Db<ParticipantId>,
        #[diesel(sql_type = Text)]
        group_name: String,
        #[diesel(sql_type = Text)]
        code: String,
        #[diesel(sql_type = BigInt)]
        times: i64,
    }
    let scope = asker.scope()?;
    let people: Vec<Db<ParticipantId>> = on_each!(tx, |c, Backend| participants::table
        .filter(participants::group_id.eq_any(groups_in!(Backend, scope.groups, &asked.groups)))
        .limit(MOST_PEOPLE as i64 + 1)
        .select(participants::id)
        .load(c))?;
    if people.len() > MOST_PEOPLE {
        return Err(Refused::People.into());
    }
    let mut values = Values::default();
    let groups = groups_asked(&mut values, scope.groups, &asked.groups);
    // `CROSS`, so that SQLite goes from the people to their marks; as a condition on each person, all marks would be counted twice.
    let text = format!(
        "WITH asked AS (
             SELECT p.id, p.code, g.name, g.area, g.id AS group_id FROM groups g JOIN participants p ON p.group_id = g.id
             WHERE {groups} AND g.void IS NULL AND p.void IS NULL AND p.exit IS NULL AND NOT p.erased
         ), absent AS (
             SELECT asked.id, count(*) AS times FROM asked CROSS JOIN attendances a
             LEFT JOIN participant_origins o ON o.participant_id = a.participant_id AND o.device_id = a.author
             WHERE a.participant_id = asked.id AND {ABSENT_MARK} AND a.session_id NOT IN ({left_out})
             GROUP BY asked.id HAVING count(*) >= {at_least}
         )
         SELECT asked.id, asked.name AS group_name, asked.code, absent.times FROM absent JOIN asked ON asked.id = absent.id
         ORDER BY asked.area, asked.group_id, asked.code, asked.id LIMIT {limit}",
        left_out = left_out(),
        at_least = asked.times.unwrap_or(USUAL),
        limit = MAX_ROWS + 1,
    );
    let rows: Vec<Absent> = on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))?;
    let row = |Absent { id: Db(id), group_name, code, times }: Absent| {
        vec![Cell::text(group_name), Cell::text(code), Cell::Whole(times), Cell::text(id)]
    };
    Ok(Table::new(ABSENT, few_enough(rows)?.into_iter().map(row).collect()).noting(
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
