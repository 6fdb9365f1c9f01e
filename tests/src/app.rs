//! A real service on a free port, and people who are signed in to it.

use serde_json::Value;
use server::access::second_factor::{self, Secret};
use server::access::{Gate, PasswordHash, Role, Tokens};
use server::clock::Clock;
use server::http::{Running, Settings, serve};
use server::register::organisations::{self, NewOrganisation};
use server::register::users;
use server::register::users::create::{NewUser, create};
use server::store::{Conn, Store, StoreError};
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Millis;
use tokio::runtime::Runtime;

use crate::Database;

pub const PASSWORD: &str = "umuganda wa mbere";
/// 2026-03-05T08:00:00Z
pub const START: Millis = Millis(1_772_697_600_000);

/// A running service.
#[derive(Debug)]
pub struct TestApp {
    pub url: String,
    pub clock: Clock,
    running: Option<Running>,
    runtime: Runtime,
}

/// What the service answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    /// When to come back, as the service says it.
    pub retry_after: Option<String>,
}

impl Answer {
    /// The body of an answer that went well.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        self.body
    }

    /// Status and last part of the type of a problem.
    pub fn problem(&self) -> (u16, &str) {
        let kind = self.body["type"].as_str().unwrap_or_default();
        (self.status, kind.rsplit('/').next().unwrap_or_default())
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    url: String,
    token: String,
}

impl TestApp {
    pub fn on(database: &Database) -> Self {
        Self::with(database, |_| ())
    }

    /// As [`TestApp::on`], with other settings.
    pub fn with(database: &Database, change: impl FnOnce(&mut Settings)) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let clock = Clock::fixed(START);
        let listen = "127.0.0.1:0".parse().expect("an address");
        let mut settings =
            Settings { workers: Some(2), clock: clock.clone(), ..Settings::new(listen, &database.url) };
        change(&mut settings);
        let running = runtime.block_on(serve(settings)).expect("the service starts");
        Self { url: running.url(), clock, running: Some(running), runtime }
    }

    pub fn store(&self) -> &Store {
        &self.running.as_ref().expect("runs until dropped").state.store
    }

    /// What signs and reads the service's access tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.running.as_ref().expect("runs until dropped").state.tokens
    }

    /// Waits for something that the service's own runtime does.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Puts an organisation in, as `ihuriro admin` does.
    pub fn organisation(&self, code: &str) -> OrganisationId {
        let new = NewOrganisation { code: code.into(), name: code.to_uppercase() };
        let moment = self.clock.moment();
        let put = self.store().write_blocking("test", |tx| organisations::create(tx, &new, &moment));
        put.expect("a new organisation").id
    }

    /// Puts a person in, as `ihuriro admin` does.
    pub fn user(&self, login: &str, role: Role, organisation: Option<OrganisationId>) -> UserId {
        let new = NewUser::checked(login, login, role, organisation, PASSWORD).expect("a sound person");
        let hash = PasswordHash::of_blocking(PASSWORD);
        let moment = self.clock.moment();
        self.store().write_blocking("test", |tx| create(tx, &new, &hash, &moment)).expect("a new person").id
    }

    /// Whether somebody has this login.
    pub fn has(&self, login: &str) -> bool {
        let find = |tx: &mut Conn<'_>| users::find_by_login(tx, login);
        self.store().read_blocking("test", find).expect("the store answers").is_some()
    }

    /// Signs somebody in.
    pub fn login(&self, login: &str) -> Session {
        let mut body = serde_json::json!({"login": login, "password": PASSWORD});
        if let Some(code) = self.code_of(login) {
            body["code"] = code.into();
        }
        let answer =
            send(ureq::http::Method::POST, &format!("{}/v1/login", self.url), None, Some(&body)).ok();
        self.session(answer["access_token"].as_str().expect("a token"))
    }

    /// The code that somebody's authenticator app shows now, where their role needs one. The app is enrolled again each time, as of a step
    /// before: a code is taken once, and clocks of tests stand still.
    pub fn code_of(&self, login: &str) -> Option<String> {
        let own = self.running.as_ref().is_some_and(|running| running.url() == self.url);
        // A service in a process of its own has the machine's clock.
        let now = if own { self.clock.now() } else { Clock::system().now() };
        let enrol = |tx: &mut Conn<'_>| -> Result<Option<Secret>, StoreError> {
            let Some(user) = users::find_by_login(tx, login)? else { return Ok(None) };
            if !user.role.needs_second_factor() {
                return Ok(None);
            }
            let gate = Gate::read(tx)?;
            let (secret, before) = (second_factor::begin(tx, &gate, user.id)?, Millis(now.0 - 30_000));
            second_factor::confirm(tx, &gate, user.id, &secret.code_at(before), before)?;
            Ok(Some(secret))
        };
        let secret = self.store().write_blocking("test", enrol).expect("an app is enrolled");
        secret.map(|secret| secret.code_at(now))
    }

    /// Somebody with this access token.
    pub fn session(&self, token: &str) -> Session {
        Session { url: self.url.clone(), token: token.to_owned() }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            // A test that failed has said why; a service that does not stop must not hide it.
            drop(self.runtime.block_on(running.stop()));
        }
    }
}

