//! One referral, whole, and how it came to be.

use actix_web::{get, web};
use diesel::prelude::*;
use serde::Serialize;
use sync_core::id::ReferralId;
use sync_core::record::{Kind, Referral};
use sync_core::time::{Date, day_in_rwanda};
use utoipa::ToSchema;
use uuid::Uuid;

use super::list::{ReferralItem, Row, items};
use crate::clock::Clock;
use crate::on_each;
use crate::page::Page;
use crate::problem::Problem;
use crate::records::clash::{Clash, clashes};
use crate::records::history::{HistoryItem, HistoryQuery, tell};
use crate::scope::{Permit, Scope, no_such};
use crate::store::schema::referrals;
use crate::store::{Conn, Db, Store, StoreError};

/// A referral, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReferralWhole {
    #[serde(flatten)]
    item: ReferralItem,
    clashes: Vec<Clash>,
}

/// Read a referral
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The referral", body = ReferralWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/referrals/{id}")]
pub(crate) async fn read_referral(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<ReferralWhole>, Problem> {
    let (scope, id, today) = (permit.scope()?, ReferralId::from(*id), day_in_rwanda(clock.now()));
    let whole = store.read("read referral", move |tx| read(tx, scope, id, today)).await?;
    whole.map(web::Json).ok_or_else(|| no_such(Kind::Referral))
}

fn read(
    tx: &mut Conn<'_>,
    scope: Scope,
    id: ReferralId,
    today: Date,
) -> Result<Option<ReferralWhole>, StoreError> {
    if scope.record_of::<Referral>(tx, id)?.is_none() {
        return Ok(None);
    }
    let row: Row = on_each!(tx, |c| referrals::table.find(Db(id)).select(Row::as_select()).first(c))?;
    let Some(item) = items(tx, vec![row], today)?.pop() else { return Ok(None) };
    Ok(Some(ReferralWhole { item, clashes: clashes(tx, id.into(), Kind::Referral)? }))
}

/// Read the history of a referral
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
#[get("/v1/referrals/{id}/history")]
pub(crate) async fn referral_history(
    permit: Permit,
    id: web::Path<Uuid>,
    query: web::Query<HistoryQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<HistoryItem>>, Problem> {
    let told = tell(permit, Kind::Referral, *id, query.into_inner(), &store).await?;
    told.map(web::Json).ok_or_else(|| no_such(Kind::Referral))
}
