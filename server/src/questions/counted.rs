//! What measures count: exactly, of the groups that somebody may see; or as it was published.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use sync_core::area::AreaCode;
use sync_core::record::AgeBand;
use sync_core::time::Date;

use crate::doubt::{GRADUATED, MET_LAST};
use crate::frameworks::indicator::{Count, Indicator, Measure, Split, Unit};
use crate::on_each;
use crate::published::Figures;
use crate::scope::conditions::{Values, bound, groups_asked};
use crate::scope::{Asked, Scope};
use crate::store::{Conn, StoreError};
use crate::totals::{Dimension, Totals, told_apart};

/// Which months, whole ones, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) from: Option<Date>,
    pub(super) to: Option<Date>,
    pub(super) area: Option<AreaCode>,
}

/// A row of an answer: the quarter, where quarters are told apart, and who or what, where something is.
pub(super) type Told = (String, String);

/// What a measure counts, told apart by quarter and by one thing more. Rows of which there is nothing are left out.
///
/// # Errors
/// Those of the store.
pub(super) fn exact(
    tx: &mut Conn<'_>,
    scope: Scope,
    measure: &Measure,
    span: Span,
    by_quarter: bool,
    split: Option<Split>,
) -> Result<BTreeMap<Told, i64>, StoreError> {
    let Span { from, to, area } = span;
    let asked = Asked { from, to, area, kind: measure.kind, modality: measure.modality, ..Asked::default() };
    match measure.count {
        Count::Groups => rows(tx, scope, &asked, &Counted::groups(), measure, by_quarter, split),
        Count::Graduates => rows(tx, scope, &asked, &Counted::graduates(), measure, by_quarter, split),
        _ => totals(tx, scope, &asked, measure, by_quarter, split),
    }
}

fn dimension(split: Split) -> Dimension {
    match split {
        Split::Sex => Dimension::Sex,
        Split::AgeBand => Dimension::AgeBand,
        Split::District => Dimension::DISTRICT,
        Split::Modality => Dimension::Modality,
        Split::Kind => Dimension::Kind,
    }
}

fn totals(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
    measure: &Measure,
    by_quarter: bool,
    split: Option<Split>,
) -> Result<BTreeMap<Told, i64>, StoreError> {
    // 1. Several age bands are told apart, and added up again: somebody is of one.
    let by_age = !measure.age_bands.is_empty();
    let mut by: Vec<Dimension> = by_quarter.then_some(Dimension::Quarter).into_iter().collect();
    by.extend(by_age.then_some(Dimension::AgeBand));
    by.extend(split.filter(|split| !(by_age && *split == Split::AgeBand)).map(dimension));
    let rows = told_apart(tx, scope, asked, measure.sex, measure.phase, by)?;
    // 2. Each row names what it is of in the order of the dimensions.
    let mut told = BTreeMap::new();
    for (words, totals) in rows {
        let mut words = words.into_iter();
        let quarter = by_quarter.then(|| words.next()).flatten().unwrap_or_default();
        let age = by_age.then(|| words.next()).flatten();
        if age.as_ref().is_some_and(|age| !measure.age_bands.iter().any(|one| one.code() == age)) {
            continue;
        }
        let who = match split {
            Some(Split::AgeBand) if by_age => age,
            Some(_) => words.next(),
            None => None,
        };
        *told.entry((quarter, who.unwrap_or_default())).or_default() += counted(measure.count, totals);
    }
    told.retain(|_, count| *count != 0);
    Ok(told)
}

fn counted(count: Count, totals: Totals) -> i64 {
    match count {
        Count::Sessions => totals.sessions,
        Count::Attendances => totals.attendances,
        Count::People => totals.people.unwrap_or_default(),
        Count::Heads => totals.heads,
        Count::Minutes => totals.minutes,
        Count::Groups | Count::Graduates => 0,
    }
}

/// What is counted, in SQL: of the groups that are asked for, each in one or more months.
struct Counted {
    /// The month of a group `g`, and the tables that it is from.
    months: String,
    /// Of rows `m` of these: whom they tell of.
    people: String,
    counts: &'static str,
}

impl Counted {
    fn groups() -> Self {
        let months = "f.month FROM groups g
             JOIN facts f ON f.group_id = g.id AND f.sex = '' AND f.age_band = '' AND f.state = '' AND f.sessions > 0";
        Self { months: months.to_owned(), people: String::new(), counts: "count(DISTINCT x.id)" }
    }