impl Session {
    /// The access token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The same token, held out to another service.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), token: self.token.clone() }
    }

    /// The same service, with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { url: self.url.clone(), token: token.to_owned() }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send(ureq::http::Method::GET, path, None)
    }

    /// The body of an answer as it is, of a kind that is asked for.
    pub fn text(&self, path: &str, accept: &str) -> String {
        String::from_utf8(self.bytes(path, accept)).expect("a text")
    }

    /// The same of a kind that is no text.
    pub fn bytes(&self, path: &str, accept: &str) -> Vec<u8> {
        let request = ureq::get(format!("{}{path}", self.url)).header("accept", accept);
        let answer = request.header("authorization", format!("Bearer {}", self.token)).call();
        answer.expect("the service answers").body_mut().read_to_vec().expect("a body")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(ureq::http::Method::POST, path, Some(body))
    }

    /// Sends a spreadsheet, to be tried or made.
    pub fn import(&self, sheet: &str, dry_run: bool, text: &str) -> Answer {
        self.post(&format!("/v1/imports/{sheet}?dry_run={dry_run}"), &text.into())
    }

    /// As [`Session::post`], of any bytes of a kind.
    pub fn post_bytes(&self, path: &str, kind: &str, body: &[u8]) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.post(format!("{}{path}", self.url)).header("content-type", kind);
        answered(request.header("authorization", format!("Bearer {}", self.token)).send(body))
    }

    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(ureq::http::Method::PATCH, path, Some(body))
    }

    /// As [`Session::post`], with an `Idempotency-Key`.
    pub fn post_with_key(&self, path: &str, key: &str, body: &Value) -> Answer {
        let url = format!("{}{path}", self.url);
        let headers = [("idempotency-key", key)];
        send_with(ureq::http::Method::POST, &url, Some(&self.token), &headers, Some(body))
    }

    /// A request of any method.
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.send(method.parse().expect("a method"), path, body)
    }

    /// A request of any method, by which they look as somebody else.
    pub fn request_as(&self, other: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let (method, url) = (method.parse().expect("a method"), format!("{}{path}", self.url));
        send_with(method, &url, Some(&self.token), &[("view-as", other)], body)
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send(ureq::http::Method::DELETE, path, None)
    }

    fn send(&self, method: ureq::http::Method, path: &str, body: Option<&Value>) -> Answer {
        send(method, &format!("{}{path}", self.url), Some(&self.token), body)
    }

    /// A page, as a browser asks for it.
    pub fn page(&self, path: &str) -> String {
        let request = ureq::http::Request::get(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("accept", "text/html");
        let agent = ureq::Agent::new_with_defaults();
        let mut answer = agent.run(request.body(()).expect("a sound request")).expect("the service answers");
        answer.body_mut().read_to_string().expect("a text")
    }

    /// All items of a list, page by page.
    pub fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = String::new();
        let separator = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{path}{separator}limit=7{next}")).ok();
            items.extend(page["items"].as_array().expect("a list").iter().cloned());
            match page["next"].as_str() {
                Some(after) => next = format!("&after={after}"),
                None => return items,
            }
        }
    }
}

fn send(method: ureq::http::Method, url: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
    send_with(method, url, token, &[], body)
}

fn send_with(
    method: ureq::http::Method,
    url: &str,
    token: Option<&str>,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = match body {
        // A text is a spreadsheet.
        Some(Value::String(sheet)) => {
            request = request.header("content-type", "text/csv");
            sheet.clone()
        }
        Some(body) => {
            request = request.header("content-type", "application/json");
            body.to_string()
        }
        None => String::new(),
    };
    answered(agent.run(request.body(body).expect("a sound request")))
}

fn answered(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = response.expect("the service answers");
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let retry_after = retry_after.map(str::to_owned);
    let bytes = response.body_mut().read_to_vec().expect("a body");
    Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), retry_after }
}
