//! Answers from facts: of whole months, by plain sums.
//!
//! 1. Sums over groups are read, of the coarsest level that tells what is asked, in the order of their key, in which rows of one answer
//!    stand together. Where no sums tell it (single groups; villages by month), the facts of the groups are.
//! 2. Of facts those rows are read that tell people apart as the question does: of all, by sex, by age band, or by both.
//! 3. People are those rows of [`person_months`](crate::store::schema::person_months) of which the month before lies before what is
//!    asked for: each is another person. Where months are told apart, each month counts its own; of quarters and years those count
//!    who had not come in them before.

use diesel::prelude::*;
use sync_core::id::OrganisationId;
use sync_core::time::Date;

use super::conditions::{Values, bound};
use super::dimension::Dimension;
use super::doubts::Doubts;
use super::question::{Question, Row, Total};
use crate::facts::{BOTH, DOUBTS, FINEST, Period, at_least, plane};
use crate::on_each;
use crate::scope::{Asked, Scope, below};
use crate::store::{Conn, StoreError};

/// From one month to another, both among it; none where it has no end.
#[derive(Debug, Clone)]
pub(super) struct Months {
    from: Option<String>,
    to: Option<String>,
}

impl Months {
    const ALL: Self = Self { from: None, to: None };

    /// None where the days asked for are not whole months.
    pub(super) fn of(asked: &Asked) -> Option<Self> {
        let month = |day: Date| day.to_string().get(..7).map(str::to_owned);
        let whole = asked.from.is_none_or(|from| from.day() == 1)
            && asked.to.is_none_or(|to| to.day() == to.days_in_month());
        whole.then(|| Self { from: asked.from.and_then(month), to: asked.to.and_then(month) })
    }

    /// Whether it has neither a beginning nor an end.
    fn are_all(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// As a condition on a column.
    pub(super) fn condition(&self, values: &mut Values, column: &str) -> String {
        let mut all = vec!["1 = 1".to_owned()];
        if let Some(from) = &self.from {
            all.push(values.text(&format!("{column} >= ?"), from));
        }
        if let Some(to) = &self.to {
            all.push(values.text(&format!("{column} <= ?"), to));
        }
        all.join(" AND ")
    }
}

/// # Errors
/// Those of the store.
pub(super) fn answer(
    tx: &mut Conn<'_>,
    question: &Question,
    months: &Months,
    scope: Scope,
) -> Result<Vec<Total>, StoreError> {
    let mut values = Values::default();
    let counted = match sums(question, months, scope) {
        Some(sums) => of_sums(question, months, sums, &mut values),
        None => of_groups(question, months, scope, &mut values),
    };
    let (columns, group, order) = question.grouping();
    let sum = |column: &str| format!("CAST(coalesce(sum({column}), 0) AS bigint) AS {column}");
    let sums = ["sessions", "by_register", "by_headcount", "attendances", "people", "heads"].map(sum);
    // Sums in which nothing is left any longer are no row. A total is one in any case.
    let there = if group.is_empty() { "" } else { "HAVING sum(sessions) > 0" };
    let text = format!(
        "SELECT {columns}, {sums} FROM ({counted}) AS counted {group} {there} {order}",
        sums = sums.join(", "),
    );
    let rows: Vec<Row> = on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))?;
    Ok(question.totals(rows))
}

/// Sums that tell what is asked.
#[derive(Debug, Clone, Copy)]
struct Sums {
    organisation: OrganisationId,
    level: i32,
}

/// The coarsest sums that tell what is asked; none where there are none.
fn sums(question: &Question, months: &Months, scope: Scope) -> Option<Sums> {
    let Scope::Organisation(organisation) = scope else { return None };
    let Asked { group, kind, modality, area, .. } = &question.asked;
    if group.is_some() {
        return None;
    }
    let digits = |dimension: &Dimension| match dimension {
        Dimension::Area(level) => level.digits(),
        _ => 0,
    };
    let asked = area.map_or(0, |area| area.level().digits());
    let digits = question.by.iter().map(digits).chain([asked]).max().unwrap_or_default();
    let of_kind = |dimension: &Dimension| matches!(dimension, Dimension::Kind | Dimension::Modality);
    let kinds = kind.is_some() || modality.is_some() || question.by.iter().any(of_kind);
    let timeless = months.are_all() && !question.by.iter().any(|dimension| dimension.period().is_some());
    let period = if timeless { Period::All } else { Period::Month };
    Some(Sums { organisation, level: at_least(period, digits, kinds)? })
}

