//! Letting a change in: it is planned again, and somebody answers for it.

use actix_web::{post, web};
use diesel::prelude::*;
use serde::Serialize;
use sync_core::id::UserId;
use sync_core::quarantine::Outcome;
use sync_core::time::Millis;
use utoipa::ToSchema;
use uuid::Uuid;

use super::entry::{QuarantineItem, find, shown, theirs};
use super::keeper::Keeper;
use super::refusal::Refused;
use crate::clock::Clock;
use crate::on_each;
use crate::problem::Problem;
use crate::scope::{Permit, Scope};
use crate::store::schema::quarantine;
use crate::store::{At, Conn, Db, Failure, Store, StoreError, as_worker};
use crate::sync::{self, Arrival};

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Release {
    /// `accepted`, `duplicate` (it was merged already), or `quarantined`: it stays, with the reason in `change`.
    #[schema(value_type = String, example = "accepted")]
    outcome: &'static str,
    /// How many others, which waited for it, went on with it.
    others: usize,
    /// The change as it stands now.
    change: QuarantineItem,
}

/// Release a quarantined change
///
/// It is merged as if its author were assigned to the group: whoever releases it answers for that. What waited for it goes
/// on with it. What a copied tablet wrote under a number that is taken is re-keyed, under one of its own. What can't be
/// merged stays, with its reason; what builds on work that is not merged goes on when that is.
#[utoipa::path(
    tag = "Quarantine",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "What became of it", body = Release),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-change`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-decided`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/quarantine/{id}/release")]
pub(crate) async fn release_change(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Release>, Problem> {
    let scope = permit.scope()?;
    let (id, user, now) = (*id, permit.user(), clock.now());
    let released = store.write("release", move |tx| release(tx, scope, id, user, now)).await?;
    Ok(web::Json(released))
}

fn release(
    tx: &mut Conn<'_>,
    scope: Scope,
    id: Uuid,
    user: UserId,
    now: Millis,
) -> Result<Release, Failure<Refused>> {
    let arrival = take(tx, scope, id, user, now)?;
    let (outcomes, others) = plan_again(tx, vec![arrival], now)?;
    let row = find(tx, Keeper::Of(scope), id)?.ok_or(Refused::NoSuchChange)?;
    let change = shown(tx, Keeper::Of(scope), vec![row])?.pop().ok_or(Refused::NoSuchChange)?;
    let outcome = outcomes.first().map_or("duplicate", word);
    Ok(Release { outcome, others, change })
}

/// Decides again about changes that somebody answers for, as the service: a change may name a record of another organisation, which is found
/// out by looking there.
pub(super) fn plan_again(
    tx: &mut Conn<'_>,
    arrivals: Vec<Arrival>,
    now: Millis,
) -> Result<(Vec<Outcome>, usize), StoreError> {
    as_worker(tx, |tx| sync::decide_again(tx, arrivals, now))
}

/// Notes that somebody answers for a change, and gives it.
pub(super) fn take(
    tx: &mut Conn<'_>,
    scope: Scope,
    id: Uuid,
    user: UserId,
    now: Millis,
) -> Result<Arrival, Failure<Refused>> {
    theirs(tx, Keeper::Of(scope), id)?;
    // This locks the row: of two people who decide at once, the second waits here and finds it decided.
    let waives = (quarantine::waived_by.eq(Db(user)), quarantine::waived_at.eq(At(now)));
    let row = quarantine::table
        .filter(quarantine::id.eq(id.as_bytes().to_vec()))
        .filter(quarantine::released_at.is_null())
        .filter(quarantine::rejected_at.is_null());
    let taken = on_each!(tx, |c| diesel::update(row).set(waives).execute(c))?;
    if taken == 0 {
        return Err(decided(tx, id)?.into());
    }
    Ok(sync::find(tx, id)?.ok_or(Refused::NoSuchChange)?)
}

pub(super) const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Duplicate => "duplicate",
        Outcome::Quarantined(_) => "quarantined",
    }
}

/// What somebody else decided about it.
pub(super) fn decided(tx: &mut Conn<'_>, id: Uuid) -> Result<Refused, StoreError> {
    let released: Option<Option<At>> = on_each!(tx, |c| quarantine::table
        .filter(quarantine::id.eq(id.as_bytes().to_vec()))
        .select(quarantine::released_at)
        .first(c)
        .optional())?;
    Ok(match released {
        None => Refused::NoSuchChange,
        Some(Some(_)) => Refused::Released,
        Some(None) => Refused::Rejected,
    })
}
