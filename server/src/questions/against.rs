//! Why what was published of an organisation is another number than it counts itself: the lines between the two.

use actix_web::get;

use super::asked::{Asked, Asker};
use super::counted::{Span, exact};
use super::question::question;
use super::reached::{latest, nothing};
use super::refusal::Refused;
use super::table::{Cell, Column, Table};
use crate::frameworks::indicator::{Count, Measure};
use crate::frameworks::targets::first_day;
use crate::published::beside_exact;
use crate::store::{Conn, Failure};

question!(
    AGAINST,
    ask_published_against_exact,
    "/v1/questions/published-against-exact",
    "The organisation's exact people and meetings of a quarter beside what was published, with what lies between",
    "Each line says how many people, or meetings, it takes away or adds; together they are what was published. Of its own organisation alone. Within districts, people of whom there are too few are \
     told with others, which changes no sum.",
    &["release"],
    answer
);

const COLUMNS: &[Column] = &[
    Column::says("line", "What is counted, or what lies between"),
    Column::adds_up("people", "People who came at least once"),
    Column::adds_up("sessions", "Meetings that were held"),
];

fn answer(tx: &mut Conn<'_>, asker: Asker, asked: &Asked) -> Result<Table, Failure<Refused>> {
    let scope = asker.scope()?;
    let own = scope.organisation.ok_or(Refused::NoRecords)?;
    let Some((release, figures)) = latest(tx, asked)? else { return Ok(nothing(COLUMNS)) };
    let code = asker.organisation_code(tx)?;
    let people = beside_exact(tx, own, release)?;
    let whole = figures.reached.iter().find(|one| one.is_whole && one.organisation == code);
    let (published, told) = (whole.map_or(0, |one| one.people), figures.meetings(&code, None).sessions);
    let span = Span {
        from: first_day(&release.quarter.first_month()),
        to: first_day(&release.last_month()).map(|day| day.last_of_month()),
        area: None,
    };
    let mut count = |count| -> Result<i64, Failure<Refused>> {
        let measure =
            Measure { count, kind: None, modality: None, sex: None, age_bands: Vec::new(), phase: None };
        Ok(exact(tx, scope, &measure, span, false, None)?.values().sum())
    };
    let (exact, sessions) = (count(Count::People)?, count(Count::Sessions)?);
    let line = |says: &str, people: Option<i64>, sessions: Option<i64>| {
        let cell = |number: Option<i64>| number.map_or(Cell::Nothing, Cell::Whole);
        vec![Cell::text(says), cell(people), cell(sessions)]
    };
    let mut rows = vec![
        line("exactly, as of now", Some(people.exact), Some(sessions)),
        line("people without consent", Some(people.consenting - people.exact), None),
    ];
    let late = "recorded or put right since the release";
    match people.counted.filter(|_| whole.is_some()) {
        Some(counted) => {
            rows.push(line(late, Some(counted - people.consenting), Some(told - sessions)));
            rows.push(line("rounding", Some(published - counted), None));
        }
        None if whole.is_some() => {
            let held = "recorded or put right since the release, held back by the revision, and rounding";
            rows.push(line(held, Some(published - people.consenting), Some(told - sessions)));
        }
        None => {
            rows.push(line(late, None, Some(told - sessions)));
            rows.push(line("too few to be told of", Some(-people.consenting), None));
        }
    }
    Ok(Table::new(COLUMNS, rows)
        .noting(format!("As released as {release}: {published} people, {told} meetings."))
        .reconciled("people", published, "The lines together, and people as they were published")
        .reconciled("sessions", told, "The lines together, and meetings as they were published")
        .with_reconciled("People exactly, and those of GET /v1/aggregates", people.exact, exact))
}
