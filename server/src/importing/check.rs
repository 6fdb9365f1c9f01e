//! Looking at every line before any is made. Nothing is written here.

use std::collections::HashMap;

use super::cells::Cells;
use super::report::{LineOutcome, LineRemark, LineReport};
use super::row::{Importer, Row, There};
use super::table::{Table, TableLine};
use crate::problem::Fields;
use crate::store::{Conn, StoreError};

/// A line, and what is to be made of it, if anything.
#[derive(Debug)]
pub(super) struct Checked<R> {
    pub(super) report: LineReport,
    pub(super) row: Option<R>,
}

/// # Errors
/// Those of the store.
pub(super) fn check<R: Row>(
    tx: &mut Conn<'_>,
    table: &Table,
    importer: Importer,
) -> Result<Vec<Checked<R>>, StoreError> {
    let known = R::known(tx, importer)?;
    let mut first: HashMap<String, u64> = HashMap::new();
    let mut checked = Vec::with_capacity(table.lines.len());
    for line in &table.lines {
        checked.push(match by_itself::<R>(table, line, &known, importer) {
            Err(report) => Checked { report, row: None },
            Ok(row) => beside(tx, line.number, row, &known, &mut first, importer)?,
        });
    }
    Ok(checked)
}

/// A line by itself: each of its cells, and whether they go together.
fn by_itself<R: Row>(
    table: &Table,
    line: &TableLine,
    known: &R::Known,
    importer: Importer,
) -> Result<R, LineReport> {
    let mut fields = Fields::default();
    let cells = Cells::of(table, line, &mut fields);
    let row = R::read(cells, known, importer, &mut fields);
    let refused = |problem| LineReport::refused(line.number, &problem);
    fields.done().map_err(refused)?;
    row.ok_or_else(|| LineReport::refused(line.number, &crate::problem::Problem::internal()))
}

/// A line beside what is there, and beside the lines before it.
fn beside<R: Row>(
    tx: &mut Conn<'_>,
    line: u64,
    row: R,
    known: &R::Known,
    first: &mut HashMap<String, u64>,
    importer: Importer,
) -> Result<Checked<R>, StoreError> {
    // 1. What is there stays as it is: an old sheet overwrites nothing.
    if let Some(There { id, remark }) = row.there(known) {
        let report = LineReport { id, ..LineReport::new(line, LineOutcome::Doubled, vec![remark]) };
        return Ok(Checked { report, row: None });
    }
    // 2. Of lines that tell of one thing the first counts.
    let before = *first.entry(row.key()).or_insert(line);
    if before != line {
        let remark =
            LineRemark::new(super::cells::LINE, format!("tells of the same as line {before}, which counts"));
        return Ok(Checked { report: LineReport::new(line, LineOutcome::Doubled, vec![remark]), row: None });
    }
    // 3. What others would say against it.
    if let Some(remark) = row.objection(tx, importer)? {
        return Ok(Checked { report: LineReport::new(line, LineOutcome::Refused, vec![remark]), row: None });
    }
    let report = LineReport::new(line, LineOutcome::WouldBeMade, row.doubts());
    Ok(Checked { report, row: Some(row) })
}
