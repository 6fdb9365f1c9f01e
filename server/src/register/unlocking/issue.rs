//! Handing out a code to unlock one tablet with.

use actix_web::{HttpResponse, post, web};
use diesel::prelude::*;
use jiff::Timestamp;
use serde::Serialize;
use sync_core::id::DeviceId;
use sync_core::time::Millis;
use utoipa::ToSchema;

use crate::access::secret;
use crate::clock::{Clock, timestamp};
use crate::on_each;
use crate::problem::{Problem, kind};
use crate::register::devices;
use crate::scope::Permit;
use crate::store::schema::devices as tablets;
use crate::store::{At, Conn, Db, Failure, Refusal, Store, StoreError};

/// A day: the code is read out while the person stands there.
const DAYS: i64 = 1;

/// A code to unlock one tablet with.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnlockCode {
    /// Shown only now; the service keeps a hash of it. Read it to the person who holds the tablet.
    #[schema(example = "7KQ2M-X9T4B")]
    code: String,
    expires_at: Timestamp,
}

/// Why no code was handed out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoCode {
    #[error("there is no such tablet in the organisation")]
    NoSuchDevice,
    #[error("the tablet is revoked")]
    Revoked,
    #[error("the holder may not sign in any more")]
    Disabled,
}

impl Refusal for NoCode {}

impl From<NoCode> for Problem {
    fn from(refused: NoCode) -> Self {
        match refused {
            NoCode::NoSuchDevice => {
                Self::of(kind::NO_SUCH_DEVICE, "No tablet of your organisation has this id.")
            }
            NoCode::Revoked => Self::of(
                kind::DEVICE_REVOKED,
                "Whoever found it might hold it. Hand out a code that enrols another tablet.",
            ),
            NoCode::Disabled => {
                Self::of(kind::USER_DISABLED, "A tablet is unlocked only for somebody who may sign in.")
            }
        }
    }
}

/// Hand out a code that unlocks a tablet
///
/// For a tablet that locked after ten wrong passphrases, whose holder stands before you or whom you know on the telephone. With the code the
/// tablet gets its key back from the service, and its holder chooses a new passphrase or PIN. Good for one use within a day; a code that
/// was handed out before holds no longer.
#[utoipa::path(
    tag = "Tablets",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The tablet")),
    responses(
        (status = 201, description = "The code", body = UnlockCode),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-device`", body = Problem, content_type = "application/problem+json"),
        (
            status = 409,
            description = "`device-revoked`, `user-disabled`",
            body = Problem,
            content_type = "application/problem+json"
        ),
    )
)]
#[post("/v1/devices/{id}/unlock")]
pub(crate) async fn issue_unlock_code(
    permit: Permit,
    id: web::Path<DeviceId>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (id, now) = (*id, clock.now());
    let code = store.write("issue unlock code", move |tx| issue(tx, permit, id, now)).await?;
    Ok(HttpResponse::Created().json(code))
}

fn issue(
    tx: &mut Conn<'_>,
    permit: Permit,
    id: DeviceId,
    now: Millis,
) -> Result<UnlockCode, Failure<NoCode>> {
    let seen = |tablet: &devices::Device| permit.covers(tablet.organisation);
    let tablet = devices::find(tx, id)?.filter(seen).ok_or(NoCode::NoSuchDevice)?;
    if tablet.revoked {
        return Err(NoCode::Revoked.into());
    }
    if tablet.disabled {
        return Err(NoCode::Disabled.into());
    }
    let (code, expires) = (secret::code(), now.plus_days(DAYS));
    let normalised = secret::normalised(&code).ok_or(StoreError::Damaged("a new code"))?;
    on_each!(tx, |c| diesel::update(tablets::table.find(Db(id)))
        .set(
            (tablets::unlock_hash.eq(secret::hash(&normalised)), tablets::unlock_expires_at.eq(At(expires)),)
        )
        .execute(c))?;
    Ok(UnlockCode { code, expires_at: timestamp(expires) })
}
