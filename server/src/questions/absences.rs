//! Who was absent three times, and to which meetings one person came.

use actix_web::get;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Text};
use sync_core::id::{GroupId, ParticipantId, SessionId};
use sync_core::person::of_whom;
use sync_core::record::session::Attendance;

use super::asked::{Asked, Asker};
use super::question::question;
use super::refusal::{MAX_ROWS, Refused, few_enough};
use super::table::{Cell, Column, Table};
use crate::doubt::{ABSENT_MARK, Splits, left_out, marks};
use crate::on_each;
use crate::scope::conditions::{Values, bound, groups_asked};
use crate::scope::groups_in;
use crate::store::schema::{participants, sessions};
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
    "Every meeting of their group that counts, with their mark; the latest first.",
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
    // 2. Its meetings that count, with the mark of them, also where a tablet had given another code to them.
    let counts = format!("sessions.id NOT IN ({})", left_out());
    type Row = (String, String, Option<String>, Db<SessionId>);
    let rows: Vec<Row> = on_each!(tx, |c| sessions::table
        .filter(sessions::group_id.eq(Db(group)))
        .filter(sql::<Bool>(&counts))
        .order((sessions::date.desc(), sessions::id.desc()))
        .limit(MAX_ROWS as i64 + 1)
        .select((sessions::date, sessions::part, sessions::phase, sessions::id))
        .load(c))?;
    let rows = few_enough(rows)?;
    let splits = Splits::of_person(tx, group, participant)?;
    let ids: Vec<SessionId> = rows.iter().map(|(.., id)| id.0).collect();
    let marks = marks(tx, &ids, Some(participant))?;
    let rows = rows.into_iter().map(|(date, part, phase, Db(id))| {
        let marked = of_whom(marks.get(&id).map_or(&[], Vec::as_slice), |mark| splits.owner(mark));
        let theirs = marked.into_iter().filter(|(owner, _)| *owner == participant).map(|(_, mark)| mark);
        // Of one who is marked under two codes the mark that says that they came.
        let mark = theirs.max_by_key(|mark| mark.attended());
        vec![
            Cell::Day(date),
            Cell::text(part),
            Cell::texts(phase),
            Cell::texts(mark.map(Attendance::code)),
            Cell::Whole(mark.is_some_and(Attendance::attended).into()),
            Cell::text(id),
        ]
    });
    let table = Table::new(OF_ONE, rows.collect());
    // 3. The same number, counted in the store.
    let mut values = Values::default();
    let of = values.id("s.group_id = ?", group);
    let [code, given, owner, shown] = [
        "a.participant_id = ?",
        "a.participant_id IN (SELECT participant_id FROM participant_origins WHERE split_to = ?)",
        "coalesce(o.split_to, a.participant_id) = ?",
        "coalesce(ob.split_to, b.participant_id) = ?",
    ]
    .map(|condition| values.id(condition, participant));
    let by = |mark: &str, origin: &str| {
        format!(
            "LEFT JOIN participant_origins {origin} ON {origin}.participant_id = {mark}.participant_id AND {origin}.device_id = {mark}.author"
        )
    };
    let text = format!(
        "SELECT count(DISTINCT a.session_id) AS meetings
         FROM sessions s JOIN attendances a ON a.session_id = s.id {}
         WHERE {of} AND s.id NOT IN ({}) AND a.mark IN ('present', 'late') AND ({code} OR {given}) AND {owner}
         AND (a.shown OR NOT EXISTS (
             SELECT 1 FROM attendances b {}
             WHERE b.session_id = a.session_id AND b.participant_id = a.participant_id AND b.shown AND {shown}))",
        by("a", "o"),
        left_out(),
        by("b", "ob"),
    );
    let Came { meetings } = on_each!(tx, |c, Backend| bound!(text, values, Backend).get_result(c))?;
    Ok(table.reconciled("came", meetings, "Meetings to which they came, and marks that say so"))
}

#[derive(QueryableByName)]
struct Came {
    #[diesel(sql_type = BigInt)]
    meetings: i64,
}
