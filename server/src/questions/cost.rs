//! Value for money: what budgets give, for each person reached, each meeting and each graduate.

use actix_web::get;
use std::collections::BTreeMap;

use sync_core::record::Modality;

use super::asked::{Asked, Asker};
use super::counted::{Span, exact};
use super::question::question;
use super::reached::{ABOUT, latest, nothing};
use super::refusal::Refused;
use super::table::{Cell, Column, Table};
use crate::frameworks::indicator::{Count, Measure};
use crate::money::{Line, amounts, lines};
use crate::scope::Scope;
use crate::store::{Conn, Failure, StoreError};

question!(
    COST,
    ask_cost,
    "/v1/questions/cost",
    "What the organisation's budget gives, by method, for each person, meeting and graduate",
    "Exactly, as of now. A line of the budget is spread over its months, all alike; nothing is converted between currencies. People are those who came at least once in these months, each once \
     in their group; graduates those whose group met last in them.",
    &["from", "to"],
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("modality", "The method; nothing: lines that pay for all methods together"),
    Column::says("currency", "The currency, ISO 4217"),
    Column::says("amount", "What the budget gives for these months, in whole units of the currency"),
    Column::says("people", "People who came at least once"),
    Column::says("sessions", "Meetings that were held"),
    Column::says("graduates", "People who graduated"),
    Column::says("each_person", "The amount for each of the people"),
    Column::says("each_session", "The amount for each of the meetings"),
    Column::says("each_graduate", "The amount for each of the graduates"),
];

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    let span = Span { from: asked.groups.from, to: asked.groups.to, area: None };
    let month = |day: sync_core::time::Date| day.to_string()[..7].to_owned();
    let from = span.from.map_or_else(|| "0001-01".to_owned(), month);
    let to = span.to.map_or_else(|| "9999-12".to_owned(), month);
    let lines = lines(tx, scope.organisation)?;
    let sums = amounts(&lines, &from, &to);
    // Of each method it is counted once, however many currencies pay for it.
    let mut counted = BTreeMap::new();
    for (modality, _) in sums.keys() {
        if !counted.contains_key(modality) {
            let of = modality.as_ref().and_then(|one| one.parse().ok());
            counted.insert(modality.clone(), counts(tx, scope, of, span)?);
        }
    }
    let mut rows = Vec::new();
    for ((modality, currency), amount) in &sums {
        let known = [Cell::texts(modality.as_ref()), Cell::text(currency), Cell::Whole(*amount)];
        let counts = counted.get(modality).copied().unwrap_or_default();
        let each = counts.map(|count| Cell::ratio(*amount, count));
        rows.push(known.into_iter().chain(counts.map(Cell::Whole)).chain(each).collect());
    }
    Ok(reconciled(Table::new(COLUMNS, rows), &lines, &from, &to, sums.values().sum())
        .noting("A budget is what was given, not what was spent."))
}

/// The sums by method and currency, against line by line.
fn reconciled(table: Table, lines: &[Line], from: &str, to: &str, rows: i64) -> Table {
    let counted = lines.iter().map(|line| line.within(from, to)).sum();
    table.with_reconciled(
        "Amounts in the rows, and lines of the budget, all currencies together",
        rows,
        counted,
    )
}

fn counts(
    tx: &mut Conn<'_>,
    scope: Scope,
    modality: Option<Modality>,
    span: Span,
) -> Result<[i64; 3], StoreError> {
    let mut counts = [0; 3];
    for (at, count) in [Count::People, Count::Sessions, Count::Graduates].into_iter().enumerate() {
        let measure = Measure { count, kind: None, modality, sex: None, age_bands: Vec::new(), phase: None };
        counts[at] = exact(tx, scope, &measure, span, false, None)?.values().sum();
    }
    Ok(counts)
}

question!(
    PUBLISHED_COST,
    ask_published_cost,
    "/v1/questions/published-cost",
    "What the partners' budgets give in a quarter, for each person reached, each meeting and each graduate",
    "Published figures of people and meetings of that quarter, each partner as a whole. A line of a budget is spread over its months, all alike; nothing is converted between currencies, so of a partner with \
     several nothing is told for each person. Graduates are people of groups that met last in the quarter; they are told where that says nothing of the others.",
    &["release"],
    published
);

const PUBLISHED_COLUMNS: &[Column] = &[
    Column::says("organisation", "The partner"),
    Column::says("currency", "The currency, ISO 4217"),
    Column::says("amount", "What its budget gives for the quarter, in whole units of the currency"),
    Column::says("people", "People who came at least once, a multiple of five"),
    Column::says("sessions", "Meetings that were held"),
    Column::says("graduates", "People who graduated, a multiple of five; nothing where that is not told"),
    Column::says("each_person", "The amount for each of the people"),
    Column::says("each_session", "The amount for each of the meetings"),
    Column::says("each_graduate", "The amount for each of the graduates"),
];

fn published(tx: &mut Conn<'_>, _: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let Some((release, figures)) = latest(tx, asked)? else { return Ok(nothing(PUBLISHED_COLUMNS)) };
    let (from, to) = (release.quarter.first_month(), release.last_month());
    let lines = lines(tx, None)?;
    let (mut rows, mut all) = (Vec::new(), 0);
    for organisation in figures.organisations() {
        let theirs = lines.iter().filter(|line| line.organisation == organisation);
        let whole = figures.reached.iter().find(|one| one.is_whole && one.organisation == organisation);
        let people = whole.map_or(0, |one| one.people);
        let graduates = whole.and_then(|one| one.graduates);
        let sessions = figures.meetings(&organisation, None).sessions;
        let mut sums = BTreeMap::<String, i64>::new();
        for ((_, currency), amount) in amounts(theirs, &from, &to) {
            *sums.entry(currency).or_default() += amount;
        }
        // Whoever is paid in two currencies is not reached for either alone.
        let alone = sums.len() == 1;
        for (currency, amount) in sums {
            all += amount;
            let each = |count: i64| if alone { Cell::ratio(amount, count) } else { Cell::Nothing };
            rows.push(vec![
                Cell::text(&organisation),
                Cell::Text(currency),
                Cell::Whole(amount),
                Cell::Whole(people),
                Cell::Whole(sessions),
                graduates.map_or(Cell::Nothing, Cell::Whole),
                each(people),
                each(sessions),
                graduates.map_or(Cell::Nothing, each),
            ]);
        }
    }
    let told = figures.organisations();
    let theirs: Vec<Line> = lines.into_iter().filter(|line| told.contains(&line.organisation)).collect();
    Ok(reconciled(Table::new(PUBLISHED_COLUMNS, rows), &theirs, &from, &to, all)
        .noting(format!("As released as {release}."))
        .noting(ABOUT)
        .noting("A budget is what was given, not what was spent."))
}
