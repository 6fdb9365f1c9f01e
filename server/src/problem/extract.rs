//! Actix's own refusals (a body that is no JSON, an unknown route …) as problems.

use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, JsonConfig, PathConfig, PayloadConfig, QueryConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use utoipa::openapi::OpenApi;

use super::{Problem, kind};

/// A JSON body is a form that a person filled in: 256 KiB is plenty. A room that takes more says so itself.
pub const JSON_LIMIT: usize = 256 * 1024;

/// Makes what the extractors refuse a [`Problem`]. Give it to the app's `configure`.
pub fn extractors(config: &mut web::ServiceConfig) {
    config
        .app_data(JsonConfig::default().limit(JSON_LIMIT).error_handler(|error, _| json(&error).into()))
        .app_data(QueryConfig::default().error_handler(|error, _| query(&error).into()))
        .app_data(PathConfig::default().error_handler(|error, request| path(&error, request).into()))
        .app_data(PayloadConfig::new(JSON_LIMIT));
}

fn json(error: &JsonPayloadError) -> Problem {
    match error {
        JsonPayloadError::OverflowKnownLength { limit, .. } | JsonPayloadError::Overflow { limit } => {
            body_too_large(*limit)
        }
        JsonPayloadError::ContentType => {
            Problem::of(kind::NOT_JSON, "Send the body as JSON, with `content-type: application/json`.")
        }
        JsonPayloadError::Deserialize(error) if error.is_data() => {
            Problem::of(kind::UNEXPECTED_BODY, sentence(error))
        }
        JsonPayloadError::Deserialize(error) => Problem::of(kind::UNREADABLE_BODY, sentence(error)),
        _ => unreadable_body(),
    }
}

/// A body is larger than so many bytes.
pub fn body_too_large(limit: usize) -> Problem {
    let detail = format!("A body may have {} KiB here.", limit / 1024);
    Problem::of(kind::BODY_TOO_LARGE, detail)
}

/// A body did not come whole, or its coding is not what it says.
pub fn unreadable_body() -> Problem {
    Problem::of(
        kind::UNREADABLE_BODY,
        "The connection broke off, or the body is not encoded as it says. Send the request again.",
    )
}

fn query(error: &QueryPayloadError) -> Problem {
    let QueryPayloadError::Deserialize(error) = error else {
        return Problem::internal();
    };
    Problem::of(kind::UNEXPECTED_QUERY, sentence(error))
}

fn path(error: &PathError, request: &HttpRequest) -> Problem {
    let PathError::Deserialize(_) = error else {
        return Problem::internal();
    };
    // An address of its own may look like one with an id: `release` in /v1/quarantine/release is none.
    if let Some(allowed) = allowed(request, request.path()) {
        return method_not_allowed(&allowed);
    }
    let detail = "A part of the path is not what it should be, for example an id that is none.";
    Problem::of(kind::NO_SUCH_THING, detail)
}

fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// The answer where no route is: 405 with `Allow` if the address exists for other methods, otherwise 404. OPTIONS is told
/// the methods.
pub async fn no_such_route(request: HttpRequest) -> HttpResponse {
    let pattern = request.match_pattern();
    // An address of its own comes before one with an id that looks the same.
    let allowed = allowed(&request, request.path())
        .or_else(|| Some(allowed(&request, pattern.as_deref()?).unwrap_or_else(|| READ_ONLY.to_owned())));
    match allowed {
        Some(allowed) if request.method() == Method::OPTIONS => {
            HttpResponse::NoContent().insert_header((header::ALLOW, allowed)).finish()
        }
        Some(allowed) => method_not_allowed(&allowed).error_response(),
        None => {
            let detail = "This service has no such address. /docs/ shows all of them.";
            Problem::of(kind::NO_SUCH_ADDRESS, detail).error_response()
        }
    }
}

/// What the API does not describe (pages, metrics) can only be read.
const READ_ONLY: &str = "GET, HEAD, OPTIONS";

fn method_not_allowed(allowed: &str) -> Problem {
    let allow = HeaderValue::from_str(allowed).unwrap_or(HeaderValue::from_static(READ_ONLY));
    Problem::of(kind::METHOD_NOT_ALLOWED, format!("This address answers to {allowed}."))
        .header(header::ALLOW, allow)
}

/// Whether the API describes this method of this address.
pub fn has_operation(request: &HttpRequest) -> bool {
    let pattern = request.match_pattern();
    let allowed = allowed(request, request.path()).or_else(|| allowed(request, pattern.as_deref()?));
    allowed.is_some_and(|allowed| allowed.split(", ").any(|method| method == request.method().as_str()))
}

/// The methods of an address that the API describes.
fn allowed(request: &HttpRequest, address: &str) -> Option<String> {
    let api = request.app_data::<web::Data<OpenApi>>()?;
    let path = api.paths.paths.get(address)?;
    let methods = [
        ("GET, HEAD", &path.get),
        ("POST", &path.post),
        ("PUT", &path.put),
        ("PATCH", &path.patch),
        ("DELETE", &path.delete),
    ];
    let methods = methods.into_iter().filter_map(|(name, operation)| operation.as_ref().map(|_| name));
    Some(methods.chain(["OPTIONS"]).collect::<Vec<_>>().join(", "))
}
