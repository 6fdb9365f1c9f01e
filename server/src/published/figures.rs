//! The figures of a release, for whoever tells them in another form. Nothing is counted here: each is one that was published, or the sum of some.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::record::Sex;

use super::kept;
use super::quarter::{Release, Stage};
use super::source::sex_and_youth;
use super::tables::{self, Row, Table, Whole};
use super::tree::NOT_SHOWN;
use crate::store::{Conn, StoreError};

/// People who came, of an organisation or of some of its districts.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    pub(crate) organisation: String,
    /// Of none, where it is about the whole organisation, or about all districts in which too few came.
    pub(crate) districts: Vec<String>,
    pub(crate) is_whole: bool,
    pub(crate) people: i64,
    pub(crate) graduates: Option<i64>,
    pub(crate) attendances: Option<i64>,
}

/// What was published of people.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    /// Of each organisation, and of its districts, which add up to it.
    pub(crate) reached: Vec<Reached>,
    /// By organisation, and by who they are: they add up to the organisation's people.
    pub(crate) sex_and_age: BTreeMap<(String, String), i64>,
    /// By organisation and method; what is not shown is left out.
    modality: BTreeMap<(String, String), i64>,
    /// Groups that met and their meetings, exactly, by organisation and method.
    met: BTreeMap<(String, String), Meetings>,
}

/// Groups that met, and their meetings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Meetings {
    pub(crate) groups: i64,
    pub(crate) sessions: i64,
}

impl Figures {
    /// People of groups of one method; `None` where that is not told.
    pub(crate) fn of_modality(&self, organisation: &str, modality: &str) -> Option<i64> {
        told(&self.modality, organisation, modality)
    }

    /// People of one sex, of 16 to 35 years or not; `None` where part of that is not told.
    pub(crate) fn of_people(&self, organisation: &str, sex: Option<Sex>, youth: Option<bool>) -> Option<i64> {
        let sexes = sex.map_or_else(|| Sex::ALL.to_vec(), |sex| vec![sex]);
        let ages = youth.map_or_else(|| vec![true, false], |youth| vec![youth]);
        let cells = sexes.iter().flat_map(|sex| ages.iter().map(|youth| sex_and_youth(*sex, *youth)));
        cells.map(|word| told(&self.sex_and_age, organisation, word)).sum()
    }

    /// The meetings of groups of one method, or of all.
    pub(crate) fn meetings(&self, organisation: &str, modality: Option<&str>) -> Meetings {
        let there = self
            .met
            .iter()
            .filter(|((of, word), _)| of == organisation && modality.is_none_or(|modality| modality == word));
        there.fold(Meetings::default(), |sum, (_, one)| Meetings {
            groups: sum.groups + one.groups,
            sessions: sum.sessions + one.sessions,
        })
    }

    /// The organisations of which something was published.
    pub(crate) fn organisations(&self) -> BTreeSet<String> {
        let met = self.met.keys().map(|(organisation, _)| organisation.clone());
        self.reached.iter().map(|one| one.organisation.clone()).chain(met).collect()
    }
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
    let alone = alone.map(|one| Reached { is_whole: false, graduates: None, attendances: None, ..one });
    reached.extend(alone.collect::<Vec<_>>());
    let modality = tables::table(tx, release, Table::Modality)?.map(|table| table.rows).unwrap_or_default();
    let meetings = tables::table(tx, release, Table::Meetings)?.map(|table| table.rows).unwrap_or_default();
    let figures =
        Figures { reached, sex_and_age: split_up(split), modality: split_up(modality), met: met(meetings) };
    Ok(Some((release, figures)))
}

/// The figure of a word, where all of that organisation's people stand under their words: otherwise some of them may stand under none.
fn told(split: &BTreeMap<(String, String), i64>, organisation: &str, word: &str) -> Option<i64> {
    let figure = |word: &str| split.get(&(organisation.to_owned(), word.to_owned())).copied();
    let hidden = [NOT_SHOWN, tables::NOT_TOLD].into_iter().filter_map(figure).sum::<i64>();
    if hidden == 0 { figure(word) } else { None }
}

fn met(rows: Vec<Row>) -> BTreeMap<(String, String), Meetings> {
    let mut all: BTreeMap<(String, String), Meetings> = BTreeMap::new();
    for row in rows {
        let of = all.entry((row.organisation, row.who.unwrap_or_default())).or_default();
        of.groups += row.groups.map_or(0, |figure| figure.number());
        of.sessions += row.sessions.map_or(0, |figure| figure.number());
    }
    all
}

fn reached(row: Row) -> Reached {
    Reached {
        is_whole: row.of == Whole::Organisation,
        people: row.people.map_or(0, |figure| figure.number()),
        graduates: row.graduates.map(|figure| figure.number()),
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
