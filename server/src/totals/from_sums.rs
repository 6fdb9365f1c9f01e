//! Answers from sums over the groups of an organisation.
//!
//! Facts and people are read by themselves, those that are added up and those that wait for it: each by the dimensions that are asked for, which
//! mostly follow the order of the key, so that the database need not sort them. The rows of an answer are then put together here.

use std::collections::BTreeMap;

use diesel::prelude::*;
use sync_core::area::Level;
use sync_core::id::OrganisationId;

use super::conditions::{Values, bound};
use super::dimension::Dimension;
use super::months::{Months, newly};
use super::question::{Counts, Question, Total};
use super::refusal::MAX_ROWS;
use crate::facts::{BOTH, FINEST, MEETINGS, Period, at_least, plane};
use crate::on_each;
use crate::scope::{Asked, Scope, below};
use crate::store::{Conn, StoreError};

/// Sums that tell what is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    pub(super) organisation: OrganisationId,
    pub(super) level: i32,
    /// Up to how many digits of their codes areas are told apart, and whether kinds and modalities are.
    digits: u32,
    kinds: bool,
}

impl Sums {
    /// The coarsest sums that tell what is asked; none where there are none.
    pub(super) fn that_tell(question: &Question, months: &Months, scope: Scope) -> Option<Self> {
        let Scope::Organisation(organisation) = scope else { return None };
        let Asked { group, kind, modality, area, .. } = &question.asked;
        if group.is_some() {
            return None;
        }
        let digits = |dimension: &Dimension| match dimension {
            Dimension::Area(level) => level.digits(),
            _ => 0,
        };
        let asked = area.map_or(0, |area| area.level().digits());
        let digits = question.by.iter().map(digits).chain([asked]).max().unwrap_or_default();
        let of_kind = |dimension: &Dimension| matches!(dimension, Dimension::Kind | Dimension::Modality);
        let kinds = kind.is_some() || modality.is_some() || question.by.iter().any(of_kind);
        let timeless = months.are_all() && !question.by.iter().any(|dimension| dimension.period().is_some());
        let period = if timeless { Period::All } else { Period::Month };
        let (level, digits, kinds) = at_least(period, digits, kinds)?;
        Some(Self { organisation, level, digits, kinds })
    }
}

/// A table, and which of its rows.
#[derive(Debug, Clone, Copy)]
struct Source {
    people: bool,
    level: i32,
    plane: i32,
    /// As in [`Sums`].
    digits: u32,
    kinds: bool,
}

/// # Errors
/// Those of the store.
pub(super) fn answer(
    tx: &mut Conn<'_>,
    question: &Question,
    months: &Months,
    sums: Sums,
) -> Result<Vec<Total>, StoreError> {
    let Sums { level, digits, kinds, .. } = sums;
    let (sexes, age_bands) = question.sexes_and_age_bands();
    let plane = if question.of_meetings() { MEETINGS } else { plane(sexes, age_bands) };
    let added_up = Source { people: false, level, plane, digits, kinds };
    let waiting = Source { level: FINEST, digits: Level::Village.digits(), kinds: true, ..added_up };
    let mut sources = vec![added_up, waiting];
    if !question.of_meetings() {
        sources.push(Source { people: true, ..added_up });
        sources.push(Source { people: true, plane: BOTH, ..waiting });
    }
    let mut rows: BTreeMap<Vec<String>, Counts> = BTreeMap::new();
    for source in sources {
        for Total { by, counts } in read(tx, question, months, sums.organisation, source)? {
            rows.entry(by).and_modify(|sum| *sum = sum.plus(counts)).or_insert(counts);
        }
    }
    // Sums in which nothing is left any longer are no row. A total is one in any case.
    let there = |(by, counts): &(Vec<String>, Counts)| by.is_empty() || counts.sessions > 0;
    Ok(rows.into_iter().filter(there).map(|(by, counts)| Total { by, counts }).collect())
}

fn read(
    tx: &mut Conn<'_>,
    question: &Question,
    months: &Months,
    organisation: OrganisationId,
    source: Source,
) -> Result<Vec<Total>, StoreError> {
    let Source { people, level, plane, digits, kinds } = source;
    let mut values = Values::default();
    let dimensions: Vec<String> =
        question.by.iter().map(|one| one.of_sums(digits, organisation, &mut values)).collect();
    let columns: String = dimensions.iter().map(|dimension| format!("{dimension}, ")).collect();
    let (table, counts) = if people { ("people_sums", &PEOPLE) } else { ("fact_sums", &FACTS) };
    let counts: Vec<String> =
        counts.iter().map(|column| format!("CAST(coalesce(sum({column}), 0) AS bigint)")).collect();
    let counts = counts.join(", ");
    let mut which = vec![
        format!("f.level = {level} AND f.plane = {plane}"),
        asked(question, months, organisation, &mut values),
        if people { newly(question, months, &mut values) } else { cells_asked(question, &mut values) },
    ];
    // What the level and the plane leave empty is said to be empty: so the database knows that the rows of one answer stand together.
    which.extend(empty(plane, kinds, people).into_iter().map(|column| format!("f.{column} = ''")));
    let which = which.join(" AND ");
    let grouped = if dimensions.is_empty() {
        String::new()
    } else {
        format!("GROUP BY {} LIMIT {}", places(dimensions.len()), MAX_ROWS + 1)
    };
    let text = format!("SELECT {columns}{counts} FROM {table} f WHERE {which} {grouped}");
    on_each!(tx, |c, Backend| bound!(text, values, Backend).load(c))
}

/// The columns in the order of [`Counts::COLUMNS`].
const FACTS: [&str; 7] =
    ["f.sessions", "f.by_register", "f.by_headcount", "f.attendances", "0", "f.heads", "f.minutes"];
const PEOPLE: [&str; 7] = ["0", "0", "0", "0", "f.people", "0", "0"];

fn places(count: usize) -> String {
    (1..=count).map(|place| place.to_string()).collect::<Vec<_>>().join(", ")
}

/// The columns that are empty in such rows.
fn empty(of: i32, kinds: bool, people: bool) -> Vec<&'static str> {
    let mut columns = Vec::new();
    if !kinds {
        columns.extend(["kind", "modality"]);
    }
    if of == MEETINGS || of & plane(true, false) == 0 {
        columns.push("sex");
    }
    if of == MEETINGS || of & plane(false, true) == 0 {
        columns.push("age_band");
    }
    if of != MEETINGS && !people {
        columns.extend(["phase", "part_of_day", "state"]);
    }
    columns
}

/// Which rows of sums are asked for, whatever they tell apart, as a condition on sums `f`.
pub(super) fn asked(question: &Question, months: &Months, of: OrganisationId, values: &mut Values) -> String {
    let mut all = vec![values.id("f.organisation_id = ?", of), months.condition(values, "f.month")];
    let Asked { organisation, kind, modality, area, .. } = &question.asked;
    if let Some(organisation) = organisation {
        all.push(values.id("f.organisation_id = ?", *organisation));
    }
    if let Some(kind) = kind {
        all.push(values.text("f.kind = ?", kind.code()));
    }
    if let Some(modality) = modality {
        all.push(values.text("f.modality = ?", modality.code()));
    }
    if let Some(area) = area {
        all.push(values.text("f.area LIKE ?", below(*area)));
    }
    all.join(" AND ")
}

/// Which people are asked for, and which meetings, as a condition on facts `f`.
pub(super) fn cells_asked(question: &Question, values: &mut Values) -> String {
    let people = question.people(values, "f.");
    let meetings = question.meetings(values, "f.");
    format!("{people} AND {meetings}")
}
