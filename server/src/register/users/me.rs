//! Who I am.

use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{User, find};
use crate::access::Caller;
use crate::problem::Problem;
use crate::register::organisations::{self, Organisation};
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
pub(crate) async fn who_am_i(caller: Caller, store: web::Data<Store>) -> Result<web::Json<Me>, Problem> {
    let me = store.read("me", move |tx| read(tx, caller)).await?;
    Ok(web::Json(me))
}

fn read(tx: &mut Conn<'_>, caller: Caller) -> Result<Me, StoreError> {
    let user = find(tx, caller.user)?.ok_or(StoreError::Damaged("a caller is no user"))?;
    let organisation = match user.organisation_id {
        Some(id) => organisations::find(tx, id)?,
        None => None,
    };
    Ok(Me { user, organisation })
}
