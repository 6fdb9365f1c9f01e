//! Answers from sums over the groups of an organisation.
//!
//! Facts and people are read by themselves, those that are added up and those that wait for it. The rows of an answer are put together here.

use std::collections::BTreeMap;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use sync_core::area::Level;
use sync_core::id::OrganisationId;

use super::dimension::Dimension;
use super::months::{Months, newly};
use super::question::{Question, RawTotals, Total};
use super::refusal::MAX_ROWS;
use crate::facts::{BOTH, FINEST, MEETINGS, Period, at_least, plane};
use crate::on_each;
use crate::scope::conditions::{Values, bound};
use crate::scope::{Asked, Scope, below};
use crate::store::{Conn, StoreError};

/// Sums that tell what is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    pub(super) organisation: OrganisationId,
    pub(super) level: i32,
    /// Up to how many digits of their codes they tell areas apart.
    digits: u32,
}

impl Sums {
    /// The coarsest sums that tell what is asked; none where there are none.
    pub(super) fn that_tell(question: &Question, months: &Months, scope: Scope) -> Option<Self> {
        let organisation = scope.groups.of_all()?;
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
        let (level, digits) = at_least(period, digits, kinds)?;
        Some(Self { organisation, level, digits })
    }
}

/// A table, and which of its rows.
#[derive(Debug, Clone, Copy)]
struct Source {
    people: bool,
    level: i32,
    plane: i32,
    /// Up to how many digits of their codes it tells areas apart.
    digits: u32,
}

/// # Errors
/// Those of the store.
pub(super) fn answer(
    tx: &mut Conn<'_>,
    question: &Question,
    months: &Months,
    sums: Sums,
) -> Result<Vec<Total>, StoreError> {
    let Sums { level, digits, .. } = sums;
    let (sexes, age_bands) = question.sexes_and_age_bands();
    let plane = if question.of_meetings() { MEETINGS } else { plane(sexes, age_bands) };
    let added_up = Source { people: false, level, plane, digits };
    let waiting = Source { level: FINEST, digits: Level::Village.digits(), ..added_up };
    let mut sources = vec![added_up, waiting];
    if !question.of_meetings() {
        sources.push(Source { people: true, ..added_up });
        sources.push(Source { people: true, plane: BOTH, ..waiting });
    }
    let mut rows = Rows::default();
    for source in sources {
        read(tx, question, months, sums.organisation, source, &mut rows)?;
    }
    // Sums in which nothing is left any longer are no row. A total is one in any case.
    let there = |(by, counts): &(Vec<String>, RawTotals)| by.is_empty() || counts.sessions > 0;
    Ok(rows.sums.into_iter().filter(there).map(|(by, counts)| Total { by, counts }).collect())
}

/// The rows of an answer, while it is put together.
#[derive(Debug, Default)]
struct Rows {
    sums: BTreeMap<Vec<String>, RawTotals>,
}

impl Rows {
    fn add(&mut self, Total { by, counts }: Total) {
        self.sums.entry(by).and_modify(|sum| *sum = sum.plus(counts)).or_insert(counts);
    }

    /// Adds all of these, as long as the answer has not too many rows. Those that belong together mostly follow each other.
    fn add_all(&mut self, all: impl Iterator<Item = QueryResult<Total>>) -> QueryResult<()> {
        let mut last: Option<Total> = None;
        for one in all {
            let one = one?;
            match &mut last {
                Some(last) if last.by == one.by => last.counts = last.counts.plus(one.counts),
                _ => last.replace(one).into_iter().for_each(|before| self.add(before)),
            }
            if self.sums.len() > MAX_ROWS {
                break;
            }
        }
        last.into_iter().for_each(|last| self.add(last));
        Ok(())
    }
}

/// Adds the rows of one source. SQLite would sort them to group them, which costs more than to add them up here as they come; PostgreSQL
/// sends all rows before the first is read, so it groups them itself.
fn read(
    tx: &mut Conn<'_>,
    question: &Question,
    months: &Months,
    organisation: OrganisationId,
    source: Source,
    rows: &mut Rows,
) -> Result<(), StoreError> {
    let Source { people, level, plane, .. } = source;
    let mut values = Values::default();
    let dimensions: Vec<String> =
        question.by.iter().map(|one| one.of_sums(source.digits, organisation, &mut values)).collect();
    let columns: String = dimensions.iter().map(|dimension| format!("{dimension}, ")).collect();
    let (table, counts) = if people { ("people_sums", &PEOPLE) } else { ("fact_sums", &FACTS) };
    let which = [
        format!("f.level = {level} AND f.plane = {plane}"),
        asked(question, months, organisation, &mut values),
        if people { newly(question, months, &mut values) } else { cells_asked(question, &mut values) },
    ];
    let which = which.join(" AND ");
    let by_hand = matches!(tx, Conn::Sqlite(_)) && !dimensions.is_empty();
    let (counts, grouped) = if by_hand {
        (counts.join(", "), String::new())
    } else {
        let sums = counts.map(|column| format!("CAST(coalesce(sum({column}), 0) AS bigint)"));
        let grouped = match dimensions.len() {
            0 => String::new(),
            count => format!("GROUP BY {} LIMIT {}", places(count), MAX_ROWS + 1),
        };
        (sums.join(", "), grouped)
    };
    let text = format!("SELECT {columns}{counts} FROM {table} f WHERE {which} {grouped}");
    on_each!(tx, |c, Backend| {
        let query = bound!(text, values, Backend);
        rows.add_all(query.load_iter::<Total, DefaultLoadingMode>(c)?)
    })
}

/// The columns in the order of [`RawTotals::COLUMNS`].
const FACTS: [&str; 7] =
    ["f.sessions", "f.by_register", "f.by_headcount", "f.attendances", "0", "f.heads", "f.minutes"];
const PEOPLE: [&str; 7] = ["0", "0", "0", "0", "f.people", "0", "0"];

fn places(count: usize) -> String {
    (1..=count).map(|place| place.to_string()).collect::<Vec<_>>().join(", ")
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
