//! The logins of people: seen and ended by themselves, ended by whoever answers for them.

use actix_web::{HttpResponse, delete, get, web};
use serde::Serialize;
use sync_core::id::UserId;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{User, find, not_for_managers};
use crate::access::{LoginItem, end_login, end_logins, logins_of};
use crate::clock::Clock;
use crate::problem::{Problem, kind};
use crate::scope::Permit;
use crate::store::{Failure, Refusal, Store};

/// Logins that go on.
#[derive(Serialize, ToSchema)]
pub(crate) struct Logins {
    /// The one refreshed last first, a hundred at the most.
    items: Vec<LoginItem>,
}

/// Where I am signed in
///
/// What is not known as your own is best ended, and the password changed.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    responses((status = 200, description = "The caller's logins", body = Logins))
)]
#[get("/v1/me/logins")]
pub(crate) async fn list_logins(
    permit: Permit,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Logins>, Problem> {
    let (user, login, now) = (permit.user(), permit.login(), clock.now());
    let items = store.read("list logins", move |tx| logins_of(tx, user, login, now)).await?;
    Ok(web::Json(Logins { items }))
}

/// End one of my logins
///
/// With its access tokens, at once. One that is not yours, or is none, is ended already.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The login")),
    responses((status = 204, description = "Ended, now or before"))
)]
#[delete("/v1/me/logins/{id}")]
pub(crate) async fn end_own_login(
    permit: Permit,
    login: web::Path<Uuid>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (user, login, now) = (permit.user(), *login, clock.now());
    store.write("end login", move |tx| end_login(tx, user, login, now)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Why nobody was signed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum EndRefused {
    #[error("there is no such person")]
    NoSuchUser,
    #[error("others decide about this person")]
    NotTheirs,
}

impl Refusal for EndRefused {}

impl From<EndRefused> for Problem {
    fn from(refused: EndRefused) -> Self {
        match refused {
            EndRefused::NoSuchUser => {
                Self::of(kind::NO_SUCH_USER, "Nobody in your organisation has this id.")
            }
            EndRefused::NotTheirs => not_for_managers(),
        }
    }
}

/// Sign a person out everywhere
///
/// A manager the facilitators and supervisors of their own organisation, an administrator anybody. Their tablets go on: a lost one is revoked.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The person")),
    responses(
        (status = 204, description = "Signed out"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-user`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/v1/users/{id}/logins")]
pub(crate) async fn end_all_logins(
    permit: Permit,
    user: web::Path<UserId>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (user, now) = (*user, clock.now());
    let ended = store.write("end logins", move |tx| -> Result<(), Failure<EndRefused>> {
        let seen = |person: &User| permit.covers(person.organisation_id);
        let person = find(tx, user)?.filter(seen).ok_or(EndRefused::NoSuchUser)?;
        if !permit.decides_about(person.role, person.organisation_id) {
            return Err(EndRefused::NotTheirs.into());
        }
        Ok(end_logins(tx, user, now)?)
    });
    ended.await?;
    Ok(HttpResponse::NoContent().finish())
}
