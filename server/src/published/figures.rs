//! The figures of a release, for whoever tells them in another form. Nothing is counted here: each is one that was published, or the sum of some.

use std::collections::{BTreeMap, BTreeSet};

use super::kept;
use super::quarter::{Release, Stage};
use super::tables::{self, Row, Table, Whole};
use crate::store::{Conn, StoreError};

/// People who came, of an organisation or of some of its districts.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    pub(crate) organisation: String,
    /// Of none, where it is about the whole organisation, or about all districts in which too few came.
    pub(crate) districts: Vec<String>,
    pub(crate) is_whole: bool,
    pub(crate) people: i64,
    pub(crate) attendances: Option<i64>,
}

/// What was published of people.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    /// Of each organisation, and of its districts, which add up to it.
    pub(crate) reached: Vec<Reached>,
    /// By organisation, and by who they are: they add up to the organisation's people.
    pub(crate) sex_and_age: BTreeMap<(String, String), i64>,
}

/// The figures of a release of a whole quarter: of the one that is asked for, or of the latest; `None` where there is none.
///
/// # Errors
/// Those of the store.
pub(crate) fn figures(
    tx: &mut Conn<'_>,
    asked: Option<Release>,
) -> Result<Option<(Release, Figures)>, StoreError> {
    let whole = |release: &Release| release.stage != Stage::Running;
    let all = kept::releases(tx)?.into_iter().map(|(release, _)| release).filter(whole);
    let Some(release) = all.filter(|one| asked.is_none_or(|asked| asked == *one)).max() else {
        return Ok(None);
    };
    let people = tables::table(tx, release, Table::People)?.map(|table| table.rows).unwrap_or_default();
    let split = tables::table(tx, release, Table::SexAndAge)?.map(|table| table.rows).unwrap_or_default();
    let mut reached: Vec<Reached> = people.into_iter().map(reached).collect();
    // Where no district may be told of, all of them are, together: as many as of the organisation.
    let placed: BTreeSet<String> =
        reached.iter().filter(|one| !one.is_whole).map(|one| one.organisation.clone()).collect();
    let alone = reached.iter().filter(|one| !placed.contains(&one.organisation)).cloned();
    let alone = alone.map(|one| Reached { is_whole: false, attendances: None, ..one });
    reached.extend(alone.collect::<Vec<_>>());
    Ok(Some((release, Figures { reached, sex_and_age: split_up(split) })))
}

fn reached(row: Row) -> Reached {
    Reached {
        is_whole: row.of == Whole::Organisation,
        people: row.people.map_or(0, |figure| figure.number()),
        attendances: row.attendances.map(|figure| figure.number()),
        organisation: row.organisation,
        districts: row.districts,
    }
}

/// Where an organisation is told apart as a whole, that; otherwise the sum of its districts, and those in which nothing is told apart.
fn split_up(rows: Vec<Row>) -> BTreeMap<(String, String), i64> {
    let is_root = |row: &Row| row.of == Whole::Organisation && row.who.as_deref() != Some(tables::NOT_TOLD);
    let whole: BTreeSet<String> =
        rows.iter().filter(|row| is_root(row)).map(|row| row.organisation.clone()).collect();
    let mut all = BTreeMap::new();
    for row in rows.into_iter().filter(|row| is_root(row) || !whole.contains(&row.organisation)) {
        let who = row.who.unwrap_or_default();
        *all.entry((row.organisation, who)).or_default() += row.people.map_or(0, |figure| figure.number());
    }
    all
}
