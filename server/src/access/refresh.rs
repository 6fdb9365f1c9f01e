//! The next pair of tokens for a refresh token, once.

use actix_web::{post, web};
use serde::Deserialize;
use sync_core::time::Millis;
use utoipa::ToSchema;

use super::Tokens;
use super::refresh_token::{TokenPair, find, holder, issue, revoke};
use crate::audit::{self, Action, Entry, Who};
use crate::clock::Clock;
use crate::problem::{Problem, kind};
use crate::store::{Conn, Store, StoreError};

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshToken {
    pub(super) refresh_token: String,
}

enum Outcome {
    Refreshed(TokenPair),
    Refused,
    /// The token came a second time; its family is revoked, which must be committed.
    Reused,
}

/// Get the next pair of tokens
///
/// A refresh token is good for one use. If the answer was lost, send it again within thirty seconds: it gets another pair, as
/// long as none of its pairs was used. Later, one that comes twice was copied, and ends the login with its access tokens: sign in
/// again.
#[utoipa::path(
    tag = "Access",
    responses(
        (status = 200, description = "The next pair", body = TokenPair),
        (
            status = 401,
            description = "`refresh-refused`, `refresh-reused`",
            body = Problem,
            content_type = "application/problem+json"
        ),
    )
)]
#[post("/v1/login/refresh")]
pub(crate) async fn refresh_login(
    body: web::Json<RefreshToken>,
    store: web::Data<Store>,
    tokens: web::Data<Tokens>,
    clock: web::Data<Clock>,
) -> Result<web::Json<TokenPair>, Problem> {
    let token = body.into_inner().refresh_token;
    let now = clock.now();
    match store.write("refresh", move |tx| rotate(tx, &tokens, &token, now)).await? {
        Outcome::Refreshed(pair) => Ok(web::Json(pair)),
        Outcome::Refused => Err(Problem::of(
            kind::REFRESH_REFUSED,
            "It is unknown, has expired, or was signed out. Sign in again.",
        )),
        Outcome::Reused => Err(Problem::of(
            kind::REFRESH_REUSED,
            "Somebody may have copied it, so this login was ended. Sign in again.",
        )),
    }
}

fn rotate(tx: &mut Conn<'_>, tokens: &Tokens, token: &str, now: Millis) -> Result<Outcome, StoreError> {
    let Some(known) = find(tx, token, now)? else {
        return Ok(Outcome::Refused);
    };
    if !known.valid {
        return Ok(Outcome::Refused);
    }
    let copied = match known.used {
        _ if known.superseded => true,
        Some(used) => !known.may_be_repeated(tx, used, now)?,
        None => {
            known.spend(tx, now)?;
            false
        }
    };
    if copied {
        let who = holder(tx, known.user)?.map_or(Who::nobody(), |holder| holder.who());
        audit::note(tx, &Entry::of(who, now, Action::SignIn, "POST /v1/login/refresh").refused())?;
        revoke(tx, known.family, now)?;
        return Ok(Outcome::Reused);
    }
    match holder(tx, known.user)? {
        Some(holder) => {
            issue(tx, tokens, holder, known.family, Some(token), known.how(), now).map(Outcome::Refreshed)
        }
        None => Ok(Outcome::Refused),
    }
}
