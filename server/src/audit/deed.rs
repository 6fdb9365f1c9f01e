//! What one request does, and the middleware that notes it.
//!
//! The middleware knows nothing of the request: [`Permit`](crate::scope::Permit) tells who asks and for what, on the task that answers it.
//! A handler adds only what its address does not say: the id of what it begins, or a person that its body names.

use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, ResponseError, web};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Millis;
use uuid::Uuid;

use super::{Action, Entry, Object, ObjectKind, Outcome, Who, note};
use crate::clock::Clock;
use crate::problem::Problem;
use crate::store::{Conn, Store, StoreError};

tokio::task_local! {
    /// The deed of the request that this task answers.
    static CURRENT: Witness;
}

/// What somebody does with one request.
#[derive(Debug, Clone)]
pub struct Deed {
    who: Who,
    action: Action,
    route: String,
    object: Option<Object>,
    person: Option<UserId>,
    of: Option<OrganisationId>,
    items: Option<u64>,
    viewed_as: Option<UserId>,
}

impl Deed {
    /// What its address says. `{id}` is the object, of the kind that stands before it; `{user}` a person whom it concerns.
    pub fn of(request: &HttpRequest, who: Who, action: Action) -> Self {
        let pattern = request.match_pattern().unwrap_or_default();
        let id = |name: &str| request.match_info().get(name).and_then(|id| Uuid::try_parse(id).ok());
        let object = kind_at(&pattern).zip(id("id")).map(|(kind, id)| Object { kind, id });
        let route = format!("{} {pattern}", request.method());
        let person = id("user").map(UserId::from);
        Self { who, action, route, object, person, of: None, items: None, viewed_as: None }
    }

    /// The same by somebody who looks as another person.
    #[must_use]
    pub fn looking_as(self, other: Option<UserId>) -> Self {
        Self { viewed_as: other, ..self }
    }

    /// From now on this is what the request does.
    pub fn begins(self) {
        with(|doing| doing.deed = Some(self));
    }

    fn entry(&self, at: Millis, outcome: Outcome) -> Entry {
        let Self { who, action, route, object, person, of, items, viewed_as } = self.clone();
        Entry { at, who, action, outcome, route, object, person, of, items, viewed_as }
    }
}

/// The kind of thing whose id stands in an address.
pub(super) fn kind_at(pattern: &str) -> Option<ObjectKind> {
    let (before, _) = pattern.split_once("/{id}")?;
    Some(match before.rsplit('/').next()? {
        "groups" => ObjectKind::Group,
        "participants" => ObjectKind::Participant,
        "sessions" => ObjectKind::Session,
        "lessons" => ObjectKind::Lesson,
        "services" => ObjectKind::Service,
        "frameworks" => ObjectKind::Framework,
        "budget" => ObjectKind::BudgetLine,
        // Of which kind, the address says.
        "records" | "referrals" | "incidents" | "screenings" | "inbox" => ObjectKind::Record,
        "quarantine" => ObjectKind::Change,
        "users" => ObjectKind::User,
        "logins" => ObjectKind::Login,
        "devices" => ObjectKind::Device,
        "teams" => ObjectKind::Team,
        "overlaps" => ObjectKind::Overlap,
        "organisations" => ObjectKind::Organisation,
        _ => return None,
    })
}

/// The request is about this, which its address does not say; of an organisation, where that is not the caller's.
pub fn concerns(kind: ObjectKind, id: impl Into<Uuid>, of: Option<OrganisationId>) {
    let object = Some(Object { kind, id: id.into() });
    with(|doing| doing.deed = doing.deed.take().map(|deed| Deed { object, of, ..deed }));
}

/// The request is about this person, too, whom its address does not name.
pub fn concerns_person(person: UserId) {
    with(|doing| doing.deed = doing.deed.take().map(|deed| Deed { person: Some(person), ..deed }));
}

