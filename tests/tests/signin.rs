//! Signing in: nobody guesses a password or a code, and nobody keeps another out by trying.

mod command_line;
mod keys;
mod limits;
mod logins;
mod passwords;
mod second_factor;

use serde_json::{Value, json};
use tests::TestApp;
use tests::app::{Answer, PASSWORD};

/// A client somewhere in the world; the service trusts loopback to say where.
struct Client {
    agent: ureq::Agent,
    url: String,
    address: String,
}

impl Client {
    fn at(app: &TestApp, address: &str) -> Self {
        Self::of(&app.url, address)
    }

    fn of(url: &str, address: &str) -> Self {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Self { agent, url: url.to_owned(), address: address.to_owned() }
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.agent.post(format!("{}{path}", self.url));
        let mut answer =
            request.header("x-forwarded-for", &self.address).send_json(body).expect("the service answers");
        let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
        Answer {
            status: answer.status().as_u16(),
            retry_after: retry_after.map(str::to_owned),
            body: answer.body_mut().read_json().unwrap_or_default(),
        }
    }

    fn sign_in(&self, login: &str) -> Answer {
        self.post("/v1/login", &json!({"login": login, "password": PASSWORD}))
    }

    fn guess(&self, login: &str) -> Answer {
        self.post("/v1/login", &json!({"login": login, "password": "not this one"}))
    }
}
