//! Refresh tokens: each may be used once, for the next pair. One that comes twice was stolen or copied, so its
//! whole family (one login and all that was refreshed from it) is revoked.

use diesel::prelude::*;
use serde::Serialize;
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::{Millis, Moment};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Role, Tokens, secret, token};
use crate::on_each;
use crate::store::schema::refresh_tokens;
use crate::store::{At, Conn, Db, StoreError};

const DAYS: i64 = 30;

/// What a person who signed in gets.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenPair {
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    #[schema(value_type = String, example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    expires_in: i64,
    /// Good for one use at `POST /v1/login/refresh`, within thirty days.
    refresh_token: String,
}

/// Whom a pair of tokens is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder {
    pub(super) user: UserId,
    pub(super) organisation: Option<OrganisationId>,
    pub(super) role: Role,
}

/// One login and all that was refreshed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Family(Uuid);

impl Family {
    pub(super) fn new(moment: &Moment) -> Self {
        Self(moment.uuid())
    }
}

/// Signs an access token and stores a new refresh token of the family.
pub(super) fn issue(
    tx: &mut Conn<'_>,
    tokens: &Tokens,
    holder: Holder,
    family: Family,
    now: Millis,
) -> Result<TokenPair, StoreError> {
    let refresh_token = secret::token();
    on_each!(tx, |c| diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(secret::hash(&refresh_token)),
            refresh_tokens::family.eq(&family.0.as_bytes()[..]),
            refresh_tokens::user_id.eq(Db(holder.user)),
            refresh_tokens::issued_at.eq(At(now)),
            refresh_tokens::expires_at.eq(At(now.plus_days(DAYS))),
        ))
        .execute(c))?;
    Ok(TokenPair {
        access_token: tokens.sign(holder.user, holder.organisation, holder.role, now),
        token_type: "Bearer",
        expires_in: token::MINUTES * 60,
        refresh_token,
    })
}

/// A refresh token as the store knows it.
pub(super) struct Known {
    pub(super) family: Family,
    pub(super) user: UserId,
    pub(super) used: bool,
    /// Neither expired nor revoked.
    pub(super) valid: bool,
}

pub(super) fn find(tx: &mut Conn<'_>, token: &str, now: Millis) -> Result<Option<Known>, StoreError> {
    type Row = (Vec<u8>, Db<UserId>, At, Option<At>, Option<At>);
    let row: Option<Row> = on_each!(tx, |c| refresh_tokens::table
        .find(secret::hash(token))
        .select((
            refresh_tokens::family,
            refresh_tokens::user_id,
            refresh_tokens::expires_at,
            refresh_tokens::used_at,
            refresh_tokens::revoked_at,
        ))
        .first(c)
        .optional())?;
    let Some((family, Db(user), At(expires), used, revoked)) = row else {
        return Ok(None);
    };
    let family =
        Uuid::from_slice(&family).map_err(|_| StoreError::Damaged("a family is not sixteen bytes"))?;
    Ok(Some(Known {
        family: Family(family),
        user,
        used: used.is_some(),
        valid: revoked.is_none() && now < expires,
    }))
}

/// Marks a token as used. `false` if somebody else used or revoked it a moment ago.
pub(super) fn spend(tx: &mut Conn<'_>, token: &str, now: Millis) -> Result<bool, StoreError> {
    let spent = on_each!(tx, |c| diesel::update(refresh_tokens::table.find(secret::hash(token)))
        .filter(refresh_tokens::used_at.is_null())
        .filter(refresh_tokens::revoked_at.is_null())
        .set(refresh_tokens::used_at.eq(At(now)))
        .execute(c))?;
    Ok(spent == 1)
}

/// Ends a family. Until nothing is left to end: while the first round waited for somebody who was just
/// refreshing, they added a token that it did not see.
pub(super) fn revoke(tx: &mut Conn<'_>, family: Family, now: Millis) -> Result<(), StoreError> {
    while on_each!(tx, |c| diesel::update(refresh_tokens::table)
        .filter(refresh_tokens::family.eq(&family.0.as_bytes()[..]))
        .filter(refresh_tokens::revoked_at.is_null())
        .set(refresh_tokens::revoked_at.eq(At(now)))
        .execute(c))?
        > 0
    {}
    Ok(())
}

/// Ends every login of a person. A token that is added at this moment is none to somebody who is disabled.
pub(super) fn revoke_all(tx: &mut Conn<'_>, user: UserId, now: Millis) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::update(refresh_tokens::table)
        .filter(refresh_tokens::user_id.eq(Db(user)))
        .filter(refresh_tokens::revoked_at.is_null())
        .set(refresh_tokens::revoked_at.eq(At(now)))
        .execute(c))?;
    Ok(())
}

/// Forgets what expired; once in a while, at a login, so that the table stays as large as its use.
pub(super) fn forget_expired(tx: &mut Conn<'_>, user: UserId, now: Millis) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::delete(refresh_tokens::table)
        .filter(refresh_tokens::user_id.eq(Db(user)))
        .filter(refresh_tokens::expires_at.lt(At(now)))
        .execute(c))?;
    Ok(())
}
