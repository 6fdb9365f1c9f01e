//! The indicators of a framework, quarter by quarter, exactly; and those of all partners side by side, as they were published.

use actix_web::get;
use std::collections::{BTreeMap, BTreeSet};

use super::asked::{Asked, Asker};
use super::counted::{Span, Told, exact, published, value};
use super::question::question;
use super::reached::{ABOUT, latest, nothing};
use super::refusal::{MAX_ROWS, MOST_COUNTS, Refused};
use super::table::{Cell, Column, Table};
use crate::frameworks::indicator::{Fit, Indicator, Mapping};
use crate::frameworks::kept::{Framework, Kept, in_force};
use crate::published::Figures;
use crate::scope::Scope;
use crate::store::{Conn, Failure, StoreError};

question!(
    INDICATORS,
    ask_indicators,
    "/v1/questions/indicators",
    "The indicators of the common framework and of the organisation's own, by quarter",
    "Exactly, as of now, of the versions in force; each told as a whole, and apart by what the framework names. People count once in their group and quarter.",
    &["area", "from", "to"],
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("framework", "The framework, and its version"),
    Column::says("indicator", "The code of the indicator"),
    Column::says("name", "What it counts"),
    Column::says("unit", "In what it is told"),
    Column::says("quarter", "The quarter"),
    Column::says("by", "By what it is told apart; nothing: the whole"),
    Column::says("who", "Of whom or what"),
    Column::says("result", "What was counted; nothing where it would divide by nothing"),
];

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    let span = Span { from: asked.groups.from, to: asked.groups.to, area: asked.groups.area };
    let kept = scope.organisation.map_or(Kept::Common, Kept::CommonAnd);
    let frameworks = in_force(tx, kept)?;
    let indicators = frameworks.iter().flat_map(|one| &one.content.indicators);
    if indicators.map(Indicator::counts).sum::<usize>() > MOST_COUNTS {
        return Err(Refused::Counts.into());
    }
    let mut rows = Vec::new();
    for framework in &frameworks {
        for indicator in &framework.content.indicators {
            told_by_quarter(tx, scope, framework, indicator, span, &mut rows)?;
            if rows.len() > MAX_ROWS {
                return Err(Refused::Rows.into());
            }
        }
    }
    let (whole, parts) = sums(&rows);
    let table = Table::new(COLUMNS, rows);
    let table = if frameworks.is_empty() {
        table.noting("No framework is in force: the secretariat draws up the common one, a manager that of their organisation.")
    } else {
        table
    };
    Ok(table.with_reconciled(
        "What is told apart by sex, district, method or kind of people and groups, and the wholes",
        parts,
        whole,
    ))
}

fn told_by_quarter(
    tx: &mut Conn<'_>,
    scope: Scope,
    framework: &Framework,
    indicator: &Indicator,
    span: Span,
    rows: &mut Vec<Vec<Cell>>,
) -> Result<(), StoreError> {
    let splits = std::iter::once(None).chain(indicator.by.iter().copied().map(Some));
    for split in splits {
        let counted = exact(tx, scope, &indicator.measure, span, true, split)?;
        let of = match &indicator.of {
            // What it is divided by may be told apart by what the measure is; where it can't be, it is the whole.
            Some(of) => Some(exact(tx, scope, of, span, true, split.filter(|split| of.splits_by(*split)))?),
            None => None,
        };
        let places: BTreeSet<&Told> = counted.keys().chain(of.iter().flat_map(BTreeMap::keys)).collect();
        for place in places {
            let whole = (place.0.clone(), String::new());
            let of =
                of.as_ref().map(|of| of.get(place).or_else(|| of.get(&whole)).copied().unwrap_or_default());
            let result = value(indicator, counted.get(place).copied().unwrap_or_default(), of);
            rows.push(vec![
                Cell::Text(format!("{} {}", framework.code, framework.version)),
                Cell::text(&indicator.code),
                Cell::text(&indicator.names.en),
                Cell::text(indicator.unit),
                Cell::text(&place.0),
                Cell::texts(split),
                Cell::texts((!place.1.is_empty()).then_some(&place.1)),
                Cell::number(result),
            ]);
        }
    }
    Ok(())
}

