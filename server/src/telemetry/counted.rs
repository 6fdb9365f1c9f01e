//! A body that counts what is sent of it, and writes the request's line when it is sent, or dropped half way.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use tracing::Span;

/// What is known of a request before its answer is sent.
pub(super) struct Line {
    pub(super) span: Span,
    pub(super) started: Instant,
    pub(super) method: &'static str,
    pub(super) route: String,
    pub(super) status: u16,
}

/// An answer's body on its way out.
pub(super) struct Counted {
    body: BoxBody,
    sent: u64,
    line: Line,
}

impl Counted {
    pub(super) fn new(body: BoxBody, line: Line) -> Self {
        Self { body, sent: 0, line }
    }
}

impl MessageBody for Counted {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_next(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &polled {
            self.sent += bytes.len() as u64;
        }
        polled
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Line { span, started, method, route, status } = &self.line;
        let (method, status, bytes) = (*method, *status, self.sent);
        let seconds = started.elapsed().as_secs_f64();
        span.in_scope(|| {
            let ms = (seconds * 10_000.0).round() / 10.0;
            if status < 500 {
                tracing::info!(method, route, status, ms, bytes, "answered");
            } else {
                tracing::error!(method, route, status, ms, bytes, "answered");
            }
        });
        metrics::counter!(
            "ihuriro_http_requests_total",
            "method" => method, "route" => route.clone(), "status" => status.to_string()
        )
        .increment(1);
        metrics::histogram!("ihuriro_http_seconds", "method" => method, "route" => route.clone())
            .record(seconds);
        metrics::counter!("ihuriro_http_sent_bytes_total", "route" => route.clone()).increment(bytes);
    }
}
