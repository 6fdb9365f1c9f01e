//! Totals of whole months, for whoever counts something beside them and shows that the two agree.

use std::collections::BTreeMap;

use sync_core::record::Sex;
use sync_core::record::session::Phase;

use super::dimension::Dimension;
use super::doubts::Doubts;
use super::from_facts;
use super::handler::Totals;
use super::months::Months;
use super::question::{Question, RawTotals};
use crate::scope::{Asked, Scope};
use crate::store::{Conn, StoreError};

/// What is counted of some groups, and what should be known of it. Days that are no whole months are left out: all months count then.
///
/// # Errors
/// Those of the store.
pub(crate) fn of_months(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
) -> Result<(Totals, Doubts), StoreError> {
    let (question, months) = question(asked, Vec::new());
    let counts = from_facts::answer(tx, &question, &months, scope)?;
    let total = counts.first().map_or_else(RawTotals::default, |total| total.counts);
    Ok((Totals::of(total, &question), from_facts::doubts(tx, &question, &months, scope)?))
}

/// The same, told apart by the phases of the meetings.
///
/// # Errors
/// Those of the store.
pub(crate) fn by_phase(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
) -> Result<BTreeMap<String, Totals>, StoreError> {
    let (question, months) = question(asked, vec![Dimension::Phase]);
    let rows = from_facts::answer(tx, &question, &months, scope)?;
    let row = |total: super::question::Total| (total.by.concat(), Totals::of(total.counts, &question));
    Ok(rows.into_iter().map(row).collect())
}

/// The same of people of one sex and meetings of one phase, told apart by some dimensions: each row by their words, in their order.
///
/// # Errors
/// Those of the store.
pub(crate) fn told_apart(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
    sex: Option<Sex>,
    phase: Option<Phase>,
    by: Vec<Dimension>,
) -> Result<Vec<(Vec<String>, Totals)>, StoreError> {
    let (question, months) = question(asked, by);
    let question = Question { sex, phase, ..question };
    let rows = from_facts::answer(tx, &question, &months, scope)?;
    Ok(rows.into_iter().map(|total| (total.by, Totals::of(total.counts, &question))).collect())
}

fn question(asked: &Asked, by: Vec<Dimension>) -> (Question, Months) {
    let months = Months::of(asked).unwrap_or(Months::ALL);
    let question = Question {
        by,
        asked: asked.clone(),
        sex: None,
        age_band: None,
        phase: None,
        part: None,
        state: None,
    };
    (question, months)
}
