//! Every answer of every operation. A handler says what only it can answer, with the slugs of the problems in backticks;
//! what follows from the kind of operation (who may call, a body, a key, a store that may be away) is added here, so that
//! no handler can forget it. What a problem means comes from the table of [`kind`]s.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{
    Content, ContentBuilder, HttpMethod, OpenApi, PathItem, Ref, RefOr, Required, Response, ResponseBuilder,
};

use crate::http::idempotency;
use crate::problem::{Kind, kind};
use crate::scope::{VIEW_AS, may_be_looked_at_as};

const KEY: &str = "IdempotencyKey";
const VIEW_AS_PARAMETER: &str = "ViewAs";
/// What `POST /v1/sync` takes is not JSON, and has problems of its own.
const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// Completes all operations.
pub(super) fn complete(api: &mut OpenApi) {
    let mut shared = BTreeMap::new();
    for (path, item) in &mut api.paths.paths {
        for (method, operation) in operations(item) {
            if method == HttpMethod::Get && may_be_looked_at_as("GET", path) {
                refer_to(operation, VIEW_AS_PARAMETER);
            }
            complete_one(&method, operation, &mut shared);
        }
    }
    let components = api.components.get_or_insert_default();
    components.responses.extend(shared.into_iter().map(|(name, answer)| (name, RefOr::T(answer))));
    components.parameters.insert(KEY.to_owned(), RefOr::T(key()));
    components.parameters.insert(VIEW_AS_PARAMETER.to_owned(), RefOr::T(view_as()));
}

pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn complete_one(method: &HttpMethod, operation: &mut Operation, shared: &mut BTreeMap<String, Response>) {
    let bearer = operation.security.get_or_insert_default().iter().any(|_| true);
    let keyed = bearer && matches!(method, HttpMethod::Post | HttpMethod::Patch);
    if keyed {
        refer_to(operation, KEY);
    }
    let common = common(operation, bearer, keyed);
    let mut all: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in said(operation).into_iter().chain(common.iter().copied()) {
        let of_status = all.entry(kind.status.as_u16()).or_default();
        if !of_status.contains(&kind) {
            of_status.push(kind);
        }
    }
    // A handler may say it in other words; whatever goes wrong is a problem all the same.
    for (status, answer) in &mut operation.responses.responses {
        if let (true, RefOr::T(answer)) = (status.as_str() >= "400", answer) {
            answer.content = [(PROBLEM.to_owned(), RefOr::T(problem()))].into();
        }
    }
    for (status, kinds) in all {
        let answer = answer(&kinds);
        let answer = if kinds.iter().all(|kind| common.contains(kind)) {
            let name = name(&kinds);
            let reference = Ref::new(format!("#/components/responses/{name}"));
            shared.insert(name, answer);
            RefOr::Ref(reference)
        } else {
            RefOr::T(answer)
        };
        operation.responses.responses.insert(status.to_string(), answer);
    }
}

fn refer_to(operation: &mut Operation, parameter: &str) {
    let parameter = RefOr::Ref(Ref::new(format!("#/components/parameters/{parameter}")));
    operation.parameters.get_or_insert_default().push(parameter);
}

fn refers_to(operation: &Operation, parameter: &str) -> bool {
    let of_ours =
        |one: &RefOr<Parameter>| matches!(one, RefOr::Ref(one) if one.ref_location.ends_with(parameter));
    operation.parameters.iter().flatten().any(of_ours)
}

/// The problems that a handler names itself.
fn said(operation: &Operation) -> Vec<Kind> {
    let failures = operation.responses.responses.iter().filter(|(status, _)| status.as_str() >= "400");
    let descriptions = failures.filter_map(|(_, answer)| match answer {
        RefOr::T(answer) => Some(answer.description.as_str()),
        RefOr::Ref(_) => None,
    });
    descriptions.flat_map(|text| text.split('`').skip(1).step_by(2)).filter_map(kind::find).collect()
}

