//! `GET /v1/coverage`: the groups that exist.

use actix_web::{get, web};
use diesel::prelude::*;
use sync_core::area::Level;

use super::asked::{Asked, CoverageQuery, asked_of};
use super::group::{CoverageItem, Covered, Partners};
use crate::on_each;
use crate::page::{Page, Window};
use crate::problem::Problem;
use crate::projection::CoverageId;
use crate::scope::Permit;
use crate::store::schema::coverage;
use crate::store::{Conn, Db, Store, StoreError};

/// The code of the village, and the id.
type Key = (String, CoverageId);

/// List who does what, where and when
///
/// The groups of all partners that exist, planned ones too, and those that are over; by their villages. Of each that all members of the partnership
/// may know: no name, no people, no numbers.
#[utoipa::path(
    tag = "Coverage",
    security(("bearer" = [])),
    params(CoverageQuery),
    responses(
        (status = 200, description = "Groups, by village", body = Page<CoverageItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/coverage")]
pub(crate) async fn list_coverage(
    _member: Permit,
    query: web::Query<CoverageQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<CoverageItem>>, Problem> {
    let ((asked, level), window) = (query.checked()?, query.page().of("coverage")?);
    let page = store.read("list coverage", move |tx| list(tx, &asked, level, &window)).await?;
    Ok(web::Json(page))
}

fn list(
    tx: &mut Conn<'_>,
    asked: &Asked,
    level: Level,
    window: &Window<Key>,
) -> Result<Page<CoverageItem>, StoreError> {
    let rows: Vec<Covered> = on_each!(tx, |c, Backend| {
        let rows = coverage::table
            .order((coverage::area, coverage::id))
            .limit(window.rows())
            .select(Covered::as_select())
            .into_boxed::<Backend>();
        let mut rows = asked_of!(rows, asked);
        if let Some((area, id)) = &window.after {
            rows = rows.filter(coverage::area.ge(area));
            rows = rows.filter(coverage::area.gt(area).or(coverage::id.gt(Db(*id))));
        }
        rows.load(c)
    })?;
    let partners = Partners::load(tx)?;
    Page::of(rows, window, |row: &Covered| (row.area.clone(), row.id.0))
        .try_map(|row| CoverageItem::of(row, level, &partners))
}
