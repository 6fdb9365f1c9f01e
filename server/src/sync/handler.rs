//! `POST /v1/sync`.

use std::sync::Arc;

use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use actix_web::{HttpRequest, HttpResponse, post, web};
use sync_core::quarantine::Outcome;
use sync_core::wire::{self, Answer, Coding, PROTOCOL, Receipt};

use super::admit;
use super::prepare::prepare;
use super::pull::pull;
use super::push::{Pushed, push};
use super::refusal::Refused;
use crate::clock::Clock;
use crate::facts;
use crate::intake::Intake;
use crate::problem::Problem;
use crate::store::{Failure, Store};

/// Hands in what a tablet recorded, and gives it what it may read and has not.
///
/// The body is CBOR, signed by the tablet; `api-spec/sync.md` and `sync.cddl` say how. It needs no access token.
#[utoipa::path(
    tag = "Tablets",
    request_body(content = String, content_type = "application/vnd.ihuriro.sync+cbor", description = "A signed request, see sync.md"),
    responses(
        (status = 200, description = "An outcome for each change, and what is new", content_type = "application/vnd.ihuriro.sync+cbor", body = String),
        (status = 400, description = "`cut-off`, `not-cbor`, `unknown-protocol`"),
        (status = 401, description = "`device-unknown`, `signature-invalid`"),
        (status = 403, description = "`foreign-batch`"),
        (status = 409, description = "`request-seen`, `request-too-far`, `batch-reused`"),
        (status = 413, description = "`too-large`"),
        (status = 415, description = "`not-a-sync`"),
        (status = 429, description = "`too-much-apart`"),
    )
)]
#[post("/v1/sync")]
pub(crate) async fn sync(
    http: HttpRequest,
    body: web::Payload,
    store: web::Data<Store>,
    intake: web::Data<Intake>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let coding = admit::coding(http.headers())?;
    // The body has come already, within its bounds.
    let body = body.to_bytes().await.map_err(|_| Refused::Coding)?;
    let (claimed, _held) = intake.expand(move |held| admit::open(coding, &body, held)).await?;
    let prepared = store
        .read("prepare", move |tx| prepare(tx, &claimed))
        .await
        .map_err(|failure: Failure<Refused>| failure)?;
    let prepared = Arc::new(prepared);

    let (now, pushing) = (clock.now(), Arc::clone(&prepared));
    let Pushed { held, outcomes, settled, facts_due } = store
        .write("push", move |tx| push(tx, &pushing, now))
        .await
        .map_err(|failure: Failure<Refused>| failure)?;
    if facts_due {
        facts::catch_up(&store).await?;
    }
    let dropped = held.dropped.clone();
    let (tablet, request) = (prepared.tablet.device, Arc::clone(&prepared.request));
    let pulled = store.read("pull", move |tx| pull(tx, tablet, &held, &request)).await?;
    let receipts = prepared.carried.iter().zip(settled).map(|words| match words {
        (Some(carried), Some(outcomes)) => prepared.signer.receipt(carried, outcomes),
        _ => Receipt::Refused,
    });
    let receipts = receipts.collect();
    for outcome in outcomes.iter().flat_map(|batch| &batch.outcomes) {
        let word = match outcome {
            Outcome::Accepted => "accepted",
            Outcome::Duplicate => "duplicate",
            Outcome::Quarantined(reason) => reason.code(),
        };
        metrics::counter!("ihuriro_changes_total", "outcome" => word).increment(1);
    }
    let answer = Answer {
        protocol: PROTOCOL,
        epoch: pulled.epoch,
        now,
        outcomes,
        pages: pulled.pages,
        dropped,
        people: pulled.people,
        receipts,
        keys: pulled.keys,
        rejected: pulled.rejected,
    };
    let body = sync_core::cbor::to_bytes(&answer);
    let accepted = http.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let coding = Coding::accepted(accepted.unwrap_or_default());
    let mut response = HttpResponse::Ok();
    response.content_type(wire::CONTENT_TYPE);
    if coding != Coding::Identity {
        response.insert_header((CONTENT_ENCODING, coding.to_string()));
    }
    Ok(response.body(wire::close(coding, &body)))
}
