//! Drawing a framework up, and putting it in force.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, post, web};
use serde::Deserialize;
use sync_core::id::OrganisationId;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use uuid::Uuid;

use super::form::filled::filled;
use super::indicator::{Content, Fit};
use super::kept::{self, Framework, Kept};
use super::read::{FrameworkItem, no_such};
use crate::audit::{self, ObjectKind};
use crate::clock::Clock;
use crate::intake::XLSX;
use crate::problem::{FieldError, Fields, Problem, kind, unreadable_body};
use crate::scope::Permit;
use crate::store::{Conn, Failure, Refusal, Store};

/// A framework to draw up.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FrameworkBody {
    /// Of 2 to 32 letters, digits or `-`; the same code is the same framework.
    #[schema(example = "rpp")]
    pub(super) code: String,
    pub(super) title: String,
    pub(super) indicators: Vec<super::indicator::Indicator>,
}

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("another has this code")]
    Taken,
    #[error("there are too many frameworks")]
    Full,
    #[error("there is no such framework")]
    Unknown,
    #[error("what is mapped does not fit")]
    Mapped(Vec<FieldError>),
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Taken => Self::of(
                kind::CODE_TAKEN,
                "Another organisation, or the partnership, has a framework of this code. Choose another code.",
            ),
            Refused::Full => Self::of(
                kind::FRAMEWORKS_FULL,
                "You keep 20 versions of frameworks already. Go on with a draft that there is.",
            ),
            Refused::Unknown => no_such(),
            Refused::Mapped(wrong) => Self::fields(wrong),
        }
    }
}

impl Refusal for Refused {}

/// Draw up a framework
///
/// The secretariat draws up the common one, a manager that of their organisation. A draft is replaced by what is sent next under its code; one that is in force never changes:
/// the next version begins as a draft.
#[utoipa::path(
    tag = "Frameworks",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "Drawn up", body = FrameworkItem),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`code-taken`, `frameworks-full`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/frameworks")]
pub(crate) async fn draw_up_framework(
    permit: Permit,
    body: web::Json<FrameworkBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    draw_up(permit, body.into_inner(), &store, &clock).await
}

/// So many workbooks are read at once; others wait.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Draw up a framework from a form
///
/// The workbook that `GET /v1/frameworks/form` gives, as somebody filled it, of at most 256 KiB: the same as `POST /v1/frameworks` with what stands in it.
#[utoipa::path(
    tag = "Frameworks",
    security(("bearer" = [])),
    request_body(content = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    responses(
        (status = 201, description = "Drawn up", body = FrameworkItem),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`code-taken`, `frameworks-full`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`not-a-workbook`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`unreadable-sheet`; `invalid-fields`, by line and column", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/frameworks/form")]
pub(crate) async fn draw_up_from_form(
    permit: Permit,
    request: HttpRequest,
    body: web::Payload,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    if !request.content_type().eq_ignore_ascii_case(XLSX) {
        return Err(Problem::of(
            kind::NOT_A_WORKBOOK,
            "Send the form that GET /v1/frameworks/form gives, as XLSX.",
        ));
    }
    permit.organisations()?;
    // `http::body` has read it already, within its limit.
    let bytes = body.to_bytes().await.map_err(|_| unreadable_body())?;
    let _turn = TURNS.acquire().await.map_err(|_| Problem::internal())?;
    let read = web::block(move || filled(bytes.to_vec())).await;
    draw_up(permit, read.map_err(|_| Problem::internal())??, &store, &clock).await
}

async fn draw_up(
    permit: Permit,
    body: FrameworkBody,
    store: &Store,
    clock: &Clock,
) -> Result<HttpResponse, Problem> {
    let FrameworkBody { code, title, indicators } = body;
    let owner = permit.organisations()?;
    let mut fields = Fields::default();
    let code = fields.code(&code);
    let content = Content { title: title.trim().to_owned(), indicators };
    content.check(&mut fields, owner.is_none());
    fields.done()?;
    let (now, user) = (clock.now(), permit.user());
    let kept = store.write("draw up a framework", move |tx| {
        let next = next(tx, owner, &code)?;
        let (id, version) = (next.id(), next.version());
        audit::concerns(ObjectKind::Framework, id, None);
        mapped(tx, &content)?;
        let (code, content) = (code.clone(), content.clone());
        let draft = Framework {
            id,
            organisation: owner,
            partner: None,
            code,
            version,
            content,
            drawn_up_at: now,
            in_force_since: None,
            withdrawn_at: None,
        };
        match next {
            Next::Begins(..) => kept::begin(tx, &draft, user)?,
            Next::Goes(..) => kept::replace(tx, &draft, user)?,
        }
        Ok(kept::find(tx, id)?)
    });
    let kept: Option<Framework> = kept.await.map_err(|failure: Failure<Refused>| Problem::from(failure))?;
    let item = FrameworkItem::from(kept.ok_or_else(Problem::internal)?);
    Ok(HttpResponse::Created().json(item))
}

