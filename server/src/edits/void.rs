//! Making a record void that was recorded by mistake, and taking that back.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use sync_core::form::Edit;
use sync_core::id::DocumentId;
use sync_core::record::{Adoption, Group, Incident, Kind, Participant, Referral, Screening, Session};
use utoipa::ToSchema;
use uuid::Uuid;

use super::right::{Act, Refused, amend};
use crate::access::Role;
use crate::clock::Clock;
use crate::problem::{Fields, Problem, kind};
use crate::scope::Permit;
use crate::store::{Conn, Failure, Store, StoreError};

/// Whether a record is void, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoidBody {
    /// `false` takes it back.
    void: bool,
    /// Why, in one line of at most 300 characters. Everybody who reads the record sees it.
    #[schema(example = "Recorded under the wrong group.", min_length = 1, max_length = 300)]
    reason: String,
}

/// Make a record void
///
/// A supervisor or manager says that a session, participant, referral, incident or screening was recorded by mistake, or takes
/// that back; of a group only a manager. Nothing is deleted: a void record counts nowhere, of a group nothing that belongs to
/// it, and stays readable. That day's next session is a record of its own.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The record")),
    responses(
        (status = 204, description = "Void, or taken back"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-void`; `not-void`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/records/{id}/void")]
pub(crate) async fn void_record(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<VoidBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let act = Act::checked(permit, &clock, &body.reason, Fields::default())?;
    let (id, on) = (DocumentId::from(*id), body.void);
    store.write("void", move |tx| void(tx, id, on, &act)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn void(tx: &mut Conn<'_>, id: DocumentId, on: bool, act: &Act) -> Result<(), Failure<Refused>> {
    let seen = act.scope.record(tx, id)?.ok_or(Refused::NoSuchRecord)?;
    if seen.place.kind == Kind::Group && act.member.role != Role::Manager {
        return Err(Refused::NotAManager.into());
    }
    let record = seen.document.record().map_err(|_| StoreError::Damaged("a record"))?;
    let is = record.void().is_some();
    match (on, is) {
        (true, true) => return Err(already().into()),
        (false, false) => return Err(not_void().into()),
        _ => {}
    }
    macro_rules! set {
        ($($kind:ident)*) => {
            match seen.place.kind {
                $(Kind::$kind => amend(tx, seen, act, |edit: &mut Edit<'_, $kind>| {
                    if on { edit.void().set(act.grounds.clone()) } else { edit.void().clear() }
                }),)*
                Kind::Lesson | Kind::SharedLesson | Kind::Service => Err(Refused::NoSuchRecord.into()),
            }
        };
    }
    set!(Group Participant Session Referral Incident Screening Adoption)
}

fn already() -> Refused {
    Refused::Otherwise(kind::ALREADY_VOID, "Somebody made it void already. Read it again.")
}

fn not_void() -> Refused {
    Refused::Otherwise(
        kind::NOT_VOID,
        "It is not void now: somebody took that back, or two people disagree, and then it counts until that is settled.",
    )
}
