//! `POST /v1/sync`.

use std::sync::Arc;

use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use actix_web::{HttpRequest, HttpResponse, post, web};
use sync_core::id::StreamId;
use sync_core::quarantine::Outcome;
use sync_core::wire::{self, Answer, Coding, Outcomes, PROTOCOL, Receipt};

use super::admit::{self, Claimed};
use super::look::{Looked, brings_nothing, look};
use super::prepare::{Prepared, prepare};
use super::pull::{Pulled, pull};
use super::push::{Pushed, count, push};
use super::refusal::Refused;
use super::turns::Turns;
use crate::clock::Clock;
use crate::facts;
use crate::intake::Intake;
use crate::problem::Problem;
use crate::store::{Conn, Failure, Store, StoreError};

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
        (status = 429, description = "`too-much-quarantined`"),
    )
)]
#[post("/v1/sync")]
pub(crate) async fn sync(
    http: HttpRequest,
    body: web::Payload,
    store: web::Data<Store>,
    intake: web::Data<Intake>,
    turns: web::Data<Turns>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let coding = admit::coding(http.headers())?;
    // The body has come already, within its bounds.
    let body = body.to_bytes().await.map_err(|_| Refused::Coding)?;
    let (claimed, _held) = intake.expand(move |held| admit::open(coding, &body, held)).await?;
    let claimed = Arc::new(claimed);
    let looked =
        if brings_nothing(&claimed.request) { look_around(&store, &claimed, &clock).await? } else { None };
    let Answered { dropped, outcomes, receipts, pulled } = match looked {
        Some(Looked { held, pulled, .. }) => {
            Answered { dropped: held.dropped, outcomes: Vec::new(), receipts: Vec::new(), pulled }
        }
        None => {
            let _turn = turns.take().await;
            let (prepared, pushed) = hand_in(&store, claimed, &clock).await?;
            answer(&store, prepared, pushed).await?
        }
    };
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
        now: clock.now(),
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

/// What a request is answered.
struct Answered {
    dropped: Vec<StreamId>,
    outcomes: Vec<Outcomes>,
    receipts: Vec<Receipt>,
    pulled: Pulled,
}

/// Answers a request that brings nothing, and takes its number; none where it is to be handed in after all.
async fn look_around(
    store: &Store,
    claimed: &Arc<Claimed>,
    clock: &Clock,
) -> Result<Option<Looked>, Failure<Refused>> {
    let (reading, number, now) = (Arc::clone(claimed), claimed.request.number, clock.now());
    let Some(looked) = store.read("look", move |tx| look(tx, &reading)).await? else { return Ok(None) };
    let tablet = looked.tablet;
    store.write("count", move |tx| count(tx, &tablet, number, now)).await?;
    Ok(Some(looked))
}

/// Collects what a request that was handed in is answered.
async fn answer(
    store: &Store,
    prepared: Arc<Prepared>,
    Pushed { held, outcomes, settled, facts_due }: Pushed,
) -> Result<Answered, StoreError> {
    if facts_due {
        facts::catch_up(store).await?;
    }
    let dropped = held.dropped.clone();
    let (tablet, request) = (prepared.tablet.device, Arc::clone(&prepared.request));
    let pulled = store.read("pull", move |tx| pull(tx, tablet, &held, &request)).await?;
    let receipts = prepared.carried.iter().zip(settled).map(|words| match words {
        (Some(carried), Some(outcomes)) => prepared.signer.receipt(carried, outcomes),
        _ => Receipt::Refused,
    });
    Ok(Answered { dropped, outcomes, receipts: receipts.collect(), pulled })
}

/// How often what was prepared may be overtaken before all is done in one transaction that writes.
const TRIES: usize = 3;

/// Prepares a request on as many cores as there are, and writes what was decided if what that rests on still stands.
async fn hand_in(
    store: &Store,
    claimed: Arc<Claimed>,
    clock: &Clock,
) -> Result<(Arc<Prepared>, Pushed), Failure<Refused>> {
    for _ in 0..TRIES {
        let (now, reading) = (clock.now(), Arc::clone(&claimed));
        let prepared = Arc::new(store.read("prepare", move |tx| prepare(tx, &reading, now)).await?);
        let writing = Arc::clone(&prepared);
        let pushed = store.write("push", move |tx| push(tx, &writing, now).map_err(overtaken)).await;
        match pushed {
            Err(Failure::Store(StoreError::Stale)) => {}
            pushed => return Ok((prepared, pushed?)),
        }
    }
    // Somebody keeps writing to the same records.
    let now = clock.now();
    let in_one = move |tx: &mut Conn<'_>| {
        let prepared = prepare(tx, &claimed, now)?;
        let pushed = push(tx, &prepared, now)?;
        Ok((Arc::new(prepared), pushed))
    };
    store.write("prepare and push", in_one).await
}

/// What was read does not stand: to write it again would not help.
fn overtaken(failure: Failure<Refused>) -> Failure<Refused> {
    match failure {
        Failure::Store(StoreError::Raced) => StoreError::Stale.into(),
        failure => failure,
    }
}
