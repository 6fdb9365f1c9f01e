//! The link over HTTP. Bodies of a sync are compressed as a whole; answers are never expanded past the protocol's limit.

use std::io::Read as _;
use std::time::Duration;

use serde::Deserialize;
use sync_core::limits::{MAX_BODY, MAX_EXPANDED};
use sync_core::wire::{self, CONTENT_TYPE, Coding};
use ureq::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE as TYPE};
use ureq::http::{Response, Uri};
use ureq::{Agent, Body};

use super::{Enrol, Enrolled, Exchange, LinkError, Reply, Said, Traffic, Unlock, Unlocked, trusted};

/// An EDGE link takes seconds to wake up, and pauses; it is given up when nothing at all moves for this long.
const PATIENCE: Duration = Duration::from_secs(60);
/// The last parts of the types of the problems that say that a request's number was used before, or is out of reach.
const OTHER_NUMBER: [&str; 2] = ["/request-seen", "/request-too-far"];

/// A link to one server. Keeps its connection open between requests.
pub struct Link {
    agent: Agent,
    server: String,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Link {
    /// A link to `server`, an address such as `https://ihuriro.example.rw`. Opens no connection yet.
    ///
    /// # Errors
    /// [`LinkError::Address`] or [`LinkError::InTheOpen`]: plain http is only for this very machine. [`LinkError::Authorities`].
    pub fn to(server: &str) -> Result<Self, LinkError> {
        let uri: Uri = server.parse().map_err(|_| LinkError::Address)?;
        let host = uri.host().ok_or(LinkError::Address)?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if is_this_machine(host) => {}
            Some("http") => return Err(LinkError::InTheOpen),
            _ => return Err(LinkError::Address),
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_resolve(Some(PATIENCE))
            .timeout_connect(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .timeout_per_write(Some(PATIENCE))
            .tls_config(trusted()?)
            .user_agent(concat!("ihuriro-tablet/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { agent, server: server.trim_end_matches('/').to_owned() })
    }

    /// Uses a manager's code up, for the key of a locked folder.
    ///
    /// # Errors
    /// [`LinkError`] in words. Where no answer came the code may be used up.
    pub fn unlock(&mut self, asking: &Unlock) -> Result<Unlocked, LinkError> {
        let mut answer = self.agent.post(self.at("/v1/tablet-unlocks")).send_json(asking).map_err(failed)?;
        said(&mut answer)
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.server)
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl Exchange for Link {
    fn enrol(&mut self, asking: &Enrol) -> Result<Enrolled, LinkError> {
        let mut answer = self.agent.post(self.at("/v1/enrol")).send_json(asking).map_err(failed)?;
        said(&mut answer)
    }

    fn exchange(&mut self, body: Vec<u8>, moved: &mut dyn FnMut(Traffic)) -> Result<Reply, LinkError> {
        let body = wire::close(Coding::Zstd, &body);
        let request = self
            .agent
            .post(self.at("/v1/sync"))
            .header(TYPE, CONTENT_TYPE)
            .header(CONTENT_ENCODING, "zstd")
            .header(ACCEPT_ENCODING, "zstd");
        let mut answer = request.send(body.as_slice()).map_err(failed)?;
        let mut traffic = Traffic { up: body.len() as u64, down: 0 };
        moved(traffic);
        let down = receive(&mut answer, moved)?;
        traffic.down = down.len() as u64;
        if answer.status() == 200 {
            return Ok(Reply { said: Said::Answer(expand(&answer, &down)?), traffic });
        }
        let problem = Problem::read(&answer, &expand(&answer, &down).unwrap_or_default());
        match problem.last {
            Some(last)
                if answer.status() == 409 && OTHER_NUMBER.iter().any(|kind| problem.kind.ends_with(kind)) =>
            {
                Ok(Reply { said: Said::Seen { last }, traffic })
            }
            _ if answer.status() == 413 => Err(LinkError::TooLarge),
            _ => Err(LinkError::Refused(problem.in_words())),
        }
    }
}

/// What an answer of JSON says.
fn said<T: serde::de::DeserializeOwned>(answer: &mut Response<Body>) -> Result<T, LinkError> {
    let body = receive(answer, &mut |_| ())?;
    let body = expand(answer, &body)?;
    let problem = Problem::read(answer, &body);
    match (answer.status() == 200, problem.kind.is_empty()) {
        // Where something on the way answers, the service may have done what it was asked to.
        (false, true) => Err(LinkError::Broken(problem.in_words())),
        (false, false) => Err(LinkError::Refused(problem.in_words())),
        (true, _) => serde_json::from_slice(&body)
            .map_err(|_| LinkError::Broken("its answer is not one of an Ihuriro server".into())),
    }
}

/// Reads the whole body as it travelled.
fn receive(answer: &mut Response<Body>, moved: &mut dyn FnMut(Traffic)) -> Result<Vec<u8>, LinkError> {
    let mut reader = answer.body_mut().with_config().limit(MAX_BODY as u64).reader();
    let mut whole = Vec::new();
    let mut piece = [0; 8192];
    loop {
        let cut_off = |error: std::io::Error| LinkError::CutOff { came: whole.len(), why: error.to_string() };
        match reader.read(&mut piece).map_err(cut_off)? {
            0 => return Ok(whole),
            read => {
                whole.extend_from_slice(&piece[..read]);
                moved(Traffic { up: 0, down: read as u64 });
            }
        }
    }
}

fn expand(answer: &Response<Body>, body: &[u8]) -> Result<Vec<u8>, LinkError> {
    let coding = answer.headers().get(CONTENT_ENCODING).map_or(Ok(""), |name| name.to_str());
    let coding: Coding = coding
        .ok()
        .and_then(|name| name.parse().ok())
        .ok_or_else(|| LinkError::Broken("it is compressed in a way that we do not know".into()))?;
    wire::open(coding, body, MAX_EXPANDED)
        .map_err(|error| LinkError::CutOff { came: body.len(), why: error.to_string() })
}

/// Before the first byte of an answer.
fn failed(error: ureq::Error) -> LinkError {
    use ureq::{Error, Timeout};
    let why = match error {
        Error::HostNotFound | Error::Timeout(Timeout::Resolve) => {
            "its name is not found; is there a network?"
        }
        Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => "nothing answers there",
        Error::Timeout(Timeout::Connect) => "nothing answers there in time",
        Error::Timeout(_) => return LinkError::Broken("nothing moved for a minute".into()),
        Error::Io(error) => return LinkError::Broken(error.to_string()),
        other => return LinkError::Unreachable(other.to_string()),
    };
    LinkError::Unreachable(why.into())
}

/// RFC 9457, as far as a person or the tablet can use it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    detail: String,
    errors: Vec<FieldProblem>,
    /// Of [`OTHER_NUMBER`]: the number of the last request that the server has seen.
    last: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FieldProblem {
    field: String,
    detail: String,
}

impl Problem {
    /// What is no problem document, from a proxy on the way say, is told by its status.
    fn read(answer: &Response<Body>, body: &[u8]) -> Self {
        serde_json::from_slice(body)
            .unwrap_or_else(|_| Self { title: astray(answer.status()), ..Self::default() })
    }

    /// Sentences, the last without its full stop.
    fn in_words(&self) -> String {
        let mut words = self.title.clone();
        if !self.detail.is_empty() {
            words.push_str(&format!(". {}", self.detail.trim_end_matches('.')));
        }
        for error in &self.errors {
            words.push_str(&format!("; {} {}", error.field, error.detail));
        }
        words
    }
}

/// Of an answer that is none of the service's.
fn astray(status: ureq::http::StatusCode) -> String {
    let advice = if status.is_server_error() {
        "try again later"
    } else {
        "does this network want you to sign in to it first?"
    };
    format!("something on the way answered {status}, and not the service; {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_travel_in_the_open_only_inside_one_machine() {
        for sound in
            ["https://ihuriro.example.rw/", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"]
        {
            assert!(Link::to(sound).is_ok(), "{sound}");
        }
        assert!(matches!(Link::to("http://ihuriro.example.rw"), Err(LinkError::InTheOpen)));
        for odd in ["", "ihuriro", "ftp://127.0.0.1", "/v1"] {
            assert!(matches!(Link::to(odd), Err(LinkError::Address)), "{odd}");
        }
    }

    #[test]
    fn a_problem_is_told_in_its_own_words() {
        let body = br#"{"type":"/problems/invalid","title":"Invalid","status":422,"detail":"Look again.",
            "errors":[{"field":"code","detail":"is not one of ours"}],"request_id":"x"}"#;
        let problem: Problem = serde_json::from_slice(body).expect("JSON");
        assert_eq!(problem.in_words(), "Invalid. Look again; code is not one of ours");
    }
}
