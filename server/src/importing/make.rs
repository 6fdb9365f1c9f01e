//! Making what was checked, a few lines in each transaction, so that tablets hand in what they have in between.

use std::sync::Arc;

use diesel::prelude::*;
use sync_core::time::Moment;

use super::check::Checked;
use super::report::{ImportReport, LineOutcome, LineRemark, LineReport};
use super::row::{Importer, NotMade, Row, Written};
use crate::audit::{self, Entry};
use crate::clock::Clock;
use crate::ledger::keep;
use crate::on_each;
use crate::problem::Problem;
use crate::store::schema::organisations;
use crate::store::{Conn, Db, Failure, Store, as_worker};

/// Lines of one transaction. A line takes the writer some milliseconds.
const AT_ONCE: usize = 50;

/// Makes the lines that are to be made, in their order.
///
/// # Errors
/// 503 `import-stopped` where it could not go on; what the report says is made stays.
pub(super) async fn make<R: Row>(
    store: &Store,
    clock: &Clock,
    importer: Importer,
    checked: Vec<Checked<R>>,
) -> Result<ImportReport, Problem> {
    let (mut reports, rows): (Vec<LineReport>, Vec<Option<R>>) =
        checked.into_iter().map(|Checked { report, row }| (report, row)).unzip();
    let places = rows.into_iter().enumerate().filter_map(|(place, row)| Some((place, row?)));
    let to_make: Vec<(usize, R)> = places.collect();
    for some in to_make.chunks(AT_ONCE) {
        audit::concerns_several(some.len());
        let lines: Arc<Vec<(usize, R, Moment)>> =
            Arc::new(some.iter().map(|(place, row)| (*place, row.clone(), clock.moment())).collect());
        let written = store.write("import", move |tx| write(tx, importer, &lines)).await;
        match written {
            Ok(written) => written.into_iter().for_each(|(place, one)| tell(&mut reports[place], one)),
            Err(failure) => return Err(stopped(reports, failure)),
        }
    }
    Ok(ImportReport::of(reports, false))
}

/// A line that was not made after all, and why; no line where the store failed.
#[derive(Debug, thiserror::Error)]
#[error("line {0} of the sheet was not made: {1}")]
struct Stopped(usize, NotMade);

impl crate::store::Refusal for Stopped {}

fn write<R: Row>(
    tx: &mut Conn<'_>,
    importer: Importer,
    lines: &[(usize, R, Moment)],
) -> Result<Vec<(usize, Written)>, Failure<Stopped>> {
    // Two imports of one organisation wait for each other here: whoever sends a sheet twice makes nothing twice.
    let own = organisations::table.find(Db(importer.organisation));
    as_worker(tx, |tx| {
        on_each!(tx, |c| diesel::update(own).set(organisations::code.eq(organisations::code)).execute(c))
    })?;
    let (mut all, mut gains) = (Vec::with_capacity(lines.len()), Vec::new());
    for (place, row, moment) in lines {
        let written = row.make(tx, importer, moment, &mut gains).map_err(|failure| match failure {
            Failure::Refused(refused) => Failure::Refused(Stopped(*place, refused)),
            Failure::Store(error) => Failure::Store(error),
        })?;
        if let Written::Made(id, _) = &written {
            let (action, kind) = R::NOTED;
            let entry =
                Entry::of(importer.who(), moment.now, action, "POST /v1/imports/{sheet}").about(kind, *id);
            audit::note(tx, &entry)?;
        }
        all.push((*place, written));
    }
    // No two lines are of one record, so each plan is of the record as it stands.
    keep(tx, &gains, &[], importer.member.now)?;
    Ok(all)
}

fn tell(report: &mut LineReport, written: Written) {
    match written {
        Written::Made(id, code) => {
            (report.outcome, report.id, report.password_code) = (LineOutcome::Made, Some(id), code);
        }
        Written::There(id) => {
            (report.outcome, report.id) = (LineOutcome::Doubled, id);
            report.remarks =
                vec![LineRemark::new(super::cells::LINE, "was made by somebody else a moment ago")];
        }
    }
}

fn stopped(mut reports: Vec<LineReport>, failure: Failure<Stopped>) -> Problem {
    let any = reports.iter().any(|report| report.outcome == LineOutcome::Made);
    match failure {
        Failure::Refused(Stopped(place, refused)) => {
            reports[place] = LineReport::refused(reports[place].line, &refused.into());
        }
        // Nothing was changed, as the problem says.
        Failure::Store(error) if !any => return error.into(),
        Failure::Store(error) => tracing::warn!(%error, "an import stopped half way"),
    }
    let report = ImportReport::of(reports, false);
    if any { report.stopped() } else { report.nothing_made() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    fn reports(outcomes: &[LineOutcome]) -> Vec<LineReport> {
        let report =
            |(at, outcome): (usize, &LineOutcome)| LineReport::new(2 + at as u64, *outcome, Vec::new());
        outcomes.iter().enumerate().map(report).collect()
    }

    #[test]
    fn where_it_breaks_off_it_is_said_what_was_made() {
        use LineOutcome::{Made, WouldBeMade};
        let away = || Failure::Store(StoreError::Away("gone".into()));
        assert_eq!(stopped(reports(&[WouldBeMade, WouldBeMade]), away()).slug(), "unavailable");
        let problem = stopped(reports(&[Made, WouldBeMade, WouldBeMade]), away());
        assert_eq!(
            (problem.slug(), problem.detail().contains("1 of 3 lines were made")),
            ("import-stopped", true)
        );
    }
}
