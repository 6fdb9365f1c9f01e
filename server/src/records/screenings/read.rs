//! One screening, whole, and how it came to be.

use actix_web::{get, web};
use diesel::prelude::*;
use serde::Serialize;
use sync_core::id::ScreeningId;
use sync_core::record::{Kind, Screening};
use utoipa::ToSchema;
use uuid::Uuid;

use super::list::{Row, ScreeningItem, items};
use crate::on_each;
use crate::page::Page;
use crate::problem::Problem;
use crate::records::clash::{Clash, clashes};
use crate::records::history::{HistoryItem, HistoryQuery, tell};
use crate::scope::{Permit, Scope, no_such};
use crate::store::schema::screenings;
use crate::store::{Conn, Db, Store, StoreError};

/// A screening, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScreeningWhole {
    #[serde(flatten)]
    item: ScreeningItem,
    clashes: Vec<Clash>,
}

/// Read a screening
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The screening", body = ScreeningWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/screenings/{id}")]
pub(crate) async fn read_screening(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<ScreeningWhole>, Problem> {
    let (scope, id) = (permit.scope()?, ScreeningId::from(*id));
    let whole = store.read("read screening", move |tx| read(tx, scope, id)).await?;
    whole.map(web::Json).ok_or_else(|| no_such(Kind::Screening))
}

fn read(tx: &mut Conn<'_>, scope: Scope, id: ScreeningId) -> Result<Option<ScreeningWhole>, StoreError> {
    if scope.record_of::<Screening>(tx, id)?.is_none() {
        return Ok(None);
    }
    let row: Row = on_each!(tx, |c| screenings::table.find(Db(id)).select(Row::as_select()).first(c))?;
    let Some(item) = items(tx, vec![row])?.pop() else { return Ok(None) };
    Ok(Some(ScreeningWhole { item, clashes: clashes(tx, id.into(), Kind::Screening)? }))
}

/// Read the history of a screening
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path), HistoryQuery),
    responses(
        (status = 200, description = "Every change, in the order in which the service got them", body = Page<HistoryItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/screenings/{id}/history")]
pub(crate) async fn screening_history(
    permit: Permit,
    id: web::Path<Uuid>,
    query: web::Query<HistoryQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<HistoryItem>>, Problem> {
    let told = tell(permit, Kind::Screening, *id, query.into_inner(), &store).await?;
    told.map(web::Json).ok_or_else(|| no_such(Kind::Screening))
}
