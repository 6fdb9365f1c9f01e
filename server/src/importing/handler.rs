//! `GET` and `POST /v1/imports/{sheet}`.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Deserialize;
use tokio::sync::Semaphore;
use utoipa::IntoParams;

use super::check::{Checked, check};
use super::groups::Group;
use super::make::make;
use super::participants::Member;
use super::people::Person;
use super::report::ImportReport;
use super::row::{Importer, Row, Sheet};
use super::sessions::Meeting;
use super::table::{Column, Table};
use super::template::template;
use crate::audit;
use crate::clock::Clock;
use crate::problem::{Problem, kind, unreadable_body};
use crate::scope::Permit;
use crate::store::{Store, StoreError};

/// So many sheets are looked at at once; others wait. One may take a core for a while.
static TURNS: Semaphore = Semaphore::const_new(2);

impl Sheet {
    fn columns(self) -> &'static [Column] {
        match self {
            Self::People => Person::COLUMNS,
            Self::Groups => Group::COLUMNS,
            Self::Participants => Member::COLUMNS,
            Self::Sessions => Meeting::COLUMNS,
        }
    }
}

/// Read how a spreadsheet must look
///
/// An empty sheet to be filled, as CSV in UTF-8: the names of the columns, then two lines that begin with `#` and are left out when it is sent: what
/// stands in each column, and an example.
#[utoipa::path(
    tag = "Import",
    security(("bearer" = [])),
    params(("sheet" = inline(Sheet), Path, description = "What stands in it")),
    responses(
        (status = 200, description = "The empty sheet", content_type = "text/csv", body = String),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-thing`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/imports/{sheet}")]
pub(crate) async fn read_template(_: Permit, sheet: web::Path<Sheet>) -> Result<HttpResponse, Problem> {
    let text = template(sheet.columns()).map_err(|_| Problem::internal())?;
    let file = format!("attachment; filename=\"{}.csv\"", *sheet);
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((CONTENT_DISPOSITION, file));
    Ok(response.body(text))
}

/// Whether it is only tried.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportQuery {
    /// `true`, as when it is left out: nothing is made, the answer says what would be. `false`: it is made.
    #[serde(default = "tried")]
    #[param(default = true)]
    dry_run: bool,
}

fn tried() -> bool {
    true
}

/// Import a spreadsheet
///
/// People, groups, participants or sessions of the caller's organisation, from CSV in UTF-8 (with `,`, `;` or tabs between cells; columns by name, in
/// any order) of at most 2 MiB and 5,000 lines. All lines are checked before any is made: if one is refused, nothing at all is made (422
/// `lines-refused`, which says of each line what is wrong in which column). What is there already, or stands in the sheet twice alike, is `doubled` and stays
/// as it is: nothing is ever overwritten, and the same sheet can be sent again. Unless `dry_run=false`, nothing is made.
#[utoipa::path(
    tag = "Import",
    security(("bearer" = [])),
    params(("sheet" = inline(Sheet), Path, description = "What stands in it, a line for each"), ImportQuery),
    request_body(content = String, content_type = "text/csv", description = "The sheet; `GET` gives an empty one"),
    responses(
        (status = 200, description = "What became of each line, or would", body = ImportReport),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-thing`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`not-csv`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`unreadable-sheet`, `lines-refused`, `unexpected-query`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`import-stopped`: some lines were made; send the sheet again", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/imports/{sheet}")]
pub(crate) async fn import_sheet(
    permit: Permit,
    request: HttpRequest,
    sheet: web::Path<Sheet>,
    query: web::Query<ImportQuery>,
    body: web::Payload,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<ImportReport>, Problem> {
    let kind_of_body = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind_of_body.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("text/csv") {
        return Err(Problem::of(
            kind::NOT_CSV,
            "Save the sheet as CSV (UTF-8), and send it with `content-type: text/csv`.",
        ));
    }
    let importer = Importer::of(permit, &clock.moment())?;
    // `http::body` has read it already, within its limit.
    let bytes = body.to_bytes().await.map_err(|_| unreadable_body())?;
    let _turn = TURNS.acquire().await.map_err(|_| Problem::internal())?;
    let asked = Asked { store: &store, clock: &clock, importer, dry_run: query.dry_run };
    let report = match *sheet {
        Sheet::People => asked.import::<Person>(bytes).await,
        Sheet::Groups => asked.import::<Group>(bytes).await,
        Sheet::Participants => asked.import::<Member>(bytes).await,
        Sheet::Sessions => asked.import::<Meeting>(bytes).await,
    };
    report.map(web::Json)
}

struct Asked<'a> {
    store: &'a Store,
    clock: &'a Clock,
    importer: Importer,
    dry_run: bool,
}

impl Asked<'_> {
    async fn import<R: Row>(&self, bytes: web::Bytes) -> Result<ImportReport, Problem> {
        let importer = self.importer;
        // What is only tried is noted, too: it tells what is there. It is about nothing that is written.
        audit::concerns_several(0);
        let read =
            web::block(move || Table::read(&bytes, R::COLUMNS)).await.map_err(|_| Problem::internal())?;
        let table = Arc::new(read.map_err(|unreadable| unreadable.problem(R::COLUMNS))?);
        let checked: Vec<Checked<R>> = self
            .store
            .read("check import", move |tx| -> Result<_, StoreError> { check(tx, &table, importer) })
            .await?;
        let refused = checked.iter().any(|one| one.report.outcome == super::LineOutcome::Refused);
        if !self.dry_run && !refused {
            return make(self.store, self.clock, importer, checked).await;
        }
        let reports = checked.into_iter().map(|one| one.report).collect();
        let report = ImportReport::of(reports, self.dry_run);
        if self.dry_run { Ok(report) } else { Err(report.nothing_made()) }
    }
}
