//! What a caller may do, as the policy says it.

use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Entry, POLICY, Permit, Reach};
use crate::access::Role;

/// What the caller may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Permissions {
    role: Role,
    /// Whether referrals, incidents and screenings of the whole organisation are seen.
    protection_officer: bool,
    permissions: Vec<Permission>,
}

/// One thing that the caller may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Permission {
    /// Somebody may "…".
    #[schema(example = "read the records of groups")]
    may: &'static str,
    reach: Reach,
    /// The most secret of what is told or written there: P for everybody, I within the partnership, O within the organisation, S for assigned
    /// staff, their supervisors and protection officers.
    #[schema(value_type = String, example = "O")]
    level: char,
    /// Method and address.
    #[schema(example = json!(["GET /v1/groups"]))]
    routes: &'static [&'static str],
}

/// What I may do
///
/// Each action that the caller may do, and how far it reaches. What is not among them is answered 403 `role-not-allowed`.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    responses((status = 200, description = "What the caller may do", body = Permissions))
)]
#[get("/v1/me/permissions")]
pub(crate) async fn what_i_may(permit: Permit) -> web::Json<Permissions> {
    let theirs = POLICY.iter().filter(|action| action.entry == Entry::Person);
    let permission = |action: &super::Action| Permission {
        may: action.name,
        reach: action.reach(permit.role()),
        level: action.level.letter(),
        routes: action.routes,
    };
    let permissions = theirs.map(permission).filter(|one| one.reach != Reach::Nothing).collect();
    web::Json(Permissions { role: permit.role(), protection_officer: permit.protects(), permissions })
}
