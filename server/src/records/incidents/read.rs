//! One incident, whole, and how it came to be.

use actix_web::{get, web};
use diesel::prelude::*;
use serde::Serialize;
use sync_core::id::IncidentId;
use sync_core::record::{Incident, Kind};
use utoipa::ToSchema;
use uuid::Uuid;

use super::list::{IncidentItem, Row, items};
use crate::on_each;
use crate::page::Page;
use crate::problem::Problem;
use crate::records::clash::{Clash, clashes};
use crate::records::history::{HistoryItem, HistoryQuery, tell};
use crate::scope::{Permit, Scope, no_such};
use crate::store::schema::incidents;
use crate::store::{Conn, Db, Store, StoreError};

/// An incident, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentWhole {
    #[serde(flatten)]
    item: IncidentItem,
    clashes: Vec<Clash>,
}

/// Read an incident
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The incident", body = IncidentWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/incidents/{id}")]
pub(crate) async fn read_incident(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<IncidentWhole>, Problem> {
    let (scope, id) = (permit.scope()?, IncidentId::from(*id));
    let whole = store.read("read incident", move |tx| read(tx, scope, id)).await?;
    whole.map(web::Json).ok_or_else(|| no_such(Kind::Incident))
}

fn read(tx: &mut Conn<'_>, scope: Scope, id: IncidentId) -> Result<Option<IncidentWhole>, StoreError> {
    if scope.record_of::<Incident>(tx, id)?.is_none() {
        return Ok(None);
    }
    let row: Row = on_each!(tx, |c| incidents::table.find(Db(id)).select(Row::as_select()).first(c))?;
    let Some(item) = items(tx, vec![row])?.pop() else { return Ok(None) };
    Ok(Some(IncidentWhole { item, clashes: clashes(tx, id.into(), Kind::Incident)? }))
}

/// Read the history of an incident
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
#[get("/v1/incidents/{id}/history")]
pub(crate) async fn incident_history(
    permit: Permit,
    id: web::Path<Uuid>,
    query: web::Query<HistoryQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<HistoryItem>>, Problem> {
    let told = tell(permit, Kind::Incident, *id, query.into_inner(), &store).await?;
    told.map(web::Json).ok_or_else(|| no_such(Kind::Incident))
}