    fn graduates() -> Self {
        Self {
            months: format!("{MET_LAST} AS month FROM groups g"),
            people: format!("JOIN participants p ON p.group_id = m.id AND {GRADUATED}"),
            counts: "count(*)",
        }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    quarter: String,
    #[diesel(sql_type = Text)]
    who: String,
    #[diesel(sql_type = BigInt)]
    counted: i64,
}

fn rows(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
    what: &Counted,
    measure: &Measure,
    by_quarter: bool,
    split: Option<Split>,
) -> Result<BTreeMap<Told, i64>, StoreError> {
    let mut values = Values::default();
    let groups = groups_asked(&mut values, scope.groups, asked);
    let mut all = vec!["m.month IS NOT NULL".to_owned()];
    for (day, than) in [(asked.from, ">="), (asked.to, "<=")] {
        let bound = day.map(|day| values.text(&format!("m.month {than} ?"), &day.to_string()[..7]));
        all.extend(bound);
    }
    if let Some(sex) = measure.sex {
        all.push(values.text("p.sex = ?", sex.code()));
    }
    if !measure.age_bands.is_empty() {
        let each = |band: &AgeBand| values.text("p.age_band = ?", band.code());
        let any: Vec<String> = measure.age_bands.iter().map(each).collect();
        all.push(format!("({})", any.join(" OR ")));
    }
    let quarter = if by_quarter { Dimension::Quarter.sql("m.month") } else { "''".to_owned() };
    let who = match split {
        None => "''",
        Some(Split::Sex) => "COALESCE(p.sex, 'unknown')",
        Some(Split::AgeBand) => "COALESCE(p.age_band, 'unknown')",
        Some(Split::District) => "substr(m.area, 1, 2)",
        Some(Split::Modality) => "m.modality",
        Some(Split::Kind) => "m.kind",
    };
    let Counted { months, people, counts } = what;
    let text = format!(
        "SELECT x.quarter, x.who, {counts} AS counted FROM (
             SELECT {quarter} AS quarter, {who} AS who, m.id AS id FROM (
                 SELECT g.id, g.area, g.kind, g.modality, {months} WHERE {groups} AND g.void IS NULL
             ) m {people} WHERE {all}
         ) x GROUP BY x.quarter, x.who",
        all = all.join(" AND ")
    );
    let rows: Vec<Row> = on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))?;
    Ok(rows.into_iter().map(|Row { quarter, who, counted }| ((quarter, who), counted)).collect())
}

/// The value of an indicator from what its measures count: `None` where it would divide by nothing.
pub(super) fn value(indicator: &Indicator, counted: i64, of: Option<i64>) -> Option<f64> {
    let times = if indicator.unit == Unit::Percent { 100.0 } else { 1.0 };
    match of {
        None => Some(counted as f64),
        Some(0) => None,
        Some(of) => Some(times * counted as f64 / of as f64),
    }
}

/// What was published of a measure, of one organisation as a whole: `None` where that is not told, or can't be told from figures that are.
pub(super) fn published(figures: &Figures, measure: &Measure, organisation: &str) -> Option<i64> {
    let Measure { count, kind, modality, sex, age_bands, phase } = measure;
    if kind.is_some() || phase.is_some() {
        return None;
    }
    let whole = figures.reached.iter().find(|one| one.is_whole && one.organisation == organisation);
    match (count, modality, sex, &age_bands[..]) {
        (Count::People, None, None, []) => whole.map(|one| one.people),
        (Count::People, Some(modality), None, []) => figures.of_modality(organisation, modality.code()),
        (Count::People, None, sex, bands) => figures.of_people(organisation, *sex, youth(bands)?),
        (Count::Graduates, None, None, []) => whole.and_then(|one| one.graduates),
        (Count::Attendances, None, None, []) => whole.and_then(|one| one.attendances),
        (Count::Sessions, modality, None, []) => {
            Some(figures.meetings(organisation, modality.map(|one| one.code())).sessions)
        }
        (Count::Groups, modality, None, []) => {
            Some(figures.meetings(organisation, modality.map(|one| one.code())).groups)
        }
        _ => None,
    }
}

/// Whether these age bands are those of youth, all but them, or all (`None`); nothing where they are others.
fn youth(bands: &[AgeBand]) -> Option<Option<bool>> {
    let is_young = |band: &AgeBand| matches!(band, AgeBand::From16To24 | AgeBand::From25To35);
    let young = bands.iter().filter(|band| is_young(band)).count();
    match (young, bands.len() - young) {
        (0, 0) => Some(None),
        (2, 0) => Some(Some(true)),
        (0, 3) => Some(Some(false)),
        _ => None,
    }
}
