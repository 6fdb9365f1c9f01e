//! Somebody who leaves: disabled, or moved to another organisation. Both end all that they lead.

use actix_web::{post, web};
use serde::Deserialize;
use sync_core::id::{OrganisationId, UserId};
use utoipa::ToSchema;

use super::refusal::PersonRefused;
use crate::clock::Clock;
use crate::desk::Member;
use crate::leading::take_off_all;
use crate::ledger::renew_key;
use crate::problem::Problem;
use crate::register::organisations;
use crate::register::users::{User, find, standing};
use crate::scope::Permit;
use crate::store::{Conn, Failure, Store, StoreError, as_worker};

/// Where a person goes.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    #[schema(value_type = Uuid)]
    organisation_id: OrganisationId,
}

/// Disable a person
///
/// An administrator disables anybody else; a manager the facilitators and supervisors of their own organisation. The person
/// is signed out and leads no group any more. Their tablets are told to drop all that they hold; what they hand in then is
/// quarantined for the manager.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The person")),
    responses(
        (status = 200, description = "Disabled, now or before", body = User),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-user`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`oneself`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/users/{id}/disable")]
pub(crate) async fn disable_user(
    permit: Permit,
    id: web::Path<UserId>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<User>, Problem> {
    let (id, member) = (*id, Member::of(permit, clock.now()));
    let disabled = store.write("disable user", move |tx| -> Result<User, Failure<PersonRefused>> {
        theirs(tx, permit, id)?;
        if id == permit.user() {
            return Err(PersonRefused::Oneself.into());
        }
        leaves(tx, id, member, |tx| standing::disable(tx, id, member.now))?;
        as_they_are(tx, id)
    });
    Ok(web::Json(disabled.await?))
}

/// Let a person in again
///
/// They sign in with the password that they had, and their tablets sync again. They lead no group until they are assigned.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The person")),
    responses(
        (status = 200, description = "Not disabled, any more or at all", body = User),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-user`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/users/{id}/enable")]
pub(crate) async fn enable_user(
    permit: Permit,
    id: web::Path<UserId>,
    store: web::Data<Store>,
) -> Result<web::Json<User>, Problem> {
    let id = *id;
    let enabled = store.write("enable user", move |tx| -> Result<User, Failure<PersonRefused>> {
        theirs(tx, permit, id)?;
        standing::enable(tx, id)?;
        as_they_are(tx, id)
    });
    Ok(web::Json(enabled.await?))
}

/// Move a person to another organisation
///
/// They lead no group of the old one any more, and their tablets are revoked: those stay with the old organisation, and the
/// manager of the new one hands out a code for another. What they recorded waits for the manager of the group that it is of.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The person")),
    responses(
        (status = 200, description = "Of that organisation, now or before", body = User),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-user`", body = Problem, content_type = "application/problem+json"),
        (
            status = 409,
            description = "`role-without-organisation`",
            body = Problem,
            content_type = "application/problem+json"
        ),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/users/{id}/move")]
pub(crate) async fn move_user(
    permit: Permit,
    id: web::Path<UserId>,
    body: web::Json<Move>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<User>, Problem> {
    let (id, to) = (*id, body.organisation_id);
    let member = Member::of(permit, clock.now());
    let moved = store.write("move user", move |tx| -> Result<User, Failure<PersonRefused>> {
        let person = theirs(tx, permit, id)?;
        if !person.role.in_organisation() {
            return Err(PersonRefused::NoOrganisation.into());
        }
        organisations::find(tx, to)?.ok_or(PersonRefused::NoSuchOrganisation)?;
        if person.organisation_id != Some(to) {
            leaves(tx, id, member, |tx| standing::move_to(tx, id, to, member.now))?;
        }
        as_they_are(tx, id)
    });
    Ok(web::Json(moved.await?))
}

/// Changes where a person stands, and takes them off all their groups. Both are done as the service: an administrator, who sees no records,
/// decides about the person, and their name goes off the record of each group with that.
fn leaves(
    tx: &mut Conn<'_>,
    id: UserId,
    member: Member,
    stands: impl FnOnce(&mut Conn<'_>) -> Result<(), StoreError>,
) -> Result<(), Failure<PersonRefused>> {
    as_worker(tx, |tx| {
        // What their organisation's colleagues seal for each other from now on, their tablets don't open.
        if let Some(own) = find(tx, id)?.and_then(|person| person.organisation_id) {
            renew_key(tx, own.into())?;
        }
        stands(tx)?;
        take_off_all(tx, id, member).map_err(Failure::lift)
    })
}

/// The person, if the caller decides about them.
fn theirs(tx: &mut Conn<'_>, permit: Permit, id: UserId) -> Result<User, Failure<PersonRefused>> {
    let seen = |person: &User| permit.covers(person.organisation_id);
    let person = find(tx, id)?.filter(seen).ok_or(PersonRefused::NoSuchUser)?;
    if !permit.decides_about(person.role, person.organisation_id) {
        return Err(PersonRefused::NotTheirs.into());
    }
    Ok(person)
}

fn as_they_are(tx: &mut Conn<'_>, id: UserId) -> Result<User, Failure<PersonRefused>> {
    Ok(find(tx, id)?.ok_or(StoreError::Damaged("a person who was there"))?)
}
