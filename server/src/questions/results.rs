//! Results against plan: of an organisation exactly, of all partners as it was published.

use actix_web::get;
use std::collections::BTreeMap;

use uuid::Uuid;

use super::asked::{Asked, Asker};
use super::counted::{Span, exact, published, value};
use super::question::question;
use super::reached::{ABOUT, latest, nothing};
use super::refusal::{MAX_ROWS, Refused};
use super::table::{Cell, Column, Table};
use crate::frameworks::indicator::Indicator;
use crate::frameworks::kept::{Framework, find};
use crate::frameworks::targets::{Target, Which, first_day, list};
use crate::scope::Scope;
use crate::store::{Conn, Failure, StoreError};

question!(
    PLAN_KEPT,
    ask_results_against_plan,
    "/v1/questions/results-against-plan",
    "What was reached of the organisation's targets",
    "Exactly, as of now: each target with what its indicator counts in the months and area of the target. Those of which some month lies in the months that are asked for.",
    &["from", "to"],
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("framework", "The framework, and its version"),
    Column::says("indicator", "The code of the indicator"),
    Column::says("name", "What it counts"),
    Column::says("unit", "In what it is told"),
    Column::says("from", "The first month of the target"),
    Column::says("to", "The last month of the target"),
    Column::says("area", "NISR code; nothing: the whole organisation"),
    Column::says("baseline", "What was known from before"),
    Column::says("target", "What was to be reached"),
    Column::says("result", "What was reached; nothing where it would divide by nothing"),
    Column::says("percent", "Reached, of a hundred that were to be reached"),
    Column::says("better", "Whether more is better (up) or less (down)"),
];

/// More targets than these take too long to count at once.
const MOST_COUNTED: usize = 200;

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    let (from, to) = months(asked);
    let which = Which::Touching(from, to);
    let targets = list(tx, scope.organisation, &which, None, MOST_COUNTED as i64 + 1)?;
    if targets.len() > MOST_COUNTED {
        return Err(Refused::Targets.into());
    }
    let frameworks = frameworks_of(tx, &targets)?;
    let mut rows = Vec::new();
    let mut counted = 0;
    for target in &targets {
        let Some((framework, indicator)) = named(&frameworks, target) else { continue };
        let result = result(tx, scope, indicator, target)?;
        counted += 1;
        rows.push(row(framework, indicator, target, result));
    }
    let table = Table::new(COLUMNS, rows);
    Ok(table.with_reconciled(
        "Targets in the rows, and targets that are set for these months",
        counted,
        targets.len() as i64,
    ))
}

/// The months that are asked for, as they stand in targets.
fn months(asked: &Asked) -> (String, String) {
    let month = |day: sync_core::time::Date| day.to_string()[..7].to_owned();
    let from = asked.groups.from.map_or_else(|| "0000-01".to_owned(), month);
    (from, asked.groups.to.map_or_else(|| "9999-12".to_owned(), month))
}

fn frameworks_of(tx: &mut Conn<'_>, targets: &[Target]) -> Result<BTreeMap<Uuid, Framework>, StoreError> {
    let mut found = BTreeMap::new();
    for target in targets {
        if !found.contains_key(&target.framework_id) {
            found.extend(find(tx, target.framework_id)?.map(|one| (one.id, one)));
        }
    }
    Ok(found)
}

fn named<'a>(
    frameworks: &'a BTreeMap<Uuid, Framework>,
    target: &Target,
) -> Option<(&'a Framework, &'a Indicator)> {
    let framework = frameworks.get(&target.framework_id)?;
    Some((framework, framework.content.indicator(&target.indicator)?))
}

/// What the indicator counts in the months and area of the target.
fn result(
    tx: &mut Conn<'_>,
    scope: Scope,
    indicator: &Indicator,
    target: &Target,
) -> Result<Option<f64>, StoreError> {
    let span = Span {
        from: first_day(&target.from),
        to: first_day(&target.to).map(|day| day.last_of_month()),
        area: target.area,
    };
    let mut count = |measure| -> Result<i64, StoreError> {
        Ok(exact(tx, scope, measure, span, false, None)?.values().sum())
    };
    let of = indicator.of.as_ref().map(&mut count).transpose()?;
    Ok(value(indicator, count(&indicator.measure)?, of))
}

fn row(framework: &Framework, indicator: &Indicator, target: &Target, result: Option<f64>) -> Vec<Cell> {
    let wanted = target.value.unwrap_or_default();
    let percent = result.filter(|_| wanted != 0.0).map(|result| 100.0 * result / wanted);
    vec![
        Cell::Text(format!("{} {}", framework.code, framework.version)),
        Cell::text(&indicator.code),
        Cell::text(&indicator.names.en),
        Cell::text(indicator.unit),
        Cell::text(&target.from),
        Cell::text(&target.to),
        Cell::texts(target.area),
        Cell::number(indicator.baseline.as_ref().map(|one| one.value)),
        Cell::number(Some(wanted)),
        Cell::number(result),
        Cell::number(percent),
        Cell::text(indicator.direction),
    ]
}

question!(
    PUBLISHED_RESULTS,
    ask_published_results,
    "/v1/questions/published-results",
    "What was reached of the partners' targets of a quarter, as it was published",
    "Each target of a whole organisation for the months of that quarter, with the published figure: people in multiples of five, contacts of fifty, groups and meetings exactly. What no \
     published figure tells is left empty.",
    &["release"],
    told
);

const TOLD_COLUMNS: &[Column] = &[
    Column::says("organisation", "The partner"),
    Column::says("framework", "The framework, and its version"),
    Column::says("indicator", "The code of the indicator"),
    Column::says("name", "What it counts"),
    Column::says("unit", "In what it is told"),
    Column::says("target", "What was to be reached"),
    Column::says("result", "What was reached, as it was published"),
    Column::says("percent", "Reached, of a hundred that were to be reached"),
    Column::says("better", "Whether more is better (up) or less (down)"),
];

fn told(tx: &mut Conn<'_>, _: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let Some((release, figures)) = latest(tx, asked)? else { return Ok(nothing(TOLD_COLUMNS)) };
    let (from, to) = (release.quarter.first_month(), release.last_month());
    let mut targets = list(tx, None, &Which::Just(from, to), None, MAX_ROWS as i64 + 1)?;
    if targets.len() > MAX_ROWS {
        return Err(Refused::Targets.into());
    }
    targets.sort_by(|one, other| one.organisation.cmp(&other.organisation));
    let frameworks = frameworks_of(tx, &targets)?;
    let (mut rows, mut silent) = (Vec::new(), 0);
    for target in &targets {
        let Some((framework, indicator)) = named(&frameworks, target) else { continue };
        let count = |measure| published(&figures, measure, &target.organisation);
        let result = match (count(&indicator.measure), indicator.of.as_ref().map(count)) {
            (None, _) | (_, Some(None)) => None,
            (Some(counted), of) => value(indicator, counted, of.flatten()),
        };
        silent += i64::from(result.is_none());
        let mut cells = row(framework, indicator, target, result);
        // The months are those of the release, and what was known from before is of the organisation.
        cells.drain(4..8);
        cells.insert(0, Cell::text(&target.organisation));
        rows.push(cells);
    }
    let counted = rows.len() as i64;
    let mut table = Table::new(TOLD_COLUMNS, rows).noting(format!("As released as {release}.")).noting(ABOUT);
    if silent > 0 {
        table = table.noting(format!("Of {silent} targets no published figure tells what was reached."));
    }
    Ok(table.with_reconciled(
        "Targets in the rows, and targets that are set for the quarter",
        counted,
        targets.len() as i64,
    ))
}
