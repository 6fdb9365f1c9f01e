//! What the service says about itself: one line per request, numbers for Prometheus, and where a panic happened.
//!
//! None of it holds a personal datum: a request is its method and the pattern of its route (never the path, the
//! query, a login or a body), and of a panic only the place is told, since its message may quote a record.

mod counted;

use std::io::{self, IsTerminal};
use std::panic;
use std::sync::OnceLock;
use std::time::Instant;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Instrument;
pub use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::request_id::{self, RequestId};
use counted::Counted;

/// Seconds, from a row found to an upload over EDGE.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Starts the log of this process, on standard error: text, or JSON where `IHURIRO_LOG_FORMAT=json`; filtered by
/// `RUST_LOG`, from the level `usual` up if unset. A process calls it once, at its start; again does nothing.
pub fn start_log(usual: LevelFilter) {
    // A pool that can't connect is told by the request that needed it; r2d2 would tell it dozens of times more.
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(format!("{usual},actix_server=warn,r2d2=off")));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let json = std::env::var("IHURIRO_LOG_FORMAT").is_ok_and(|format| format == "json");
    let started = if json { log.json().flatten_event(true).try_init() } else { log.try_init() };
    if started.is_ok() {
        panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "panic");
        }));
    }
}

/// The numbers of this process, shared by all services that run in it.
pub fn numbers() -> PrometheusHandle {
    static NUMBERS: OnceLock<PrometheusHandle> = OnceLock::new();
    let start = || {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .expect("the buckets are not empty");
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Whoever embeds us may have a recorder of their own; ours then stays empty.
        let _ = metrics::set_global_recorder(recorder);
        describe();
        handle
    };
    NUMBERS.get_or_init(start).clone()
}

fn describe() {
    metrics::describe_counter!(
        "ihuriro_http_requests_total",
        "Requests answered, by method, route and status."
    );
    metrics::describe_histogram!("ihuriro_http_seconds", "Time to answer a request, by method and route.");
    metrics::describe_counter!(
        "ihuriro_http_sent_bytes_total",
        "Bytes of answers' bodies as sent, by route."
    );
    metrics::describe_histogram!(
        "ihuriro_store_seconds",
        "Time of a use case in the store, with its retries."
    );
}

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
