//! The identity provider of an organisation, which an administrator sets; and how its people link their account there.

use actix_web::{HttpResponse, delete, get, put, web};
use sync_core::id::{Id, OrganisationId};

use super::organisations;
use crate::access::{
    Gate, Handed, IdentityProvider, NewIdentityProvider, ProviderRefused, Providers, link_oneself,
    provider_of, remove_provider, set_provider,
};
use crate::audit::{self, ObjectKind};
use crate::clock::Clock;
use crate::problem::{Problem, kind};
use crate::scope::Permit;
use crate::store::{Conn, Failure, Refusal, Store};

/// There is no organisation with this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such organisation")]
struct NoSuchOrganisation;

impl Refusal for NoSuchOrganisation {}

impl From<NoSuchOrganisation> for Problem {
    fn from(_: NoSuchOrganisation) -> Self {
        Self::of(kind::NO_SUCH_ORGANISATION, "No organisation of the partnership has this id.")
    }
}

/// Set the identity provider of an organisation
///
/// Its people may then sign in with it, or must, where it is `required`. Nobody is signed out. The secret is shown to nobody again.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The organisation")),
    responses(
        (status = 200, description = "Set", body = IdentityProvider),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-organisation`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/v1/organisations/{id}/identity-provider")]
pub(crate) async fn set_identity_provider(
    _administrator: Permit,
    id: web::Path<OrganisationId>,
    body: web::Json<NewIdentityProvider>,
    store: web::Data<Store>,
    gate: web::Data<Gate>,
    providers: web::Data<Providers>,
    clock: web::Data<Clock>,
) -> Result<web::Json<IdentityProvider>, Problem> {
    let new = body.into_inner().checked(providers.loopback)?;
    let (id, now) = (*id, clock.now());
    let set = store.write("set identity provider", move |tx| -> Result<_, Failure<NoSuchOrganisation>> {
        is_there(tx, id)?;
        Ok(set_provider(tx, &gate, id, &new, now)?)
    });
    Ok(web::Json(set.await?))
}

/// Read the identity provider of an organisation
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The organisation")),
    responses(
        (status = 200, description = "What was set, without its secret", body = IdentityProvider),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-identity-provider`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/organisations/{id}/identity-provider")]
pub(crate) async fn read_identity_provider(
    _administrator: Permit,
    id: web::Path<OrganisationId>,
    store: web::Data<Store>,
) -> Result<web::Json<IdentityProvider>, Problem> {
    let id = *id;
    let found = store.read("identity provider", move |tx| provider_of(tx, id)).await?;
    Ok(web::Json(found.ok_or(ProviderRefused::NoProvider)?))
}

/// Take the identity provider of an organisation away
///
/// Its people sign in with passwords again. Nobody is signed out.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The organisation")),
    responses(
        (status = 204, description = "There is none, any more or at all"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-organisation`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/v1/organisations/{id}/identity-provider")]
pub(crate) async fn remove_identity_provider(
    _administrator: Permit,
    id: web::Path<OrganisationId>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let id = *id;
    let removed =
        store.write("remove identity provider", move |tx| -> Result<(), Failure<NoSuchOrganisation>> {
            is_there(tx, id)?;
            Ok(remove_provider(tx, id)?)
        });
    removed.await?;
    Ok(HttpResponse::NoContent().finish())
}

fn is_there(tx: &mut Conn<'_>, id: OrganisationId) -> Result<(), Failure<NoSuchOrganisation>> {
    match organisations::find(tx, id)? {
        Some(_) => Ok(()),
        None => Err(NoSuchOrganisation.into()),
    }
}

/// Link my account at the identity provider
///
/// Within a quarter of an hour after signing in with a password: begin as `POST /v1/login/provider` says, and hand in here what the browser
/// brought back. An account that was linked before is linked no more.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "Linked"),
        (status = 403, description = "`provider-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-identity-provider`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`provider-linked`", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "`provider-failed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/v1/me/identity-provider")]
pub(crate) async fn link_identity_provider(
    permit: Permit,
    body: web::Json<Handed>,
    store: web::Data<Store>,
    gate: web::Data<Gate>,
    providers: web::Data<Providers>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let organisation = permit.organisation().map_err(|_| Problem::from(ProviderRefused::NoProvider))?;
    audit::concerns(ObjectKind::User, permit.user().uuid(), Some(organisation));
    let whose = (permit.user(), organisation);
    let with = (store.get_ref(), gate.get_ref(), providers.get_ref());
    link_oneself(with, whose, permit.login(), body.into_inner(), clock.moment()).await?;
    Ok(HttpResponse::NoContent().finish())
}
