//! The directory of services that people are sent to, for all members of the partnership: what there is, the nearest first, with the telephone. Who
//! keeps it writes at [`crate::edits::services`].

use actix_web::{get, web};
use diesel::prelude::*;
use diesel::sql_types::Integer;
use serde::{Deserialize, Serialize};
use sync_core::area::{AreaCode, Level};
use sync_core::document::Document;
use sync_core::id::{DocumentId, OrganisationId, ServiceId};
use sync_core::record::Kind;
use sync_core::record::referral::ServiceKind;
use sync_core::time::{Date, day_in_rwanda};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::history::{HistoryItem, HistoryQuery, of_document};
use super::near::{self, distance};
use crate::clock::Clock;
use crate::ledger;
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::{Fields, Problem};
use crate::scope::{Permit, below, each_word, known_area, no_such};
use crate::store::schema::services;
use crate::store::{Conn, Db, Store, StoreError};

/// Which services.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceQuery {
    /// `health_centre`, `isange_one_stop` and so on.
    #[param(example = "health_centre")]
    kind: Option<String>,
    /// NISR code of an area of any level: services in it or in an area below it.
    #[param(example = "52")]
    area: Option<String>,
    /// NISR code of an area of any level. Services that share the smallest area with it come first: the village, then the cell, the sector, the
    /// district and the province, and then all others.
    #[param(example = "52010101")]
    near: Option<String>,
    /// Words that stand in its name or note. Case and accents don't matter.
    text: Option<String>,
    /// `true` for those to which nobody is sent any more; the others if left out.
    ended: Option<bool>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A question that holds.
#[derive(Debug, Clone, Default)]
struct Wanted {
    kind: Option<ServiceKind>,
    area: Option<AreaCode>,
    near: Option<AreaCode>,
    text: Option<String>,
    ended: bool,
}

impl ServiceQuery {
    fn checked(&self) -> Result<Wanted, Problem> {
        let mut fields = Fields::default();
        let wanted = Wanted {
            kind: fields.parse("kind", self.kind.as_deref()),
            area: known_area(&mut fields, self.area.as_deref()),
            near: near::area(&mut fields, self.near.as_deref()),
            text: fields.words("text", self.text.as_deref()),
            ended: self.ended.unwrap_or(false),
        };
        fields.done().map(|()| wanted)
    }
}

/// An entry of the directory.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceItem {
    #[schema(value_type = Uuid)]
    pub(crate) id: ServiceId,
    #[schema(example = "Nyamata health centre")]
    name: String,
    /// What is done there.
    #[schema(example = "health_centre")]
    kind: String,
    /// NISR code of where it is, or of the area that it serves; of any level.
    #[schema(example = "5201")]
    area: String,
    /// That of an office, not of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0788 123 456")]
    phone: Option<String>,
    /// When somebody is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Monday to Friday, 7 to 17")]
    hours: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Where a member of the partnership runs it: which. Its protection officers read a referral to it once somebody is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    organisation_id: Option<OrganisationId>,
    /// Since when nobody is sent there any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-03-05")]
    ended: Option<String>,
    /// In a list that asks what is near: the level of the smallest area that both share; absent where they are of two provinces.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "sector")]
    shares: Option<Level>,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = services)]
struct Row {
    id: Db<ServiceId>,
    name: String,
    kind: String,
    area: String,
    phone: Option<String>,
    hours: Option<String>,
    note: Option<String>,
    organisation_id: Option<Db<OrganisationId>>,
    ended: Option<String>,
}

impl Row {
    fn item(self, near: Option<AreaCode>) -> ServiceItem {
        let area = self.area.parse().ok();
        ServiceItem {
            id: self.id.0,
            name: self.name,
            kind: self.kind,
            area: self.area,
            phone: self.phone,
            hours: self.hours,
            note: self.note,
            organisation_id: self.organisation_id.map(|Db(id)| id),
            ended: self.ended,
            shares: near.zip(area).and_then(|(near, area): (AreaCode, AreaCode)| near.shares(area)),
        }
    }
}

/// How far it is, in steps of levels, and the id.
type Key = (i32, ServiceId);

