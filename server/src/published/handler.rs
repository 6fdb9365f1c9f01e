//! `GET /v1/published`, `GET /v1/published/{release}` and `GET /v1/published/{release}/{table}`.

use actix_web::http::header::{self, Accept, Header};
use actix_web::{HttpRequest, HttpResponse, get, web};

use super::csv::csv;
use super::quarter::Release;
use super::tables::{self, PublishedTable, ReleaseItem, Table};
use crate::problem::{Problem, kind};
use crate::scope::Permit;
use crate::store::Store;

/// List the releases
///
/// Of all organisations of the partnership, the latest first, with their tables. A quarter is published 21 days after its end, once, and
/// revised 90 days after that, once; of a running quarter only meetings and groups are, month by month. What is published never changes.
#[utoipa::path(
    tag = "Published tables",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The releases", body = [ReleaseItem]),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/published")]
pub(crate) async fn list_releases(
    _reader: Permit,
    store: web::Data<Store>,
) -> Result<web::Json<Vec<ReleaseItem>>, Problem> {
    Ok(web::Json(store.read("releases", tables::releases).await?))
}

/// Read a release
///
/// When it was made, and which tables it has.
#[utoipa::path(
    tag = "Published tables",
    security(("bearer" = [])),
    params(("release" = String, Path, description = "The name of the release", example = "2026-Q1")),
    responses(
        (status = 200, description = "The release", body = ReleaseItem),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-release`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/published/{release}")]
pub(crate) async fn get_release(
    _reader: Permit,
    path: web::Path<String>,
    store: web::Data<Store>,
) -> Result<web::Json<ReleaseItem>, Problem> {
    let release: Release = path.parse().map_err(|_| no_such_release())?;
    let found = store.read("release", move |tx| tables::release(tx, release)).await?;
    found.map(web::Json).ok_or_else(no_such_release)
}

/// Read a published table
///
/// Figures of people are multiples of `rounded_to`, made so that they add up and that each could stand for at least five numbers; what is made of
/// fewer than five people is told of with others, as `not_shown` or `other_districts`. Only people who consent are counted. Groups and meetings are exact. As CSV
/// with `Accept: text/csv`.
#[utoipa::path(
    tag = "Published tables",
    security(("bearer" = [])),
    params(
        ("release" = String, Path, description = "The name of the release", example = "2026-Q1"),
        ("table" = String, Path, description = "`meetings`, `people`, `sex_and_age`, `modality` or `novelty`", example = "people"),
    ),
    responses(
        (status = 200, description = "The table", content(
            (PublishedTable = "application/json"),
            (String = "text/csv"),
        )),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-release`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/published/{release}/{table}")]
pub(crate) async fn get_table(
    _reader: Permit,
    path: web::Path<(String, String)>,
    request: HttpRequest,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let (release, table) = path.into_inner();
    let release: Release = release.parse().map_err(|_| no_such_release())?;
    let table: Table = table.parse().map_err(|_| no_such_release())?;
    let found = store.read("published table", move |tx| tables::table(tx, release, table)).await?;
    let table = found.ok_or_else(no_such_release)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::VARY, "Accept"));
    Ok(if wants_csv(&request) {
        response.content_type("text/csv; charset=utf-8; header=present").body(csv(&table))
    } else {
        response.json(table)
    })
}

/// Whether CSV is liked better than JSON.
fn wants_csv(request: &HttpRequest) -> bool {
    let Ok(accept) = Accept::parse(request) else { return false };
    let first = accept.ranked().into_iter().find(|kind| {
        matches!((kind.type_().as_str(), kind.subtype().as_str()), ("text", "csv") | ("application", "json"))
    });
    first.is_some_and(|kind| kind.subtype() == "csv")
}

fn no_such_release() -> Problem {
    Problem::of(
        kind::NO_SUCH_RELEASE,
        "No release has this name, or it has no such table. GET /v1/published lists what there is.",
    )
}
