//! Sums of facts over the groups of an organisation in a sector: what most questions read.
//!
//! Whoever changes facts adds rows that say by how much, under a name of their own (`part`), and reads nothing: no two wait for
//! each other. A question sums over all rows. Afterwards one who has time adds them up ([`add_up`]).

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use uuid::Uuid;

use super::group::Stratum;
use super::rows::{Counts, Fact, PersonMonth};
use crate::on_each;
use crate::store::schema::{length, sector_facts, sector_people, settings};
use crate::store::{Conn, Db, Store, StoreError};

/// How many rows one statement writes.
const AT_ONCE: usize = 500;
/// How many parts one transaction adds up: others wait no longer than that.
const PARTS: i64 = 100;

/// What is to be added.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// By stratum, sex, age band and month.
    facts: BTreeMap<(Stratum, String, String, String), Counts>,
    /// By stratum, month, the month before, sex, age band and consent.
    people: BTreeMap<(Stratum, String, String, String, String, bool), i64>,
}

impl Sums {
    /// Adds so many times these facts.
    pub(super) fn add(&mut self, of: &Stratum, facts: &[Fact], people: &[PersonMonth], times: i64) {
        for Fact { sex, age_band, month, counts, .. } in facts {
            let key = (of.clone(), sex.clone(), age_band.clone(), month.clone());
            let sum = self.facts.entry(key).or_default();
            *sum = sum.with(*counts, |sum, more| sum + times * more);
        }
        for PersonMonth { month, before, sex, age_band, consents, .. } in people {
            let key = (of.clone(), month.clone(), before.clone(), sex.clone(), age_band.clone(), *consents);
            *self.people.entry(key).or_default() += times;
        }
    }

    /// Writes what of it is not nothing.
    pub(super) fn write(self, tx: &mut Conn<'_>) -> Result<(), StoreError> {
        let part = Uuid::new_v4().as_bytes().to_vec();
        let facts: Vec<_> = self
            .facts
            .into_iter()
            .filter(|(_, counts)| *counts != Counts::default())
            .map(|((of, sex, age_band, month), counts)| {
                (
                    sector_facts::organisation_id.eq(Db(of.organisation)),
                    sector_facts::sector.eq(of.sector),
                    sector_facts::kind.eq(of.kind),
                    sector_facts::modality.eq(of.modality),
                    sector_facts::sex.eq(sex),
                    sector_facts::age_band.eq(age_band),
                    sector_facts::month.eq(month),
                    sector_facts::part.eq(part.clone()),
                    sector_facts::sessions.eq(counts.sessions),
                    sector_facts::by_register.eq(counts.by_register),
                    sector_facts::by_headcount.eq(counts.by_headcount),
                    sector_facts::attendances.eq(counts.attendances),
                    sector_facts::heads.eq(counts.heads),
                )
            })
            .collect();
        for some in facts.chunks(AT_ONCE) {
            on_each!(tx, |c| diesel::insert_into(sector_facts::table).values(some).execute(c))?;
        }
        let people: Vec<_> = self
            .people
            .into_iter()
            .filter(|(_, people)| *people != 0)
            .map(|((of, month, before, sex, age_band, consents), people)| {
                (
                    sector_people::organisation_id.eq(Db(of.organisation)),
                    sector_people::sector.eq(of.sector),
                    sector_people::kind.eq(of.kind),
                    sector_people::modality.eq(of.modality),
                    sector_people::month.eq(month),
                    sector_people::before.eq(before),
                    sector_people::sex.eq(sex),
                    sector_people::age_band.eq(age_band),
                    sector_people::consents.eq(consents),
                    sector_people::part.eq(part.clone()),
                    sector_people::people.eq(people),
                )
            })
            .collect();
        for some in people.chunks(AT_ONCE) {
            on_each!(tx, |c| diesel::insert_into(sector_people::table).values(some).execute(c))?;
        }
        Ok(())
    }
}

const FACT_KEY: &str = "organisation_id, sex, age_band, month, sector, kind, modality";
const PERSON_KEY: &str = "organisation_id, month, before, sector, kind, modality, sex, age_band, consents";
const COUNTS: [&str; 5] = ["sessions", "by_register", "by_headcount", "attendances", "heads"];

/// Adds up what was added by parts, until nothing is left; gives how many parts there were. Several services may do so at once.
///
/// # Errors
/// Those of the store; what was done stays.
pub async fn add_up(store: &Store) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let some = store.write("add up facts", step).await?;
        all += some;
        if some < PARTS as u64 {
            return Ok(all);
        }
    }
}

