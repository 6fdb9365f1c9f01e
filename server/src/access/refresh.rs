//! The next pair of tokens for a refresh token, once.

use actix_web::{post, web};
use diesel::prelude::*;
use serde::Deserialize;
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Millis;
use utoipa::ToSchema;

use super::refresh_token::{Holder, TokenPair, find, issue, revoke, spend};
use super::{Role, Tokens};
use crate::clock::Clock;
use crate::on_each;
use crate::problem::Problem;
use crate::store::schema::users;
use crate::store::{Code, Conn, Db, Store, StoreError};

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
/// A refresh token is good for one use. One that comes twice ends the login: sign in again.
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
        Outcome::Refused => Err(Problem::unauthorized(
            "refresh-refused",
            "The refresh token is not valid",
            "It is unknown, has expired, or was signed out. Sign in again.",
        )),
        Outcome::Reused => Err(Problem::unauthorized(
            "refresh-reused",
            "The refresh token was used before",
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
    if known.used || !spend(tx, token, now)? {
        revoke(tx, known.family, now)?;
        return Ok(Outcome::Reused);
    }
    match holder(tx, known.user)? {
        Some(holder) => issue(tx, tokens, holder, known.family, now).map(Outcome::Refreshed),
        None => Ok(Outcome::Refused),
    }
}

/// The user, unless disabled.
fn holder(tx: &mut Conn<'_>, user: UserId) -> Result<Option<Holder>, StoreError> {
    type Row = (Option<Db<OrganisationId>>, Code<Role>);
    let row: Option<Row> = on_each!(tx, |c| users::table
        .find(Db(user))
        .filter(users::disabled_at.is_null())
        .select((users::organisation_id, users::role))
        .first(c)
        .optional())?;
    Ok(row.map(|(organisation, Code(role))| Holder {
        user,
        organisation: organisation.map(|Db(id)| id),
        role,
    }))
}
