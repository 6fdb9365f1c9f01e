//! What the secretariat and the donor read: tables that are published, in which no figure is about fewer than five people.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Failed;
use super::cast::{DONOR, ORGANISATIONS};
use super::desk::{Desk, text};

/// The people of a quarter, as a release tells of them.
pub(super) struct Published {
    /// `2026-Q3`.
    pub(super) release: String,
    pub(super) rounded_to: u64,
    pub(super) attendances_rounded_to: u64,
    /// One for each of [`ORGANISATIONS`].
    pub(super) organisations: Vec<People>,
}

#[derive(Default)]
pub(super) struct People {
    pub(super) people: Option<u64>,
    pub(super) attendances: Option<u64>,
    /// By sex and whether they are young: `female_youth`, `male_other` …, `not_shown`, `not_told`.
    pub(super) who: BTreeMap<String, u64>,
}

/// The latest release that tells of people; none where no quarter of this demo has ended long enough ago.
pub(super) fn read(server: &str, password: &str) -> Result<Option<Published>, Failed> {
    let donor = Desk::sign_in(server, DONOR, password)?;
    let releases = donor.get("/v1/published")?;
    let releases = releases.as_array().ok_or("the answer has no releases")?;
    let Some(release) = releases.iter().find(|release| release["stage"] != "running") else {
        return Ok(None);
    };
    let release = text(release, "release")?;
    let people = donor.get(&format!("/v1/published/{release}/people"))?;
    let who = donor.get(&format!("/v1/published/{release}/sex_and_age"))?;
    let organisations = ORGANISATIONS.iter().map(|organisation| {
        let mut of = People::default();
        for row in rows_of(&people, organisation.code).filter(|row| row["of"] == "organisation") {
            (of.people, of.attendances) = (row["people"].as_u64(), row["attendances"].as_u64());
        }
        for row in rows_of(&who, organisation.code) {
            *of.who.entry(text(row, "who")?).or_default() += number(row, "people")?;
        }
        Ok(of)
    });
    Ok(Some(Published {
        organisations: organisations.collect::<Result<_, Failed>>()?,
        rounded_to: number(&people, "rounded_to")?,
        attendances_rounded_to: number(&people, "attendances_rounded_to")?,
        release,
    }))
}

fn rows_of<'a>(table: &'a Value, organisation: &'a str) -> impl Iterator<Item = &'a Value> {
    let rows = table["rows"].as_array().into_iter().flatten();
    rows.filter(move |row| row["organisation"] == organisation)
}

fn number(said: &Value, field: &str) -> Result<u64, Failed> {
    Ok(said[field].as_u64().ok_or_else(|| format!("the answer has no {field}"))?)
}
