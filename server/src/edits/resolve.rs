//! Settling a conflict: an ordinary change by the person, which says why.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use sync_core::change::Grounds;
use sync_core::conflict::{NotSettled, conflicts, settle};
use sync_core::document::Document;
use sync_core::form::EditError;
use sync_core::id::{DocumentId, Id};
use sync_core::record::Kind;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::Role;
use crate::audit::{self, ObjectKind};
use crate::clock::Clock;
use crate::desk::{EditRefused, Member, edit};
use crate::problem::{FieldError, Fields, Problem, kind};
use crate::projection;
use crate::records::conflicts::SETTLED_HERE;
use crate::scope::{Permit, Scope, Seen};
use crate::store::{Conn, Failure, Refusal, Store};

/// What holds, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolutionBody {
    /// The record.
    record: Uuid,
    /// The field; for an entry `attendance/<participant>`.
    #[schema(example = "minutes")]
    field: String,
    /// One of the values, or another that the field may have; empty takes the value back.
    #[schema(example = "90")]
    value: String,
    /// Why, in one line of at most 300 characters. Everybody who reads the record's history sees it.
    #[schema(example = "The attendance register says so.")]
    reason: String,
    /// The `id` of the conflict as it was read. With it nothing is settled if another value has arrived since.
    conflict: Option<Uuid>,
}

#[derive(Debug, Clone)]
struct Resolution {
    record: DocumentId,
    field: String,
    value: String,
    grounds: Grounds,
    seen: Option<Uuid>,
}

impl ResolutionBody {
    fn checked(self) -> Result<Resolution, Problem> {
        let mut fields = Fields::default();
        let grounds = fields.parse("reason", Some(&self.reason));
        fields.done()?;
        Ok(Resolution {
            record: DocumentId::from(self.record),
            field: self.field,
            value: self.value,
            grounds: grounds.ok_or_else(Problem::internal)?,
            seen: self.conflict,
        })
    }
}

/// Why a conflict was not settled.
#[derive(Debug, thiserror::Error)]
enum ResolveRefused {
    #[error("there is no such record")]
    NoSuchRecord,
    #[error("nobody disagrees about the field now")]
    Settled,
    #[error("another value has arrived")]
    Changed,
    #[error("only a manager settles whether a group is void")]
    NotAManager,
    #[error(transparent)]
    Value(Box<EditError>),
    #[error(transparent)]
    Edit(#[from] EditRefused),
}

impl Refusal for ResolveRefused {}

impl From<NotSettled> for ResolveRefused {
    fn from(why: NotSettled) -> Self {
        match why {
            NotSettled::Agreed(_) => Self::Settled,
            NotSettled::Edit(error) => Self::Value(Box::new(error)),
        }
    }
}

impl From<ResolveRefused> for Problem {
    fn from(refused: ResolveRefused) -> Self {
        match refused {
            ResolveRefused::NoSuchRecord => {
                Self::of(kind::NO_SUCH_RECORD, "No record of a group that you may see has this id.")
            }
            ResolveRefused::Settled => {
                let detail = "Nobody disagrees about this field now: it has no conflict, or somebody settled it \
                              meanwhile. Read the record again.";
                Self::of(kind::CONFLICT_SETTLED, detail)
            }
            ResolveRefused::Changed => {
                let detail = "The values are not those that you saw: another one has arrived. Read them again, \
                              then settle.";
                Self::of(kind::CONFLICT_CHANGED, detail)
            }
            ResolveRefused::NotAManager => {
                let detail = "Only a manager settles whether a group is void.";
                Self::of(kind::ROLE_NOT_ALLOWED, detail)
            }
            ResolveRefused::Edit(refused) => refused.into(),
            ResolveRefused::Value(error) => {
                Self::fields(vec![FieldError { field: "value".to_owned(), detail: error.to_string() }])
            }
        }
    }
}

/// Settle a conflict
///
/// A supervisor or manager says what holds, and why. It is an ordinary change by that person: tablets get it at their
/// next sync and show the field as settled; the history keeps every value.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "Settled"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict-settled`: there is none, or none any more; `conflict-changed`: another value has arrived", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/conflicts/resolve")]
pub(crate) async fn resolve_conflict(
    permit: Permit,
    body: web::Json<ResolutionBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let scope = permit.scope()?;
    let resolution = body.into_inner().checked()?;
    let member = Member::of(permit, clock.now());
    audit::concerns(ObjectKind::Record, resolution.record.uuid(), None);
    store.write("resolve conflict", move |tx| resolve(tx, scope, &resolution, member)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn resolve(
    tx: &mut Conn<'_>,
    scope: Scope,
    resolution: &Resolution,
    member: Member,
) -> Result<(), Failure<ResolveRefused>> {
    let Resolution { record, field, value, grounds, seen } = resolution;
    let settled = |seen: &Seen| SETTLED_HERE.contains(&seen.place.kind);
    let found = scope.record(tx, *record)?.filter(settled).ok_or(ResolveRefused::NoSuchRecord)?;
    if found.place.kind == Kind::Group && field == "void" && member.role != Role::Manager {
        return Err(ResolveRefused::NotAManager.into());
    }
    edit(tx, found, member, |document, actor| {
        if seen.is_some_and(|seen| !still_as_seen(document, *record, field, seen)) {
            return Err(ResolveRefused::Changed);
        }
        Ok(Some(settle(document, actor, member.now, (field, value), grounds)?))
    })
}

/// Whether the conflict has the values that somebody saw. One that is gone is not changed but settled.
fn still_as_seen(document: &Document, record: DocumentId, field: &str, seen: Uuid) -> bool {
    let now = conflicts(document).into_iter().find(|conflict| conflict.field == field);
    now.is_none_or(|conflict| projection::id_of(record, &conflict) == seen)
}
