//! Confirming that somebody is erased.

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use sync_core::id::{DocumentId, GroupId, Id, ParticipantId, SessionId};
use sync_core::record::{Kind, Participant, Place};
use sync_core::value::Pseudonym;
use utoipa::ToSchema;
use uuid::Uuid;

use super::again::record_again;
use super::find::{Found, find};
use crate::clock::Clock;
use crate::desk::{EditRefused, Member};
use crate::ledger::{self, Erasure, erase};
use crate::problem::{FieldError, Fields, Problem};
use crate::scope::{Permit, Scope, no_such};
use crate::store::{Conn, Failure, Refusal, Store, StoreError, as_worker};

/// Who is to be erased.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasureBody {
    /// The participant's code, typed again: it can't be taken back.
    #[schema(example = "P07")]
    code: String,
}

/// What was erased.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Erased {
    /// The participants: somebody may have several codes in a group.
    participants: Vec<Uuid>,
    /// How many records were erased, with referrals, screenings and sessions.
    records: usize,
    /// The sessions that named a code, each with the record in which it stands now without it.
    sessions: Vec<RecordedAgain>,
    /// Records that name a code in the grounds of a change, or as one that was split off: they are as they were.
    left: Vec<Uuid>,
}

/// A session that was recorded again.
#[derive(Debug, Serialize, ToSchema)]
struct RecordedAgain {
    #[schema(value_type = Uuid)]
    session_id: SessionId,
    #[schema(value_type = Uuid)]
    recorded_again: SessionId,
}

/// Why nobody is erased.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("there is no such participant")]
    NoSuchParticipant,
    #[error("the code is another one")]
    OtherCode,
    #[error(transparent)]
    Edit(#[from] EditRefused),
}

impl Refusal for Refused {}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoSuchParticipant => no_such(Kind::Participant),
            Refused::OtherCode => {
                let detail = "is not the code of this participant: look again whom you mean".to_owned();
                Self::fields(vec![FieldError { field: "code".to_owned(), detail }])
            }
            Refused::Edit(refused) => refused.into(),
        }
    }
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
    let erased =
        store.write("erase", move |tx| as_worker(tx, |tx| carry_out(tx, id, &found, member))).await?;
    store.forget_what_was_overwritten().await;
    Ok(web::Json(erased))
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

fn carry_out(
    tx: &mut Conn<'_>,
    id: ParticipantId,
    before: &Found,
    member: Member,
) -> Result<Erased, Failure<Refused>> {
    let stream = before.stream;
    let stands = ledger::stream(tx, stream)?.is_some_and(|row| row.last_seq == before.as_of);
    let found = if stands { before.clone() } else { find(tx, stream, id)? };
    let again = record_again(tx, &found, member)?;
    let sessions =
        found.naming.keys().map(|id| Place { stream, document: (*id).into(), kind: Kind::Session });
    let gone: Vec<Erasure> = found
        .about
        .iter()
        .copied()
        .chain(sessions)
        .map(|place| Erasure { place, at: member.now, by: Some(member.user) })
        .collect();
    let records = erase(tx, &gone, member.now)?;
    let participants = found.about.iter().filter(|place| place.kind == Kind::Participant);
    let uuid = |id: DocumentId| id.uuid();
    Ok(Erased {
        participants: participants.map(|place| uuid(place.document)).collect(),
        records,
        sessions: again
            .into_iter()
            .map(|(session_id, recorded_again)| RecordedAgain { session_id, recorded_again })
            .collect(),
        left: found.left.into_iter().map(uuid).collect(),
    })
}
