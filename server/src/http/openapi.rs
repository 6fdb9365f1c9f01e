//! The OpenAPI document: what it says about the whole; the rest comes from the handlers.

mod answers;
mod questions;
mod unused;
mod words;

use std::sync::LazyLock;

use actix_web::http::header::ContentType;
use actix_web::{App, HttpResponse, web};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::tag::Tag;
use utoipa::openapi::{Components, Info, License, OpenApiBuilder};
use utoipa_actix_web::AppExt;

use super::configure_v1;
use crate::problem::Problem;

const ABOUT: &str = "\
Reconciles what facilitators of healing spaces and dialogue circles record on tablets, offline, and answers \
questions of the whole.

Sign in at `POST /v1/login` and send the access token as `Authorization: Bearer …`. Times are RFC 3339 in UTC. \
Lists come in pages: give the `next` of a page as `after` to get the one that follows. What goes wrong is \
`application/problem+json` (RFC 9457) with a stable `type`.";

/// The document as the code describes it now. `ihuriro openapi` prints it; a test holds `api-spec` to it.
pub fn openapi() -> web::Data<OpenApi> {
    API.clone()
}

/// Made once, for all workers.
static API: LazyLock<web::Data<OpenApi>> = LazyLock::new(|| {
    let (_, api) = App::new().into_utoipa_app().openapi(about()).configure(configure_v1).split_for_parts();
    web::Data::new(complete(api))
});

static TEXT: LazyLock<web::Bytes> =
    LazyLock::new(|| serde_json::to_vec(API.get_ref()).unwrap_or_default().into());

/// Adds what the handlers don't say.
fn complete(mut api: OpenApi) -> OpenApi {
    questions::complete(&mut api);
    answers::complete(&mut api);
    words::complete(&mut api);
    unused::leave_out(&mut api);
    api
}

/// The document, for programs.
pub(super) async fn document() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(TEXT.clone())
}

fn about() -> OpenApi {
    let mut license = License::new("Apache-2.0 OR MIT");
    license.identifier = Some("Apache-2.0 OR MIT".to_owned());
    let mut info = Info::new("Ihuriro", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    info.license = Some(license);

    let mut components = Components::new();
    let bearer = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.schemas.insert("Problem".to_owned(), <Problem as utoipa::PartialSchema>::schema());

    let here = ServerBuilder::new().url("/").description(Some("The service that gives this document."));
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([here.build()]))
        .components(Some(components))
        .tags(Some([
            tag("Access", "Who calls, and what they may do."),
            tag("Tablets", "How tablets become known."),
            tag("Import", "Beginning with the spreadsheets of before."),
            tag("Questions", "What people ask, by name: each answer is a table that says of when it is and proves its sums."),
        ]))
        .build()
}

fn tag(name: &str, description: &str) -> Tag {
    let mut tag = Tag::new(name);
    tag.description = Some(description.to_owned());
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_openapi_3_1_and_every_reference_leads_somewhere() {
        let document = serde_json::to_value(openapi().get_ref()).expect("JSON");
        assert_eq!(document["openapi"], "3.1.0");
        let text = document.to_string();
        for reference in text.split("\"#/").skip(1) {
            let path = reference.split('"').next().unwrap_or_default();
            assert!(document.pointer(&format!("/{path}")).is_some(), "{path} leads nowhere");
        }
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document = serde_json::to_value(openapi().get_ref()).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        let mut names: Vec<_> = paths
            .values()
            .flat_map(|path| path.as_object().expect("operations").values())
            .map(|operation| operation["operationId"].as_str().expect("a name"))
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!((names.len(), all > 8), (all, true));
    }
}
