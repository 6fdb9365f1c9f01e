//! Answers from facts: of whole months, by plain sums.
//!
//! 1. Sums over groups are read, of the coarsest level that tells what is asked ([`from_sums`]). Where no sums tell it (single groups; villages
//!    by month), the facts of the groups are.
//! 2. Of facts those rows are read that tell people apart as the question does (of all, by sex, by age band, or by both), or meetings (by phase,
//!    part of the day and state). No fact tells both apart ([`Question::is_told_by_facts`]).
//! 3. People are those rows of [`person_months`](crate::store::schema::person_months) of which the month before lies before what is
//!    asked for: each is another person. Where months are told apart, each month counts its own; of quarters and years those count
//!    who had not come in them before.

use diesel::prelude::*;

use super::doubts::Doubts;
use super::from_sums::{self, Sums};
use super::months::{Months, newly};
use super::question::{Question, RawTotals, Total};
use crate::facts::{DOUBTS, FINEST};
use crate::on_each;
use crate::scope::Scope;
use crate::scope::conditions::{Values, bound};
use crate::store::identity::CATCHING_UP;
use crate::store::{Conn, StoreError};

/// # Errors
/// Those of the store.
pub(super) fn answer(
    tx: &mut Conn<'_>,
    question: &Question,
    months: &Months,
    scope: Scope,
) -> Result<Vec<Total>, StoreError> {
    match Sums::that_tell(question, months, scope) {
        Some(sums) => from_sums::answer(tx, question, months, sums),
        None => from_groups(tx, question, months, scope),
    }
}

/// From the facts of the groups.
fn from_groups(
    tx: &mut Conn<'_>,
    question: &Question,
    months: &Months,
    scope: Scope,
) -> Result<Vec<Total>, StoreError> {
    let mut values = Values::default();
    let counted = of_groups(question, months, scope, &mut values);
    let (columns, grouped) = question.grouping();
    let sums =
        RawTotals::COLUMNS.map(|column| format!("CAST(coalesce(sum({column}), 0) AS bigint) AS {column}"));
    let text = format!("SELECT {columns}{} FROM ({counted}) AS counted {grouped}", sums.join(", "));
    on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))
}

/// What should be known of totals of whole months.
///
/// # Errors
/// Those of the store.
pub(super) fn doubts(
    tx: &mut Conn<'_>,
    question: &Question,
    months: &Months,
    scope: Scope,
) -> Result<Doubts, StoreError> {
    let mut values = Values::default();
    let (due, all) = (question.groups(&mut values, scope), question.groups(&mut values, scope));
    let sums = DOUBTS.map(|column| format!("sum(f.{column}) AS {column}")).join(", ");
    // What is said of people is said of no month.
    let in_months = |condition: String| format!("(f.month = '' OR ({condition}))");
    let whole = Question { by: Vec::new(), ..question.clone() };
    let from = match Sums::that_tell(&whole, months, scope) {
        Some(Sums { organisation, level, .. }) => {
            let rows = [level, FINEST].map(|level| {
                let asked = from_sums::asked(&whole, &Months::ALL, organisation, &mut values);
                let months = in_months(months.condition(&mut values, "f.month"));
                format!("SELECT {sums} FROM doubt_sums f WHERE f.level = {level} AND {asked} AND {months}")
            });
            rows.join(" UNION ALL ")
        }
        None => {
            let groups = question.groups(&mut values, scope);
            let months = in_months(months.condition(&mut values, "f.month"));
            format!(
                "SELECT {sums} FROM fact_doubts f JOIN groups g ON g.id = f.group_id WHERE {groups} AND {months}"
            )
        }
    };
    let counts = DOUBTS.map(|column| format!("CAST(coalesce(sum({column}), 0) AS bigint) AS {column}"));
    let text = format!(
        "SELECT {}, (SELECT count(*) FROM facts_due d JOIN groups g ON g.id = d.group_id WHERE {due})
                + CASE WHEN {CATCHING_UP} THEN
                      (SELECT count(*) FROM groups g WHERE {all} AND g.id NOT IN (SELECT group_id FROM facts_due))
                  ELSE 0 END AS being_counted
         FROM ({from}) AS counted",
        counts.join(", "),
    );
    on_each!(tx, |c, Backend| bound!(text, values, Backend).get_result(c))
}

fn of_groups(question: &Question, months: &Months, scope: Scope, values: &mut Values) -> String {
    let columns = "o.code AS organisation, g.area AS area, f.month AS date, g.kind, g.modality";
    let mut from = |table: &str, more: &dyn Fn(&Question, &mut Values) -> String| {
        let groups = question.groups(values, scope);
        let months = months.condition(values, "f.month");
        let more = more(question, values);
        format!(
            "FROM {table} f JOIN groups g ON g.id = f.group_id JOIN organisations o ON o.id = g.organisation_id
             WHERE {groups} AND {months} AND {more}"
        )
    };
    let facts = from("facts", &|question, values| cells(question, values));
    let facts = format!(
        "SELECT {columns}, f.sex, f.age_band, f.phase, f.part_of_day, f.state, f.sessions, f.by_register, f.by_headcount,
                f.attendances, f.heads, f.minutes, 0 AS people {facts}"
    );
    if question.of_meetings() {
        return facts;
    }
    let people = from("person_months", &|question, values| newly(question, months, values));
    format!("{facts} UNION ALL SELECT {columns}, f.sex, f.age_band, '', '', '', 0, 0, 0, 0, 0, 0, 1 {people}")
}

/// Which rows of facts tell people, or meetings, apart just as the question does.
fn cells(question: &Question, values: &mut Values) -> String {
    let each_or_all = |column: &str, each: bool| match each {
        true => format!("f.{column} <> ''"),
        false => format!("f.{column} = ''"),
    };
    let (sexes, age_bands) = question.sexes_and_age_bands();
    let (sex, age_band) = (each_or_all("sex", sexes), each_or_all("age_band", age_bands));
    let meetings = each_or_all("state", question.of_meetings());
    format!("{sex} AND {age_band} AND {meetings} AND {}", from_sums::cells_asked(question, values))
}
