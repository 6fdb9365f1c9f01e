//! Confirming that somebody is erased.

use actix_web::{post, web};
use serde::Deserialize;
use sync_core::id::{GroupId, Id, ParticipantId};
use sync_core::record::{Kind, Level, Participant};
use sync_core::value::Pseudonym;
use utoipa::ToSchema;
use uuid::Uuid;

use super::carrying_out::{Erased, Refused, carry_out};
use super::find::{Found, find};
use crate::clock::Clock;
use crate::desk::Member;
use crate::ledger;
use crate::problem::{Fields, Problem};
use crate::scope::{Permit, Scope};
use crate::store::{Conn, Failure, Store, StoreError, as_worker};

/// Who is to be erased.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasureBody {
    /// The participant's code, typed again: it can't be taken back.
    #[schema(example = "P07")]
    code: String,
}

/// Erase a participant
///
/// A manager confirms that somebody is erased who asked for it (Law 058/2021, article 23). **It can't be taken back.** What is recorded of the
/// person, under all codes that they have in the group, goes: here at once, on tablets with their next sync, from backups as they age. Their
/// marks stay in the sessions and count nowhere. A session that names a code is recorded again without it. What a tablet records of them that had
/// not heard is quarantined.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The participant")),
    responses(
        (status = 200, description = "What was erased", body = Erased),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-participant`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/participants/{id}/erasure")]
pub(crate) async fn erase_participant(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<ErasureBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Erased>, Problem> {
    let mut fields = Fields::default();
    let code: Option<Pseudonym> = fields.parse("code", Some(&body.code));
    fields.done()?;
    let code = code.ok_or_else(Problem::internal)?;
    let (id, scope) = (ParticipantId::from(*id), permit.scope()?);
    let member = Member::of(permit, clock.now());
    // All records of the group are looked through before anything is locked, and again only if one of them changed meanwhile.
    let found = store.read("look for somebody", move |tx| look(tx, id, &code, scope)).await?;
    let (group, sensitive) = (GroupId::from_uuid(found.stream.uuid()), scope.groups_of(Level::Sensitive));
    let knows = store.read("who may know of it", move |tx| sensitive.hold(tx, group)).await?;
    let erased =
        store.write("erase", move |tx| as_worker(tx, |tx| carry_out(tx, id, &found, member))).await?;
    store.forget_what_was_overwritten().await;
    Ok(web::Json(if knows { erased } else { erased.without_sensitive() }))
}

fn look(
    tx: &mut Conn<'_>,
    id: ParticipantId,
    code: &Pseudonym,
    scope: Scope,
) -> Result<Found, Failure<Refused>> {
    let stored = ledger::load(tx, id.into())?.filter(|stored| stored.kind == Kind::Participant);
    let stored = stored.ok_or(Refused::NoSuchParticipant)?;
    // Also of somebody who asked already, and is shown nowhere else.
    if !scope.holds(tx, GroupId::from_uuid(stored.stream.uuid()))? {
        return Err(Refused::NoSuchParticipant.into());
    }
    let document = stored.open()?;
    if document.is_erased() {
        return Err(Refused::NoSuchParticipant.into());
    }
    let record: Participant = document.read().map_err(|_| StoreError::Damaged("a record"))?;
    if record.code != *code {
        return Err(Refused::OtherCode.into());
    }
    // As the service: what is erased with them reaches further than a manager sees.
    Ok(as_worker(tx, |tx| find(tx, stored.stream, id))?)
}
