//! Change from baseline to end, by instrument.

use actix_web::get;
use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use sync_core::id::ParticipantId;

use super::asked::{Asked, Asker, OF_GROUPS};
use super::paired::Paired;
use super::question::question;
use super::refusal::Refused;
use super::table::{Cell, Column, Table};
use crate::on_each;
use crate::scope::Groups;
use crate::scope::conditions::{Values, bound, groups_asked};
use crate::store::{Conn, Db, Failure, StoreError};

question!(
    CHANGE,
    ask_change,
    "/v1/questions/change",
    "Change from baseline to end, by instrument",
    "Of people who have both, by the same instrument, version and range: the latest of each that nobody corrected. Of the groups whose screenings the caller \
     may see. The effect size is Cohen's d of paired scores (mean change by its standard deviation), with an interval of 95 % (Hedges and Olkin 1985).",
    OF_GROUPS,
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("instrument", "The instrument"),
    Column::says("version", "Its version"),
    Column::says("max", "Its greatest score"),
    Column::adds_up("with_baseline", "People with a baseline"),
    Column::adds_up("with_both", "Those of them who have an end, too"),
    Column::says("mean_baseline", "The mean score of these at baseline"),
    Column::says("mean_end", "Their mean score at the end"),
    Column::says("mean_change", "Their mean change"),
    Column::says("sd_change", "Its standard deviation"),
    Column::says("effect_size", "Cohen's d of paired scores"),
    Column::says("effect_from", "The lower end of its interval of 95 %"),
    Column::says("effect_to", "The upper end"),
    Column::adds_up(
        "end_missing",
        "People with a baseline and no end who are still in the group, or have graduated",
    ),
    Column::adds_up("left", "People with a baseline and no end who dropped out, moved or were referred"),
    Column::adds_up("baseline_missing", "People with an end and no baseline"),
];

#[derive(QueryableByName)]
struct Score {
    #[diesel(sql_type = Binary)]
    person: Db<ParticipantId>,
    #[diesel(sql_type = Text)]
    instrument: String,
    #[diesel(sql_type = Nullable<Text>)]
    version: Option<String>,
    #[diesel(sql_type = Integer)]
    max: i32,
    #[diesel(sql_type = Text)]
    timepoint: String,
    #[diesel(sql_type = Integer)]
    score: i32,
    #[diesel(sql_type = Bool)]
    gone: bool,
}

/// By instrument, version and greatest score: of each person.
type Scores = BTreeMap<(String, Option<String>, i32), BTreeMap<ParticipantId, Person>>;

/// What is known of one person.
#[derive(Debug, Clone, Copy, Default)]
struct Person {
    baseline: Option<i32>,
    end: Option<i32>,
    gone: bool,
}

/// The screenings `c` at the beginning or end that count, with who `p` it is about, from `FROM` on.
fn from_screenings(values: &mut Values, of: Groups, asked: &Asked) -> String {
    let groups = groups_asked(values, of, &asked.groups);
    format!(
        "FROM screenings c JOIN groups g ON g.id = c.group_id
         LEFT JOIN people one ON one.participant_id = c.participant_id AND one.group_id = c.group_id
         LEFT JOIN participants p ON p.id = coalesce(one.person_id, c.participant_id) AND p.group_id = c.group_id
         LEFT JOIN participants own ON own.id = c.participant_id AND own.group_id = c.group_id
         WHERE {groups} AND g.void IS NULL AND c.void IS NULL AND c.timepoint IN ('baseline', 'end')
         AND (own.id IS NULL OR (own.void IS NULL AND NOT own.erased)) AND (p.id IS NULL OR (p.void IS NULL AND NOT p.erased))
         AND NOT EXISTS (SELECT 1 FROM screenings k WHERE k.corrects = c.id AND k.group_id = c.group_id AND k.void IS NULL)"
    )
}

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let of = asker.scope()?.sensitive;
    let mut values = Values::default();
    let from = from_screenings(&mut values, of, asked);
    // The latest comes last, and stands.
    let text = format!(
        "SELECT coalesce(p.id, c.participant_id) AS person, c.instrument AS instrument, c.version AS version, c.max AS max,
                c.timepoint AS timepoint, c.score AS score, coalesce(p.exit IN ('dropped_out', 'moved', 'referred'), FALSE) AS gone
         {from} ORDER BY coalesce(c.date, ''), c.id"
    );
    let found: Vec<Score> = on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))?;
    let mut scores = Scores::new();
    for Score { person: Db(person), instrument, version, max, timepoint, score, gone } in found {
        let one = scores.entry((instrument, version, max)).or_default().entry(person).or_default();
        let at = if timepoint == "baseline" { &mut one.baseline } else { &mut one.end };
        (*at, one.gone) = (Some(score), gone);
    }
    let rows = scores.into_iter().map(|((instrument, version, max), people)| {
        let all = || people.values();
        let pairs = all().filter_map(|one| Some((f64::from(one.baseline?), f64::from(one.end?))));
        let pairs = Paired::of(&pairs.collect::<Vec<_>>());
        let count = |is: fn(&&Person) -> bool| Cell::Whole(all().filter(is).count() as i64);
        let interval = pairs.interval();
        vec![
            Cell::Text(instrument),
            Cell::texts(version),
            Cell::Whole(max.into()),
            count(|one| one.baseline.is_some()),
            Cell::Whole(pairs.n as i64),
            Cell::number(pairs.mean_before),
            Cell::number(pairs.mean_after),
            Cell::number(pairs.mean_change),
            Cell::number(pairs.sd_change),
            Cell::number(pairs.effect),
            Cell::number(interval.map(|(from, _)| from)),
            Cell::number(interval.map(|(_, to)| to)),
            count(|one| one.baseline.is_some() && one.end.is_none() && !one.gone),
            count(|one| one.baseline.is_some() && one.end.is_none() && one.gone),
            count(|one| one.baseline.is_none() && one.end.is_some()),
        ]
    });
    let table = Table::new(COLUMNS, rows.collect());
    let with_baseline = count_with_baseline(tx, of, asked)?;
    Ok(table
        .noting("How few people a row is made of is told: of few, an effect size says little.")
        .reconciled(
            "with_baseline",
            with_baseline,
            "People with a baseline, and those whom the database counts",
        ))
}

/// How many people have a baseline, each once for each instrument, version and range.
fn count_with_baseline(tx: &mut Conn<'_>, of: Groups, asked: &Asked) -> Result<i64, StoreError> {
    #[derive(QueryableByName)]
    struct People {
        #[diesel(sql_type = BigInt)]
        people: i64,
    }
    let mut values = Values::default();
    let from = from_screenings(&mut values, of, asked);
    let text = format!(
        "SELECT count(*) AS people FROM (
             SELECT DISTINCT coalesce(p.id, c.participant_id), c.instrument, c.version, c.max {from} AND c.timepoint = 'baseline'
         ) AS baselines"
    );
    let People { people } = on_each!(tx, |c, Backend| bound!(text, values, Backend).get_result(c))?;
    Ok(people)
}
