//! Answers from facts: of whole months, by plain sums.
//!
//! 1. Where it is enough to know the sector, sums over groups are read, of the coarsest level that tells what is asked; otherwise the
//!    facts of the groups.
//! 2. Of facts those rows are read that tell people apart as the question does: of all, by sex, by age band, or by both.
//! 3. People are those rows of [`person_months`](crate::store::schema::person_months) of which the month before lies before what is
//!    asked for: each is another person. Where months are told apart, each month counts its own; of quarters and years those count
//!    who had not come in them before.

use diesel::prelude::*;
use sync_core::area::Level;
use sync_core::time::Date;

use super::conditions::{Values, bound};
use super::dimension::Dimension;
use super::question::{Question, Row, Total};
use crate::facts::{BOTH, FINEST, level, plane};
use crate::on_each;
use crate::records::Asked;
use crate::records::scope::{Scope, below};
use crate::store::{Conn, StoreError};

/// From one month to another, both among it; none where it has no end.
#[derive(Debug, Clone)]
pub(super) struct Months {
    from: Option<String>,
    to: Option<String>,
}

impl Months {
    /// None where the days asked for are not whole months.
    pub(super) fn of(asked: &Asked) -> Option<Self> {
        let month = |day: Date| day.to_string().get(..7).map(str::to_owned);
        let whole = asked.from.is_none_or(|from| from.day() == 1)
            && asked.to.is_none_or(|to| to.day() == to.days_in_month());
        whole.then(|| Self { from: asked.from.and_then(month), to: asked.to.and_then(month) })
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
    let (facts, people) = match by_sector(question, scope) {
        true => of_sums(question, months, scope, &mut values),
        false => of_groups(question, months, scope, &mut values),
    };
    let (columns, group, order) = question.grouping();
    let sum = |column: &str| format!("CAST(coalesce(sum({column}), 0) AS bigint) AS {column}");
    let sums = ["sessions", "by_register", "by_headcount", "attendances", "people", "heads"].map(sum);
    // Sums in which nothing is left any longer are no row. A total is one in any case.
    let there = if group.is_empty() { "" } else { "HAVING sum(sessions) > 0" };
    let text = format!(
        "SELECT {columns}, {sums} FROM ({facts} UNION ALL {people}) AS counted {group} {there} {order}",
        sums = sums.join(", "),
    );
    let rows: Vec<Row> = on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))?;
    Ok(question.totals(rows))
}

/// Whether nothing is asked that sums over groups don't tell.
fn by_sector(question: &Question, scope: Scope) -> bool {
    let finer = |dimension: &Dimension| {
        matches!(dimension, Dimension::Area(Level::Cell) | Dimension::Area(Level::Village))
    };
    let Asked { group, area, .. } = &question.asked;
    matches!(scope, Scope::Organisation(_))
        && group.is_none()
        && area.is_none_or(|area| area.level().digits() <= Level::Sector.digits())
        && !question.by.iter().any(finer)
}

/// The columns of what is counted, of facts.
const FACTS: &str =
    "f.sex, f.age_band, f.sessions, f.by_register, f.by_headcount, f.attendances, f.heads, 0 AS people";
/// The same of people.
const NO_FACTS: &str = "0 AS sessions, 0 AS by_register, 0 AS by_headcount, 0 AS attendances, 0 AS heads";

/// The sums of the coarsest level that tells what is asked, and of all levels those rows that are not added up yet.
fn of_sums(question: &Question, months: &Months, scope: Scope, values: &mut Values) -> (String, String) {
    let columns = "o.code AS organisation, f.area AS area, f.month AS date, f.kind, f.modality";
    let (level, plane) = (level_of(question), plane(told_apart(question).0, told_apart(question).1));
    let mut from = |table: &str, rows: &str, more: &dyn Fn(&Question, &mut Values) -> String| {
        let mut all = vec![rows.to_owned(), months.condition(values, "f.month")];
        if let Scope::Organisation(organisation) = scope {
            all.push(values.id("f.organisation_id = ?", organisation));
        }
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
        all.push(more(question, values));
        format!("FROM {table} f JOIN organisations o ON o.id = f.organisation_id WHERE {}", all.join(" AND "))
    };
    let people = |question: &Question, values: &mut Values| question.people(values, "f.");
    let newly = |question: &Question, values: &mut Values| newly(question, months, values);
    let added = format!("f.level = {level} AND f.plane = {plane} AND length(f.part) = 0");
    let facts = [
        from("fact_sums", &added, &people),
        from(
            "fact_sums",
            &format!("f.level = {FINEST} AND f.plane = {plane} AND length(f.part) > 0"),
            &people,
        ),
    ];
    let people = [
        from("people_sums", &added, &newly),
        from(
            "people_sums",
            &format!("f.level = {FINEST} AND f.plane = {BOTH} AND length(f.part) > 0"),
            &newly,
        ),
    ];
    let select = |columns: &str, from: [String; 2]| {
        from.map(|from| format!("SELECT {columns} {from}")).join(" UNION ALL ")
    };
    (
        select(&format!("{columns}, {FACTS}"), facts),
        select(&format!("{columns}, f.sex, f.age_band, {NO_FACTS}, f.people"), people),
    )
}

/// The coarsest level of sums that tells what is asked.
fn level_of(question: &Question) -> i32 {
    let Asked { kind, modality, area, .. } = &question.asked;
    let digits = |dimension: &Dimension| match dimension {
        Dimension::Area(level) => level.digits(),
        _ => 0,
    };
    let asked = area.map_or(0, |area| area.level().digits());
    let digits = question.by.iter().map(digits).chain([asked]).max().unwrap_or_default();
    let of_kind = |dimension: &Dimension| matches!(dimension, Dimension::Kind | Dimension::Modality);
    let kinds = kind.is_some() || modality.is_some() || question.by.iter().any(of_kind);
    // Provinces are told by districts.
    level(digits.next_multiple_of(2), kinds)
}

/// Whether a question tells sexes apart, and age bands.
fn told_apart(question: &Question) -> (bool, bool) {
    (
        question.sex.is_some() || question.by.contains(&Dimension::Sex),
        question.age_band.is_some() || question.by.contains(&Dimension::AgeBand),
    )
}

fn of_groups(question: &Question, months: &Months, scope: Scope, values: &mut Values) -> (String, String) {
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
    (
        format!("SELECT {columns}, {FACTS} {facts}"),
        format!("SELECT {columns}, f.sex, f.age_band, {NO_FACTS}, 1 AS people {people}"),
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
    let period =
        question.by.iter().filter_map(|dimension| dimension.period()).max_by_key(|(finer, _)| *finer);
    let mut any = Vec::new();
    if let Some((_, begins)) = period {
        any.push(format!("f.before < {begins}"));
    }
    if let Some(from) = &months.from {
        any.push(values.text("f.before < ?", from));
    }
    if any.is_empty() {
        any.push("f.before = ''".to_owned());
    }
    format!("{people} AND ({})", any.join(" OR "))
}
