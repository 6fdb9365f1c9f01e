//! Signing out: all tokens of the login end at once.

use actix_web::{HttpResponse, post, web};

use super::refresh::RefreshToken;
use super::refresh_token::{find, holder, revoke};
use crate::audit::{self, Action, Entry};
use crate::clock::Clock;
use crate::problem::Problem;
use crate::store::{Store, StoreError};

/// Sign out
///
/// Ends the login that the refresh token belongs to, with its access tokens. An unknown token is signed out already.
#[utoipa::path(tag = "Access", responses((status = 204, description = "Signed out")))]
#[post("/v1/logout")]
pub(crate) async fn log_out(
    body: web::Json<RefreshToken>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let token = body.into_inner().refresh_token;
    let now = clock.now();
    store
        .write("logout", move |tx| -> Result<(), StoreError> {
            let Some(known) = find(tx, &token, now)? else { return Ok(()) };
            if let Some(holder) = holder(tx, known.user)?.filter(|_| known.valid) {
                audit::note(tx, &Entry::of(holder.who(), now, Action::SignOut, "POST /v1/logout"))?;
            }
            revoke(tx, known.family, now)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
