//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that came twice is done once.
//!
//! A person presses a button again because the link broke before the answer came. With a key, the first request writes a
//! note of itself in the transaction of what it does; what follows with the same key gets the answer of the first:
//!
//! 1. Is there a note under this key? With an answer: replay it. Of another request: 422. Without an answer: 409.
//! 2. There is none: the handler runs, on a store that writes the note with whatever the handler writes. A twin that runs
//!    at the same moment finds the note when it writes its own, and is undone.
//! 3. The answer is kept beside the note, for a day.
//!
//! A request that changed nothing (refused, or the store was away) leaves no note, and may come again, corrected. All of
//! this is middleware: no handler knows of it.

mod kept;
mod key;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, HttpResponseBuilder, ResponseError, web};
use tracing::Instrument;

use super::body::Whole;
use crate::access::Caller;
use crate::clock::Clock;
use crate::problem::{Problem, has_operation, kind};
use crate::request_id::RequestId;
use crate::store::Store;
use kept::{Answer, Found};
use key::Key;

/// What [`key::parse`] takes.
pub(super) const PATTERN: &str = r#"^("[!#-\[\]-~]{16,128}"|[!#-\[\]-~]{16,128})$"#;

pub(super) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Middleware, within [`super::body`]. Only requests of people who are signed in, that make or change something.
pub(super) async fn once(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let makes = matches!(*request.method(), Method::POST | Method::PATCH) && has_operation(request.request());
    let signed_in = request.headers().contains_key(header::AUTHORIZATION);
    if !makes || !signed_in || !request.headers().contains_key(HEADER) {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let keeper = match Keeper::of(&mut request).await {
        Ok(keeper) => keeper,
        Err(problem) => return Ok(request.into_response(problem.error_response())),
    };
    match keeper.found().await {
        Ok(None) => keeper.answer(request, next).await,
        Ok(Some(answer)) => Ok(request.into_response(replayed(answer))),
        Err(problem) => Ok(request.into_response(problem.error_response())),
    }
}

/// What answers a request with a key.
struct Keeper {
    key: Key,
    store: Store,
    clock: Clock,
}

impl Keeper {
    async fn of(request: &mut ServiceRequest) -> Result<Self, Problem> {
        let text = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
        let text = text.and_then(key::parse).ok_or_else(bad_key)?.to_owned();
        let caller = Caller::identify(request.request()).await?;
        let body = request.extensions().get::<Whole>().map(|Whole(body)| body.clone()).unwrap_or_default();
        let address = request.uri().to_string();
        let key = Key::of(caller.user, &text, request.method().as_str(), &address, &body);
        let store = request.app_data::<web::Data<Store>>().ok_or_else(Problem::internal)?.get_ref().clone();
        let clock = request.app_data::<web::Data<Clock>>().ok_or_else(Problem::internal)?.get_ref().clone();
        Ok(Self { key, store, clock })
    }

    /// The answer that the key stands for, if there is one.
    async fn found(&self) -> Result<Option<Answer>, Problem> {
        let (key, now) = (self.key.clone(), self.clock.now());
        match self.store.read("idempotency key", move |tx| kept::find(tx, &key, now)).await? {
            Found::Nothing => Ok(None),
            Found::Answer(answer) => Ok(Some(answer)),
            Found::Another => Err(reused()),
            Found::Running => Err(Problem::request_running()),
            Found::Lost => Err(answer_lost()),
        }
    }

    /// Lets the handler answer, and keeps what it said if it wrote anything.
    async fn answer<B: MessageBody + 'static>(
        self,
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        // On a task of its own, since whoever hangs up ends the task that answers them: the work would be committed, and
        // its answer lost, which is just what the key is for.
        let answering = self.answer_to_the_end(request, next).in_current_span();
        let task = match RequestId::current() {
            Some(id) => actix_web::rt::spawn(id.scope(answering)),
            None => actix_web::rt::spawn(answering),
        };
        task.await.unwrap_or_else(|_panicked| Err(Problem::internal().into()))
    }

    async fn answer_to_the_end<B: MessageBody + 'static>(
        self,
        mut request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let wrote = Arc::new(AtomicBool::new(false));
        let note = {
            let (key, now, run, wrote) = (self.key.clone(), self.clock.now(), rand::random(), wrote.clone());
            self.store.noting(move |tx| {
                kept::note(tx, &key, &run, now)?;
                wrote.store(true, Ordering::SeqCst);
                Ok(())
            })
        };
        let mut data = Extensions::new();
        data.insert(web::Data::new(note));
        request.add_data_container(Rc::new(data));

        let (request, response) = next.call(request).await?.into_parts();
        let (response, body) = response.into_parts();
        let body = to_bytes(body).await.map_err(|_| Problem::internal())?;
        if wrote.load(Ordering::SeqCst) {
            let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
            let answer = Answer {
                status: response.status().as_u16(),
                content_type: text(header::CONTENT_TYPE).map(str::to_owned),
                location: text(header::LOCATION).map(str::to_owned),
                body: body.to_vec(),
            };
            let (key, now) = (self.key, self.clock.now());
            let kept = self.store.write("keep answer", move |tx| kept::keep(tx, &key, &answer, now)).await;
            if let Err(error) = kept {
                // It was done all the same, so the caller hears that it was.
                tracing::warn!(%error, "an answer could not be kept for its Idempotency-Key");
            }
        }
        Ok(ServiceResponse::new(request, response.set_body(body)).map_into_boxed_body())
    }
}

fn replayed(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponseBuilder::new(status);
    for (name, value) in [(header::CONTENT_TYPE, answer.content_type), (header::LOCATION, answer.location)] {
        if let Some(value) = value {
            response.insert_header((name, value));
        }
    }
    response.body(answer.body)
}

fn bad_key() -> Problem {
    let detail =
        "An Idempotency-Key is 16 to 128 letters, digits and signs, best a new UUID, in quotes or without.";
    Problem::of(kind::BAD_IDEMPOTENCY_KEY, detail)
}

fn reused() -> Problem {
    let detail = "Another request, or the same with another body, came with this Idempotency-Key. Take a new key for each \
                  thing that you want done.";
    Problem::of(kind::IDEMPOTENCY_KEY_REUSED, detail)
}

fn answer_lost() -> Problem {
    let detail = "The request with this Idempotency-Key was done, and its answer was lost when the service stopped. Look at \
                  what is there now before you ask for it again, with a new key.";
    Problem::of(kind::ANSWER_LOST, detail)
}
