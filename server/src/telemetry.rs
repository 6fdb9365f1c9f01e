//! What the service says about itself: one line per request, numbers for Prometheus, and where a panic happened.
//!
//! None of it holds a personal datum: a request is its method and the pattern of its route (never the path, the
//! query, a login or a body), and of a panic only the place is told, since its message may quote a record.

mod log;
mod process;
mod numbers;
mod counted;

pub use log::{LevelFilter, colours, start_log};
pub use numbers::{numbers, written};

use std::time::Instant;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use tracing::Instrument;

use crate::request_id::{self, RequestId};
use counted::Counted;

/// Middleware, the outermost: gives the request its id, and writes its line when the answer is sent.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = RequestId::of(request.headers());
    let method = known(request.method());
    let span = tracing::info_span!("request", %id);
    let mut response = id.scope(next.call(request)).instrument(span.clone()).await?.map_into_boxed_body();
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(request_id::HEADER, value);
    }
    let line = counted::Line {
        span,
        started,
        method,
        route: response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned()),
        status: response.status().as_u16(),
    };
    Ok(response.map_body(|_, body| BoxBody::new(Counted::new(body, line))))
}

/// A method as a label: clients may invent others, the numbers must not grow with them.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
