//! Adding the sums up: what was added by parts goes into the part without a name, at each level; and finding out, and mending, where sums
//! are not what the facts of the groups give.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use uuid::Uuid;

use crate::on_each;
use crate::store::schema::{fact_sums, length, people_sums, settings};
use crate::store::{Conn, Store, StoreError};

/// How many parts one transaction adds up: others wait no longer than that.
const PARTS: usize = 25;

/// One of the two tables of sums, as SQL that both databases read.
struct Table {
    name: &'static str,
    /// The columns of its key without `part`.
    key: &'static str,
    counts: &'static [&'static str],
    /// Its key, of a row `f` of the finest level (and plane), at each level `l` and plane `p`.
    coarser: &'static str,
    /// Which levels and planes there are.
    levels: &'static str,
    /// The finest, from the facts `f` of the groups.
    of_facts: &'static str,
    /// Which rows are of the finest.
    finest: &'static str,
}

const LEVELS: &str =
    "(SELECT 0 AS level, 0 AS digits, 0 AS kinds UNION ALL SELECT 1, 0, 1 UNION ALL SELECT 2, 2, 0
    UNION ALL SELECT 3, 2, 1 UNION ALL SELECT 4, 4, 0 UNION ALL SELECT 5, 4, 1) AS l";
const LEVELS_AND_PLANES: &str =
    "(SELECT 0 AS level, 0 AS digits, 0 AS kinds UNION ALL SELECT 1, 0, 1 UNION ALL SELECT 2, 2, 0
    UNION ALL SELECT 3, 2, 1 UNION ALL SELECT 4, 4, 0 UNION ALL SELECT 5, 4, 1) AS l
    CROSS JOIN (SELECT 0 AS plane, 0 AS sexes, 0 AS ages UNION ALL SELECT 1, 1, 0 UNION ALL SELECT 2, 0, 1
    UNION ALL SELECT 3, 1, 1) AS p";

const TABLES: [Table; 2] = [
    Table {
        name: "fact_sums",
        key: "organisation_id, level, plane, month, area, kind, modality, sex, age_band",
        counts: &["sessions", "by_register", "by_headcount", "attendances", "heads"],
        coarser: "f.organisation_id, l.level, f.plane, f.month, substr(f.area, 1, l.digits) AS area,
            CASE WHEN l.kinds = 1 THEN f.kind ELSE '' END AS kind, CASE WHEN l.kinds = 1 THEN f.modality ELSE '' END AS modality,
            f.sex, f.age_band",
        levels: LEVELS,
        of_facts: "SELECT s.organisation_id, 5 AS level,
            CASE WHEN f.sex = '' THEN 0 ELSE 1 END + CASE WHEN f.age_band = '' THEN 0 ELSE 2 END AS plane,
            f.month, s.sector AS area, s.kind, s.modality, f.sex, f.age_band,
            f.sessions, f.by_register, f.by_headcount, f.attendances, f.heads
            FROM facts f JOIN strata s ON s.group_id = f.group_id",
        finest: "level = 5",
    },
    Table {
        name: "people_sums",
        key: "organisation_id, level, plane, month, before, area, kind, modality, sex, age_band, consents",
        counts: &["people"],
        coarser: "f.organisation_id, l.level, p.plane, f.month, f.before, substr(f.area, 1, l.digits) AS area,
            CASE WHEN l.kinds = 1 THEN f.kind ELSE '' END AS kind, CASE WHEN l.kinds = 1 THEN f.modality ELSE '' END AS modality,
            CASE WHEN p.sexes = 1 THEN f.sex ELSE '' END AS sex, CASE WHEN p.ages = 1 THEN f.age_band ELSE '' END AS age_band,
            f.consents",
        levels: LEVELS_AND_PLANES,
        of_facts: "SELECT s.organisation_id, 5 AS level, 3 AS plane, f.month, f.before, s.sector AS area, s.kind, s.modality,
            f.sex, f.age_band, f.consents, 1 AS people
            FROM person_months f JOIN strata s ON s.group_id = f.group_id",
        finest: "level = 5 AND plane = 3",
    },
];

