//! What the service asks of a provider: over https, on hosts that an administrator named, without following redirects, at most so many
//! bytes, and at most so long.

use std::time::Duration;

use ureq::Agent;
use ureq::http::{Response, StatusCode, header};
use url::Url;

use super::settings::{is_safe, issuer};
use super::{IdentityProvider, ProviderRefused};

/// For all of one question.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes. Metadata and keys of large providers have some ten thousand.
const LONGEST: u64 = 256 * 1024;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Fetcher {
    agent: Agent,
    loopback: bool,
}

impl Fetcher {
    /// `loopback` also allows http on this machine, for tests.
    pub(super) fn new(loopback: bool) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            // People take their time between two questions: a connection that was kept may be closed by then.
            .max_idle_connections(0)
            // What expands could expand to anything.
            .accept_encoding("identity")
            .user_agent(concat!("ihuriro/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self { agent, loopback }
    }

    /// An address that the provider names, if it is one to be asked.
    pub(super) fn address(&self, provider: &IdentityProvider, named: &str) -> Result<Url, ProviderRefused> {
        let url = Url::parse(named).map_err(|_| ProviderRefused::Unreadable)?;
        let own =
            issuer(&provider.issuer).is_some_and(|own| own.host() == url.host() && own.port() == url.port());
        let host = url.host_str().unwrap_or_default();
        let named = own || (url.port().is_none() && provider.hosts.iter().any(|named| named == host));
        if named && is_safe(&url, self.loopback) { Ok(url) } else { Err(ProviderRefused::ForeignAddress) }
    }

    /// Blocks.
    pub(super) fn get(&self, url: &Url) -> Result<Vec<u8>, ProviderRefused> {
        let answer = self.agent.get(url.as_str()).header(header::ACCEPT, "application/json").call();
        match read(answer)? {
            (StatusCode::OK, body) => Ok(body),
            _ => Err(ProviderRefused::Unreadable),
        }
    }

    /// Blocks.
    pub(super) fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        authorization: Option<&str>,
    ) -> Result<(StatusCode, Vec<u8>), ProviderRefused> {
        let mut request = self.agent.post(url.as_str()).header(header::ACCEPT, "application/json");
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        read(request.send_form(form.iter().copied()))
    }
}

fn read(answer: Result<Response<ureq::Body>, ureq::Error>) -> Result<(StatusCode, Vec<u8>), ProviderRefused> {
    let failed = |error: ureq::Error| match error {
        ureq::Error::BodyExceedsLimit(_) => ProviderRefused::TooLong,
        _ => ProviderRefused::Unreachable,
    };
    let mut answer = answer.map_err(failed)?;
    if answer.status().is_redirection() {
        return Err(ProviderRefused::Redirected);
    }
    if answer.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(ProviderRefused::Unreadable);
    }
    let body = answer.body_mut().with_config().limit(LONGEST).read_to_vec().map_err(failed)?;
    Ok((answer.status(), body))
}