fn step(tx: &mut Conn<'_>) -> Result<u64, StoreError> {
    let parts: Vec<Vec<u8>> = on_each!(tx, |c| sector_facts::table
        .filter(length(sector_facts::part).gt(0))
        .select(sector_facts::part)
        .union(sector_people::table.filter(length(sector_people::part).gt(0)).select(sector_people::part))
        .load(c))?;
    if parts.is_empty() {
        return Ok(0);
    }
    // Whoever else adds up waits here, and finds those gone that are done.
    on_each!(tx, |c| diesel::update(settings::table.find("epoch"))
        .set(settings::value.eq(settings::value))
        .execute(c))?;
    let some: Vec<&Vec<u8>> = parts.iter().take(PARTS as usize).collect();
    for part in &some {
        for (table, key, sums) in
            [("sector_facts", FACT_KEY, COUNTS.as_slice()), ("sector_people", PERSON_KEY, &["people"])]
        {
            let each = |text: &dyn Fn(&str) -> String| {
                sums.iter().map(|sum| text(sum)).collect::<Vec<_>>().join(", ")
            };
            let add = format!(
                "INSERT INTO {table} ({key}, part, {names})
                 SELECT {key}, $1, {names} FROM {table} WHERE part = $2
                 ON CONFLICT ({key}, part) DO UPDATE SET {added}",
                names = sums.join(", "),
                added = each(&|sum| format!("{sum} = {table}.{sum} + excluded.{sum}")),
            );
            let remove = format!("DELETE FROM {table} WHERE part = $1");
            on_each!(tx, |c| {
                diesel::sql_query(add.as_str())
                    .bind::<Binary, _>(&[] as &[u8])
                    .bind::<Binary, _>(part.as_slice())
                    .execute(c)?;
                diesel::sql_query(remove.as_str()).bind::<Binary, _>(part.as_slice()).execute(c)
            })?;
        }
    }
    Ok(some.len() as u64)
}

/// A query for what in the sums is not what the facts of the groups give, with the difference in each.
fn wrong(table: &str) -> String {
    let (key, sums, facts) = match table {
        "sector_facts" => (FACT_KEY, COUNTS.as_slice(), "facts"),
        _ => (PERSON_KEY, ["people"].as_slice(), "person_months"),
    };
    let of_group = |name: &str| match name.trim() {
        name @ ("organisation_id" | "sector" | "kind" | "modality") => format!("strata.{name}"),
        name => format!("f.{name}"),
    };
    let keys: Vec<String> = key.split(',').map(of_group).collect();
    let negative: Vec<String> = sums
        .iter()
        .map(|sum| if *sum == "people" { "-1 AS people".to_owned() } else { format!("-f.{sum}") })
        .collect();
    let total = |sum: &&str| format!("CAST(sum({sum}) AS bigint) AS {sum}");
    format!(
        "SELECT {key}, {totals} FROM (
             SELECT {key}, {names} FROM {table}
             UNION ALL
             SELECT {keys}, {negative} FROM {facts} f JOIN strata ON strata.group_id = f.group_id
         ) AS both_ways GROUP BY {key} HAVING {differs}",
        totals = sums.iter().map(total).collect::<Vec<_>>().join(", "),
        names = sums.join(", "),
        keys = keys.join(", "),
        negative = negative.join(", "),
        differs = sums.iter().map(|sum| format!("sum({sum}) <> 0")).collect::<Vec<_>>().join(" OR "),
    )
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// In how many rows the sums are not what the facts of the groups give.
///
/// # Errors
/// Those of the store.
pub fn wrong_sums(tx: &mut Conn<'_>) -> Result<u64, StoreError> {
    let mut all = 0;
    for table in ["sector_facts", "sector_people"] {
        let text = format!("SELECT count(*) AS number FROM ({}) AS wrong", wrong(table));
        let found: Number = on_each!(tx, |c| diesel::sql_query(text.as_str()).get_result(c))?;
        all += found.number.unsigned_abs();
    }
    Ok(all)
}

/// Adds what is lacking to the sums; gives in how many rows something was. Each is one statement, which sees facts and sums as of
/// one moment, so that others may go on adding.
///
/// # Errors
/// Those of the store.
pub fn mend_sums(tx: &mut Conn<'_>) -> Result<u64, StoreError> {
    let mut all = 0;
    for (table, key, sums) in
        [("sector_facts", FACT_KEY, COUNTS.as_slice()), ("sector_people", PERSON_KEY, &["people"])]
    {
        let lacking: Vec<String> = sums.iter().map(|sum| format!("-{sum}")).collect();
        let text = format!(
            "INSERT INTO {table} ({key}, part, {names}) SELECT {key}, $1, {lacking} FROM ({wrong}) AS wrong",
            names = sums.join(", "),
            lacking = lacking.join(", "),
            wrong = wrong(table),
        );
        let part = Uuid::new_v4().as_bytes().to_vec();
        let mended =
            on_each!(tx, |c| diesel::sql_query(text.as_str()).bind::<Binary, _>(part.as_slice()).execute(c))?;
        all += mended as u64;
    }
    Ok(all)
}
