//! Beginning to sign in with an identity provider.

use actix_web::{post, web};
use data_encoding::BASE64URL_NOPAD;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sync_core::id::OrganisationId;
use url::{Host, Url};
use utoipa::ToSchema;

use super::settings::{Known, known};
use super::ticket::{MINUTES, Ticket};
use super::{ProviderRefused, Providers};
use crate::access::Gate;
use crate::clock::Clock;
use crate::on_each;
use crate::problem::{Fields, Problem};
use crate::store::schema::organisations;
use crate::store::{Conn, Db, Store, StoreError};

/// Where somebody signs in, and where they come back to.
#[derive(Deserialize, ToSchema)]
#[schema(as = ProviderLogin)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begin {
    /// The code of their organisation.
    #[schema(example = "aegis")]
    organisation: String,
    /// Where the program of the person listens on their own machine, at any port (RFC 8252, section 7.3).
    #[schema(example = "http://127.0.0.1:51004/callback")]
    redirect_uri: String,
}

/// A sign-in that was begun.
#[derive(Serialize, ToSchema)]
#[schema(as = ProviderLoginBegun)]
pub(crate) struct Begun {
    /// What the person's browser is to open.
    authorization_url: String,
    /// What the browser must bring back.
    state: String,
    /// Keep it in the program, and hand it in with what the browser brought back.
    ticket: String,
    /// Seconds until it must be finished.
    #[schema(example = 600)]
    expires_in: i64,
}

/// Begin to sign in with an identity provider
///
/// For people of an organisation for which an administrator has set one (OpenID Connect, code flow with PKCE). Open the address in a
/// browser, and finish with what it brings back.
#[utoipa::path(
    tag = "Access",
    responses(
        (status = 200, description = "Begun", body = Begun),
        (status = 404, description = "`no-identity-provider`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "`provider-failed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/login/provider")]
pub(crate) async fn begin_provider_login(
    body: web::Json<Begin>,
    store: web::Data<Store>,
    gate: web::Data<Gate>,
    providers: web::Data<Providers>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Begun>, Problem> {
    let Begin { organisation, redirect_uri } = body.into_inner();
    if !is_own_machine(&redirect_uri) {
        let mut fields = Fields::default();
        fields.refuse("redirect_uri", "is an address as http://127.0.0.1:51004/callback");
        fields.done()?;
    }
    let (sealing, asked) = (gate.clone(), organisation.trim().to_lowercase());
    let found = store.read("identity provider", move |tx| find(tx, &sealing, &asked)).await?;
    let (organisation, Known { provider, .. }) = found.ok_or(ProviderRefused::NoProvider)?;

    let now = clock.now();
    let documents = providers.documents(&provider, false, now).await?;
    let ticket = Ticket::new(organisation, redirect_uri, now);
    let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(&ticket.verifier));
    let mut address = documents.authorization.clone();
    address
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", &ticket.redirect_uri)
        .append_pair("scope", "openid")
        .append_pair("state", &ticket.state)
        .append_pair("nonce", &ticket.nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    let sealed = ticket.sealed(&gate);
    let (authorization_url, state) = (address.into(), ticket.state);
    Ok(web::Json(Begun { authorization_url, state, ticket: sealed, expires_in: MINUTES * 60 }))
}

/// Nobody but a program on the person's own machine gets what comes back. Its name (`localhost`) may lead elsewhere; its address does not.
fn is_own_machine(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else { return false };
    let own = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    own && bare && url.scheme() == "http" && url.port().is_some() && uri.len() <= 200
}

fn find(tx: &mut Conn<'_>, gate: &Gate, code: &str) -> Result<Option<(OrganisationId, Known)>, StoreError> {
    let organisation: Option<Db<OrganisationId>> = on_each!(tx, |c| organisations::table
        .filter(organisations::code.eq(code))
        .select(organisations::id)
        .first(c)
        .optional())?;
    let Some(Db(organisation)) = organisation else { return Ok(None) };
    Ok(known(tx, gate, organisation)?.map(|known| (organisation, known)))
}

#[cfg(test)]
mod tests {
    use super::is_own_machine;

    #[test]
    fn a_code_comes_back_to_a_program_on_the_persons_machine_alone() {
        for sound in ["http://127.0.0.1:51004/callback", "http://[::1]:1/callback"] {
            assert!(is_own_machine(sound), "{sound}");
        }
        for odd in [
            "http://localhost:51004/callback",
            "http://127.0.0.1/callback",
            "https://127.0.0.1:51004/callback",
            "http://10.0.0.1:51004/callback",
            "http://127.0.0.1.example.rw:51004/callback",
            "http://u@127.0.0.1:51004/callback",
            "http://127.0.0.1:51004/callback?a=b",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!is_own_machine(odd), "{odd}");
        }
    }
}
