//! Who I am.

use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{User, find};
use crate::problem::Problem;
use crate::register::organisations::{self, Organisation};
use crate::scope::Permit;
use crate::store::{Conn, Store, StoreError};

/// The person who calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    #[serde(flatten)]
    user: User,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<Organisation>,
}

/// Who I am
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    responses((status = 200, description = "The person who calls", body = Me))
)]
#[get("/v1/me")]
pub(crate) async fn who_am_i(permit: Permit, store: web::Data<Store>) -> Result<web::Json<Me>, Problem> {
    let me = store.read("me", move |tx| read(tx, permit)).await?;
    Ok(web::Json(me))
}

fn read(tx: &mut Conn<'_>, permit: Permit) -> Result<Me, StoreError> {
    let user = find(tx, permit.user())?.ok_or(StoreError::Damaged("a caller is no user"))?;
    let organisation = match user.organisation_id {
        Some(id) => organisations::find(tx, id)?,
        None => None,
    };
    Ok(Me { user, organisation })
}
