//! Who is registered, who graduated and who left, by sex and age band.

use actix_web::get;
use std::collections::BTreeMap;

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::asked::{Asked, Asker, OF_GROUPS};
use super::question::question;
use super::refusal::Refused;
use super::table::{Cell, Column, Table};
use crate::on_each;
use crate::scope::{Groups, groups_in};
use crate::store::schema::participants;
use crate::store::{Conn, Failure, StoreError};

question!(
    GRADUATES,
    ask_graduates,
    "/v1/questions/graduates",
    "Who graduated, left or is still there, by sex and age band",
    "People who are registered, each once in their group: who is in two groups can't be known. Whenever they joined or left: of that no day is recorded.",
    OF_GROUPS,
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("sex", "Sex; unknown where it is not recorded"),
    Column::says("age_band", "Age band; unknown where it is not recorded"),
    Column::adds_up("registered", "People who are registered"),
    Column::adds_up("graduated", "Those of them who graduated"),
    Column::adds_up("dropped_out", "Those who dropped out"),
    Column::adds_up("moved", "Those who moved away"),
    Column::adds_up("referred", "Those who were referred elsewhere"),
    Column::adds_up("still_there", "Those of whom no end is recorded"),
];

/// In the order of the columns.
const EXITS: [&str; 4] = ["graduated", "dropped_out", "moved", "referred"];

/// That a participant counts, in SQL: not void, not erased, not another person's code, of a group that is not void.
const COUNTS: &str = "participants.void IS NULL AND NOT participants.erased
    AND participants.id NOT IN (SELECT participant_id FROM people)
    AND participants.group_id NOT IN (SELECT id FROM groups WHERE void IS NOT NULL)";

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    type Row = (Option<String>, Option<String>, Option<String>, i64);
    let counted: Vec<Row> = on_each!(tx, |c, Backend| participants::table
        .group_by((participants::sex, participants::age_band, participants::exit))
        .select((participants::sex, participants::age_band, participants::exit, count_star()))
        .filter(participants::group_id.eq_any(groups_in!(Backend, scope.groups, &asked.groups)))
        .filter(sql::<Bool>(COUNTS))
        .load(c))?;
    let mut rows: BTreeMap<(String, String), BTreeMap<Option<String>, i64>> = BTreeMap::new();
    for (sex, age_band, exit, people) in counted {
        let word = |word: Option<String>| word.unwrap_or_else(|| "unknown".to_owned());
        *rows.entry((word(sex), word(age_band))).or_default().entry(exit).or_default() += people;
    }
    let row = |((sex, age_band), of): ((String, String), BTreeMap<Option<String>, i64>)| {
        let exit =
            |exit: Option<&str>| Cell::Whole(of.get(&exit.map(str::to_owned)).copied().unwrap_or_default());
        let who = [Cell::Text(sex), Cell::Text(age_band), Cell::Whole(of.values().sum())];
        who.into_iter().chain(EXITS.map(|one| exit(Some(one)))).chain([exit(None)]).collect()
    };
    let registered = count(tx, scope.groups, asked, None)?;
    let graduated = count(tx, scope.groups, asked, Some("graduated"))?;
    Ok(Table::new(COLUMNS, rows.into_iter().map(row).collect())
        .reconciled("registered", registered, "People registered, and participants that count")
        .reconciled(
            "graduated",
            graduated,
            "People who graduated, and participants of whom that is recorded",
        ))
}

/// How many participants count, or those of them with this exit.
///
/// # Errors
/// Those of the store.
pub(super) fn count(
    tx: &mut Conn<'_>,
    of: Groups,
    asked: &Asked,
    exit: Option<&str>,
) -> Result<i64, StoreError> {
    on_each!(tx, |c, Backend| {
        let mut rows = participants::table
            .filter(participants::group_id.eq_any(groups_in!(Backend, of, &asked.groups)))
            .filter(sql::<Bool>(COUNTS))
            .count()
            .into_boxed::<Backend>();
        if let Some(exit) = exit {
            rows = rows.filter(participants::exit.eq(exit));
        }
        rows.get_result(c)
    })
}
