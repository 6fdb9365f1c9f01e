//! The organisations of the partnership: an administrator adds them, everybody may see who they are.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, get, post, web};
use diesel::prelude::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sync_core::id::OrganisationId;
use sync_core::time::Moment;
use utoipa::ToSchema;

use crate::audit::{self, ObjectKind};
use crate::clock::{Clock, timestamp};
use crate::ledger::{StreamKind, begin_partnership, create_stream};
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::{Fields, Problem, kind};
use crate::scope::Permit;
use crate::store::schema::organisations;
use crate::store::{At, Conn, Db, Failure, Refusal, Store, StoreError, as_worker};

/// An organisation of the partnership.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Organisation {
    #[schema(value_type = Uuid)]
    pub id: OrganisationId,
    /// Short, for reports and the command line.
    #[schema(example = "aegis")]
    pub code: String,
    #[schema(example = "Aegis Trust")]
    pub name: String,
    pub created_at: Timestamp,
    /// Since when it is no partner any more; its records were removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_at: Option<Timestamp>,
    /// How the organisation is reached by the other partners: the e-mail address or telephone number of an office.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "programmes@aegis.example")]
    pub contact: Option<String>,
}

/// An organisation to add.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganisation {
    /// 2 to 32 letters (a to z), digits or -.
    #[schema(example = "aegis")]
    pub code: String,
    #[schema(example = "Aegis Trust")]
    pub name: String,
}

/// Why an organisation was not added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrganisationRefused {
    #[error("an organisation with this code exists already")]
    CodeTaken,
}

impl Refusal for OrganisationRefused {}

impl From<OrganisationRefused> for Problem {
    fn from(refused: OrganisationRefused) -> Self {
        match refused {
            OrganisationRefused::CodeTaken => Self::of(
                kind::CODE_TAKEN,
                "An organisation with this code exists already. Choose another code.",
            ),
        }
    }
}

/// Add an organisation
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "Added", body = Organisation),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`code-taken`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/organisations")]
pub(crate) async fn create_organisation(
    _administrator: Permit,
    body: web::Json<NewOrganisation>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let new = body.into_inner().checked()?;
    let moment = clock.moment();
    audit::concerns(ObjectKind::Organisation, moment.uuid(), None);
    let added = store.write("create organisation", move |tx| create(tx, &new, &moment)).await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/v1/organisations/{}", added.id)))
        .json(added))
}

/// List the organisations
///
/// In the order of their ids, which is that in which they were added.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(PageQuery),
    responses((status = 200, description = "The organisations of the partnership", body = Page<Organisation>))
)]
#[get("/v1/organisations")]
pub(crate) async fn list_organisations(
    _anybody: Permit,
    query: web::Query<PageQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<Organisation>>, Problem> {
    let window = query.of("organisations")?;
    let asked = window.clone();
    let rows = store.read("list organisations", move |tx| list(tx, &asked)).await?;
    Ok(web::Json(Page::of(rows, &window, |row: &Organisation| row.id)))
}

impl NewOrganisation {
    /// Tidied up, with all that is wrong named.
    ///
    /// # Errors
    /// 422 `invalid-fields`.
    pub fn checked(&self) -> Result<Self, Problem> {
        let mut fields = Fields::default();
        let checked = Self { code: fields.code(&self.code), name: fields.name("name", &self.name) };
        fields.done().map(|()| checked)
    }
}

/// Adds a [checked](NewOrganisation::checked) organisation.
///
/// # Errors
/// [`OrganisationRefused`].
pub fn create(
    tx: &mut Conn<'_>,
    new: &NewOrganisation,
    moment: &Moment,
) -> Result<Organisation, Failure<OrganisationRefused>> {
    let id = OrganisationId::new(moment);
    let added = on_each!(tx, |c| diesel::insert_into(organisations::table)
        .values((
            organisations::id.eq(Db(id)),
            organisations::code.eq(&new.code),
            organisations::name.eq(&new.name),
            organisations::created_at.eq(At(moment.now)),
        ))
        .on_conflict(organisations::code)
        .do_nothing()
        .execute(c))?;
    if added == 0 {
        return Err(OrganisationRefused::CodeTaken.into());
    }
    // What its people write that belongs to no group; and, with the first organisation, what all of them share.
    as_worker(tx, |tx| {
        create_stream(tx, id.into(), StreamKind::Organisation, Some(id), moment.now)?;
        begin_partnership(tx, moment.now)
    })?;
    let (code, name) = (new.code.clone(), new.name.clone());
    Ok(Organisation { id, code, name, created_at: timestamp(moment.now), left_at: None, contact: None })
}

type Row = (Db<OrganisationId>, String, String, At, Option<At>, Option<String>);

fn read((Db(id), code, name, At(created), left, contact): Row) -> Organisation {
    let left_at = left.map(|At(left)| timestamp(left));
    Organisation { id, code, name, created_at: timestamp(created), left_at, contact }
}

/// All organisations, also those that left: there are some tens.
///
/// # Errors
/// Those of the store.
pub(crate) fn all(tx: &mut Conn<'_>) -> Result<Vec<Organisation>, StoreError> {
    let rows: Vec<Row> = on_each!(tx, |c| organisations::table.load(c))?;
    Ok(rows.into_iter().map(read).collect())
}

fn list(tx: &mut Conn<'_>, window: &Window<OrganisationId>) -> Result<Vec<Organisation>, StoreError> {
    let rows: Vec<Row> = on_each!(tx, |c, Backend| {
        let mut rows =
            organisations::table.order(organisations::id).limit(window.rows()).into_boxed::<Backend>();
        if let Some(after) = window.after {
            rows = rows.filter(organisations::id.gt(Db(after)));
        }
        rows.load(c)
    })?;
    Ok(rows.into_iter().map(read).collect())
}

/// The organisation with this id, if it is a partner: nobody joins one that left.
///
/// # Errors
/// Those of the store.
pub fn find(tx: &mut Conn<'_>, id: OrganisationId) -> Result<Option<Organisation>, StoreError> {
    let partner = organisations::table.find(Db(id)).filter(organisations::left_at.is_null());
    let row: Option<Row> = on_each!(tx, |c| partner.first(c).optional())?;
    Ok(row.map(read))
}

/// The organisation with this code, also one that left.
///
/// # Errors
/// Those of the store.
pub fn find_by_code(tx: &mut Conn<'_>, code: &str) -> Result<Option<Organisation>, StoreError> {
    let code = code.to_lowercase();
    let row: Option<Row> =
        on_each!(tx, |c| organisations::table.filter(organisations::code.eq(&code)).first(c).optional())?;
    Ok(row.map(read))
}
