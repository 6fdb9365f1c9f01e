//! The lines of budgets, as they are kept.

use diesel::prelude::*;
use sync_core::id::OrganisationId;
use uuid::Uuid;

use super::line::Line;
use crate::clock::timestamp;
use crate::on_each;
use crate::store::schema::{budget_lines, organisations};
use crate::store::{At, Conn, Db, StoreError};

/// The lines that count, of one organisation or of all.
///
/// # Errors
/// Those of the store.
pub(crate) fn lines(tx: &mut Conn<'_>, of: Option<OrganisationId>) -> Result<Vec<Line>, StoreError> {
    rows(tx, &Which { of: [of, None], ..Which::default() }, i64::MAX)
}

/// All lines of an organisation, those that were taken back, too.
///
/// # Errors
/// Those of the store.
pub(crate) fn all_of(tx: &mut Conn<'_>, of: OrganisationId) -> Result<Vec<Line>, StoreError> {
    rows(tx, &Which { of: [Some(of), None], also_taken_back: true, ..Which::default() }, i64::MAX)
}

/// How many lines there may be of one organisation, those that were taken back too.
pub(super) const MOST: i64 = 2_000;

/// # Errors
/// Those of the store.
pub(super) fn count(tx: &mut Conn<'_>, of: OrganisationId) -> Result<i64, StoreError> {
    on_each!(tx, |c| budget_lines::table
        .filter(budget_lines::organisation_id.eq(Db(of)))
        .count()
        .get_result(c))
}

/// # Errors
/// Those of the store.
pub(super) fn find(tx: &mut Conn<'_>, id: Uuid) -> Result<Option<Line>, StoreError> {
    let one = Which { id: Some(id), also_taken_back: true, ..Which::default() };
    Ok(rows(tx, &one, 1)?.pop())
}

type Row = (
    (Vec<u8>, Db<OrganisationId>, String, Option<String>, String, String),
    (String, i64, String, At, Option<At>),
);

/// Which lines.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Which {
    pub(super) id: Option<Uuid>,
    /// Of organisations that are all of these.
    pub(super) of: [Option<OrganisationId>; 2],
    pub(super) also_taken_back: bool,
    pub(super) after: Option<Uuid>,
}

/// Lines in the order in which they were entered.
///
/// # Errors
/// Those of the store.
pub(super) fn rows(tx: &mut Conn<'_>, which: &Which, most: i64) -> Result<Vec<Line>, StoreError> {
    let Which { id, of, also_taken_back, after } = *which;
    let rows: Vec<Row> = on_each!(tx, |c, Backend| {
        let mut rows = budget_lines::table
            .inner_join(organisations::table)
            .order(budget_lines::id)
            .limit(most)
            .select((
                (
                    budget_lines::id,
                    budget_lines::organisation_id,
                    organisations::code,
                    budget_lines::modality,
                    budget_lines::from_month,
                    budget_lines::to_month,
                ),
                (
                    budget_lines::currency,
                    budget_lines::amount,
                    budget_lines::source,
                    budget_lines::entered_at,
                    budget_lines::taken_back_at,
                ),
            ))
            .into_boxed::<Backend>();
        for of in of.into_iter().flatten() {
            rows = rows.filter(budget_lines::organisation_id.eq(Db(of)));
        }
        if !also_taken_back {
            rows = rows.filter(budget_lines::taken_back_at.is_null());
        }
        if let Some(id) = id {
            rows = rows.filter(budget_lines::id.eq(id.as_bytes().to_vec()));
        }
        if let Some(after) = after {
            rows = rows.filter(budget_lines::id.gt(after.as_bytes().to_vec()));
        }
        rows.load(c)
    })?;
    rows.into_iter().map(line).collect()
}

fn line(row: Row) -> Result<Line, StoreError> {
    let ((id, Db(organisation_id), organisation, modality, from, to), (currency, amount, source, at, gone)) =
        row;
    Ok(Line {
        id: Uuid::from_slice(&id).map_err(|_| StoreError::Damaged("a budget line"))?,
        organisation_id,
        organisation,
        modality,
        from,
        to,
        currency,
        amount,
        source,
        entered_at: timestamp(at.0),
        taken_back_at: gone.map(|At(at)| timestamp(at)),
    })
}
