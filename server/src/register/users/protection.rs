//! Protection officers: the managers who see the referrals, incidents and screenings of their whole organisation. The administrator names
//! them, so that nobody who could read such records decides that they do.

use actix_web::{delete, put, web};
use diesel::prelude::*;
use sync_core::id::UserId;
use sync_core::time::Millis;

use super::{User, find};
use crate::access::Role;
use crate::clock::Clock;
use crate::on_each;
use crate::problem::{Problem, kind};
use crate::scope::Permit;
use crate::store::schema::users;
use crate::store::{At, Conn, Db, Failure, Refusal, Store};

/// Why nobody was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProtectionRefused {
    #[error("there is no such person")]
    NoSuchUser,
    #[error("the person is no manager")]
    NotAManager,
}

impl Refusal for ProtectionRefused {}

impl From<ProtectionRefused> for Problem {
    fn from(refused: ProtectionRefused) -> Self {
        match refused {
            ProtectionRefused::NoSuchUser => Self::of(kind::NO_SUCH_USER, "Nobody has this id."),
            ProtectionRefused::NotAManager => Self::of(
                kind::NOT_A_MANAGER,
                "Name a manager: facilitators and supervisors see such records of their own groups anyway.",
            ),
        }
    }
}

/// Name a protection officer
///
/// From now on this manager sees the referrals, incidents and screenings of their organisation, and decides about those that are quarantined.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The manager")),
    responses(
        (status = 200, description = "A protection officer, now or before", body = User),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-user`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not-a-manager`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/v1/users/{id}/protection-officer")]
pub(crate) async fn name_protection_officer(
    _administrator: Permit,
    id: web::Path<UserId>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<User>, Problem> {
    let (id, now) = (*id, clock.now());
    Ok(web::Json(store.write("name protection officer", move |tx| name(tx, id, now)).await?))
}

/// Make somebody a protection officer no longer
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The person")),
    responses(
        (status = 200, description = "None, any more or at all", body = User),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-user`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/v1/users/{id}/protection-officer")]
pub(crate) async fn end_protection_officer(
    _administrator: Permit,
    id: web::Path<UserId>,
    store: web::Data<Store>,
) -> Result<web::Json<User>, Problem> {
    let id = *id;
    Ok(web::Json(store.write("end protection officer", move |tx| end(tx, id)).await?))
}

fn name(tx: &mut Conn<'_>, id: UserId, now: Millis) -> Result<User, Failure<ProtectionRefused>> {
    let user = find(tx, id)?.ok_or(ProtectionRefused::NoSuchUser)?;
    if user.role != Role::Manager {
        return Err(ProtectionRefused::NotAManager.into());
    }
    on_each!(tx, |c| diesel::update(users::table.find(Db(id)))
        .filter(users::protects_since.is_null())
        .set(users::protects_since.eq(At(now)))
        .execute(c))?;
    Ok(find(tx, id)?.ok_or(ProtectionRefused::NoSuchUser)?)
}

fn end(tx: &mut Conn<'_>, id: UserId) -> Result<User, Failure<ProtectionRefused>> {
    on_each!(tx, |c| diesel::update(users::table.find(Db(id)))
        .set(users::protects_since.eq(None::<At>))
        .execute(c))?;
    Ok(find(tx, id)?.ok_or(ProtectionRefused::NoSuchUser)?)
}
