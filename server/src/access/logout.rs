//! Signing out: all tokens of the login end at once.

use actix_web::{HttpResponse, post, web};

use super::refresh::RefreshToken;
use super::refresh_token::{find, revoke};
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
            match find(tx, &token, now)? {
                Some(known) => revoke(tx, known.family, now),
                None => Ok(()),
            }
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
