//! Whether the service lives, whether it can work, and its numbers.

use actix_web::{HttpResponse, Responder, get, web};

use crate::problem::Problem;
use crate::store::Store;
use crate::telemetry;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(health).service(ready).service(metrics);
}

/// The process lives. Restart it if it does not say so.
#[get("/health")]
async fn health() -> impl Responder {
    "alive\n"
}

/// The store answers, and its tables are those that this program works with. Send no requests here while it does not say so.
#[get("/ready")]
async fn ready(store: web::Data<Store>) -> Result<&'static str, Problem> {
    store.ready().await?;
    Ok("ready\n")
}

#[get("/metrics")]
async fn metrics() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(telemetry::numbers().render())
}
