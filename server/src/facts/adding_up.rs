//! Adding the sums up: what was added by parts goes into the part without a name, at each level; and finding out, and mending, where sums
//! are not what the facts of the groups give.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use super::table::TABLES;
use crate::on_each;
use crate::store::{Conn, Store, StoreError, identity};

/// How many parts one transaction adds up: others wait no longer than that.
const PARTS: usize = 25;

/// Adds up what was added by parts, until nothing is left; gives how many parts there were. Several services may do so at once.
///
/// # Errors
/// Those of the store; what was done stays.
pub async fn add_up(store: &Store) -> Result<u64, StoreError> {
    let mut all = 0;
    while !store.read("facts to add up", |tx| waiting(tx, 1)).await?.is_empty() {
        all += store.write("add up facts", step).await?;
    }
    Ok(all)
}

/// Parts that wait to be added up, at most so many.
fn waiting(tx: &mut Conn<'_>, most: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    for table in &TABLES {
        let text = format!("SELECT DISTINCT part FROM {} WHERE length(part) > 0 LIMIT {most}", table.name);
        let parts: Vec<Part> = on_each!(tx, |c| diesel::sql_query(text.as_str()).load(c))?;
        if !parts.is_empty() {
            return Ok(parts.into_iter().map(|one| one.part).collect());
        }
    }
    Ok(Vec::new())
}

#[derive(QueryableByName)]
struct Part {
    #[diesel(sql_type = Binary)]
    part: Vec<u8>,
}

fn step(tx: &mut Conn<'_>) -> Result<u64, StoreError> {
    // Whoever else adds up waits here, and finds those parts gone that are done.
    identity::take_turns(tx)?;
    let parts = waiting(tx, PARTS)?;
    if parts.is_empty() {
        return Ok(0);
    }
    for table in &TABLES {
        let named: Vec<String> = (1..=parts.len()).map(|place| format!("${place}")).collect();
        let named = named.join(", ");
        // That they have a name is said again, for the index of those that do.
        let these = format!("part IN ({named}) AND length(part) > 0");
        let add = table.add(&table.at_each_level(&table.waiting(&these)), no_bytes(tx));
        let remove = format!("DELETE FROM {} WHERE {these}", table.name);
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

/// In how many rows the sums are not what the facts of the groups give.
///
/// # Errors
/// Those of the store.
pub fn wrong_sums(tx: &mut Conn<'_>) -> Result<u64, StoreError> {
    let mut all = 0;
    for table in &TABLES {
        let text = format!("SELECT count(*) AS number FROM ({}) AS wrong", table.lacking());
        let found: Number = on_each!(tx, |c| diesel::sql_query(text.as_str()).get_result(c))?;
        all += found.number.unsigned_abs();
    }
    Ok(all)
}

/// Makes the sums right; gives in how many rows something was wrong. What is lacking is added in one statement, which sees facts and sums as
/// of one moment, so that others may go on adding.
///
/// # Errors
/// Those of the store.
pub fn mend_sums(tx: &mut Conn<'_>) -> Result<u64, StoreError> {
    identity::take_turns(tx)?;
    let mut all = 0;
    for table in &TABLES {
        let add = table.add(&table.lacking(), no_bytes(tx));
        all += on_each!(tx, |c| diesel::sql_query(add.as_str()).execute(c))? as u64;
    }
    Ok(all)
}
