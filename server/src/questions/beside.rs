//! Where groups of two partners overlap, and where they complement each other.

use actix_web::get;
use sync_core::area;

use super::asked::{Asked, Asker};
use super::question::question;
use super::refusal::{Refused, few_enough};
use super::table::{Cell, Column, Table};
use crate::coverage::{self, PairsByDistrict};
use crate::store::{Conn, Failure};

question!(
    OVERLAPS,
    ask_overlaps,
    "/v1/questions/overlaps",
    "Where groups of two partners overlap today, by district and partners",
    "Pairs with one method for the same people, as far as that is known. Managers and supervisors are told of those of their organisation. GET /v1/coverage/overlaps lists them.",
    &["area"],
    overlaps
);

const OVERLAPS_COLUMNS: &[Column] = &[
    Column::says("district", "NISR code of the district"),
    Column::says("name", "Its name"),
    Column::says("first", "One partner"),
    Column::says("second", "The other"),
    Column::adds_up("pairs", "Pairs of groups"),
    Column::adds_up("village", "Those that meet in one village (A)"),
    Column::adds_up("cell", "In one cell (B)"),
    Column::adds_up("sector", "In one sector (C)"),
    Column::adds_up("settled", "Those of which somebody said how they were settled"),
];

fn overlaps(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let of = asker.organisations(OVERLAPS.path)?;
    let found = coverage::overlaps_by_district(tx, of, asked.groups.area, asker.today)?;
    let rows = rows(found.ok_or(Refused::Pairs)?, true)?;
    Ok(Table::new(OVERLAPS_COLUMNS, rows))
}

question!(
    COMPLEMENTARY,
    ask_complementary,
    "/v1/questions/complementary",
    "Where groups of two partners complement each other today, by district and partners",
    "Pairs of different pillars in one sector: who is in the one may be helped by the other. GET /v1/coverage/complementary lists them.",
    &["area"],
    complementary
);

const COMPLEMENTARY_COLUMNS: &[Column] = &[
    Column::says("district", "NISR code of the district"),
    Column::says("name", "Its name"),
    Column::says("first", "One partner"),
    Column::says("second", "The other"),
    Column::adds_up("pairs", "Pairs of groups"),
    Column::adds_up("village", "Those that meet in one village"),
    Column::adds_up("cell", "In one cell"),
    Column::adds_up("sector", "In one sector"),
];

fn complementary(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let found = coverage::complementary_by_district(tx, asked.groups.area, asker.today)?;
    let rows = rows(found.ok_or(Refused::Pairs)?, false)?;
    Ok(Table::new(COMPLEMENTARY_COLUMNS, rows))
}

fn rows(found: PairsByDistrict, settled: bool) -> Result<Vec<Vec<Cell>>, Refused> {
    let row = |((district, [first, second]), pairs): ((String, [String; 2]), coverage::Pairs)| {
        let name = district.parse().ok().and_then(area::find).map(|area| area.name);
        let all = pairs.village + pairs.cell + pairs.sector;
        let counts = [all, pairs.village, pairs.cell, pairs.sector].map(Cell::Whole);
        let of_whom = [Cell::Text(district), Cell::texts(name), Cell::Text(first), Cell::Text(second)];
        of_whom.into_iter().chain(counts).chain(settled.then_some(Cell::Whole(pairs.settled))).collect()
    };
    few_enough(found.into_iter().map(row).collect())
}
