//! What a browser is told with every answer: that nothing here is for another site, and what a page may do. No answer allows another origin to
//! read it (there is no CORS).

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;

/// An answer for a program: nothing in it is to be shown or run.
const OF_ANSWERS: &str = "default-src 'none'; frame-ancestors 'none'";
/// The page to try the API at brings scripts and styles of its own.
const OF_DOCS: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";
/// Two years, as browsers want it of those that are always reached by TLS (RFC 6797).
const BY_TLS_ALONE: &str = "max-age=63072000";

/// On every answer that does not say otherwise itself.
const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Middleware, around all that may answer.
pub(super) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let policy = if request.path().starts_with("/docs/") { OF_DOCS } else { OF_ANSWERS };
    let by_tls = request.app_config().secure();
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    let mut say = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    for (name, value) in ALWAYS {
        say(name, value);
    }
    say(header::CONTENT_SECURITY_POLICY, policy);
    if by_tls {
        say(header::STRICT_TRANSPORT_SECURITY, BY_TLS_ALONE);
    }
    Ok(response)
}
