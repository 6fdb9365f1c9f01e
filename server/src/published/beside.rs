//! The people of one organisation in a quarter: exactly, and as they were published, with what lies between the two.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use sync_core::id::OrganisationId;

use super::measure::PEOPLE;
use super::quarter::{Release, Stage};
use crate::on_each;
use crate::store::schema::held_counts;
use crate::store::{Code, Conn, Db, StoreError, as_worker};

/// Counts of people who came at least once in the months of a release, each once in their group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Beside {
    /// All of them, as of now.
    pub(crate) exact: i64,
    /// Those who consent, as of now.
    pub(crate) consenting: i64,
    /// Those who consented when the release counted them; not known any more once the quarter was revised.
    pub(crate) counted: Option<i64>,
}

/// Counts for the organisation itself, which could count the same at any time.
///
/// # Errors
/// Those of the store.
pub(crate) fn beside_exact(
    tx: &mut Conn<'_>,
    own: OrganisationId,
    release: Release,
) -> Result<Beside, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        exact: i64,
        #[diesel(sql_type = BigInt)]
        consenting: i64,
    }
    // As `source::people` counts.
    let text = "SELECT count(*) AS exact, count(CASE WHEN f.consents THEN 1 END) AS consenting
                FROM person_months f JOIN groups g ON g.id = f.group_id
                WHERE g.organisation_id = $1 AND f.month >= $2 AND f.month <= $3 AND f.before < $4";
    let first = release.quarter.first_month();
    let Row { exact, consenting } = on_each!(tx, |c| diesel::sql_query(text)
        .bind::<Binary, _>(Db(own))
        .bind::<Text, _>(&first)
        .bind::<Text, _>(release.last_month())
        .bind::<Text, _>(&first)
        .get_result(c))?;
    let counted = if release.stage == Stage::First { held(tx, own, release)? } else { None };
    Ok(Beside { exact, consenting, counted })
}

fn held(tx: &mut Conn<'_>, own: OrganisationId, release: Release) -> Result<Option<i64>, StoreError> {
    as_worker(tx, |tx| {
        Ok(on_each!(tx, |c| held_counts::table
            .filter(held_counts::quarter.eq(Code(release.quarter)))
            .filter(held_counts::organisation_id.eq(Db(own)))
            .filter(held_counts::measure.eq(PEOPLE.name))
            .select(sql::<Nullable<BigInt>>("CAST(sum(people) AS bigint)"))
            .get_result(c))?)
    })
}
