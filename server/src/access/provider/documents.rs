//! What a provider says of itself: its metadata (OpenID Connect Discovery) and its keys, kept for an hour.
//!
//! Anybody may begin a sign-in, and most cost nothing: of one provider one fetches at a time, the others wait for what it gets, and a
//! failure is an answer, too, for some seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sync_core::time::Millis;
use tokio::sync::{Mutex as Turn, Semaphore, SemaphorePermit};
use tokio::task::spawn_blocking;
use url::Url;

use super::fetch::Fetcher;
use super::{IdentityProvider, ProviderRefused};

/// Milliseconds.
const KEPT: i64 = 60 * 60 * 1000;
/// How soon a failure is tried again, and keys are fetched again among which one is missing.
const AGAIN: i64 = 10_000;
/// How many questions one provider is asked at once. A slow one holds up nobody but its own people.
const AT_ONCE: usize = 4;
/// Providers that are known at once. There is one for an organisation at the most.
const MOST: usize = 256;

/// An issuer, with the hosts that were named beside its own: another list may let other addresses through.
type Name = (String, Vec<String>);

/// The providers that this service has asked. Cheap to clone; all clones know the same.
#[derive(Debug, Clone)]
pub struct Providers {
    pub(super) fetcher: Fetcher,
    /// Whether http on this machine is allowed, for tests.
    pub(crate) loopback: bool,
    known: Arc<Mutex<HashMap<Name, Arc<Slot>>>>,
}

/// What is known of one.
#[derive(Debug)]
pub(super) struct Slot {
    calls: Semaphore,
    found: Turn<Option<Found>>,
}

#[derive(Debug)]
struct Found {
    at: Millis,
    documents: Result<Arc<Documents>, ProviderRefused>,
}

#[derive(Debug)]
pub(super) struct Documents {
    pub(super) authorization: Url,
    pub(super) token: Url,
    pub(super) takes_basic: bool,
    /// Whether its answers name the issuer (RFC 9207).
    pub(super) names_itself: bool,
    pub(super) keys: JwkSet,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Providers {
    /// Knows none yet. `loopback` also allows http on this machine, for tests.
    pub fn new(loopback: bool) -> Self {
        Self { fetcher: Fetcher::new(loopback), loopback, known: Arc::default() }
    }

    pub(super) fn slot(&self, provider: &IdentityProvider) -> Arc<Slot> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (provider.issuer.clone(), provider.hosts.clone());
        if known.len() >= MOST && !known.contains_key(&name) {
            known.clear();
        }
        let new = || Arc::new(Slot { calls: Semaphore::new(AT_ONCE), found: Turn::new(None) });
        known.entry(name).or_insert_with(new).clone()
    }

    /// What the provider says of itself; `missing` is whether a key was looked for in vain.
    pub(super) async fn documents(
        &self,
        provider: &IdentityProvider,
        missing: bool,
        now: Millis,
    ) -> Result<Arc<Documents>, ProviderRefused> {
        let slot = self.slot(provider);
        // Held while it is fetched: whoever waits finds it.
        let mut found = slot.found.lock().await;
        if let Some(Found { at, documents }) = &*found {
            let longest = if missing || documents.is_err() { AGAIN } else { KEPT };
            if (0..longest).contains(&(now.0 - at.0)) {
                return documents.clone();
            }
        }
        let (fetcher, provider) = (self.fetcher.clone(), provider.clone());
        let fetched = spawn_blocking(move || fetch(&fetcher, &provider)).await;
        let documents = fetched.unwrap_or(Err(ProviderRefused::Unreadable)).map(Arc::new);
        *found = Some(Found { at: now, documents: documents.clone() });
        documents
    }
}

impl Slot {
    /// A turn to ask the provider something.
    pub(super) fn turn(&self) -> Result<SemaphorePermit<'_>, ProviderRefused> {
        self.calls.try_acquire().map_err(|_| ProviderRefused::Busy)
    }
}

fn fetch(fetcher: &Fetcher, provider: &IdentityProvider) -> Result<Documents, ProviderRefused> {
    let below = provider.issuer.trim_end_matches('/');
    let metadata = fetcher.address(provider, &format!("{below}/.well-known/openid-configuration"))?;
    let metadata: Metadata = json(&fetcher.get(&metadata)?)?;
    // Another could hand out keys under this one's name.
    if metadata.issuer != provider.issuer {
        return Err(ProviderRefused::OtherIssuer);
    }
    let address = |named: &str| fetcher.address(provider, named);
    let methods = metadata.token_endpoint_auth_methods_supported;
    Ok(Documents {
        authorization: address(&metadata.authorization_endpoint)?,
        token: address(&metadata.token_endpoint)?,
        takes_basic: methods.is_none_or(|methods| methods.iter().any(|it| it == "client_secret_basic")),
        names_itself: metadata.authorization_response_iss_parameter_supported,
        keys: json(&fetcher.get(&address(&metadata.jwks_uri)?)?)?,
    })
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ProviderRefused> {
    serde_json::from_slice(bytes).map_err(|_| ProviderRefused::Unreadable)
}
