//! Actix's own refusals (a body that is no JSON, an unknown route …) as problems.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::{self, JsonConfig, PathConfig, PayloadConfig, QueryConfig};
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError};
use utoipa::openapi::{OpenApi, PathItem};

use super::Problem;

/// A JSON body is a form that a person filled in: 256 KiB is plenty. A room that takes more says so itself.
pub const JSON_LIMIT: usize = 256 * 1024;

/// Makes what the extractors refuse a [`Problem`]. Give it to the app's `configure`.
pub fn extractors(config: &mut web::ServiceConfig) {
    config
        .app_data(JsonConfig::default().limit(JSON_LIMIT).error_handler(|error, _| json(&error).into()))
        .app_data(QueryConfig::default().error_handler(|error, _| query(&error).into()))
        .app_data(PathConfig::default().error_handler(|error, _| path(&error).into()))
        .app_data(PayloadConfig::new(JSON_LIMIT));
}

fn json(error: &JsonPayloadError) -> Problem {
    match error {
        JsonPayloadError::OverflowKnownLength { limit, .. } | JsonPayloadError::Overflow { limit } => {
            let detail = format!("A body may have {} KiB here.", limit / 1024);
            Problem::too_large("body-too-large", "The request is too large", detail)
        }
        JsonPayloadError::ContentType => Problem::unsupported(
            "not-json",
            "The request is not JSON",
            "Send the body as JSON, with `content-type: application/json`.",
        ),
        JsonPayloadError::Deserialize(error) if error.is_data() => {
            Problem::unprocessable("unexpected-body", "The body says something unexpected", sentence(error))
        }
        JsonPayloadError::Deserialize(error) => {
            Problem::bad_request("unreadable-body", "The body is not JSON", sentence(error))
        }
        _ => Problem::bad_request(
            "unreadable-body",
            "The body could not be read",
            "The connection broke off, or the body is not encoded as it says. Send the request again.",
        ),
    }
}

fn query(error: &QueryPayloadError) -> Problem {
    let QueryPayloadError::Deserialize(error) = error else {
        return Problem::internal();
    };
    Problem::unprocessable("unexpected-query", "The query says something unexpected", sentence(error))
}

fn path(error: &PathError) -> Problem {
    let PathError::Deserialize(_) = error else {
        return Problem::internal();
    };
    let detail = "A part of the path is not what it should be, for example an id that is none.";
    Problem::not_found("no-such-thing", "There is nothing at this address", detail)
}

fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// Middleware: an answer that can't be coded as the client asks is a [`Problem`] too.
pub async fn negotiated(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    if response.status() != StatusCode::NOT_ACCEPTABLE {
        return Ok(response);
    }
    let detail = "Accept-Encoding refuses every coding that there is here: allow zstd, gzip or identity.";
    let problem = Problem::not_acceptable("no-such-coding", "There is no answer in such a coding", detail);
    Ok(response.into_response(problem.error_response()))
}

/// The answer where no route is: 405 with `Allow` if the path exists for other methods, otherwise 404.
pub async fn no_such_route(request: HttpRequest, api: web::Data<OpenApi>) -> HttpResponse {
    let Some(pattern) = request.match_pattern() else {
        let detail = "This service has no such address. /docs/ shows all of them.";
        return Problem::not_found("no-such-address", "There is nothing at this address", detail)
            .error_response();
    };
    // What the API does not describe (pages, metrics) can only be read.
    let allowed = api.paths.paths.get(&pattern).map_or_else(|| "GET".to_owned(), methods);
    let detail = format!("This address answers to {allowed}.");
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "This address has no such method",
        detail,
    )
    .header(header::ALLOW, HeaderValue::from_str(&allowed).unwrap_or(HeaderValue::from_static("GET")))
    .error_response()
}

fn methods(path: &PathItem) -> String {
    [
        ("GET", &path.get),
        ("POST", &path.post),
        ("PUT", &path.put),
        ("PATCH", &path.patch),
        ("DELETE", &path.delete),
    ]
    .into_iter()
    .filter_map(|(name, operation)| operation.as_ref().map(|_| name))
    .collect::<Vec<_>>()
    .join(", ")
}