/// Of the indicators that add up over what they are told apart by: the wholes, once for each of these, and the parts.
fn sums(rows: &[Vec<Cell>]) -> (i64, i64) {
    // A whole stands before its parts; what is divided does not add up.
    let key = |row: &[Cell]| (row[0].clone(), row[1].clone(), row[4].clone());
    let number = |row: &[Cell]| if let Cell::Number(number) = row[7] { number as i64 } else { 0 };
    let adds_up = |row: &&Vec<Cell>| row[3] == Cell::text("people") || row[3] == Cell::text("groups");
    let (mut whole, mut parts) = (0, 0);
    let counted: Vec<&Vec<Cell>> = rows.iter().filter(adds_up).collect();
    for row in counted.iter().filter(|row| row[5] == Cell::Nothing) {
        let mine = counted.iter().filter(|other| other[5] != Cell::Nothing && key(other) == key(row));
        let mut by: BTreeMap<String, i64> = BTreeMap::new();
        for other in mine {
            *by.entry(format!("{:?}", other[5])).or_default() += number(other);
        }
        whole += number(row) * by.len() as i64;
        parts += by.values().sum::<i64>();
    }
    (whole, parts)
}

question!(
    COMPARED,
    ask_outcomes_compared,
    "/v1/questions/outcomes-compared",
    "The common indicators of all partners, side by side, with what each partner's own says of them",
    "Published figures of a quarter, each partner as a whole. A partner's own indicator is told beside the common one that it is mapped onto, with how the two fit and what is lost.",
    &["release"],
    compared
);

const COMPARED_COLUMNS: &[Column] = &[
    Column::says("framework", "The common framework, and its version"),
    Column::says("indicator", "The code of the common indicator"),
    Column::says("name", "What it counts"),
    Column::says("unit", "In what it is told"),
    Column::says("organisation", "The partner"),
    Column::says("fit", "common: the common indicator; otherwise how the partner's own stands to it"),
    Column::says("own", "The partner's own indicator"),
    Column::says("result", "As it was published; nothing where no published figure tells it"),
    Column::says("loses", "What is lost where the two do not count the same"),
];

/// A partner's own indicator, and how it stands to a common one.
type Own<'a> = (&'a Indicator, &'a Mapping);

fn compared(tx: &mut Conn<'_>, _: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let Some((release, figures)) = latest(tx, asked)? else { return Ok(nothing(COMPARED_COLUMNS)) };
    let (common, own): (Vec<Framework>, Vec<Framework>) =
        in_force(tx, Kept::ByAll)?.into_iter().partition(|one| one.partner.is_none());
    // 1. The partners' own, by the common indicator that each maps onto.
    let mut mapped: BTreeMap<(&str, &str, &str), Vec<Own<'_>>> = BTreeMap::new();
    for framework in &own {
        let Some(partner) = framework.partner.as_deref() else { continue };
        for one in &framework.content.indicators {
            for map in &one.maps {
                mapped.entry((&map.framework, &map.indicator, partner)).or_default().push((one, map));
            }
        }
    }
    // 2. Each common one of each partner, and beside it what that partner maps onto it.
    let partners = figures.organisations();
    let mut rows = Vec::new();
    for framework in &common {
        for indicator in &framework.content.indicators {
            let row = |partner: &str, own: Option<&Own<'_>>| {
                let told = own.map_or(indicator, |(own, _)| own);
                vec![
                    Cell::Text(format!("{} {}", framework.code, framework.version)),
                    Cell::text(&indicator.code),
                    Cell::text(&indicator.names.en),
                    Cell::text(indicator.unit),
                    Cell::text(partner),
                    Cell::text(own.map_or("common", |(_, map)| map.fit.code())),
                    Cell::texts(own.map(|(own, _)| format!("{} {}", own.code, own.names.en))),
                    Cell::number(published_value(&figures, told, partner)),
                    Cell::texts(own.and_then(|(_, map)| map.loses.as_ref())),
                ]
            };
            for partner in &partners {
                rows.push(row(partner, None));
                let theirs = mapped.get(&(&*framework.code, &*indicator.code, &**partner));
                rows.extend(theirs.into_iter().flatten().map(|own| row(partner, Some(own))));
                if rows.len() > MAX_ROWS {
                    return Err(Refused::Rows.into());
                }
            }
        }
    }
    let whole = common.iter().map(|one| one.content.indicators.len()).sum::<usize>() * partners.len();
    let told = rows.iter().filter(|row| row[5] == Cell::text("common")).count();
    let parts = rows.iter().filter(|row| row[5] == Cell::text(Fit::PartOf)).count();
    let mut table =
        Table::new(COMPARED_COLUMNS, rows).noting(format!("As released as {release}.")).noting(ABOUT);
    if parts > 0 {
        table = table.noting("What is part of a common indicator says that it is at least that much.");
    }
    Ok(table.with_reconciled(
        "Rows of common indicators, and common indicators for each partner",
        told as i64,
        whole as i64,
    ))
}

fn published_value(figures: &Figures, indicator: &Indicator, partner: &str) -> Option<f64> {
    let counted = published(figures, &indicator.measure, partner)?;
    match &indicator.of {
        Some(of) => value(indicator, counted, Some(published(figures, of, partner)?)),
        None => value(indicator, counted, None),
    }
}
