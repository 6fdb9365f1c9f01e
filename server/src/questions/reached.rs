//! How many people were reached, as it was published: what donors read.

use super::asked::{Asked, Asker};
use super::question::question;
use super::refusal::Refused;
use super::table::{Cell, Column, Table};
use crate::published::{Figures, Reached, Release, figures};
use crate::store::{Conn, Failure};
use actix_web::get;

/// The figures of the release that is asked for; `None` where nothing was published yet.
pub(super) fn latest(
    tx: &mut Conn<'_>,
    asked: &Asked,
) -> Result<Option<(Release, Figures)>, Failure<Refused>> {
    let found = figures(tx, asked.release)?;
    if found.is_none() && asked.release.is_some() {
        return Err(Refused::NoSuchRelease.into());
    }
    Ok(found)
}

pub(super) fn nothing(columns: &'static [Column]) -> Table {
    Table::new(columns, Vec::new()).noting("Nothing was published yet: a quarter is, 21 days after its end.")
}

/// The people of all partners, each partner as a whole.
fn whole_people(figures: &Figures) -> i64 {
    figures.reached.iter().filter(|one| one.is_whole).map(|one| one.people).sum()
}

/// What whoever divides published figures is told.
pub(super) const ABOUT: &str = "Published people are in steps of five and contacts of fifty: what follows from few people is about right, and no more.";

const ONCE: &str = "A person counts once in their group and quarter. Who is in two groups can't be known: they count in each, also across partners.";

question!(
    REACHED,
    ask_people_reached,
    "/v1/questions/people-reached",
    "People who were reached in a quarter, and contacts with them, by partner",
    "Published figures: of people multiples of five, of contacts of fifty. Only people who consent are counted. A person counts once in their group; who is in two \
     groups can't be known.",
    &["release"],
    reached
);

const REACHED_COLUMNS: &[Column] = &[
    Column::says("organisation", "The partner"),
    Column::adds_up("people", "People who came at least once"),
    Column::adds_up(
        "contacts",
        "How often somebody came; nothing where that would say how many people there are",
    ),
    Column::says("contacts_each", "Contacts with each of them"),
];

fn reached(tx: &mut Conn<'_>, _: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let Some((release, figures)) = latest(tx, asked)? else { return Ok(nothing(REACHED_COLUMNS)) };
    let wholes = figures.reached.iter().filter(|one| one.is_whole);
    let rows = wholes.map(|one| {
        let contacts = one.attendances;
        vec![
            Cell::text(&one.organisation),
            Cell::Whole(one.people),
            contacts.map_or(Cell::Nothing, Cell::Whole),
            contacts.map_or(Cell::Nothing, |contacts| Cell::ratio(contacts, one.people)),
        ]
    });
    let table = Table::new(REACHED_COLUMNS, rows.collect());
    let placed = figures.reached.iter().filter(|one| !one.is_whole).map(|one| one.people).sum();
    Ok(table.noting(format!("As released as {release}.")).noting(ONCE).noting(ABOUT).reconciled(
        "people",
        placed,
        "People by partner, and people by district",
    ))
}

question!(
    DISTRICTS,
    ask_people_by_district,
    "/v1/questions/people-by-district",
    "People who were reached in a quarter, by partner and district",
    "Published figures, multiples of five. Where few groups meet, districts are told of together; where too few people came, with others.",
    &["release"],
    by_district
);

const DISTRICTS_COLUMNS: &[Column] = &[
    Column::says("organisation", "The partner"),
    Column::says(
        "districts",
        "NISR codes of the districts; empty: all those in which too few came to be told of apart",
    ),
    Column::adds_up("people", "People who came at least once"),
];

fn by_district(tx: &mut Conn<'_>, _: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let Some((release, figures)) = latest(tx, asked)? else { return Ok(nothing(DISTRICTS_COLUMNS)) };
    let of_districts = figures.reached.iter().filter(|one| !one.is_whole);
    let rows = of_districts.map(|one: &Reached| {
        vec![
            Cell::text(&one.organisation),
            Cell::texts((!one.districts.is_empty()).then(|| one.districts.join(" "))),
            Cell::Whole(one.people),
        ]
    });
    let table = Table::new(DISTRICTS_COLUMNS, rows.collect());
    let wholes = whole_people(&figures);
    Ok(table.noting(format!("As released as {release}.")).noting(ONCE).reconciled(
        "people",
        wholes,
        "People by district, and people by partner",
    ))
}

question!(
    SPLIT,
    ask_people_by_sex_and_age,
    "/v1/questions/people-by-sex-and-age",
    "People who were reached in a quarter, by partner, sex and whether they are 16 to 35 years old",
    "Published figures, multiples of five, that add up to the partner's. `not_shown` are those of whom there are too few; `not_told` those of districts in which nothing is told apart.",
    &["release"],
    by_sex_and_age
);

const SPLIT_COLUMNS: &[Column] = &[
    Column::says("organisation", "The partner"),
    Column::says("who", "Who they are"),
    Column::adds_up("people", "People who came at least once"),
];

fn by_sex_and_age(tx: &mut Conn<'_>, _: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let Some((release, figures)) = latest(tx, asked)? else { return Ok(nothing(SPLIT_COLUMNS)) };
    let rows = figures.sex_and_age.iter().map(|((organisation, who), people)| {
        vec![Cell::text(organisation), Cell::text(who), Cell::Whole(*people)]
    });
    let table = Table::new(SPLIT_COLUMNS, rows.collect());
    let wholes = whole_people(&figures);
    Ok(table.noting(format!("As released as {release}.")).noting(ONCE).reconciled(
        "people",
        wholes,
        "People by sex and age, and people by partner",
    ))
}
