//! The identity provider of an organisation, as an administrator set it.

use std::net::IpAddr;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sync_core::id::{Id, OrganisationId};
use sync_core::time::Millis;
use url::{Host, Url};
use utoipa::ToSchema;

use crate::access::Gate;
use crate::on_each;
use crate::problem::{Fields, Problem};
use crate::store::schema::identity_providers;
use crate::store::{At, Conn, Db, StoreError};

/// What the secret is sealed for.
const PURPOSE: &[u8] = b"client secrets";

/// The identity provider of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IdentityProvider {
    /// By which it calls itself; its metadata lie below.
    #[schema(example = "https://login.example.rw/realms/aegis")]
    pub issuer: String,
    /// By which it knows this service.
    #[schema(example = "ihuriro")]
    pub client_id: String,
    /// Whether the service shows it a secret, beside PKCE.
    pub has_secret: bool,
    /// Hosts beside the issuer's on which it may have its token and key addresses.
    pub hosts: Vec<String>,
    /// Whether people of the organisation sign in with it alone. Their passwords are then refused.
    pub required: bool,
}

/// An identity provider to set, in the place of the one that was set before.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIdentityProvider {
    /// An https address without query.
    #[schema(example = "https://login.example.rw/realms/aegis")]
    pub issuer: String,
    #[schema(example = "ihuriro")]
    pub client_id: String,
    /// Left out for a public client, which shows PKCE alone.
    pub client_secret: Option<String>,
    /// Hosts beside the issuer's on which it may have its token and key addresses.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Whether passwords of the organisation's people are refused.
    #[serde(default)]
    pub required: bool,
}

impl NewIdentityProvider {
    /// Tidied up. `loopback` also allows http on this machine, for tests.
    ///
    /// # Errors
    /// 422 `invalid-fields`, with all that is wrong.
    pub fn checked(self, loopback: bool) -> Result<Self, Problem> {
        let mut fields = Fields::default();
        if !issuer(&self.issuer).is_some_and(|url| is_safe(&url, loopback)) {
            fields.refuse("issuer", "is an https address without user, query and fragment");
        }
        let is_line = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic())
        };
        if !is_line(&self.client_id, 255) {
            fields.refuse("client_id", "is 1 to 255 letters, digits and signs, without spaces");
        }
        if !self.client_secret.as_deref().is_none_or(|secret| secret.len() >= 16 && is_line(secret, 512)) {
            fields.refuse("client_secret", "is 16 to 512 letters, digits and signs, without spaces");
        }
        let is_host = |host: &String| {
            is_line(host, 253) && matches!(Host::parse(host), Ok(Host::Domain(it)) if it == *host)
        };
        if self.hosts.len() > 8 || !self.hosts.iter().all(is_host) {
            fields.refuse("hosts", "is at most eight names of hosts, as accounts.example.rw");
        }
        fields.done().map(|()| self)
    }
}

/// An issuer's address. OpenID Connect Discovery allows neither query nor fragment.
pub(super) fn issuer(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| text.len() <= 512 && url.has_host())?;
    let bare = url.username().is_empty() && url.password().is_none();
    (bare && url.query().is_none() && url.fragment().is_none()).then_some(url)
}

/// Whether something may be fetched from there at all: nobody on the way reads or changes it.
pub(super) fn is_safe(url: &Url, loopback: bool) -> bool {
    let own = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        _ => false,
    };
    url.scheme() == "https" || (loopback && own && url.scheme() == "http")
}

/// What a sign-in works with.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) provider: IdentityProvider,
    pub(super) client_secret: Option<String>,
}

/// Sets the provider of an organisation.
///
/// # Errors
/// Those of the store.
pub fn set_provider(
    tx: &mut Conn<'_>,
    gate: &Gate,
    organisation: OrganisationId,
    new: &NewIdentityProvider,
    now: Millis,
) -> Result<IdentityProvider, StoreError> {
    let aad = organisation.uuid();
    let sealed =
        new.client_secret.as_ref().map(|secret| gate.seal(PURPOSE, aad.as_bytes(), secret.as_bytes()));
    remove_provider(tx, organisation)?;
    on_each!(tx, |c| diesel::insert_into(identity_providers::table)
        .values((
            identity_providers::organisation_id.eq(Db(organisation)),
            identity_providers::issuer.eq(&new.issuer),
            identity_providers::client_id.eq(&new.client_id),
            identity_providers::sealed_secret.eq(&sealed),
            identity_providers::hosts.eq(new.hosts.join(" ")),
            identity_providers::required.eq(i32::from(new.required)),
            identity_providers::set_at.eq(At(now)),
        ))
        .execute(c))?;
    Ok(IdentityProvider {
        issuer: new.issuer.clone(),
        client_id: new.client_id.clone(),
        has_secret: sealed.is_some(),
        hosts: new.hosts.clone(),
        required: new.required,
    })
}