/// The problems that follow from what kind of operation it is.
fn common(operation: &Operation, bearer: bool, keyed: bool) -> Vec<Kind> {
    let mut kinds = vec![
        kind::NO_SUCH_CODING,
        kind::UNEXPECTED_QUERY,
        kind::INTERNAL,
        kind::UNAVAILABLE,
        kind::BUSY,
        kind::PROGRAM_OUTDATED,
        // Who reads what is written down, too.
        kind::STORAGE_FULL,
    ];
    if bearer {
        kinds.extend([
            kind::TOKEN_MISSING,
            kind::TOKEN_EXPIRED,
            kind::TOKEN_REFUSED,
            kind::LOGIN_ENDED,
            kind::ACCOUNT_DISABLED,
        ]);
    }
    if refers_to(operation, VIEW_AS_PARAMETER) {
        kinds.push(kind::VIEW_AS_REFUSED);
    }
    let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(&parameter.parameter_in),
        RefOr::Ref(_) => None,
    });
    if parameters.clone().any(|place| *place == ParameterIn::Path) {
        kinds.push(kind::NO_SUCH_THING);
    }
    if parameters.clone().any(|place| *place == ParameterIn::Query) {
        kinds.push(kind::INVALID_FIELDS);
    }
    match &operation.request_body {
        Some(RefOr::T(body)) if body.content.contains_key(JSON) => {
            kinds.extend([
                kind::UNREADABLE_BODY,
                kind::BODY_TOO_SLOW,
                kind::BODY_TOO_LARGE,
                kind::NOT_JSON,
                kind::UNEXPECTED_BODY,
                kind::INVALID_FIELDS,
            ]);
        }
        Some(_) => kinds.push(kind::BODY_TOO_SLOW),
        None => {}
    }
    if keyed {
        kinds.extend([
            kind::BAD_IDEMPOTENCY_KEY,
            kind::IDEMPOTENCY_KEY_REUSED,
            kind::REQUEST_RUNNING,
            kind::ANSWER_LOST,
        ]);
    }
    kinds
}

fn answer(kinds: &[Kind]) -> Response {
    let lines: Vec<String> = kinds.iter().map(|kind| format!("`{}`: {}.", kind.slug, kind.title)).collect();
    let mut answer = ResponseBuilder::new().description(lines.join("\n")).content(PROBLEM, problem());
    let text = |about: &str| {
        let schema = ObjectBuilder::new().schema_type(Type::String).build();
        HeaderBuilder::new().schema(Some(schema)).description(Some(about)).build()
    };
    match kinds.first().map(|kind| kind.status.as_u16()) {
        Some(401) => answer = answer.header("WWW-Authenticate", text("`Bearer`")),
        Some(429 | 503 | 507) => {
            answer = answer.header("Retry-After", text("In how many seconds to try again."))
        }
        _ => {}
    }
    answer.build()
}

fn problem() -> Content {
    ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Problem")))).build()
}

/// `TokenMissing`, or several: `NotAcceptableOrOther`.
fn name(kinds: &[Kind]) -> String {
    let camel = |slug: &str| -> String {
        slug.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
    };
    kinds.iter().map(|kind| camel(kind.slug)).collect::<Vec<_>>().join("Or")
}

fn key() -> Parameter {
    let about = "A random name for this request (draft-ietf-httpapi-idempotency-key-header), best a new UUID. Sent again within a \
                 day with the same key, it is not done again, and gets the first answer.";
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(idempotency::PATTERN)).build();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}

fn view_as() -> Parameter {
    let about = "The id of a person as whom to look: the answer is what they would get, and never more than the caller sees. Managers look \
                 as supervisors and facilitators of their organisation, supervisors as facilitators of their teams. It is noted in the \
                 audit log.";
    let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
    let schema = ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build();
    ParameterBuilder::new()
        .name(VIEW_AS)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}
