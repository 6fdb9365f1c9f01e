//! Signing in with an identity provider: the person does it in their browser, which then comes back to this program on their own machine
//! (RFC 8252).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::service::{Failed, Service};

/// For how long a person may take at their provider. The service waits no longer either.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two looks whether the browser has come.
const PAUSE: Duration = Duration::from_millis(100);
/// A browser sends its request at once, and a short one.
const READING: Duration = Duration::from_secs(5);
const LONGEST: u64 = 16 * 1024;

const PAGE: &str = "<!doctype html><meta charset=utf-8><title>Ihuriro</title><p>You may close this page, and go on in the terminal.";

/// Why no browser brought an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum BrowserError {
    #[error(transparent)]
    Service(#[from] Failed),
    #[error("this program can't listen on this machine: {0}")]
    Listen(#[from] io::Error),
    #[error("nobody signed in within ten minutes")]
    Late,
    #[error("the provider signed nobody in: {0}")]
    Refused(String),
}

/// What the service gives for a sign-in that begins.
#[derive(Deserialize)]
struct Begun {
    authorization_url: String,
    state: String,
    ticket: String,
}

/// Has a person sign in at the provider of their organisation; gives what is to be handed in.
pub(super) fn proof(service: &Service, organisation: &str) -> Result<Value, BrowserError> {
    // Any free port; only this machine reaches it.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let redirect_uri = format!("http://{}/callback", listener.local_addr()?);
    let asking = json!({"organisation": organisation, "redirect_uri": redirect_uri});
    let Begun { authorization_url, state, ticket } = service.post("/v1/login/provider", &asking)?;
    eprintln!("Open this address in a browser on this machine:\n{authorization_url}");
    let answer = wait(&listener, &state)?;
    let said =
        |name: &str| answer.query_pairs().find(|(it, _)| it == name).map(|(_, value)| value.into_owned());
    if let Some(error) = said("error") {
        // It came from elsewhere, and goes to a terminal.
        let word: String =
            error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
        return Err(BrowserError::Refused(word));
    }
    let code = said("code").unwrap_or_default();
    Ok(json!({"ticket": ticket, "state": state, "authorization_code": code, "iss": said("iss")}))
}

/// Waits for the browser to bring the answer of this sign-in. What else comes, from whatever program, is sent away.
fn wait(listener: &TcpListener, state: &str) -> Result<Url, BrowserError> {
    listener.set_nonblocking(true)?;
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        match listener.accept() {
            Ok((stream, _)) => {
                if let Ok(Some(answer)) = answer(stream, state) {
                    return Ok(answer);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            Err(error) => return Err(error.into()),
        }
    }
    Err(BrowserError::Late)
}

/// Reads one request; gives its address where it is the answer.
fn answer(stream: TcpStream, state: &str) -> io::Result<Option<Url>> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(READING))?;
    let mut line = String::new();
    BufReader::new((&stream).take(LONGEST)).read_line(&mut line)?;
    let path = line.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let url = Url::parse("http://127.0.0.1").and_then(|base| base.join(path)).ok();
    let ours = url.filter(|url| {
        url.path() == "/callback" && url.query_pairs().any(|(name, value)| name == "state" && value == state)
    });
    let (status, page) = if ours.is_some() { ("200 OK", PAGE) } else { ("404 Not Found", "") };
    write!(
        &stream,
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    )?;
    Ok(ours)
}
