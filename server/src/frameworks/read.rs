//! Reading frameworks.

use actix_web::{get, web};
use jiff::Timestamp;
use serde::Serialize;
use sync_core::id::OrganisationId;
use utoipa::ToSchema;
use uuid::Uuid;

use super::indicator::Content;
use super::kept::{self, Framework, Listed};
use crate::access::Role;
use crate::clock::timestamp;
use crate::problem::{Problem, kind};
use crate::scope::Permit;
use crate::store::{At, Conn, Db, Store, StoreError};

/// A version of a framework.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FrameworkItem {
    id: Uuid,
    /// Whose it is; absent: it is a common one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    organisation_id: Option<OrganisationId>,
    #[schema(example = "rpp")]
    code: String,
    #[schema(minimum = 1)]
    version: i32,
    #[serde(flatten)]
    content: Content,
    drawn_up_at: Timestamp,
    /// Since when it does not change any more; absent while it is a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force_since: Option<Timestamp>,
    /// Since when it is withdrawn: it was drawn up, or put in force, by mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<Timestamp>,
}

impl From<Framework> for FrameworkItem {
    fn from(one: Framework) -> Self {
        let Framework {
            id,
            organisation,
            code,
            version,
            content,
            drawn_up_at,
            in_force_since,
            withdrawn_at,
            ..
        } = one;
        Self {
            id,
            organisation_id: organisation,
            code,
            version,
            content,
            drawn_up_at: timestamp(drawn_up_at),
            in_force_since: in_force_since.map(timestamp),
            withdrawn_at: withdrawn_at.map(timestamp),
        }
    }
}

/// A version of a framework in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedFramework {
    id: Uuid,
    /// Whose it is; absent: it is a common one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    organisation_id: Option<OrganisationId>,
    #[schema(example = "rpp")]
    code: String,
    #[schema(minimum = 1)]
    version: i32,
    title: String,
    drawn_up_at: Timestamp,
    /// Since when it does not change any more; absent while it is a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force_since: Option<Timestamp>,
    /// Since when it is withdrawn: it was drawn up, or put in force, by mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<Timestamp>,
}

impl TryFrom<Listed> for ListedFramework {
    type Error = StoreError;
    fn try_from(one: Listed) -> Result<Self, StoreError> {
        Ok(Self {
            id: Uuid::from_slice(&one.id).map_err(|_| StoreError::Damaged("a framework"))?,
            organisation_id: one.organisation.map(|Db(id)| id),
            code: one.code,
            version: one.version,
            title: one.title,
            drawn_up_at: timestamp(one.drawn_up_at.0),
            in_force_since: one.in_force_since.map(|At(at)| timestamp(at)),
            withdrawn_at: one.withdrawn_at.map(|At(at)| timestamp(at)),
        })
    }
}

/// All versions of frameworks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Frameworks {
    /// By code, the latest version of each first.
    items: Vec<ListedFramework>,
}

pub(super) fn no_such() -> Problem {
    Problem::of(kind::NO_SUCH_FRAMEWORK, "No framework that you keep has this id.")
}

/// All versions of the frameworks of an organisation, drafts too.
///
/// # Errors
/// Those of the store.
pub(crate) fn all_of(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
) -> Result<Vec<FrameworkItem>, StoreError> {
    Ok(kept::all_of(tx, organisation)?.into_iter().map(FrameworkItem::from).collect())
}

/// List frameworks
///
/// The common ones and those of all partners, with all their versions; each is read by its id. Drafts are told to whoever draws them up alone.
#[utoipa::path(
    tag = "Frameworks",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Frameworks", body = Frameworks),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/frameworks")]
pub(crate) async fn list_frameworks(
    permit: Permit,
    store: web::Data<Store>,
) -> Result<web::Json<Frameworks>, Problem> {
    let listed = store.read("list frameworks", kept::listed).await?;
    let told =
        |one: &Listed| is_told(permit, one.organisation.map(|Db(id)| id), one.in_force_since.is_some());
    let told = listed.into_iter().filter(told).map(ListedFramework::try_from);
    Ok(web::Json(Frameworks { items: told.collect::<Result<_, StoreError>>()? }))
}

/// Whether somebody is told of it: of a draft only its keeper.
pub(super) fn is_told(permit: Permit, keeper: Option<OrganisationId>, in_force: bool) -> bool {
    let keeps = match keeper {
        None => permit.role() == Role::Secretariat,
        of => permit.organisation().ok() == of,
    };
    in_force || keeps
}

/// Read a framework
///
/// What is sent to `POST /v1/frameworks`, with where it stands.
#[utoipa::path(
    tag = "Frameworks",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The version")),
    responses(
        (status = 200, description = "The framework", body = FrameworkItem),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-framework`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/frameworks/{id}")]
pub(crate) async fn read_framework(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<FrameworkItem>, Problem> {
    let id = *id;
    let found = store.read("read a framework", move |tx| kept::find(tx, id)).await?;
    let told = |one: &Framework| is_told(permit, one.organisation, one.in_force_since.is_some());
    found.filter(told).map(|one| web::Json(one.into())).ok_or_else(no_such)
}
