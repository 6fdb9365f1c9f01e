//! Middleware that reads a JSON body, or a spreadsheet's, whole, within its limit, before any handler does. So one place refuses what no
//! store can keep: PostgreSQL has no place for NUL in a text, SQLite has; and `idempotency` knows what a key stands for.

use actix_web::body::{BodyStream, BoxBody, MessageBody, to_bytes_limited};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage, ResponseError};
use serde_json::Value;
use sync_core::wire::{self, Coding, TooExpansive};

use crate::intake::{MAX_SHEET, XLSX};
use crate::problem::{FieldError, JSON_LIMIT, Problem, body_too_large, kind, unreadable_body};

/// The body of a request, read whole; in the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Whole(pub(super) Bytes);

/// Middleware, within [`super::telemetry`].
pub(super) async fn whole(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Err(problem) = read(&mut request).await {
        return Ok(request.into_response(problem.error_response()));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

async fn read(request: &mut ServiceRequest) -> Result<(), Problem> {
    if request.query_string().contains("%00") {
        let detail = "A text has no NUL character (%00). Leave it out.";
        return Err(Problem::of(kind::UNEXPECTED_QUERY, detail));
    }
    let kind = media_type(request);
    let limit = match kind.as_str() {
        _ if is_json(&kind) => JSON_LIMIT,
        "text/csv" if request.path().starts_with("/v1/imports/") => MAX_SHEET,
        XLSX if request.path() == "/v1/frameworks/form" => JSON_LIMIT,
        _ => return Ok(()),
    };
    let body = bytes(request, limit).await?;
    if is_json(&kind) && has_nul(&body) {
        return Err(refuse_nul(&body));
    }
    request.headers_mut().remove(CONTENT_ENCODING);
    request.headers_mut().remove(CONTENT_LENGTH);
    request.set_payload(Payload::from(body.clone()));
    request.extensions_mut().insert(Whole(body));
    Ok(())
}

/// What the body says that it is, without its parameters.
fn media_type(request: &ServiceRequest) -> String {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The kinds of body that `web::Json` takes; it says to all others that they are none.
fn is_json(kind: &str) -> bool {
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// The body without its content coding. It grows past the limit neither as it comes nor as it is expanded.
async fn bytes(request: &mut ServiceRequest, limit: usize) -> Result<Bytes, Problem> {
    let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let length = header(CONTENT_LENGTH).and_then(|length| length.parse().ok());
    if length.is_some_and(|length: usize| length > limit) {
        return Err(body_too_large(limit));
    }
    let coding = header(CONTENT_ENCODING).unwrap_or_default().parse().map_err(|_| unreadable_body())?;
    let body = match to_bytes_limited(BodyStream::new(request.take_payload()), limit).await {
        Ok(Ok(body)) => body,
        Ok(Err(_broken)) => return Err(unreadable_body()),
        Err(_too_long) => return Err(body_too_large(limit)),
    };
    if coding == Coding::Identity {
        return Ok(body);
    }
    // The framework's own decoder expands a chunk whole before anybody sees how long it is: 30 KB became a gigabyte.
    match wire::open(coding, &body, limit) {
        Ok(expanded) => Ok(expanded.into()),
        Err(TooExpansive::Limit(_)) => Err(body_too_large(limit)),
        Err(TooExpansive::Broken) => Err(unreadable_body()),
    }
}

/// Whether a string of a JSON text has the escape `\u0000`, the only way to write a NUL. A backslash always begins an
/// escape, so what follows it is looked at and stepped over: `\\u0000` is a backslash and a word.
fn has_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|&byte| byte == b'\\') {
        rest = &rest[at + 1..];
        if rest.starts_with(b"u0000") {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

/// Names the first text with a NUL by its place in the body.
fn refuse_nul(json: &[u8]) -> Problem {
    let body: Value = serde_json::from_slice(json).unwrap_or_default();
    let field = place(&body).unwrap_or_default();
    let field = if field.is_empty() { "body".to_owned() } else { field };
    Problem::fields(vec![FieldError { field, detail: "has no NUL character".to_owned() }])
}

fn place(value: &Value) -> Option<String> {
    let below = |name: &str, place: String| {
        if place.is_empty() { name.to_owned() } else { format!("{name}/{place}") }
    };
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(at, item)| Some(below(&at.to_string(), place(item)?)))
        }
        Value::Object(members) => members.iter().find_map(|(name, member)| Some(below(name, place(member)?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn a_nul_is_found_wherever_it_stands(before in r#"[\\u0a"/]{0,9}"#, after in r#"[\\u0a"/]{0,9}"#) {
            let with = json!({ "login": format!("{before}\0{after}") }).to_string();
            let without = json!({ "login": format!("{before}{after}") }).to_string();
            prop_assert!(has_nul(with.as_bytes()));
            prop_assert!(!has_nul(without.as_bytes()));
        }
    }

    #[test]
    fn a_refusal_names_the_field() {
        let refused = refuse_nul(json!({ "name": "x", "target_mix": ["y", "z\0"] }).to_string().as_bytes());
        assert_eq!(refused.errors()[0].field, "target_mix/1");
        assert_eq!(refuse_nul(b"{\"a\\u0000\": 1}").errors()[0].field, "body");
    }
}
