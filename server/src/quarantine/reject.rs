//! Leaving a change out for good. It is kept, with who said so, when and why.

use actix_web::{post, web};
use diesel::prelude::*;
use serde::Deserialize;
use sync_core::id::{DocumentId, UserId};
use sync_core::quarantine::Reason;
use sync_core::time::Millis;
use utoipa::ToSchema;
use uuid::Uuid;

use super::entry::{QuarantineItem, find, shown, theirs};
use super::keeper::Keeper;
use super::refusal::Refused;
use super::release::decided;
use crate::clock::Clock;
use crate::on_each;
use crate::problem::{Fields, Problem};
use crate::scope::Permit;
use crate::store::schema::quarantine;
use crate::store::{At, Conn, Db, Failure, Store, StoreError};
use crate::sync::{self, Arrival};

const MOST: usize = 500;

/// Why it stays out.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectionReason {
    /// 1 to 500 characters, for whoever recorded it, and for whoever looks at it later.
    #[schema(example = "Recorded twice; the other one is right.")]
    reason: String,
}

/// Reject a quarantined change
///
/// It is kept and never deleted, but it does not wait any more, and stays out also when a tablet hands it in again. What waits
/// and builds on it goes with it. The tablet that recorded it is told, with the reason.
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
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<RejectionReason>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<QuarantineItem>, Problem> {
    let keeper = Keeper::of(permit)?;
    let ruling = Ruling::checked(permit.user(), clock.now(), &body.reason)?;
    let id = *id;
    let rejected = store.write("reject", move |tx| reject_one(tx, keeper, id, &ruling)).await?;
    Ok(web::Json(rejected))
}

/// Who leaves something out, when and why.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = quarantine)]
pub(super) struct Ruling {
    rejected_by: Db<UserId>,
    rejected_at: At,
    rejected_because: String,
}

impl Ruling {
    /// # Errors
    /// 422 where the reason is none.
    pub(super) fn checked(by: UserId, at: Millis, reason: &str) -> Result<Self, Problem> {
        let mut fields = Fields::default();
        let reason = reason.trim();
        let sound = |c: char| !c.is_control() || c == '\n';
        if reason.is_empty() || reason.chars().count() > MOST || !reason.chars().all(sound) {
            fields.refuse("reason", format!("says in 1 to {MOST} characters why it stays out"));
        }
        let rejected_because = reason.to_owned();
        fields.done().map(|()| Self { rejected_by: Db(by), rejected_at: At(at), rejected_because })
    }
}

fn reject_one(
    tx: &mut Conn<'_>,
    keeper: Keeper,
    id: Uuid,
    ruling: &Ruling,
) -> Result<QuarantineItem, Failure<Refused>> {
    let arrival = leave_out(tx, keeper, id, ruling)?;
    leave_out_with(tx, &[arrival], ruling)?;
    let row = find(tx, keeper, id)?.ok_or(Refused::NoSuchChange)?;
    Ok(shown(tx, keeper, vec![row])?.pop().ok_or(Refused::NoSuchChange)?)
}

/// Rejects one, and gives it.
pub(super) fn leave_out(
    tx: &mut Conn<'_>,
    keeper: Keeper,
    id: Uuid,
    ruling: &Ruling,
) -> Result<Arrival, Failure<Refused>> {
    theirs(tx, keeper, id)?;
    let row = quarantine::table
        .filter(quarantine::id.eq(id.as_bytes().to_vec()))
        .filter(quarantine::released_at.is_null())
        .filter(quarantine::rejected_at.is_null());
    let taken = on_each!(tx, |c| diesel::update(row).set(ruling).execute(c))?;
    if taken == 0 {
        return Err(decided(tx, id)?.into());
    }
    Ok(sync::find(tx, id)?.ok_or(Refused::NoSuchChange)?)
}

/// Deletes what was rejected of a record that was erased; the row stays, so that its tablet hears of the decision.
fn forget_erased(tx: &mut Conn<'_>, document: DocumentId) -> Result<(), StoreError> {
    let rejected = quarantine::table
        .filter(quarantine::document_id.eq(Db(document)))
        .filter(quarantine::reason.eq(Reason::Erased.code()))
        .filter(quarantine::rejected_at.is_not_null());
    on_each!(tx, |c| diesel::update(rejected).set(quarantine::bytes.eq(Vec::<u8>::new())).execute(c))?;
    Ok(())
}

/// Rejects what waits and builds on some that were rejected: it could never be merged. Gives how many these are.
pub(super) fn leave_out_with(
    tx: &mut Conn<'_>,
    rejected: &[Arrival],
    ruling: &Ruling,
) -> Result<usize, StoreError> {
    let mut others = 0;
    for other in sync::built_on(tx, rejected)? {
        let row = quarantine::table
            .find((Db(other.item.document), other.item.digest.as_bytes().to_vec()))
            .filter(quarantine::released_at.is_null())
            .filter(quarantine::rejected_at.is_null());
        others += on_each!(tx, |c| diesel::update(row).set(ruling).execute(c))?;
    }
    rejected.iter().try_for_each(|one| forget_erased(tx, one.item.document))?;
    Ok(others)
}
