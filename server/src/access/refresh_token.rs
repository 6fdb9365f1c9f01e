//! Refresh tokens: each is for one use, for the next pair. One that was copied comes twice, and then its whole family (one
//! login and all that was refreshed from it) is revoked.
//!
//! One whose answer was lost comes twice too, soon after. Within [`GRACE`] it is therefore given another successor, as long as
//! none was used. Of the successors of one token only the first that is used goes on; the others are superseded, and count as
//! copied when they come. So a thief who is fast gains nothing: whichever of the two comes later ends the login.

use diesel::prelude::*;
use serde::Serialize;
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Millis;
use utoipa::ToSchema;
use uuid::Uuid;

use super::holder::{Family, Holder};
use super::{Role, Tokens, secret, token};
use crate::on_each;
use crate::store::schema::{refresh_tokens, users};
use crate::store::{At, Code, Conn, Db, StoreError};

const DAYS: i64 = 30;
/// How long after its first use a token may come again, in milliseconds.
pub(super) const GRACE: i64 = 30_000;
/// How many successors one token may have: no honest client loses more answers so soon.
const SUCCESSORS: i64 = 5;

/// What a person who signed in gets.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenPair {
    /// Send it as `Authorization: Bearer …`.
    pub(super) access_token: String,
    #[schema(value_type = String, example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    expires_in: i64,
    /// Good for one use at `POST /v1/login/refresh`, within thirty days.
    refresh_token: String,
}

/// How a login began; what is refreshed from it keeps that.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct How<'a> {
    /// The family of the program.
    pub(super) client: Option<&'a str>,
    /// Whether an identity provider says that two factors were shown there.
    pub(super) factor_at_provider: bool,
}

/// Signs an access token and stores a new refresh token of the family, the successor of `parent`.
pub(super) fn issue(
    tx: &mut Conn<'_>,
    tokens: &Tokens,
    holder: Holder,
    family: Family,
    parent: Option<&str>,
    how: How<'_>,
    now: Millis,
) -> Result<TokenPair, StoreError> {
    let refresh_token = secret::token();
    on_each!(tx, |c| diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(secret::hash(&refresh_token)),
            refresh_tokens::family.eq(&family.uuid().as_bytes()[..]),
            refresh_tokens::user_id.eq(Db(holder.user)),
            refresh_tokens::issued_at.eq(At(now)),
            refresh_tokens::expires_at.eq(At(now.plus_days(DAYS))),
            refresh_tokens::parent.eq(parent.map(secret::hash)),
            refresh_tokens::client.eq(how.client),
            refresh_tokens::factor_at_provider.eq(how.factor_at_provider),
        ))
        .execute(c))?;
    Ok(TokenPair {
        access_token: tokens.sign(holder, family, now),
        token_type: "Bearer",
        expires_in: token::MINUTES * 60,
        refresh_token,
    })
}

/// A refresh token as the store knows it.
pub(super) struct Known {
    hash: Vec<u8>,
    pub(super) family: Family,
    pub(super) user: UserId,
    pub(super) used: Option<Millis>,
    pub(super) superseded: bool,
    parent: Option<Vec<u8>>,
    client: Option<String>,
    factor_at_provider: bool,
    /// Neither expired nor revoked.
    pub(super) valid: bool,
}

pub(super) fn find(tx: &mut Conn<'_>, token: &str, now: Millis) -> Result<Option<Known>, StoreError> {
    type Used = (At, Option<At>, Option<At>, Option<Vec<u8>>, Option<At>);
    type Row = (Vec<u8>, Db<UserId>, Used, Option<String>, bool);
    let hash = secret::hash(token);
    let row: Option<Row> = on_each!(tx, |c| refresh_tokens::table
        .find(&hash)
        .select((
            refresh_tokens::family,
            refresh_tokens::user_id,
            (
                refresh_tokens::expires_at,
                refresh_tokens::used_at,
                refresh_tokens::revoked_at,
                refresh_tokens::parent,
                refresh_tokens::superseded_at,
            ),
            refresh_tokens::client,
            refresh_tokens::factor_at_provider,
        ))
        .first(c)
        .optional())?;
    let Some((family, Db(user), used, client, factor_at_provider)) = row else { return Ok(None) };
    let (At(expires), used, revoked, parent, superseded) = used;
    let family =
        Uuid::from_slice(&family).map_err(|_| StoreError::Damaged("a family is not sixteen bytes"))?;
    Ok(Some(Known {
        hash,
        family: Family::of(family),
        user,
        used: used.map(|At(at)| at),
        superseded: superseded.is_some(),
        parent,
        client,
        factor_at_provider,
        valid: revoked.is_none() && now < expires,
    }))
}

