//! The logins of a person: each is a family of refresh tokens, and lives as long as one of them may be used.

use diesel::prelude::*;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::id::UserId;
use sync_core::time::Millis;
use utoipa::ToSchema;
use uuid::Uuid;

use super::holder::Family;
use super::refresh_token::revoke;
use crate::clock::timestamp;
use crate::on_each;
use crate::store::schema::refresh_tokens;
use crate::store::{At, Conn, Db, StoreError};

/// How many are told: those that were refreshed last. A program may sign in again and again.
const MOST: i64 = 100;

/// One login.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LoginItem {
    pub(crate) id: Uuid,
    pub(crate) begun_at: Timestamp,
    /// When it last got new tokens; at first, when it began.
    pub(crate) refreshed_at: Timestamp,
    /// The family of the program that signed in, as it names itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Firefox")]
    pub(crate) client: Option<String>,
    /// Whether it is the one by which this is asked.
    pub(crate) current: bool,
}

/// The logins of a person that go on, the one refreshed last first. `current` is the one by which they ask.
pub(crate) fn logins_of(
    tx: &mut Conn<'_>,
    user: UserId,
    current: Uuid,
    now: Millis,
) -> Result<Vec<LoginItem>, StoreError> {
    let live = refresh_tokens::table
        .filter(refresh_tokens::user_id.eq(Db(user)))
        .filter(refresh_tokens::revoked_at.is_null())
        .filter(refresh_tokens::used_at.is_null())
        .filter(refresh_tokens::superseded_at.is_null())
        .filter(refresh_tokens::expires_at.gt(At(now)));
    let rows: Vec<(Vec<u8>, At, Option<String>)> = on_each!(tx, |c| live
        .select((refresh_tokens::family, refresh_tokens::issued_at, refresh_tokens::client))
        .order((refresh_tokens::issued_at.desc(), refresh_tokens::hash))
        .limit(MOST)
        .load(c))?;
    let mut logins: Vec<LoginItem> = Vec::new();
    for (family, At(issued), client) in rows {
        let id =
            Uuid::from_slice(&family).map_err(|_| StoreError::Damaged("a family is not sixteen bytes"))?;
        // A token whose answer was lost has several successors until one is used.
        if logins.iter().all(|login| login.id != id) {
            let (begun_at, refreshed_at) = (timestamp(Family::of(id).begun()), timestamp(issued));
            logins.push(LoginItem { id, begun_at, refreshed_at, client, current: id == current });
        }
    }
    Ok(logins)
}

/// Ends a login, if it is this person's.
pub(crate) fn end_login(tx: &mut Conn<'_>, user: UserId, login: Uuid, now: Millis) -> Result<(), StoreError> {
    let theirs: i64 = on_each!(tx, |c| refresh_tokens::table
        .filter(refresh_tokens::family.eq(&login.as_bytes()[..]))
        .filter(refresh_tokens::user_id.eq(Db(user)))
        .count()
        .get_result(c))?;
    if theirs == 0 { Ok(()) } else { revoke(tx, Family::of(login), now) }
}
