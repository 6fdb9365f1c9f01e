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
    let mut first: HashMap<String, &TableLine> = HashMap::new();
    let mut checked = Vec::with_capacity(table.lines.len());
    for line in &table.lines {
        checked.push(match by_itself::<R>(table, line, &known, importer) {
            Err(report) => Checked { report, row: None },
            Ok(row) => beside(tx, (table, line), row, &known, &mut first, importer)?,
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
fn beside<'t, R: Row>(
    tx: &mut Conn<'_>,
    (table, line): (&'t Table, &'t TableLine),
    row: R,
    known: &R::Known,
    first: &mut HashMap<String, &'t TableLine>,
    importer: Importer,
) -> Result<Checked<R>, StoreError> {
    let (told, line) = (line, line.number);
    // 1. What is there stays as it is: an old sheet overwrites nothing.
    if let Some(There { id, remark }) = row.there(known) {
        let report = LineReport { id, ..LineReport::new(line, LineOutcome::Doubled, vec![remark]) };
        return Ok(Checked { report, row: None });
    }
    // 2. Of lines that tell of one thing alike the first counts. Where they do not, they may be of two people, or two meetings.
    let before = *first.entry(row.key()).or_insert(told);
    if before.number != line {
        let others = table.differ(before, told, R::KEY);
        let (outcome, detail) = match others.is_empty() {
            true => {
                (LineOutcome::Doubled, format!("tells of the same as line {}, which counts", before.number))
            }
            false => (
                LineOutcome::Refused,
                format!(
                    "tells of the same as line {}, and says something else in {}: leave one of them out, or name the second otherwise",
                    before.number,
                    others.join(", ")
                ),
            ),
        };
        let remark = LineRemark::new(super::cells::LINE, detail);
        return Ok(Checked { report: LineReport::new(line, outcome, vec![remark]), row: None });
    }
    // 3. What others would say against it.
    if let Some(remark) = row.objection(tx, importer)? {
        return Ok(Checked { report: LineReport::new(line, LineOutcome::Refused, vec![remark]), row: None });
    }
    let report = LineReport::new(line, LineOutcome::WouldBeMade, row.doubts());
    Ok(Checked { report, row: Some(row) })
}
