//! Two people under one code: two tablets gave it at the same time.

use actix_web::{HttpResponse, post, web};
use diesel::prelude::*;
use serde::Deserialize;
use sync_core::document::Document;
use sync_core::history::step;
use sync_core::id::{DeviceId, Id, ParticipantId};
use sync_core::record::{Kind, Participant};
use sync_core::value::Pseudonym;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Clock;
use crate::desk::Original;
use crate::edits::right::{Act, Refused, amend, beside};
use crate::ledger;
use crate::on_each;
use crate::problem::{Fields, Problem, kind};
use crate::scope::Permit;
use crate::store::schema::participant_origins;
use crate::store::{Conn, Db, Failure, Store, StoreError};

/// Whom a tablet meant, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitBody {
    /// The tablet that gave the code to somebody else.
    #[schema(value_type = Uuid)]
    device: Uuid,
    /// The code of that person from now on, which nobody in the group has; `null` takes it back.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, example = "P21")]
    code: Option<String>,
    /// Why, in one line of at most 300 characters. Everybody who reads the participant's history sees it.
    #[schema(example = "Paul registered another woman that day.", min_length = 1, max_length = 300)]
    reason: String,
}

/// Tell two people under one code apart
///
/// A supervisor or manager says that one of the tablets which gave a code at the same time meant somebody else, or takes that
/// back, and why. That person gets a record of their own, under a new code. Nothing is rewritten: what the tablet marked under
/// the old code, and what it will mark until it hears of this, belongs to them.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "Told apart, or taken back"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`code-taken`; `not-split`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/participants/{id}/split")]
pub(crate) async fn split_participant(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<SplitBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::default();
    let code: Option<Pseudonym> = fields.parse("code", body.code.as_deref());
    let act = Act::checked(permit, &clock, &body.reason, fields)?;
    let (id, device) = (ParticipantId::from(*id), DeviceId::from_uuid(body.device));
    store.write("split participant", move |tx| split(tx, id, device, code.as_ref(), &act)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn split(
    tx: &mut Conn<'_>,
    id: ParticipantId,
    device: DeviceId,
    code: Option<&Pseudonym>,
    act: &Act,
) -> Result<(), Failure<Refused>> {
    let (seen, record) = act.open::<Participant>(tx, id)?;
    let Some(code) = code else {
        if !record.split.contains_key(&device) {
            return Err(Refused::Otherwise(
                kind::NOT_SPLIT,
                "Nobody says now that this tablet meant somebody else.",
            )
            .into());
        }
        return amend::<Participant>(tx, seen, act, |edit| edit.split().clear(&device));
    };
    if !seen.document.begun_by().contains(&device) {
        let detail = "is a tablet on which this code was given; GET /v1/participants/{id} names them";
        return Err(Refused::Field { field: "device", detail }.into());
    }
    let other = ParticipantId::of(record.group, code);
    let theirs = Original::at(tx, beside(seen.place, Kind::Participant, other))?;
    if let Some(there) = theirs.there()
        && (!gave(&seen.document, code) || is_another(tx, id, other, there)?)
    {
        return Err(Refused::Otherwise(
            kind::CODE_TAKEN,
            "Somebody in the group has or had this code. Choose one that was never used.",
        )
        .into());
    }
    amend::<Participant>(tx, theirs, act, |edit| {
        edit.group().set(record.group)?;
        edit.code().set(code.clone())
    })?;
    amend::<Participant>(tx, seen, act, |edit| edit.split().put(&device, code.clone()))
}

/// Whether telling this participant apart gave the code to somebody before, also where that was taken back. People whom nobody told apart
/// begin without a tablet, too: they are imported.
fn gave(document: &Document, code: &Pseudonym) -> bool {
    let (changes, code) = (document.changes(), code.to_string());
    let steps = changes.iter().filter_map(|change| step(document, &change.hash()));
    steps.flat_map(|step| step.fields).any(|one| one.field.starts_with("split/") && one.to.contains(&code))
}

/// Whether a code is or was somebody else's: it is never given again, also not where it is void. One that came of telling the
/// same participant apart before is that person's, though it was taken back.
fn is_another(
    tx: &mut Conn<'_>,
    id: ParticipantId,
    other: ParticipantId,
    there: &Document,
) -> Result<bool, StoreError> {
    // One that a tablet began is nobody's whom telling people apart began.
    let begun_by = ledger::authors(tx, &there.begun_by())?;
    if begun_by.values().any(|author| author.tablet.is_some()) {
        return Ok(true);
    }
    let elsewhere: i64 = on_each!(tx, |c| participant_origins::table
        .filter(participant_origins::split_to.eq(Db(other)))
        .filter(participant_origins::participant_id.ne(Db(id)))
        .count()
        .get_result(c))?;
    Ok(elsewhere > 0)
}
