//! The service, asked over REST.

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tablet::link::{Link, LinkError, trusted};
use ureq::http::Response;
use ureq::{Agent, Body};

const PATIENCE: Duration = Duration::from_secs(60);
/// A sheet of thousands of lines takes some minutes to be made.
const PATIENCE_WITH_SHEETS: Duration = Duration::from_secs(30 * 60);
/// Bytes. What is asked for here answers in a few hundred; of a sheet, with a few hundred for each of five thousand lines.
const LONGEST: u64 = 1 << 24;

pub(in crate::cli) struct Service {
    agent: Agent,
    server: String,
}

/// No answer that counts.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Failed {
    #[error("the service can't be reached: {0}")]
    Unreachable(#[from] ureq::Error),
    #[error("{0}")]
    Refused(Said),
    #[error("what answers there is no Ihuriro service")]
    Foreign,
}

/// A problem (RFC 9457), as the service said it.
#[derive(Debug)]
pub(in crate::cli) struct Said {
    pub(super) status: u16,
    /// The last part of its type.
    pub(super) slug: String,
    pub(super) title: String,
    detail: String,
    fields: Vec<FieldSaid>,
}

/// What is wrong with one field.
#[derive(Debug, Deserialize)]
struct FieldSaid {
    field: String,
    detail: String,
}

impl Said {
    /// Whether it is this field that is not as it should be.
    pub(super) fn is_about(&self, field: &str) -> bool {
        self.fields.iter().any(|one| one.field == field)
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is wrong with each field says more than that something is.
        if self.fields.is_empty() {
            return write!(f, "{}. {}", self.title, self.detail);
        }
        let said = self
            .fields
            .iter()
            .map(|one| format!("The {} {}.", one.field.replace('_', " "), one.detail.trim_end_matches('.')));
        f.write_str(&said.collect::<Vec<_>>().join(" "))
    }
}

impl Service {
    /// The service at an address. It is asked over https, or on this very machine, as tablets do.
    pub(super) fn at(server: &str) -> Result<Self, LinkError> {
        Link::to(server)?;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            // People take their time between two requests: a connection that was kept may be closed by then.
            .max_idle_connections(0)
            .tls_config(trusted()?)
            .user_agent(concat!("ihuriro/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { agent, server: server.trim_end_matches('/').to_owned() })
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    pub(super) fn get<T: DeserializeOwned>(&self, path: &str, access_token: &str) -> Result<T, Failed> {
        let request = self.agent.get(format!("{}{path}", self.server));
        read(request.header("authorization", format!("Bearer {access_token}")).call()?)
    }

    /// What stands at an address, as it is.
    pub(in crate::cli) fn bytes(&self, path: &str, access_token: &str) -> Result<Vec<u8>, Failed> {
        let request = self.agent.get(format!("{}{path}", self.server));
        let mut answer = request.header("authorization", format!("Bearer {access_token}")).call()?;
        if !answer.status().is_success() {
            read::<()>(answer)?;
            return Err(Failed::Foreign);
        }
        Ok(answer.body_mut().with_config().limit(LONGEST).read_to_vec()?)
    }

    /// Sends a spreadsheet, and waits as long as it takes.
    pub(in crate::cli) fn post_sheet<T: DeserializeOwned>(
        &self,
        path: &str,
        access_token: &str,
        sheet: &[u8],
    ) -> Result<T, Failed> {
        let request = self.agent.post(format!("{}{path}", self.server)).config();
        let request = request.timeout_global(Some(PATIENCE_WITH_SHEETS)).build();
        let request = request.header("authorization", format!("Bearer {access_token}"));
        read(request.header("content-type", "text/csv").send(sheet)?)
    }

    pub(super) fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        access_token: &str,
        body: &impl Serialize,
    ) -> Result<T, Failed> {
        let request = self.agent.put(format!("{}{path}", self.server));
        read(request.header("authorization", format!("Bearer {access_token}")).send_json(body)?)
    }

    pub(super) fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failed> {
        read(self.agent.post(format!("{}{path}", self.server)).send_json(body)?)
    }

    /// As [`Service::post`], by somebody who is signed in.
    pub(super) fn post_as<T: DeserializeOwned>(
        &self,
        path: &str,
        access_token: &str,
        body: &impl Serialize,
    ) -> Result<T, Failed> {
        let request = self.agent.post(format!("{}{path}", self.server));
        read(request.header("authorization", format!("Bearer {access_token}")).send_json(body)?)
    }
}

/// The answer, or its problem. An answer without a body is read as `null`.
fn read<T: DeserializeOwned>(mut answer: Response<Body>) -> Result<T, Failed> {
    #[derive(Deserialize)]
    struct Problem {
        r#type: String,
        title: String,
        #[serde(default)]
        detail: String,
        #[serde(default)]
        errors: Vec<FieldSaid>,
    }
    let status = answer.status();
    let mut body = answer.body_mut().with_config().limit(LONGEST).read_to_vec()?;
    if body.is_empty() {
        body.extend(b"null");
    }
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|_| Failed::Foreign);
    }
    let Problem { r#type, title, detail, errors: fields } =
        serde_json::from_slice(&body).map_err(|_| Failed::Foreign)?;
    let slug = r#type.rsplit('/').next().unwrap_or_default().to_owned();
    Err(Failed::Refused(Said { status: status.as_u16(), slug, title, detail, fields }))
}