impl Table {
    fn counts(&self, each: impl Fn(&str) -> String) -> String {
        self.counts.iter().map(|count| each(count)).collect::<Vec<_>>().join(", ")
    }

    /// The rows of these parts at each level, added up.
    fn at_each_level(&self, parts: &str) -> String {
        let places: Vec<String> = (1..=self.key.split(',').count()).map(|place| place.to_string()).collect();
        format!(
            "SELECT {coarser}, {sums} FROM {name} f CROSS JOIN {levels}
             WHERE f.{finest} AND {parts} GROUP BY {places}",
            coarser = self.coarser,
            sums = self.counts(|count| format!("CAST(sum(f.{count}) AS bigint) AS {count}")),
            name = self.name,
            levels = self.levels,
            finest = self.finest.replace("plane", "f.plane"),
            places = places.join(", "),
        )
    }

    /// What one query for rows has that another has not, in each row the difference.
    fn differences(&self, one: &str, other: &str) -> String {
        format!(
            "SELECT {key}, {sums} FROM (
                 SELECT {key}, {counts} FROM ({one}) AS one UNION ALL SELECT {key}, {negative} FROM ({other}) AS other
             ) AS both_ways GROUP BY {key} HAVING {differs}",
            key = self.key,
            sums = self.counts(|count| format!("CAST(sum({count}) AS bigint) AS {count}")),
            counts = self.counts(str::to_owned),
            negative = self.counts(|count| format!("-{count}")),
            differs = self.counts(|count| format!("sum({count}) <> 0")).replace(", ", " OR "),
        )
    }

    /// What the facts of the groups give that the finest sums don't.
    fn lacking(&self) -> String {
        let finest = format!("SELECT * FROM {} WHERE {}", self.name, self.finest);
        self.differences(self.of_facts, &finest)
    }

    /// What the finest sums give, as far as they are added up, that those of the other levels don't.
    fn astray(&self) -> String {
        let there = format!("SELECT * FROM {} WHERE length(part) = 0", self.name);
        self.differences(&self.at_each_level("length(f.part) = 0"), &there)
    }
}

/// Adds up what was added by parts, until nothing is left; gives how many parts there were. Several services may do so at once.
///
/// # Errors
/// Those of the store; what was done stays.
pub async fn add_up(store: &Store) -> Result<u64, StoreError> {
    let mut all = 0;
    while store.read("facts to add up", waiting).await? {
        all += store.write("add up facts", step).await?;
    }
    Ok(all)
}

/// Whether anything waits to be added up.
fn waiting(tx: &mut Conn<'_>) -> Result<bool, StoreError> {
    let facts: Option<Vec<u8>> = on_each!(tx, |c| fact_sums::table
        .filter(length(fact_sums::part).gt(0))
        .select(fact_sums::part)
        .first(c)
        .optional())?;
    let people: Option<Vec<u8>> = on_each!(tx, |c| people_sums::table
        .filter(length(people_sums::part).gt(0))
        .select(people_sums::part)
        .first(c)
        .optional())?;
    Ok(facts.is_some() || people.is_some())
}

/// Whoever else adds up waits here, and finds those gone that are done.
fn take_turns(tx: &mut Conn<'_>) -> Result<(), StoreError> {
    let row = settings::table.find("epoch");
    on_each!(tx, |c| diesel::update(row).set(settings::value.eq(settings::value)).execute(c))?;
    Ok(())
}