impl Known {
    /// How its login began.
    pub(super) fn how(&self) -> How<'_> {
        How { client: self.client.as_deref(), factor_at_provider: self.factor_at_provider }
    }

    /// Marks an unused token as used, and supersedes what else was given for its parent.
    ///
    /// # Errors
    /// [`StoreError::Raced`] if somebody used or revoked it a moment ago.
    pub(super) fn spend(&self, tx: &mut Conn<'_>, now: Millis) -> Result<(), StoreError> {
        let spent = on_each!(tx, |c| diesel::update(refresh_tokens::table.find(&self.hash))
            .filter(refresh_tokens::used_at.is_null())
            .filter(refresh_tokens::superseded_at.is_null())
            .filter(refresh_tokens::revoked_at.is_null())
            .set(refresh_tokens::used_at.eq(At(now)))
            .execute(c))?;
        if spent == 0 {
            return Err(StoreError::Raced);
        }
        let Some(parent) = &self.parent else { return Ok(()) };
        let siblings = refresh_tokens::table
            .filter(refresh_tokens::parent.eq(parent))
            .filter(refresh_tokens::hash.ne(&self.hash))
            .filter(refresh_tokens::used_at.is_null());
        on_each!(tx, |c| diesel::update(siblings).set(refresh_tokens::superseded_at.eq(At(now))).execute(c))?;
        Ok(())
    }

    /// Whether a used token may be one whose answer was lost: it was used a moment ago, and nobody has used a successor. Holds
    /// its row, so that nobody ends the login before another successor is there to be ended too.
    ///
    /// # Errors
    /// [`StoreError::Raced`] if somebody revoked it a moment ago.
    pub(super) fn may_be_repeated(
        &self,
        tx: &mut Conn<'_>,
        used: Millis,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let held = on_each!(tx, |c| diesel::update(refresh_tokens::table.find(&self.hash))
            .filter(refresh_tokens::revoked_at.is_null())
            .set(refresh_tokens::used_at.eq(At(used)))
            .execute(c))?;
        if held == 0 {
            return Err(StoreError::Raced);
        }
        let successors = refresh_tokens::table.filter(refresh_tokens::parent.eq(&self.hash));
        let (all, unused): (i64, i64) = on_each!(tx, |c| Ok((
            successors.count().get_result(c)?,
            successors.filter(refresh_tokens::used_at.is_null()).count().get_result(c)?,
        )))?;
        Ok((0..=GRACE).contains(&(now.0 - used.0)) && all == unused && all < SUCCESSORS)
    }
}

/// The user, unless disabled.
pub(super) fn holder(tx: &mut Conn<'_>, user: UserId) -> Result<Option<Holder>, StoreError> {
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

/// Whether two factors were shown for it at an identity provider, of a login that goes on: it was not ended by signing out, by disabling its
/// holder, or because a token came twice.
pub(super) fn alive(tx: &mut Conn<'_>, family: Family) -> Result<Option<bool>, StoreError> {
    let live = refresh_tokens::table
        .filter(refresh_tokens::family.eq(family.uuid().as_bytes().to_vec()))
        .filter(refresh_tokens::revoked_at.is_null());
    on_each!(tx, |c| live.select(refresh_tokens::factor_at_provider).first(c).optional())
}

/// Ends a family. Until nothing is left to end: while the first round waited for somebody who was just
/// refreshing, they added a token that it did not see.
pub(super) fn revoke(tx: &mut Conn<'_>, family: Family, now: Millis) -> Result<(), StoreError> {
    while on_each!(tx, |c| diesel::update(refresh_tokens::table)
        .filter(refresh_tokens::family.eq(&family.uuid().as_bytes()[..]))
        .filter(refresh_tokens::revoked_at.is_null())
        .set(refresh_tokens::revoked_at.eq(At(now)))
        .execute(c))?
        > 0
    {}
    Ok(())
}

/// Ends every login of a person. A token that is added at this moment is none to somebody who is disabled.
pub(crate) fn end_logins(tx: &mut Conn<'_>, user: UserId, now: Millis) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::update(refresh_tokens::table)
        .filter(refresh_tokens::user_id.eq(Db(user)))
        .filter(refresh_tokens::revoked_at.is_null())
        .set(refresh_tokens::revoked_at.eq(At(now)))
        .execute(c))?;
    Ok(())
}

/// Ends every login of a person but one.
pub(crate) fn end_other_logins(
    tx: &mut Conn<'_>,
    user: UserId,
    but: Uuid,
    now: Millis,
) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::update(refresh_tokens::table)
        .filter(refresh_tokens::user_id.eq(Db(user)))
        .filter(refresh_tokens::family.ne(&but.as_bytes()[..]))
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
