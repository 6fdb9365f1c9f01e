//! What went wrong, as HTTP says it: RFC 9457 `application/problem+json`. The only place that knows status codes
//! of errors, in one table of [`kind`]s; a room says `impl From<ItsRefusal> for Problem` beside the refusal.
//!
//! The `type` is stable and meant for programs; `title` and `detail` are for people. None of them ever holds a
//! personal datum.

mod extract;
mod fields;
mod look_again;
pub mod kind;

pub use extract::{JSON_LIMIT, body_too_large, extractors, has_operation, no_such_route, unreadable_body};
pub(crate) use fields::Fields;
pub use kind::Kind;
pub(crate) use look_again::{look_again, look_at};

use std::fmt;
use std::ops::Deref;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::request_id::RequestId;
use crate::store::{Failure, StoreError};

/// Why a request was not done (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    #[serde(flatten, serialize_with = "as_members")]
    #[schema(inline, value_type = Members)]
    kind: Box<Kind>,
    /// What happened this time, and what to do about it.
    detail: String,
    /// The id of the request, as the service's log knows it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_urn")]
    #[schema(value_type = Option<String>, example = "urn:uuid:019aac2c-8f4e-7a51-b4a0-3d8d6b5f0a11")]
    instance: Option<RequestId>,
    /// The fields that were refused, all of them at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    #[serde(flatten)]
    #[schema(ignore)]
    more: Option<Box<Map<String, Value>>>,
    #[serde(skip)]
    #[schema(ignore)]
    headers: Option<Box<HeaderMap>>,
}

/// What a kind says of itself in every problem.
#[derive(Serialize, ToSchema)]
struct Members {
    /// Names the kind of problem for programs; stable. It opens a page for people.
    #[schema(format = "uri-reference", example = "/problems/login-refused")]
    r#type: String,
    /// What went wrong, in a few words; the same for every problem of this type.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 401)]
    status: u16,
}

/// One field of the request, and why it was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field's name as in the request.
    pub field: String,
    /// What it should be.
    pub detail: String,
}

impl Problem {
    /// A problem of this kind: what happened this time, and what to do about it.
    pub fn of(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind: Box::new(kind),
            detail: detail.into(),
            instance: RequestId::current(),
            errors: Vec::new(),
            more: None,
            headers: None,
        }
    }

    /// Fields that were refused, each by its name.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let names: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        let detail = format!("Please correct {}.", names.join(", "));
        Self::of_fields(kind::INVALID_FIELDS, detail, errors)
    }

    /// A problem of this kind that lies in some fields.
    pub fn of_fields(kind: Kind, detail: impl Into<String>, errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::of(kind, detail) }
    }

    /// Try again a little later.
    pub fn unavailable() -> Self {
        let detail =
            "The service can't reach its store, or is very busy. Nothing was changed; try again in a moment.";
        Self::of(kind::UNAVAILABLE, detail).header(header::RETRY_AFTER, HeaderValue::from_static("5"))
    }

    /// Too much is going on at once. Nothing is wrong with the request.
    pub fn busy() -> Self {
        let detail =
            "The service has too much to do at this moment. Nothing was changed; try again in a moment.";
        Self::of(kind::BUSY, detail).header(header::RETRY_AFTER, HeaderValue::from_static("5"))
    }

    /// A newer version of this program brought the database up to date.
    pub fn outdated() -> Self {
        let detail = "A newer version of the program must run on its database in the place of this one. Nothing was changed; \
                      tell your administrator, and try again later.";
        Self::of(kind::PROGRAM_OUTDATED, detail).header(header::RETRY_AFTER, HeaderValue::from_static("60"))
    }

    /// There is no room to keep anything more. Tablets and people try again when somebody has made some.
    pub fn full() -> Self {
        let detail = "There is no room left to keep this. Nothing was changed; tell your administrator, and try again later.";
        Self::of(kind::STORAGE_FULL, detail).header(header::RETRY_AFTER, HeaderValue::from_static("300"))
    }

    /// The same request, by its `Idempotency-Key`, is being answered.
    pub fn request_running() -> Self {
        let detail =
            "A request with this Idempotency-Key is being answered now. Wait a moment, then send it again.";
        Self::of(kind::REQUEST_RUNNING, detail).header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// Our own fault. What it was stands in the log, under the request's id.
    pub fn internal() -> Self {
        let detail = "Something went wrong in the service. Its log knows this request by the id given here.";
        Self::of(kind::INTERNAL, detail)
    }

    /// Adds a member of its own to the problem.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.get_or_insert_default().insert(name.to_owned(), value.into());
        self
    }

    /// Adds a header to the answer.
    pub fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.get_or_insert_default().insert(name, value);
        self
    }

    /// What happened this time, and what to do about it.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The fields that were refused.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The last part of the `type`.
    pub fn slug(&self) -> &'static str {
        self.kind.slug
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.title, self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.kind.status);
        response.content_type("application/problem+json");
        if self.kind.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        for (name, value) in self.headers.iter().flat_map(|headers| headers.iter()) {
            response.insert_header((name, value));
        }
        response.body(serde_json::to_string(self).unwrap_or_default())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Away(_) | StoreError::Busy(_) | StoreError::Raced | StoreError::Stale => {
                tracing::warn!(%error, "the store did not answer");
                Self::unavailable()
            }
            StoreError::Twice => Self::request_running(),
            StoreError::Newer { .. } => {
                tracing::error!(%error, "the program is out of date");
                Self::outdated()
            }
            StoreError::Full(_) => {
                tracing::error!(%error, "the store has no room");
                Self::full()
            }
            _ => {
                tracing::error!(%error, "the store failed");
                Self::internal()
            }
        }
    }
}

impl<R: Into<Self>> From<Failure<R>> for Problem {
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Store(error) => error.into(),
        }
    }
}

/// The type is resolved against the service's address, so that it leads to a page where the problem happened.
fn as_members<S: serde::Serializer>(
    kind: &impl Deref<Target = Kind>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let Kind { slug, status, title, .. } = **kind;
    Members { r#type: format!("/problems/{slug}"), title, status: status.as_u16() }.serialize(serializer)
}

fn as_urn<S: serde::Serializer>(id: &Option<RequestId>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.collect_str(&format_args!("urn:uuid:{id}")),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::to_bytes;
    use serde_json::json;

    fn header_of<'a>(response: &'a HttpResponse, name: &str) -> &'a str {
        response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[actix_web::test]
    async fn a_problem_has_the_shape_of_rfc_9457() {
        let errors = vec![FieldError { field: "login".into(), detail: "is empty".into() }];
        let response = Problem::fields(errors).with("waiting", 3).error_response();
        assert_eq!(response.status(), 422);
        assert_eq!(header_of(&response, "content-type"), "application/problem+json");
        let body = to_bytes(response.into_body()).await.expect("a body");
        assert_eq!(
            serde_json::from_slice::<Value>(&body).expect("JSON"),
            json!({
                "type": "/problems/invalid-fields",
                "title": "Some fields are not as they should be",
                "status": 422,
                "detail": "Please correct login.",
                "errors": [{ "field": "login", "detail": "is empty" }],
                "waiting": 3,
            })
        );
    }

    #[test]
    fn a_store_that_is_away_asks_to_come_back_and_a_broken_one_says_nothing() {
        let away = Problem::from(StoreError::Away("password authentication failed".into())).error_response();
        assert_eq!((away.status().as_u16(), header_of(&away, "retry-after")), (503, "5"));
        let broken = Problem::from(StoreError::Damaged("the token key"));
        assert_eq!(broken.slug(), "internal");
        assert!(!broken.to_string().contains("key"));
    }
}
