//! Deciding about many changes at once: whoever was taken off a group may hand in hundreds, and one decision fits all.

use std::collections::BTreeSet;

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use sync_core::id::UserId;
use sync_core::time::Millis;
use utoipa::ToSchema;
use uuid::Uuid;

use super::keeper::Keeper;
use super::refusal::Refused;
use super::reject::{Ruling, leave_out, leave_out_with};
use super::release::{plan_again, take, word};
use crate::audit;
use crate::clock::Clock;
use crate::problem::{Fields, Problem};
use crate::scope::{Permit, Scope};
use crate::store::{Conn, Failure, Store, StoreError};
use crate::sync::Arrival;

/// What is decided in one transaction is held up by nobody, and holds others up.
const MOST: usize = 200;

/// Changes to release.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeveralChanges {
    /// 1 to 200 ids of quarantined changes.
    #[schema(min_items = 1, max_items = 200)]
    ids: Vec<Uuid>,
}

/// Changes to reject, for one reason.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeveralRejections {
    /// 1 to 200 ids of quarantined changes.
    #[schema(min_items = 1, max_items = 200)]
    ids: Vec<Uuid>,
    /// 1 to 500 characters, for those who recorded them and for whoever looks at them later.
    reason: String,
}

/// What became of several changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeveralDecided {
    /// Each that was named, by its id.
    changes: Vec<OneDecided>,
    /// How many others, which built on these, went the same way.
    others: usize,
}

/// What became of one of several changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneDecided {
    id: Uuid,
    /// `accepted`, `duplicate`, `quarantined` (it stays, its reason is in the list) or `rejected`; `already-decided` or
    /// `no-such-change` where nothing was done about it.
    #[schema(value_type = String, example = "accepted")]
    outcome: &'static str,
}

/// Release several quarantined changes
///
/// Each as if it were released alone, in one transaction, in an order in which they can be merged: what builds on another one
/// that is named waits for it. What can't be released holds up none of the others.
#[utoipa::path(
    tag = "Quarantine",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "What became of each", body = SeveralDecided),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/quarantine/release")]
pub(crate) async fn release_several(
    permit: Permit,
    body: web::Json<SeveralChanges>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<SeveralDecided>, Problem> {
    let scope = permit.scope()?;
    let ids = in_order(&body.ids)?;
    let (user, now) = (permit.user(), clock.now());
    audit::concerns_several(ids.len());
    let decided = store.write("release several", move |tx| release_all(tx, scope, &ids, user, now)).await?;
    Ok(web::Json(decided))
}

/// Reject several quarantined changes
///
/// Each as if it were rejected alone, for the same reason, in one transaction. An administrator may reject those that name no
/// group that there is.
#[utoipa::path(
    tag = "Quarantine",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "What became of each", body = SeveralDecided),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/quarantine/reject")]
pub(crate) async fn reject_several(
    permit: Permit,
    body: web::Json<SeveralRejections>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<SeveralDecided>, Problem> {
    let keeper = Keeper::of(permit)?;
    let ids = in_order(&body.ids)?;
    let ruling = Ruling::checked(permit.user(), clock.now(), &body.reason)?;
    audit::concerns_several(ids.len());
    let decided = store.write("reject several", move |tx| reject_all(tx, keeper, &ids, &ruling)).await?;
    Ok(web::Json(decided))
}

/// Each once, in the order of the ids: two people who decide about the same at once queue and never deadlock.
fn in_order(ids: &[Uuid]) -> Result<BTreeSet<Uuid>, Problem> {
    let mut fields = Fields::default();
    if ids.is_empty() || ids.len() > MOST {
        fields.refuse("ids", format!("names 1 to {MOST} changes"));
    }
    fields.done().map(|()| ids.iter().copied().collect())
}

fn release_all(
    tx: &mut Conn<'_>,
    scope: Scope,
    ids: &BTreeSet<Uuid>,
    user: UserId,
    now: Millis,
) -> Result<SeveralDecided, StoreError> {
    let (mut taken, mut changes) = (Vec::new(), Vec::new());
    for id in ids.iter().copied() {
        match take(tx, scope, id, user, now) {
            Ok(arrival) => taken.push((id, arrival)),
            Err(Failure::Refused(refused)) => changes.push(OneDecided { id, outcome: passed_over(refused) }),
            Err(Failure::Store(error)) => return Err(error),
        }
    }
    // Ids are made by chance; what becomes of changes is not.
    taken.sort_by_key(|(_, arrival)| arrival.key());
    let (taken, arrivals): (Vec<Uuid>, Vec<Arrival>) = taken.into_iter().unzip();
    let (outcomes, others) = plan_again(tx, arrivals, now)?;
    let outcomes = taken.into_iter().zip(&outcomes);
    changes.extend(outcomes.map(|(id, outcome)| OneDecided { id, outcome: word(outcome) }));
    changes.sort_by_key(|one| one.id);
    Ok(SeveralDecided { changes, others })
}

fn reject_all(
    tx: &mut Conn<'_>,
    keeper: Keeper,
    ids: &BTreeSet<Uuid>,
    ruling: &Ruling,
) -> Result<SeveralDecided, StoreError> {
    let (mut rejected, mut changes) = (Vec::new(), Vec::new());
    for id in ids.iter().copied() {
        let outcome = match leave_out(tx, keeper, id, ruling) {
            Ok(arrival) => {
                rejected.push(arrival);
                "rejected"
            }
            Err(Failure::Refused(refused)) => passed_over(refused),
            Err(Failure::Store(error)) => return Err(error),
        };
        changes.push(OneDecided { id, outcome });
    }
    let others = leave_out_with(tx, &rejected, ruling)?;
    Ok(SeveralDecided { changes, others })
}

fn passed_over(refused: Refused) -> &'static str {
    match refused {
        Refused::NoSuchChange | Refused::Sensitive => "no-such-change",
        Refused::Released | Refused::Rejected => "already-decided",
    }
}
