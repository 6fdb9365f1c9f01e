//! `POST /v1/sync`.

use std::sync::Arc;

use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use actix_web::{HttpRequest, HttpResponse, post, web};
use sync_core::id::StreamId;
use sync_core::quarantine::Outcome;
use sync_core::time::Millis;
use sync_core::wire::{self, Answer, Coding, Outcomes, PROTOCOL, Receipt};

use super::admit::{self, Claimed, KnownTablet};
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
use crate::register::lease::Lease;
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
    lease: web::Data<Lease>,
) -> Result<HttpResponse, Problem> {
    // A tablet writes and reads what its person's groups allow: that is decided here, change by change.
    let store = store.as_worker();
    let coding = admit::coding(http.headers())?;
    // 1. The body has come already, within the bounds of `intake`. What it expands to is counted until `_held` is
    //    dropped.
    let body = body.to_bytes().await.map_err(|_| Refused::Coding)?;
    let (claimed, _held) = intake.expand(move |held| admit::open(coding, &body, held)).await?;
    let claimed = Arc::new(claimed);
    // 2. Most requests bring nothing: they are answered from one transaction that reads, and need no turn.
    let looked =
        if brings_nothing(&claimed.request) { look_around(&store, &claimed, &clock).await? } else { None };
    let Answered { tablet, dropped, outcomes, receipts, pulled } = match looked {
        Some(Looked { tablet, held, pulled }) => {
            Answered { tablet, dropped: held.dropped, outcomes: Vec::new(), receipts: Vec::new(), pulled }
        }
        None => {
            // 3. Others wait for a turn, since the records that they open are in memory until the answer is ready.
            let _turn = turns.take().await;
            let (prepared, pushed) = hand_in(&store, Arc::clone(&claimed), &clock).await?;
            answer(&store, prepared, pushed, clock.now()).await?
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
        rejected: pulled.decided.rejected,
        standing: Some(tablet.standing(&claimed.request, **lease)),
        released: pulled.decided.released,
        neighbours: pulled.neighbours,
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

/// The parts of an answer.
struct Answered {
    tablet: KnownTablet,
    dropped: Vec<StreamId>,
    outcomes: Vec<Outcomes>,
    receipts: Vec<Receipt>,
    pulled: Pulled,
}

/// Answers a request that brings nothing, and takes its number; `None` where something about the tablet is to be
/// written, so that it must be handed in.
///
/// Two transactions: the number is taken in one of its own, after the answer is read. A request with the same number
/// that was faster makes this one fail ([`Refused::Seen`]), so no number is answered twice.
async fn look_around(
    store: &Store,
    claimed: &Arc<Claimed>,
    clock: &Clock,
) -> Result<Option<Looked>, Failure<Refused>> {
    let (reading, request, now) = (Arc::clone(claimed), Arc::clone(&claimed.request), clock.now());
    let Some(looked) = store.read("look", move |tx| look(tx, &reading, now)).await? else { return Ok(None) };
    let tablet = looked.tablet;
    store.write("count", move |tx| count(tx, &tablet, &request, now)).await?;
    Ok(Some(looked))
}

/// Collects the answer to a request that was handed in. The transaction that reads begins after the push has committed,
/// so the pages hold what the push merged, and perhaps later changes of others; never a stream that the push did not
/// note as held.
async fn answer(
    store: &Store,
    prepared: Arc<Prepared>,
    Pushed { held, outcomes, settled, facts_due }: Pushed,
    now: Millis,
) -> Result<Answered, StoreError> {
    if facts_due {
        facts::catch_up(store).await?;
    }
    let dropped = held.dropped.clone();
    let (tablet, request) = (prepared.tablet.device, Arc::clone(&prepared.request));
    let pulled = store.read("pull", move |tx| pull(tx, tablet, &held, &request, now)).await?;
    let receipts = prepared.carried.iter().zip(settled).map(|words| match words {
        (Some(carried), Some(outcomes)) => prepared.signer.receipt(carried, outcomes),
        _ => Receipt::Refused,
    });
    Ok(Answered { tablet: prepared.tablet, dropped, outcomes, receipts: receipts.collect(), pulled })
}

/// How often a prepared request may be overtaken by other writers before it is prepared and written in one transaction.
const TRIES: usize = 3;

/// Prepares a request on as many cores as there are, and writes what was decided if what that rests on still stands.
/// Otherwise it is prepared again, as its decision may be another.
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
    // Others keep writing to the same records. In one transaction that writes nobody overtakes it on SQLite, where it
    // holds up all other writers meanwhile; on PostgreSQL the store runs it again where it is overtaken.
    let now = clock.now();
    let in_one = move |tx: &mut Conn<'_>| {
        let prepared = prepare(tx, &claimed, now)?;
        let pushed = push(tx, &prepared, now)?;
        Ok((Arc::new(prepared), pushed))
    };
    store.write("prepare and push", in_one).await
}

/// Turns [`StoreError::Raced`], on which the store would run the same push again, into [`StoreError::Stale`]: what was
/// read does not stand any longer, so the request must be prepared again.
fn overtaken(failure: Failure<Refused>) -> Failure<Refused> {
    match failure {
        Failure::Store(StoreError::Raced) => StoreError::Stale.into(),
        failure => failure,
    }
}