/// The sums that are asked for, and what is not added up yet, with a column for each thing that they are told apart by.
fn of_sums(question: &Question, months: &Months, sums: Sums, values: &mut Values) -> String {
    let told = |by: fn(&Dimension) -> bool| question.by.iter().any(by);
    let (sexes, age_bands) = told_apart(question);
    // In the order of the key; what is not asked for is left out.
    let columns = [
        ("area", "area", told(|one| matches!(one, Dimension::Area(_)))),
        ("kind", "kind", told(|one| *one == Dimension::Kind)),
        ("modality", "modality", told(|one| *one == Dimension::Modality)),
        ("sex", "sex", sexes),
        ("age_band", "age_band", age_bands),
        ("month", "date", told(|one| one.period().is_some())),
    ];
    // All columns of the key up to the last that is told apart: rows that are added up then stand together, and need not be sorted.
    let last = columns.iter().rposition(|(_, _, told)| *told);
    let grouped: Vec<String> = columns[..last.map_or(0, |last| last + 1)]
        .iter()
        .map(|(column, _, _)| format!("f.{column}"))
        .collect();
    let grouped = if grouped.is_empty() { String::new() } else { format!("GROUP BY {}", grouped.join(", ")) };
    let named: String = columns
        .iter()
        .filter(|(_, _, told)| *told)
        .map(|(column, name, _)| format!("f.{column} AS {name}, "))
        .collect();
    let by_organisation = told(|one| *one == Dimension::Organisation);
    let plane = plane(sexes, age_bands);
    let mut rows = |table: &str, level: i32, plane: i32, counts: &str, newly: bool| {
        let code = "(SELECT code FROM organisations WHERE id = ?) AS organisation, ";
        let organisation = if by_organisation { values.id(code, sums.organisation) } else { String::new() };
        let mut all = vec![
            format!("f.level = {level} AND f.plane = {plane}"),
            sums_asked(question, months, sums.organisation, values),
        ];
        all.push(match newly {
            true => self::newly(question, months, values),
            false => question.people(values, "f."),
        });
        format!("SELECT {organisation}{named}{counts} FROM {table} f WHERE {} {grouped}", all.join(" AND "))
    };
    let all = [
        rows("fact_sums", sums.level, plane, FACTS, false),
        rows("fact_sums", FINEST, plane, FACTS, false),
        rows("people_sums", sums.level, plane, PEOPLE, true),
        rows("people_sums", FINEST, BOTH, PEOPLE, true),
    ];
    all.join(" UNION ALL ")
}

/// What is counted of facts.
const FACTS: &str =
    "sum(f.sessions) AS sessions, sum(f.by_register) AS by_register, sum(f.by_headcount) AS by_headcount,
    sum(f.attendances) AS attendances, sum(f.heads) AS heads, 0 AS people";
/// The same of people.
const PEOPLE: &str = "0 AS sessions, 0 AS by_register, 0 AS by_headcount, 0 AS attendances, 0 AS heads, sum(f.people) AS people";

/// Which rows of sums are asked for, whatever the people.
fn sums_asked(question: &Question, months: &Months, of: OrganisationId, values: &mut Values) -> String {
    let mut all = vec![values.id("f.organisation_id = ?", of), months.condition(values, "f.month")];
    let Asked { organisation, kind, modality, area, .. } = &question.asked;
    if let Some(organisation) = organisation {
        all.push(values.id("f.organisation_id = ?", *organisation));
    }
    if let Some(kind) = kind {
        all.push(values.text("f.kind = ?", kind.code()));
    }
    if let Some(modality) = modality {
        all.push(values.text("f.modality = ?", modality.code()));
    }
    if let Some(area) = area {
        all.push(values.text("f.area LIKE ?", below(*area)));
    }
    all.join(" AND ")
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
    let sums = DOUBTS.map(|column| format!("sum(f.{column}) AS {column}")).join(", ");
    // What is said of people is said of no month.
    let in_months = |condition: String| format!("(f.month = '' OR ({condition}))");
    let all = Question { by: Vec::new(), ..question.clone() };
    let from = match self::sums(&all, months, scope) {
        Some(Sums { organisation, level }) => {
            let rows = [level, FINEST].map(|level| {
                let asked = sums_asked(&all, &Months::ALL, organisation, &mut values);
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
    let all = DOUBTS.map(|column| format!("CAST(coalesce(sum({column}), 0) AS bigint) AS {column}"));
    let text = format!("SELECT {} FROM ({from}) AS counted", all.join(", "));
    on_each!(tx, |c, Backend| bound!(text, values, Backend).get_result(c))
}

/// Whether a question tells sexes apart, and age bands.
fn told_apart(question: &Question) -> (bool, bool) {
    (
        question.sex.is_some() || question.by.contains(&Dimension::Sex),
        question.age_band.is_some() || question.by.contains(&Dimension::AgeBand),
    )
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
    let people = from("person_months", &|question, values| newly(question, months, values));
    format!(
        "SELECT {columns}, f.sex, f.age_band, f.sessions, f.by_register, f.by_headcount, f.attendances, f.heads, 0 AS people {facts}
         UNION ALL
         SELECT {columns}, f.sex, f.age_band, 0, 0, 0, 0, 0, 1 {people}"
    )
}

/// Which rows of facts tell people apart just as the question does.
fn cells(question: &Question, values: &mut Values) -> String {
    let each_or_all = |column: &str, each: bool| match each {
        true => format!("f.{column} <> ''"),
        false => format!("f.{column} = ''"),
    };
    let (sexes, age_bands) = told_apart(question);
    let people = question.people(values, "f.");
    format!("{} AND {} AND {people}", each_or_all("sex", sexes), each_or_all("age_band", age_bands))
}

/// Which rows of the months of people are those of people who had not come before, in what is asked for or told apart.
fn newly(question: &Question, months: &Months, values: &mut Values) -> String {
    let people = question.people(values, "f.");
    let mut any = Vec::new();
    if let Some(period) = question.by.iter().filter_map(|dimension| dimension.period()).max() {
        any.push(format!("f.before < {}", period.begins("f.month")));
    }
    if let Some(from) = &months.from {
        any.push(values.text("f.before < ?", from));
    }
    if any.is_empty() {
        any.push("f.before = ''".to_owned());
    }
    format!("{people} AND ({})", any.join(" OR "))
}
