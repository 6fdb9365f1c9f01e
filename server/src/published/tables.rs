//! A release as tables.

use std::collections::BTreeMap;

use diesel::prelude::*;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::codes;
use sync_core::id::OrganisationId;
use sync_core::time::Millis;
use utoipa::ToSchema;

use super::attendances;
use super::kept::{self, Districts, Node};
use super::measure::{GRADUATES, PEOPLE};
use super::quarter::{Quarter, Release, Stage};
use super::releasing::{ATTENDANCES, GROUPS, SESSIONS};
use super::tree::{Figure, NOT_SHOWN, Split, Tree};
use crate::clock::timestamp;
use crate::on_each;
use crate::store::schema::organisations;
use crate::store::{Conn, Db, StoreError};

codes! {
    /// The tables of a release.
    #[derive(ToSchema)]
    Table {
        /// Groups that met and their meetings, exactly.
        Meetings = "meetings",
        /// People who came, those of them who graduated, and attendances.
        People = "people",
        /// People by sex, and whether they are 16 to 35 years old.
        SexAndAge = "sex_and_age",
        /// People by the method of their group.
        Modality = "modality",
        /// People by whether they came for the first time ever, the first time this year, or again.
        Novelty = "novelty",
    }
}

impl Table {
    /// The tables of a release.
    pub(super) fn of(stage: Stage) -> &'static [Self] {
        if stage == Stage::Running { &[Self::Meetings] } else { Self::ALL }
    }

    /// What its figures are multiples of; 1 where they are exact.
    pub(super) fn rounded_to(self) -> i64 {
        if self == Self::Meetings { 1 } else { PEOPLE.base }
    }
}

/// A release.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ReleaseItem {
    /// Its name, for ever.
    #[schema(example = "2026-Q1")]
    release: String,
    #[schema(value_type = String, example = "2026-Q1")]
    quarter: Quarter,
    stage: Stage,
    /// The last month that is counted.
    #[schema(example = "2026-03")]
    last_month: String,
    released_at: Timestamp,
    tables: Vec<TableItem>,
}

/// A table of a release.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TableItem {
    table: Table,
    /// What its figures of people are multiples of; 1 where a table has exact figures of meetings.
    #[schema(minimum = 1)]
    rounded_to: i64,
    /// Where it is read.
    #[schema(example = "/v1/published/2026-Q1/people")]
    href: String,
}

/// A published table. Nothing in it changes ever.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PublishedTable {
    #[schema(example = "2026-Q1")]
    pub(super) release: String,
    #[schema(value_type = String, example = "2026-Q1")]
    quarter: Quarter,
    stage: Stage,
    /// The last month that is counted.
    #[schema(example = "2026-03")]
    last_month: String,
    released_at: Timestamp,
    pub(super) table: Table,
    /// What figures of people are multiples of; 1 where the figures are exact.
    pub(super) rounded_to: i64,
    /// What attendances are multiples of, where the table has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    attendances_rounded_to: Option<i64>,
    pub(super) rows: Vec<Row>,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Whole {
    /// All of an organisation.
    Organisation,
    /// The districts that it names.
    Districts,
    /// The districts in which there are too few people to be told of apart.
    OtherDistricts,
}

impl Whole {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Districts => "districts",
            Self::OtherDistricts => "other_districts",
        }
    }
}

/// A row of a published table.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Row {
    /// The organisation's code.
    #[schema(example = "aegis")]
    pub(super) organisation: String,
    pub(super) of: Whole,
    /// NISR codes of the districts that are told of together: where few groups meet, those of several are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["52"]))]
    pub(super) districts: Vec<String>,
    /// What is told apart; `not_shown` is all of which there are too few, `not_told` are the people of districts in which nothing is told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "female_youth")]
    pub(super) who: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) people: Option<Figure>,
    /// People of groups that met last in this quarter, who graduated. Left out where they are fewer than five, or where it would say how many people there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) graduates: Option<Figure>,
    /// A multiple of 50; left out where it would say how many people there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attendances: Option<Figure>,
    /// Exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) groups: Option<Figure>,
    /// Exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sessions: Option<Figure>,
}

/// The word for people of districts in which nothing is told apart.
pub(super) const NOT_TOLD: &str = "not_told";

/// What attendances are multiples of.
pub(super) const ATTENDANCES_ROUNDED_TO: i64 = attendances::BASE;

/// The releases, the latest first.
///
/// # Errors
/// Those of the store.
pub(super) fn releases(tx: &mut Conn<'_>) -> Result<Vec<ReleaseItem>, StoreError> {
    let mut all = kept::releases(tx)?;
    all.sort_unstable_by_key(|(release, at)| std::cmp::Reverse((*at, *release)));
    Ok(all.into_iter().map(|(release, at)| item(release, at)).collect())
}

pub(super) fn release(tx: &mut Conn<'_>, release: Release) -> Result<Option<ReleaseItem>, StoreError> {
    let all = kept::releases(tx)?;
    Ok(all.into_iter().find(|(one, _)| *one == release).map(|(release, at)| item(release, at)))
}

/// The addresses of the tables of the latest releases.
pub(super) fn addresses(releases: &[ReleaseItem]) -> Vec<String> {
    let latest = releases.iter().take(LATEST);
    latest.flat_map(|release| &release.tables).map(|table| table.href.clone()).collect()
}

/// How many releases a refusal names.
const LATEST: usize = 3;

fn item(release: Release, at: Millis) -> ReleaseItem {
    let table = |table: &Table| TableItem {
        table: *table,
        rounded_to: table.rounded_to(),
        href: format!("/v1/published/{release}/{table}"),
    };
    ReleaseItem {
        release: release.to_string(),
        quarter: release.quarter,
        stage: release.stage,
        last_month: release.last_month(),
        released_at: timestamp(at),
        tables: Table::of(release.stage).iter().map(table).collect(),
    }
}

