//! Reading the audit log: everybody what they did themselves, a manager what the people of their organisation did, an administrator all.

use actix_web::{get, web};
use diesel::prelude::*;
use serde::Deserialize;
use sync_core::id::{OrganisationId, UserId};
use sync_core::record::Level;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::audit::{Action, AuditEntry, Row};
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::{Fields, Problem};
use crate::scope::{self, Permit};
use crate::store::schema::audit_entries;
use crate::store::{Conn, Db, Store, StoreError};

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_audit).service(what_i_did);
}

/// Which entries.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    /// Of what one person did.
    user: Option<Uuid>,
    /// About one record, person, tablet, team or organisation.
    object: Option<Uuid>,
    /// Of one kind.
    action: Option<String>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A question that holds.
#[derive(Debug, Clone)]
struct Wanted {
    /// Whose people did it.
    organisation: Option<OrganisationId>,
    user: Option<UserId>,
    object: Option<Uuid>,
    action: Option<Action>,
    page: Window<Uuid>,
}

impl AuditQuery {
    fn checked(&self, organisation: Option<OrganisationId>) -> Result<Wanted, Problem> {
        let mut fields = Fields::default();
        let action = fields.parse("action", self.action.as_deref());
        fields.done()?;
        let page = PageQuery::new(self.after.clone(), self.limit).of("audit")?;
        Ok(Wanted { organisation, user: self.user.map(UserId::from), object: self.object, action, page })
    }
}

/// List who did what
///
/// Every read of records and totals, every change of who may do what, every change at a desk, every sign-in, and what the operator did:
/// the newest first. A manager sees what the people of their organisation did; at which referrals, incidents and screenings they looked, only
/// a protection officer. What tablets hand in is not here, as histories tell it.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(AuditQuery),
    responses(
        (status = 200, description = "Who did what, the newest first", body = Page<AuditEntry>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/audit")]
pub(crate) async fn list_audit(
    permit: Permit,
    query: web::Query<AuditQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<AuditEntry>>, Problem> {
    let organisation = permit.organisations()?;
    let told = Told {
        whole: organisation.is_none(),
        sensitive: organisation.is_none() || permit.protects(),
        to: permit.user(),
    };
    page(&store, query.checked(organisation)?, told).await
}

/// What I did
///
/// What is kept of the caller's own doings, the newest first.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(PageQuery),
    responses((status = 200, description = "What the caller did, the newest first", body = Page<AuditEntry>))
)]
#[get("/v1/me/audit")]
pub(crate) async fn what_i_did(
    permit: Permit,
    query: web::Query<PageQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<AuditEntry>>, Problem> {
    let (user, page_of_mine) = (Some(permit.user()), query.of("my audit")?);
    let mine = Wanted { organisation: None, user, object: None, action: None, page: page_of_mine };
    page(&store, mine, Told { whole: false, sensitive: true, to: permit.user() }).await
}

/// What of an entry is told.
#[derive(Debug, Clone, Copy)]
struct Told {
    /// Where it stands in the log: to whoever sees all of it. The others would learn from it how much is done elsewhere.
    whole: bool,
    /// At which records of level S somebody looked, and at how many: to whoever may know that there are any.
    sensitive: bool,
    to: UserId,
}

impl Told {
    fn of(self, row: Row) -> Row {
        let row = if self.whole { row } else { row.without_place() };
        if self.sensitive || row.is_by(self.to) || !shows_sensitive(row.route()) {
            row
        } else {
            row.without_object()
        }
    }
}

/// Whether records of level S are read at an address.
fn shows_sensitive(route: &str) -> bool {
    let action = route.split_once(' ').and_then(|(method, pattern)| scope::Action::at(method, pattern));
    route.starts_with("GET ") && action.is_some_and(|action| action.level == Level::Sensitive)
}

async fn page(store: &Store, wanted: Wanted, told: Told) -> Result<web::Json<Page<AuditEntry>>, Problem> {
    let (window, object) = (wanted.page.clone(), wanted.object);
    let rows = store.read("list audit", move |tx| list(tx, &wanted)).await?;
    let mut page = Page::<Row>::of(rows, &window, Row::id);
    // Whoever asks for one object is told no entry of which they are not told that it is the object.
    page.items.retain(|row| {
        object.is_none() || told.sensitive || row.is_by(told.to) || !shows_sensitive(row.route())
    });
    let items = page.items.into_iter().map(|row| told.of(row).into()).collect();
    Ok(web::Json(Page { items, next: page.next }))
}

fn list(tx: &mut Conn<'_>, wanted: &Wanted) -> Result<Vec<Row>, StoreError> {
    on_each!(tx, |c, Backend| {
        // The ids are in the order of time.
        let mut rows = audit_entries::table
            .order(audit_entries::id.desc())
            .limit(wanted.page.rows())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        if let Some(organisation) = wanted.organisation {
            rows = rows.filter(audit_entries::organisation_id.eq(Db(organisation)));
        }
        if let Some(user) = wanted.user {
            rows = rows.filter(audit_entries::user_id.eq(Db(user)));
        }
        if let Some(object) = wanted.object {
            rows = rows.filter(audit_entries::object_id.eq(object.as_bytes().to_vec()));
        }
        if let Some(action) = wanted.action {
            rows = rows.filter(audit_entries::action.eq(action.code()));
        }
        if let Some(after) = wanted.page.after {
            rows = rows.filter(audit_entries::id.lt(after.as_bytes().to_vec()));
        }
        rows.load(c)
    })
}
