//! What a release counts, from the facts of the groups: one text for both databases.
//!
//! *People* of a quarter are the rows of `person_months` of its months of which the month before lies before the quarter: each is another
//! person of a group. That month also tells their novelty, so that people who are new in a year add up over its quarters. Only people
//! who consent count, and of attendances and of those who graduated only theirs.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use sync_core::id::OrganisationId;
use sync_core::record::{AgeBand, Sex};

use super::counts::RawCounts;
use super::quarter::{Quarter, Release};
use crate::doubt::{CAME, GRADUATED, MET_LAST, left_out, wrong_clock};
use crate::on_each;
use crate::store::identity::CATCHING_UP;
use crate::store::schema::organisations;
use crate::store::{Conn, Db, StoreError};

/// What was counted of one organisation.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) districts: BTreeMap<String, District>,
    /// Of people who consent.
    pub(super) attendances: RawCounts,
    /// Of people who consent, of groups that met last in these months.
    pub(super) graduates: RawCounts,
}

#[derive(Debug, Default)]
pub(super) struct District {
    /// Groups that met and their meetings, by modality.
    pub(super) met: BTreeMap<String, (i64, i64)>,
    /// The meetings of the group that met most often.
    pub(super) most: i64,
    pub(super) people: RawCounts,
}

impl Source {
    /// How many groups met, by district.
    pub(super) fn groups(&self) -> BTreeMap<String, i64> {
        let met = |district: &District| district.met.values().map(|(groups, _)| groups).sum();
        self.districts.iter().map(|(code, district)| (code.clone(), met(district))).collect()
    }
}

/// Whether facts are being counted again: what follows from them is not what the records say.
pub(super) fn being_counted(tx: &mut Conn<'_>) -> Result<bool, StoreError> {
    let text = format!(
        "SELECT CAST(CASE WHEN {CATCHING_UP} OR EXISTS (SELECT 1 FROM facts_due) THEN 1 ELSE 0 END AS bigint) AS number"
    );
    let due: Number = on_each!(tx, |c| diesel::sql_query(text.as_str()).get_result(c))?;
    Ok(due.number > 0)
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The quarters in which there were meetings that count, of which one at least has its day from a clock that was right. One tablet whose clock is
/// years behind would have a quarter of these years released, for ever.
pub(super) fn quarters(tx: &mut Conn<'_>) -> Result<Vec<Quarter>, StoreError> {
    #[derive(QueryableByName)]
    struct Month {
        #[diesel(sql_type = Text)]
        month: String,
    }
    let text = format!(
        "SELECT DISTINCT f.month AS month FROM facts f WHERE {OF_ALL} AND f.sessions > 0 AND EXISTS (
             SELECT 1 FROM sessions s
             WHERE s.group_id = f.group_id AND s.date >= f.month AND s.date <= f.month || '-31'
             AND s.void IS NULL AND s.moved_to IS NULL AND s.double_of IS NULL AND NOT {}
         )",
        wrong_clock("s")
    );
    let months: Vec<Month> = on_each!(tx, |c| diesel::sql_query(text.as_str()).load(c))?;
    let mut quarters: Vec<Quarter> = months.iter().filter_map(|one| Quarter::of(&one.month)).collect();
    quarters.sort_unstable();
    quarters.dedup();
    Ok(quarters)
}

/// The facts that tell nothing apart.
const OF_ALL: &str = "f.sex = '' AND f.age_band = '' AND f.state = ''";

/// Groups and meetings of the months of a release.
pub(super) fn meetings(
    tx: &mut Conn<'_>,
    release: Release,
) -> Result<BTreeMap<OrganisationId, Source>, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Binary)]
        organisation_id: Db<OrganisationId>,
        #[diesel(sql_type = Text)]
        district: String,
        #[diesel(sql_type = Text)]
        modality: String,
        #[diesel(sql_type = BigInt)]
        groups_met: i64,
        #[diesel(sql_type = BigInt)]
        sessions: i64,
        #[diesel(sql_type = BigInt)]
        most: i64,
    }
    let text = format!(
        "SELECT g.organisation_id, substr(g.area, 1, 2) AS district, g.modality, count(*) AS groups_met,
                CAST(sum(met.sessions) AS bigint) AS sessions, CAST(max(met.sessions) AS bigint) AS most
         FROM (SELECT f.group_id, CAST(sum(f.sessions) AS bigint) AS sessions FROM facts f
               WHERE {OF_ALL} AND f.sessions > 0 AND f.month >= $1 AND f.month <= $2 GROUP BY f.group_id) AS met
         JOIN groups g ON g.id = met.group_id GROUP BY 1, 2, 3"
    );
    let rows: Vec<Row> = on_each!(tx, |c| diesel::sql_query(text.as_str())
        .bind::<Text, _>(release.quarter.first_month())
        .bind::<Text, _>(release.last_month())
        .load(c))?;
    let mut sources: BTreeMap<OrganisationId, Source> = BTreeMap::new();
    for Row { organisation_id: Db(organisation), district, modality, groups_met, sessions, most } in rows {
        let of = sources.entry(organisation).or_default().districts.entry(district).or_default();
        of.met.insert(modality, (groups_met, sessions));
        of.most = of.most.max(most);
    }
    Ok(sources)
}