/// # Errors
/// Those of the store.
pub(super) fn table(
    tx: &mut Conn<'_>,
    release: Release,
    table: Table,
) -> Result<Option<PublishedTable>, StoreError> {
    let made = kept::releases(tx)?.into_iter().find(|(one, _)| *one == release);
    let Some((_, at)) = made.filter(|_| Table::of(release.stage).contains(&table)) else { return Ok(None) };
    let nodes = kept::nodes(tx, release)?;
    let places = kept::places(tx, release)?;
    let codes: BTreeMap<OrganisationId, String> = on_each!(tx, |c| organisations::table
        .select((organisations::id, organisations::code))
        .load::<(Db<OrganisationId>, String)>(c))?
    .into_iter()
    .map(|(Db(id), code)| (id, code))
    .collect();
    let mut rows = match table {
        Table::Meetings => meetings(&nodes),
        Table::People => people(&nodes, &places),
        split => split_rows(&nodes, &places, split.code()),
    };
    for (organisation, row) in &mut rows {
        row.organisation = codes.get(organisation).cloned().unwrap_or_default();
    }
    rows.sort_by(|(_, one), (_, other)| one.organisation.cmp(&other.organisation));
    Ok(Some(PublishedTable {
        release: release.to_string(),
        quarter: release.quarter,
        stage: release.stage,
        last_month: release.last_month(),
        released_at: timestamp(at),
        table,
        rounded_to: table.rounded_to(),
        attendances_rounded_to: (table == Table::People).then_some(ATTENDANCES_ROUNDED_TO),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    }))
}

fn row(of: Whole, districts: Vec<String>) -> Row {
    Row {
        organisation: String::new(),
        of,
        districts,
        who: None,
        people: None,
        graduates: None,
        attendances: None,
        groups: None,
        sessions: None,
    }
}

fn meetings(nodes: &[Node]) -> Vec<(OrganisationId, Row)> {
    let mut rows: BTreeMap<(OrganisationId, &str, &str), Row> = BTreeMap::new();
    for Node { organisation, measure, place, word, figure, .. } in nodes {
        let exact = measure == GROUPS || measure == SESSIONS;
        if exact {
            let row = rows.entry((*organisation, place, word)).or_insert_with(|| Row {
                who: Some(word.clone()),
                ..row(Whole::Districts, vec![place.clone()])
            });
            let cell = if measure == GROUPS { &mut row.groups } else { &mut row.sessions };
            *cell = Some(*figure);
        }
    }
    rows.into_iter().map(|((organisation, ..), row)| (organisation, row)).collect()
}

fn people(nodes: &[Node], places: &BTreeMap<OrganisationId, Districts>) -> Vec<(OrganisationId, Row)> {
    let mut rows = Vec::new();
    let graduates = kept::trees(nodes, &GRADUATES);
    for (organisation, tree) in kept::trees(nodes, &PEOPLE) {
        let mut add = |row| rows.push((organisation, row));
        let graduates = graduates.get(&organisation).map(|tree| tree.root);
        let attendances =
            nodes.iter().find(|node| node.organisation == organisation && node.measure == ATTENDANCES);
        let attendances = attendances.map(|node| node.figure);
        add(Row { people: Some(tree.root), graduates, attendances, ..row(Whole::Organisation, Vec::new()) });
        for (name, shown) in &tree.places {
            let districts = districts(places, organisation, name);
            add(Row { people: Some(shown.figure), ..row(Whole::Districts, districts) });
        }
        if tree.not_shown.is_some() {
            add(Row { people: tree.not_shown, ..row(Whole::OtherDistricts, Vec::new()) });
        }
    }
    rows
}

fn split_rows(
    nodes: &[Node],
    places: &BTreeMap<OrganisationId, Districts>,
    name: &str,
) -> Vec<(OrganisationId, Row)> {
    let mut rows = Vec::new();
    for (organisation, tree) in kept::trees(nodes, &PEOPLE) {
        let mut add = |of: Whole, districts: &[String], split: &Split| {
            let cells = split.shown.iter().map(|(word, figure)| (word.as_str(), *figure));
            for (word, figure) in cells.chain(split.not_shown.map(|figure| (NOT_SHOWN, figure))) {
                let row = row(of, districts.to_vec());
                rows.push((organisation, Row { who: Some(word.to_owned()), people: Some(figure), ..row }));
            }
        };
        if let Some(split) = tree.root_splits.get(name) {
            add(Whole::Organisation, &[], split);
        }
        for (place, shown) in &tree.places {
            if let Some(split) = shown.splits.get(name) {
                add(Whole::Districts, &districts(places, organisation, place), split);
            }
        }
        if let Some(figure) = not_told(&tree, name) {
            let row = row(Whole::Organisation, Vec::new());
            rows.push((organisation, Row { who: Some(NOT_TOLD.to_owned()), people: Some(figure), ..row }));
        }
    }
    rows
}

/// How many people of an organisation stand in no row of its districts; it follows from figures that are published.
fn not_told(tree: &Tree, name: &str) -> Option<Figure> {
    let told = tree.places.values().filter(|shown| shown.splits.contains_key(name));
    let rest = tree.root.number() - told.map(|shown| shown.figure.number()).sum::<i64>();
    (rest > 0).then(|| Figure::of(rest))
}

fn districts(
    places: &BTreeMap<OrganisationId, Districts>,
    organisation: OrganisationId,
    place: &str,
) -> Vec<String> {
    let of = places.get(&organisation).and_then(|places| places.get(place));
    of.into_iter().flatten().cloned().collect()
}