/// The version that is drawn up: its id and number.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// There is no draft.
    Begins(Uuid, i32),
    /// The draft that there is.
    Goes(Uuid, i32),
}

impl Next {
    fn id(self) -> Uuid {
        let (Self::Begins(id, _) | Self::Goes(id, _)) = self;
        id
    }

    fn version(self) -> i32 {
        let (Self::Begins(_, version) | Self::Goes(_, version)) = self;
        version
    }
}

fn next(tx: &mut Conn<'_>, owner: Option<OrganisationId>, code: &str) -> Result<Next, Failure<Refused>> {
    match kept::latest(tx, code)? {
        Some(latest) if latest.organisation != owner => Err(Refused::Taken.into()),
        Some(latest) if latest.is_draft() => Ok(Next::Goes(latest.id, latest.version)),
        latest => {
            if kept::versions_of(tx, owner)? >= kept::MOST {
                return Err(Refused::Full.into());
            }
            Ok(Next::Begins(Uuid::now_v7(), latest.map_or(1, |latest| latest.version + 1)))
        }
    }
}

/// That what is mapped onto is there, and is told in the same unit where both count the same.
fn mapped(tx: &mut Conn<'_>, content: &Content) -> Result<(), Failure<Refused>> {
    let common = kept::in_force(tx, Kept::Common)?;
    let mut wrong = Vec::new();
    for (at, one) in content.indicators.iter().enumerate() {
        for (number, map) in one.maps.iter().enumerate() {
            let onto = common.iter().find(|framework| framework.code == map.framework);
            let field = format!("indicators.{at}.maps.{number}");
            let detail = match onto.and_then(|framework| framework.content.indicator(&map.indicator)) {
                None => "names an indicator of a common framework in force: GET /v1/frameworks lists them"
                    .to_owned(),
                Some(onto) if map.fit == Fit::Same && !one.counts_as(onto) => {
                    "is not the same: the two count something else, or in another unit; say part_of or sum_of, and what is lost"
                        .to_owned()
                }
                Some(onto) if onto.unit != one.unit => {
                    format!("can't be told beside it: the common one is told in {}", onto.unit)
                }
                Some(_) => continue,
            };
            wrong.push(FieldError { field, detail });
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Refused::Mapped(wrong).into()) }
}

/// A version of this keeper's.
fn own(tx: &mut Conn<'_>, owner: Option<OrganisationId>, id: Uuid) -> Result<Framework, Failure<Refused>> {
    Ok(kept::find(tx, id)?.filter(|one| one.organisation == owner).ok_or(Refused::Unknown)?)
}

/// Put a framework in force
///
/// From now on this version never changes, targets can be set for it, and results are told by it. One that was withdrawn is in force again.
#[utoipa::path(
    tag = "Frameworks",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The version")),
    responses(
        (status = 200, description = "In force, also where it was already", body = FrameworkItem),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-framework`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`: what a draft is mapped onto is in force no longer", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/frameworks/{id}/in-force")]
pub(crate) async fn put_framework_in_force(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<FrameworkItem>, Problem> {
    let (owner, now, user, id) = (permit.organisations()?, clock.now(), permit.user(), *id);
    let kept = store.write("put a framework in force", move |tx| {
        let draft = own(tx, owner, id)?;
        if !draft.is_in_force() {
            mapped(tx, &draft.content)?;
            kept::put_in_force(tx, id, now, user)?;
        }
        Ok(kept::find(tx, id)?)
    });
    let kept: Option<Framework> = kept.await.map_err(|failure: Failure<Refused>| Problem::from(failure))?;
    Ok(web::Json(kept.ok_or_else(Problem::internal)?.into()))
}

/// Withdraw a framework
///
/// A version that was put in force by mistake: no results are told by it, and its targets are told no more. The version before it is in
/// force again, where there is one. It stays readable, and can be put in force again. A draft is gone, and the next one takes its number.
#[utoipa::path(
    tag = "Frameworks",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The version")),
    responses(
        (status = 200, description = "Withdrawn, also where it was already", body = FrameworkItem),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-framework`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/frameworks/{id}/withdraw")]
pub(crate) async fn withdraw_framework(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<FrameworkItem>, Problem> {
    let (owner, now, user, id) = (permit.organisations()?, clock.now(), permit.user(), *id);
    let kept = store.write("withdraw a framework", move |tx| {
        let framework = own(tx, owner, id)?;
        if framework.is_draft() {
            kept::give_up(tx, id)?;
            return Ok(Some(Framework { withdrawn_at: Some(now), ..framework }));
        }
        kept::withdraw(tx, id, now, user)?;
        Ok(kept::find(tx, id)?)
    });
    let kept: Option<Framework> = kept.await.map_err(|failure: Failure<Refused>| Problem::from(failure))?;
    Ok(web::Json(kept.ok_or_else(Problem::internal)?.into()))
}
