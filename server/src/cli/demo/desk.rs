//! Somebody at the web interface: signs in, then asks and tells over HTTP like any client.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Agent, Body};

use super::Failed;

pub(super) struct Desk {
    agent: Agent,
    pub(super) server: String,
    token: String,
}

impl Desk {
    /// Somebody who has not signed in.
    pub(super) fn at(server: &str) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        Self { agent, server: server.to_owned(), token: String::new() }
    }

    pub(super) fn sign_in(server: &str, login: &str, password: &str) -> Result<Self, Failed> {
        let mut desk = Self::at(server);
        let tokens = desk.post("/v1/login", &json!({ "login": login, "password": password }))?;
        desk.token = text(&tokens, "access_token")?;
        Ok(desk)
    }

    pub(super) fn get(&self, path: &str) -> Result<Value, Failed> {
        let request = self.agent.get(format!("{}{path}", self.server));
        read(path, request.header("authorization", format!("Bearer {}", self.token)).call()?)
    }

    /// All items of a list, page after page. `path` has a query already.
    pub(super) fn all(&self, path: &str) -> Result<Vec<Value>, Failed> {
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{after}"))?;
            items.extend(page["items"].as_array().ok_or("the answer has no items")?.iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(items),
            }
        }
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Failed> {
        let request = self.agent.post(format!("{}{path}", self.server));
        read(path, request.header("authorization", format!("Bearer {}", self.token)).send_json(body)?)
    }

    pub(super) fn put(&self, path: &str, body: &Value) -> Result<Value, Failed> {
        let request = self.agent.put(format!("{}{path}", self.server));
        read(path, request.header("authorization", format!("Bearer {}", self.token)).send_json(body)?)
    }
}

/// The answer, or its problem in words.
fn read(path: &str, mut answer: Response<Body>) -> Result<Value, Failed> {
    let status = answer.status();
    let body = answer.body_mut().read_to_vec()?;
    let said = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
    if status.is_success() {
        return Ok(said);
    }
    let (title, detail) = (&said["title"], &said["detail"]);
    let words = |text: &Value| text.as_str().unwrap_or_default().to_owned();
    Err(format!("the service refused {path} with {}: {}. {}", status.as_u16(), words(title), words(detail))
        .into())
}

/// A text in an answer.
pub(super) fn text(said: &Value, field: &str) -> Result<String, Failed> {
    let text = said[field].as_str().ok_or_else(|| format!("the answer has no {field}"))?;
    Ok(text.to_owned())
}