/// List services
///
/// The directory of services that people are sent to, which every tablet has, too. Without `near` in the order of their ids.
#[utoipa::path(
    tag = "Services",
    security(("bearer" = [])),
    params(ServiceQuery),
    responses(
        (status = 200, description = "Services", body = Page<ServiceItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/services")]
pub(crate) async fn list_services(
    _member: Permit,
    query: web::Query<ServiceQuery>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Page<ServiceItem>>, Problem> {
    let (wanted, today) = (query.checked()?, day_in_rwanda(clock.now()));
    let window = PageQuery::new(query.after.clone(), query.limit).of("services")?;
    let (page, near) = (window.clone(), wanted.near);
    let rows = store.read("list services", move |tx| list(tx, &wanted, today, &page)).await?;
    let page = Page::<(i32, Row)>::of(rows, &window, |(far, row): &(i32, Row)| (*far, row.id.0));
    let items = page.items.into_iter().map(|(_, row)| row.item(near)).collect();
    Ok(web::Json(Page { items, next: page.next }))
}

fn list(
    tx: &mut Conn<'_>,
    wanted: &Wanted,
    today: Date,
    page: &Window<Key>,
) -> Result<Vec<(i32, Row)>, StoreError> {
    let distance = distance("services.area", wanted.near);
    let far = || diesel::dsl::sql::<Integer>(&distance);
    let today = today.to_string();
    on_each!(tx, |c, Backend| {
        let mut rows = services::table
            .order((far(), services::id))
            .limit(page.rows())
            .select((far(), Row::as_select()))
            .into_boxed::<Backend>();
        rows = match wanted.ended {
            true => rows.filter(services::ended.le(&today)),
            false => rows.filter(services::ended.is_null().or(services::ended.gt(&today))),
        };
        if let Some(kind) = wanted.kind {
            rows = rows.filter(services::kind.eq(kind.code()));
        }
        if let Some(area) = wanted.area {
            rows = rows.filter(services::area.like(below(area)));
        }
        for word in wanted.text.as_deref().into_iter().flat_map(each_word) {
            rows = rows.filter(services::folded.like(word).escape('\\'));
        }
        if let Some((after, id)) = page.after {
            rows = rows.filter(far().gt(after).or(far().eq(after).and(services::id.gt(Db(id)))));
        }
        rows.load(c)
    })
}

/// Read an entry of the directory of services
#[utoipa::path(
    tag = "Services",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The service")),
    responses(
        (status = 200, description = "The service", body = ServiceItem),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-service`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/services/{id}")]
pub(crate) async fn read_service(
    _member: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<ServiceItem>, Problem> {
    let id = ServiceId::from(*id);
    let found = store.read("read service", move |tx| entry(tx, id)).await?;
    found.map(web::Json).ok_or_else(|| no_such(Kind::Service))
}

/// The entry of the directory with this id.
///
/// # Errors
/// Those of the store.
pub(crate) fn entry(tx: &mut Conn<'_>, id: ServiceId) -> Result<Option<ServiceItem>, StoreError> {
    let row: Option<Row> =
        on_each!(tx, |c| services::table.find(Db(id)).select(Row::as_select()).first(c).optional())?;
    Ok(row.map(|row| row.item(None)))
}

/// Read the history of an entry of the directory of services
///
/// The service writes it, for whoever of the secretariat asked; who that was stands in the audit log.
#[utoipa::path(
    tag = "Services",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The service"), HistoryQuery),
    responses(
        (status = 200, description = "Every change, in the order in which the service got them", body = Page<HistoryItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-service`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/services/{id}/history")]
pub(crate) async fn service_history(
    _member: Permit,
    id: web::Path<Uuid>,
    query: web::Query<HistoryQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<HistoryItem>>, Problem> {
    let id = DocumentId::from(ServiceId::from(*id));
    let told = of_document(query.into_inner(), &store, id, move |tx| document(tx, id));
    told.await?.map(web::Json).ok_or_else(|| no_such(Kind::Service))
}

fn document(tx: &mut Conn<'_>, id: DocumentId) -> Result<Option<Document>, StoreError> {
    let stored = ledger::load(tx, id)?.filter(|stored| stored.kind == Kind::Service);
    stored.map(|stored| stored.open()).transpose()
}
