//! Who was sent, those who are overdue first.

use actix_web::{get, web};
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::Serialize;
use sync_core::id::{OrganisationId, ReferralId};
use sync_core::time::{Date, day_in_rwanda};
use utoipa::ToSchema;
use uuid::Uuid;

use super::item::{InboxItem, Offices, Row};
use super::not_there;
use crate::clock::Clock;
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::Problem;
use crate::scope::Permit;
use crate::store::schema::received_referrals;
use crate::store::{Conn, Db, Store, StoreError};

/// A page of the inbox, with how much there is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Inbox {
    // First, as in every page: so the audit log counts them.
    items: Vec<InboxItem>,
    /// Give this as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// How many people are expected or have arrived, for whom something is to be done.
    open: i64,
    /// How many of them have not arrived in the time that the urgency gives.
    overdue: i64,
}

/// The day from which it is overdue, or [`NEVER`], and the id.
type Key = (String, ReferralId);

/// In the place of the day from which it is overdue, of who arrived: after all days.
const NEVER: &str = "9999-12-31";

/// List who was sent to one's own organisation
///
/// Of each what is needed to receive them; the longest overdue first, then who is expected, then who arrived. What is closed, declined or void is not
/// there any more, nor who took their consent back or asked to be erased. For protection officers.
#[utoipa::path(
    tag = "Services",
    security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "Who was sent", body = Inbox),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/inbox")]
pub(crate) async fn list_inbox(
    permit: Permit,
    query: web::Query<PageQuery>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Inbox>, Problem> {
    let (own, today) = (permit.receives()?, day_in_rwanda(clock.now()));
    let window = query.of("inbox")?;
    Ok(web::Json(store.read("list inbox", move |tx| list(tx, own, today, &window)).await?))
}

fn list(
    tx: &mut Conn<'_>,
    own: OrganisationId,
    today: Date,
    window: &Window<Key>,
) -> Result<Inbox, StoreError> {
    let due = || diesel::dsl::sql::<Text>("COALESCE(received_referrals.overdue_from, '9999-12-31')");
    let mine = || received_referrals::table.filter(received_referrals::organisation_id.eq(Db(own)));
    let open: i64 = on_each!(tx, |c| mine().count().get_result(c))?;
    let overdue = || mine().filter(received_referrals::overdue_from.le(today.to_string()));
    let overdue: i64 = on_each!(tx, |c| overdue().count().get_result(c))?;
    let rows: Vec<Row> = on_each!(tx, |c, Backend| {
        let mut rows = mine()
            .order((due(), received_referrals::id))
            .limit(window.rows())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        if let Some((after, id)) = &window.after {
            rows = rows.filter(
                due().gt(after.clone()).or(due().eq(after.clone()).and(received_referrals::id.gt(Db(*id)))),
            );
        }
        rows.load(c)
    })?;
    let offices = Offices::load(tx)?;
    let key = |row: &Row| (row.overdue_from.clone().unwrap_or_else(|| NEVER.to_owned()), row.id.0);
    let Page { items, next } = Page::<Row>::of(rows, window, key).try_map(|row| offices.item(row, today))?;
    Ok(Inbox { items, next, open, overdue })
}

/// Read who was sent to one's own organisation
#[utoipa::path(
    tag = "Services",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The referral")),
    responses(
        (status = 200, description = "Who was sent", body = InboxItem),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-in-inbox`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/inbox/{id}")]
pub(crate) async fn read_received(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<InboxItem>, Problem> {
    let (own, id, today) = (permit.receives()?, ReferralId::from(*id), day_in_rwanda(clock.now()));
    let found = store.read("read inbox", move |tx| -> Result<_, StoreError> {
        let Some(row) = row(tx, own, id)? else { return Ok(None) };
        Offices::load(tx)?.item(row, today).map(Some)
    });
    found.await?.map(web::Json).ok_or_else(not_there)
}

/// What an organisation has in its inbox under this id.
///
/// # Errors
/// Those of the store.
pub(super) fn row(tx: &mut Conn<'_>, own: OrganisationId, id: ReferralId) -> Result<Option<Row>, StoreError> {
    on_each!(tx, |c| received_referrals::table
        .find(Db(id))
        .filter(received_referrals::organisation_id.eq(Db(own)))
        .select(Row::as_select())
        .first(c)
        .optional())
}
