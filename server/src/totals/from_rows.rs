//! Answers from the rows of the records: of any span of days, in time that grows with the records asked for.
//!
//! How many columns a query groups by is known only when it is asked, so it is written as text; every value in it is bound, none is
//! written.
//!
//! 1. `asked`: the sessions that count, of the groups and days that are asked for.
//! 2. `counted`: what each of them contributes, a row for each person who came, and for each cell of its headcount.
//!    Register and headcount are two counts of one meeting and are never added up: each has columns of its own.
//! 3. `numbered`: the first of the rows that a session has in one row of the answer brings its minutes.
//! 4. The rows are grouped by the dimensions, each in a column of its own.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::question::{Question, Total};
use super::refusal::{MAX_MARKS, MAX_MEETINGS, Refused};
use crate::doubt::{CAME, left_out};
use crate::on_each;
use crate::scope::Scope;
use crate::scope::conditions::{Values, bound};
use crate::store::{Conn, Failure, StoreError};

/// How much there is to count.
#[derive(QueryableByName)]
struct Work {
    #[diesel(sql_type = BigInt)]
    meetings: i64,
    #[diesel(sql_type = BigInt)]
    marks: i64,
}

/// Whether a question is about no more meetings and marks than are counted one by one. No more rows are read than that many meetings.
///
/// # Errors
/// [`Refused::Days`] and [`Refused::PeopleAndMeetings`], and those of the store.
pub(super) fn within_budget(
    tx: &mut Conn<'_>,
    question: &Question,
    scope: Scope,
) -> Result<(), Failure<Refused>> {
    let mut values = Values::default();
    let sessions = question.sessions(&mut values, scope);
    let text = format!(
        "SELECT count(*) AS meetings, CAST(coalesce(sum(marked), 0) AS bigint) AS marks FROM (
             SELECT s.marked FROM sessions s JOIN groups g ON g.id = s.group_id WHERE {sessions} LIMIT {}
         ) AS asked",
        MAX_MEETINGS + 1,
    );
    let Work { meetings, marks } = on_each!(tx, |c, Backend| bound!(text, values, Backend).get_result(c))?;
    if meetings > MAX_MEETINGS || marks > MAX_MARKS {
        let refused = if question.is_told_by_facts() { Refused::Days } else { Refused::PeopleAndMeetings };
        return Err(refused.into());
    }
    Ok(())
}

/// # Errors
/// Those of the store.
pub(super) fn answer(tx: &mut Conn<'_>, question: &Question, scope: Scope) -> Result<Vec<Total>, StoreError> {
    let mut values = Values::default();
    let sessions = question.sessions(&mut values, scope);
    let meetings = question.meetings(&mut values, "");
    let people = question.people(&mut values, "");
    // A session to which nobody came has a row that says nothing of people.
    let nobody = "UNION ALL SELECT asked.*, 0, NULL, 0, NULL, NULL FROM asked";
    let nobody = if question.of_people() { "" } else { nobody };
    let (columns, grouped) = question.grouping();
    let dimensions: String =
        question.by.iter().map(|dimension| format!(", {}", dimension.sql("date"))).collect();
    let text = format!(
        "WITH asked AS (
             SELECT s.id, s.group_id, s.date, g.area, g.kind, g.modality, o.code AS organisation,
                    coalesce(s.phase, 'unknown') AS phase, s.part AS part_of_day, s.state, coalesce(s.minutes, 0) AS minutes
             FROM sessions s
             JOIN groups g ON g.id = s.group_id
             JOIN organisations o ON o.id = g.organisation_id
             WHERE {sessions} AND s.id NOT IN ({left_out})
         ), {CAME}, counted AS (
             SELECT asked.*, 1 AS came, p.id AS person, 0 AS heads,
                    coalesce(p.sex, 'unknown') AS sex, coalesce(p.age_band, 'unknown') AS age_band
             FROM asked
             JOIN came ON came.session_id = asked.id
             LEFT JOIN participants p ON p.id = came.who AND p.group_id = asked.group_id
             UNION ALL
             SELECT asked.*, 0, NULL, h.heads, h.sex, h.age_band
             FROM asked JOIN headcounts h ON h.session_id = asked.id AND h.heads > 0
             {nobody}
         ), numbered AS (
             SELECT counted.*, row_number() OVER (PARTITION BY id{dimensions} ORDER BY id) AS nth
             FROM counted WHERE {meetings} AND {people}
         )
         SELECT {columns}count(DISTINCT id) AS sessions,
                count(DISTINCT CASE WHEN came > 0 THEN id END) AS by_register,
                count(DISTINCT CASE WHEN heads > 0 THEN id END) AS by_headcount,
                CAST(coalesce(sum(came), 0) AS bigint) AS attendances,
                count(DISTINCT person) AS people,
                CAST(coalesce(sum(heads), 0) AS bigint) AS heads,
                CAST(coalesce(sum(CASE WHEN nth = 1 THEN minutes END), 0) AS bigint) AS minutes
         FROM numbered {grouped}",
        left_out = left_out(),
    );
    on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))
}
