//! Whether the service lives, whether it can work, and its numbers.

use actix_web::{HttpResponse, Responder, get, web};
use sync_core::time::Millis;

use crate::clock::Clock;
use crate::problem::Problem;
use crate::quarantine;
use crate::store::{Conn, Store, StoreError, identity};
use crate::telemetry;

/// For whoever watches over the service.
pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(health).service(ready);
}

pub(super) fn configure_metrics(config: &mut web::ServiceConfig) {
    config.service(metrics);
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

/// The numbers of this process, and what waits in the store as of now. While the store is away, the former still come.
#[get("/metrics")]
async fn metrics(store: web::Data<Store>, clock: web::Data<Clock>) -> HttpResponse {
    if let Err(error) = read(&store, clock.now()).await {
        tracing::warn!(%error, "the store's own numbers can't be read");
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(telemetry::written())
}

async fn read(store: &Store, now: Millis) -> Result<(), StoreError> {
    let (waiting, backup) = store
        .as_worker()
        .read("metrics", |tx: &mut Conn<'_>| -> Result<_, StoreError> {
            Ok((quarantine::waiting(tx)?, identity::last_backup(tx)?))
        })
        .await?;
    for (reason, waiting) in waiting {
        ::metrics::gauge!("ihuriro_quarantine_waiting", "reason" => reason).set(waiting as f64);
    }
    if let Some(at) = backup {
        ::metrics::gauge!("ihuriro_backup_age_seconds").set((now.0 - at.0) as f64 / 1000.0);
    }
    ::metrics::gauge!("ihuriro_build_info", "version" => env!("CARGO_PKG_VERSION"), "store" => store.kind())
        .set(1.0);
    Ok(())
}