fn step(tx: &mut Conn<'_>) -> Result<u64, StoreError> {
    let facts = || fact_sums::table.filter(length(fact_sums::part).gt(0)).select(fact_sums::part);
    let people = || people_sums::table.filter(length(people_sums::part).gt(0)).select(people_sums::part);
    take_turns(tx)?;
    let mut parts: Vec<Vec<u8>> = on_each!(tx, |c| facts().distinct().limit(PARTS as i64).load(c))?;
    if parts.is_empty() {
        parts = on_each!(tx, |c| people().distinct().limit(PARTS as i64).load(c))?;
    }
    if parts.is_empty() {
        return Ok(0);
    }
    for table in &TABLES {
        let named: Vec<String> = (1..=parts.len()).map(|place| format!("${place}")).collect();
        let named = named.join(", ");
        let add = format!(
            "INSERT INTO {name} ({key}, {counts}, part) SELECT {key}, {counts}, {empty} FROM ({rows}) AS added WHERE 1 = 1
             ON CONFLICT ({key}, part) DO UPDATE SET {added}",
            name = table.name,
            key = table.key,
            counts = table.counts(str::to_owned),
            empty = no_bytes(tx),
            // That they have a name is said again, for the index of those that do.
            rows = table.at_each_level(&format!("f.part IN ({named}) AND length(f.part) > 0")),
            added = table.counts(|count| format!("{count} = {}.{count} + excluded.{count}", table.name)),
        );
        let remove = format!("DELETE FROM {} WHERE part IN ({named}) AND length(part) > 0", table.name);
        for text in [add, remove] {
            on_each!(tx, |c, Backend| {
                let mut query = diesel::sql_query(text.as_str()).into_boxed::<Backend>();
                for part in &parts {
                    query = query.bind::<Binary, _>(part.as_slice());
                }
                query.execute(c)
            })?;
        }
    }
    Ok(parts.len() as u64)
}

/// No bytes, as a literal.
fn no_bytes(tx: &Conn<'_>) -> &'static str {
    match tx {
        Conn::Sqlite(_) => "x''",
        Conn::Postgres(_) => "''::bytea",
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn how_many(tx: &mut Conn<'_>, rows: &str) -> Result<u64, StoreError> {
    let text = format!("SELECT count(*) AS number FROM ({rows}) AS wrong");
    let found: Number = on_each!(tx, |c| diesel::sql_query(text.as_str()).get_result(c))?;
    Ok(found.number.unsigned_abs())
}

/// In how many rows the sums are not what the facts of the groups give.
///
/// # Errors
/// Those of the store.
pub fn wrong_sums(tx: &mut Conn<'_>) -> Result<u64, StoreError> {
    let mut all = 0;
    for table in &TABLES {
        all += how_many(tx, &table.lacking())? + how_many(tx, &table.astray())?;
    }
    Ok(all)
}

/// Makes the sums right; gives in how many rows something was wrong. What is lacking is added in one statement, which sees facts and sums as
/// of one moment, so that others may go on adding.
///
/// # Errors
/// Those of the store.
pub fn mend_sums(tx: &mut Conn<'_>) -> Result<u64, StoreError> {
    take_turns(tx)?;
    let mut all = 0;
    for table in &TABLES {
        let (name, key, counts) = (table.name, table.key, table.counts(str::to_owned));
        let part = Uuid::new_v4().as_bytes().to_vec();
        let add = format!(
            "INSERT INTO {name} ({key}, {counts}, part) SELECT {key}, {counts}, $1 FROM ({}) AS lacking",
            table.lacking()
        );
        let added =
            on_each!(tx, |c| diesel::sql_query(add.as_str()).bind::<Binary, _>(part.as_slice()).execute(c))?;
        all += added as u64;
        let astray = how_many(tx, &table.astray())?;
        if astray > 0 {
            let remove = format!("DELETE FROM {name} WHERE NOT ({})", table.finest);
            let again = format!(
                "INSERT INTO {name} ({key}, {counts}, part) SELECT {key}, {counts}, {empty} FROM ({rows}) AS rows_again
                 WHERE NOT ({finest})",
                empty = no_bytes(tx),
                rows = table.at_each_level("length(f.part) = 0"),
                finest = table.finest,
            );
            on_each!(tx, |c| {
                diesel::sql_query(remove.as_str()).execute(c)?;
                diesel::sql_query(again.as_str()).execute(c)
            })?;
        }
        all += astray;
    }
    Ok(all)
}
