//! HEAD, and answers that actix gives by itself.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError};

use crate::problem::{Problem, kind};

/// Middleware, around all that may answer: HEAD is a GET whose body is not sent, and every refusal is a problem.
pub(super) async fn complete(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if request.method() == Method::HEAD {
        // The connection remembers that it was HEAD, and sends the head alone.
        request.head_mut().method = Method::GET;
        // There is no body to compress, and clients wait for one that is said to be.
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    let response = next.call(request).await?.map_into_boxed_body();
    Ok(match in_words(response.response()) {
        Some(problem) => response.into_response(problem.error_response()),
        None => response,
    })
}

/// Actix refuses in a line of text, or silently, what it can't code or what comes too slowly.
fn in_words(response: &actix_web::HttpResponse) -> Option<Problem> {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/problem+json")) {
        return None;
    }
    match response.status() {
        StatusCode::NOT_ACCEPTABLE => {
            let detail = "The service answers as zstd, gzip or identity. Leave Accept-Encoding out, or allow one of them.";
            Some(Problem::of(kind::NO_SUCH_CODING, detail))
        }
        StatusCode::REQUEST_TIMEOUT => {
            let detail = "Nothing was done. Send the request again, over a better link or less at a time.";
            Some(Problem::of(kind::BODY_TOO_SLOW, detail))
        }
        _ => None,
    }
}