/// Adds the people of the months of a release, and how often they came.
pub(super) fn people(
    tx: &mut Conn<'_>,
    release: Release,
    sources: &mut BTreeMap<OrganisationId, Source>,
) -> Result<(), StoreError> {
    let (first, last) = (release.quarter.first_month(), release.last_month());
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Binary)]
        organisation_id: Db<OrganisationId>,
        #[diesel(sql_type = Text)]
        district: String,
        #[diesel(sql_type = Text)]
        modality: String,
        #[diesel(sql_type = Text)]
        sex: String,
        #[diesel(sql_type = Text)]
        age_band: String,
        #[diesel(sql_type = Text)]
        novelty: String,
        #[diesel(sql_type = BigInt)]
        people: i64,
    }
    // Both databases number what is bound in the order of the text.
    let text = "SELECT g.organisation_id, substr(g.area, 1, 2) AS district, g.modality, f.sex, f.age_band,
                       CASE WHEN f.before = '' THEN 'first_ever' WHEN f.before < $1 THEN 'first_this_year' ELSE 'again' END
                           AS novelty,
                       count(*) AS people
                FROM person_months f JOIN groups g ON g.id = f.group_id
                WHERE f.consents AND f.month >= $2 AND f.month <= $3 AND f.before < $4 GROUP BY 1, 2, 3, 4, 5, 6";
    let rows: Vec<Row> = on_each!(tx, |c| diesel::sql_query(text)
        .bind::<Text, _>(release.quarter.first_of_year())
        .bind::<Text, _>(&first)
        .bind::<Text, _>(&last)
        .bind::<Text, _>(&first)
        .load(c))?;
    for row in rows {
        let of = sources.entry(row.organisation_id.0).or_default();
        let of = of.districts.entry(row.district).or_default();
        let who = sex_and_age(&row.sex, &row.age_band).to_owned();
        of.people.add(vec![who, row.modality, row.novelty], row.people);
    }
    attendances(tx, &first, &last, sources)?;
    graduates(tx, &first, &last, sources)
}

/// From the records: facts don't tell whose attendances they count.
fn attendances(
    tx: &mut Conn<'_>,
    first: &str,
    last: &str,
    sources: &mut BTreeMap<OrganisationId, Source>,
) -> Result<(), StoreError> {
    let text = format!(
        "WITH asked AS (
             SELECT s.id, s.group_id FROM sessions s
             WHERE s.date >= $1 AND s.date <= $2 AND s.id NOT IN ({left_out})
         ), {CAME}
         SELECT g.organisation_id, count(*) AS number
         FROM came
         JOIN participants p ON p.id = came.who AND p.group_id = came.group_id AND p.consents
         JOIN groups g ON g.id = came.group_id GROUP BY 1",
        left_out = left_out(),
    );
    let (from, to) = (format!("{first}-01"), format!("{last}-31"));
    of_each(tx, &text, &from, &to, sources, |source| &mut source.attendances)
}

/// Who graduated is counted in the quarter in which their group met last.
fn graduates(
    tx: &mut Conn<'_>,
    first: &str,
    last: &str,
    sources: &mut BTreeMap<OrganisationId, Source>,
) -> Result<(), StoreError> {
    let text = format!(
        "SELECT m.organisation_id, count(*) AS number
         FROM (SELECT g.id, g.organisation_id, {MET_LAST} AS month FROM groups g WHERE g.void IS NULL) m
         JOIN participants p ON p.group_id = m.id AND p.consents AND {GRADUATED}
         WHERE m.month >= $1 AND m.month <= $2 GROUP BY 1"
    );
    of_each(tx, &text, first, last, sources, |source| &mut source.graduates)
}

/// Adds to `of` what a query for `organisation_id` and `number` counts of each organisation between two times.
fn of_each(
    tx: &mut Conn<'_>,
    text: &str,
    from: &str,
    to: &str,
    sources: &mut BTreeMap<OrganisationId, Source>,
    of: impl Fn(&mut Source) -> &mut RawCounts,
) -> Result<(), StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Binary)]
        organisation_id: Db<OrganisationId>,
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let rows: Vec<Row> =
        on_each!(tx, |c| diesel::sql_query(text).bind::<Text, _>(from).bind::<Text, _>(to).load(c))?;
    for Row { organisation_id: Db(organisation), number } in rows {
        of(sources.entry(organisation).or_default()).add(Vec::new(), number);
    }
    Ok(())
}

/// Youth are 16 to 35 years old, as far as age bands tell: 15 to 35 in the African Youth Charter (2006), which Rwanda ratified, and 16 to 30 in its
/// National Youth Policy of 2015, which the bands can't tell apart.
fn sex_and_age(sex: &str, age_band: &str) -> &'static str {
    let (Ok(sex), Ok(age_band)) = (sex.parse::<Sex>(), age_band.parse::<AgeBand>()) else {
        return "unknown";
    };
    sex_and_youth(sex, matches!(age_band, AgeBand::From16To24 | AgeBand::From25To35))
}

/// The word for people of a sex, of 16 to 35 years or not.
pub(super) fn sex_and_youth(sex: Sex, youth: bool) -> &'static str {
    match (sex, youth) {
        (Sex::Female, true) => "female_youth",
        (Sex::Female, false) => "female_other",
        (Sex::Male, true) => "male_youth",
        (Sex::Male, false) => "male_other",
    }
}

/// The organisations that left the partnership.
pub(super) fn left(tx: &mut Conn<'_>) -> Result<BTreeSet<OrganisationId>, StoreError> {
    let rows: Vec<Db<OrganisationId>> = on_each!(tx, |c| organisations::table
        .filter(organisations::left_at.is_not_null())
        .select(organisations::id)
        .load(c))?;
    Ok(rows.into_iter().map(|Db(id)| id).collect())
}