/// Takes the provider of an organisation away; its people sign in with passwords again.
///
/// # Errors
/// Those of the store.
pub fn remove_provider(tx: &mut Conn<'_>, organisation: OrganisationId) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::delete(identity_providers::table.find(Db(organisation))).execute(c))?;
    Ok(())
}

/// The provider of an organisation, without its secret.
///
/// # Errors
/// Those of the store.
pub(crate) fn provider_of(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
) -> Result<Option<IdentityProvider>, StoreError> {
    Ok(row(tx, organisation)?.map(|(provider, _)| provider))
}

/// Whether people of this organisation sign in with its provider alone.
pub(in crate::access) fn is_required(
    tx: &mut Conn<'_>,
    organisation: Option<OrganisationId>,
) -> Result<bool, StoreError> {
    let Some(organisation) = organisation else { return Ok(false) };
    Ok(provider_of(tx, organisation)?.is_some_and(|provider| provider.required))
}

/// The same with its secret, to be shown to the provider.
pub(super) fn known(
    tx: &mut Conn<'_>,
    gate: &Gate,
    organisation: OrganisationId,
) -> Result<Option<Known>, StoreError> {
    let Some((provider, sealed)) = row(tx, organisation)? else { return Ok(None) };
    let aad = organisation.uuid();
    let open = |sealed: Vec<u8>| {
        let opened = gate.open(PURPOSE, aad.as_bytes(), &sealed);
        let text = opened.and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or(StoreError::Damaged("a client secret does not open"))
    };
    Ok(Some(Known { provider, client_secret: sealed.map(open).transpose()? }))
}

/// With its secret, as it is sealed.
type WithSecret = (IdentityProvider, Option<Vec<u8>>);

fn row(tx: &mut Conn<'_>, organisation: OrganisationId) -> Result<Option<WithSecret>, StoreError> {
    type Row = (String, String, Option<Vec<u8>>, String, i32);
    let row: Option<Row> = on_each!(tx, |c| identity_providers::table
        .find(Db(organisation))
        .select((
            identity_providers::issuer,
            identity_providers::client_id,
            identity_providers::sealed_secret,
            identity_providers::hosts,
            identity_providers::required,
        ))
        .first(c)
        .optional())?;
    Ok(row.map(|(issuer, client_id, sealed, hosts, required)| {
        let hosts = hosts.split_whitespace().map(str::to_owned).collect();
        (
            IdentityProvider {
                issuer,
                client_id,
                has_secret: sealed.is_some(),
                hosts,
                required: required != 0,
            },
            sealed,
        )
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_https_address_and_nothing_else() {
        let checked = |issuer: &str, loopback| {
            let new = NewIdentityProvider {
                issuer: issuer.into(),
                client_id: "ihuriro".into(),
                client_secret: None,
                hosts: vec!["oauth2.example.rw".into()],
                required: false,
            };
            new.checked(loopback).is_ok()
        };
        for sound in ["https://login.example.rw", "https://login.example.rw:8443/realms/aegis"] {
            assert!(checked(sound, false), "{sound}");
        }
        for odd in [
            "http://login.example.rw",
            "https://u:p@login.example.rw",
            "https://login.example.rw?a=b",
            "https://login.example.rw#a",
            "file:///etc/passwd",
            "login.example.rw",
            "",
        ] {
            assert!(!checked(odd, false) && !checked(odd, true), "{odd}");
        }
        for (own, allowed) in
            [("http://127.0.0.1:1", true), ("http://[::1]:1", true), ("http://10.0.0.1", false)]
        {
            assert!(!checked(own, false), "{own}");
            assert_eq!(checked(own, true), allowed, "{own}");
        }
    }
}
