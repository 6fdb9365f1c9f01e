//! Leaving a change out for good. It is kept, with who said so, when and why.

use actix_web::{post, web};
use diesel::prelude::*;
use serde::Deserialize;
use sync_core::id::UserId;
use sync_core::time::Millis;
use utoipa::ToSchema;
use uuid::Uuid;

use super::entry::{QuarantineItem, find, shown};
use super::keeper::Keeper;
use super::refusal::Refused;
use super::release::decided;
use crate::access::{Caller, Fields};
use crate::clock::Clock;
use crate::on_each;
use crate::problem::Problem;
use crate::store::schema::quarantine;
use crate::store::{At, Conn, Db, Failure, Store};

const MOST: usize = 500;

/// Why it stays out.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectionReason {
    /// 1 to 500 characters, for whoever looks at it later.
    #[schema(example = "Recorded twice; the other one is right.")]
    reason: String,
}

/// Reject a change that was set apart
///
/// It is kept and never deleted, but it does not wait any more, and stays out also when a tablet hands it in again.
/// An administrator may reject what names no group that there is.
#[utoipa::path(
    tag = "Quarantine",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "Rejected", body = QuarantineItem),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-change`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/quarantine/{id}/reject")]
pub(crate) async fn reject_change(
    caller: Caller,
    id: web::Path<Uuid>,
    body: web::Json<RejectionReason>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<QuarantineItem>, Problem> {
    let keeper = Keeper::of(&caller)?;
    let because = checked(&body.reason)?;
    let (id, user, now) = (*id, caller.user, clock.now());
    let rejected = store.write("reject", move |tx| reject(tx, keeper, id, user, &because, now)).await?;
    Ok(web::Json(rejected))
}

fn checked(reason: &str) -> Result<String, Problem> {
    let mut fields = Fields::default();
    let reason = reason.trim();
    let sound = |c: char| !c.is_control() || c == '\n';
    if reason.is_empty() || reason.chars().count() > MOST || !reason.chars().all(sound) {
        fields.refuse("reason", format!("says in 1 to {MOST} characters why it stays out"));
    }
    fields.done().map(|()| reason.to_owned())
}

fn reject(
    tx: &mut Conn<'_>,
    keeper: Keeper,
    id: Uuid,
    user: UserId,
    because: &str,
    now: Millis,
) -> Result<QuarantineItem, Failure<Refused>> {
    find(tx, keeper, id)?.ok_or(Refused::NoSuchChange)?;
    let rejection = (
        quarantine::rejected_by.eq(Db(user)),
        quarantine::rejected_at.eq(At(now)),
        quarantine::rejected_because.eq(because),
    );
    let row = quarantine::table
        .filter(quarantine::id.eq(id.as_bytes().to_vec()))
        .filter(quarantine::released_at.is_null())
        .filter(quarantine::rejected_at.is_null());
    let taken = on_each!(tx, |c| diesel::update(row).set(rejection).execute(c))?;
    if taken == 0 {
        return Err(decided(tx, id)?.into());
    }
    let row = find(tx, keeper, id)?.ok_or(Refused::NoSuchChange)?;
    Ok(shown(tx, keeper, vec![row])?.pop().ok_or(Refused::NoSuchChange)?)
}