/// The request is about so many things, which its address does not name.
pub fn concerns_several(items: usize) {
    with(|doing| doing.deed = doing.deed.take().map(|deed| Deed { items: Some(items as u64), ..deed }));
}

fn with(work: impl FnOnce(&mut Doing)) {
    // What is asked by no request, as in a test of a handler, nobody notes.
    let _ = CURRENT.try_with(|witness| witness.with(work));
}

#[derive(Debug, Default)]
struct Doing {
    /// None where nothing of what is asked is noted.
    deed: Option<Deed>,
    /// Whether it was noted in a transaction of the handler.
    noted: bool,
}

#[derive(Debug, Clone, Default)]
struct Witness(Arc<Mutex<Doing>>);

impl Witness {
    fn with<T>(&self, work: impl FnOnce(&mut Doing) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes it with what a handler writes.
    fn note(&self, tx: &mut Conn<'_>, now: Millis) -> Result<(), StoreError> {
        let entry = self.with(|doing| {
            doing.noted = true;
            doing.deed.as_ref().map(|deed| deed.entry(now, Outcome::Allowed))
        });
        entry.map_or(Ok(()), |entry| note(tx, &entry))
    }
}

/// Middleware, the innermost: notes what somebody does.
///
/// 1. The handler gets a store of this request, which writes the entry with whatever the handler writes: of both there is all or nothing.
/// 2. What was only read, or refused, is noted afterwards, in a transaction of its own. If that fails, nobody gets the answer.
///
/// Noted are answers that tell something (2xx), and those that somebody was not to have (403, 404); nothing is told or done by the others.
pub async fn witness(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let store = request.app_data::<web::Data<Store>>().ok_or_else(Problem::internal)?.get_ref().clone();
    let clock = request.app_data::<web::Data<Clock>>().ok_or_else(Problem::internal)?.get_ref().clone();
    let witness = Witness::default();
    let noting = {
        let (witness, clock) = (witness.clone(), clock.clone());
        store.for_request().noting(move |tx| witness.note(tx, clock.now()))
    };
    let mut data = Extensions::new();
    data.insert(web::Data::new(noting));
    request.add_data_container(Rc::new(data));

    let response = CURRENT.scope(witness.clone(), next.call(request)).await?.map_into_boxed_body();
    let outcome = match response.status() {
        status if status.is_success() => Outcome::Allowed,
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Outcome::Refused,
        _ => return Ok(response),
    };
    let Doing { deed: Some(deed), noted } = witness.with(std::mem::take) else { return Ok(response) };
    if noted && outcome == Outcome::Allowed {
        return Ok(response);
    }
    let (response, shown) = counted(response);
    let entry = Entry { items: deed.items.or(shown), ..deed.entry(clock.now(), outcome) };
    // Not the handler's store, which may note an Idempotency-Key as used: a refusal may come again, corrected.
    match store.not_noting().write("note audit", move |tx| note(tx, &entry)).await {
        Ok(()) => Ok(response),
        Err(error) => Ok(response.into_response(Problem::from(error).error_response())),
    }
}

/// How a [`Page`](crate::page::Page) begins.
const PAGE: &[u8] = b"{\"items\":[";

/// How many items an answer has, if it is a page.
fn counted(response: ServiceResponse<BoxBody>) -> (ServiceResponse<BoxBody>, Option<u64>) {
    #[derive(Deserialize)]
    struct Items {
        items: Vec<IgnoredAny>,
    }
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    match body.try_into_bytes() {
        Ok(bytes) => {
            let page =
                bytes.starts_with(PAGE).then(|| serde_json::from_slice::<Items>(&bytes).ok()).flatten();
            let items = page.map(|page| page.items.len() as u64);
            (ServiceResponse::new(request, response.set_body(BoxBody::new(bytes))), items)
        }
        Err(body) => (ServiceResponse::new(request, response.set_body(body)), None),
    }
}
