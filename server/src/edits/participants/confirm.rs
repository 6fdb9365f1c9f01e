//! Codes that several tablets gave at the same time: people say that each means one person.

use std::collections::BTreeSet;

use actix_web::{post, web};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sync_core::id::{GroupId, ParticipantId};
use sync_core::person::in_doubt;
use sync_core::record::Participant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Clock;
use crate::doubt::one_or_two;
use crate::edits::right::{Act, Refused, amend};
use crate::on_each;
use crate::problem::{Fields, Problem};
use crate::scope::Permit;
use crate::store::schema::participants;
use crate::store::{Conn, Db, Failure, Store};

/// Who is one person, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmBody {
    /// Whether each of them is one person; `false` takes that back.
    one_person: bool,
    /// Of whom it is said; left out, of all in the group of whom it is in doubt.
    participants: Option<Vec<Uuid>>,
    /// Why, in one line of at most 300 characters. Everybody who reads the participants' histories sees it.
    #[schema(example = "Both facilitators registered the same people.", min_length = 1, max_length = 300)]
    reason: String,
}

/// Of how many it was said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Confirmed {
    participants: usize,
}

/// Confirm that participants are one person each
///
/// Two tablets that give one code at the same time write one record, whether or not they mean one person. A supervisor or
/// manager says that they do, of some or of all in the group, or takes that back, and why.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The group")),
    responses(
        (status = 200, description = "Said, or taken back", body = Confirmed),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/groups/{id}/participants/confirm")]
pub(crate) async fn confirm_participants(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<ConfirmBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Confirmed>, Problem> {
    let mut fields = Fields::default();
    if body.participants.is_none() && !body.one_person {
        fields.refuse("participants", "names those of whom it is taken back");
    }
    let act = Act::checked(permit, &clock, &body.reason, fields)?;
    let group = GroupId::from(*id);
    let ConfirmBody { one_person, participants, .. } = body.into_inner();
    let named: Option<BTreeSet<ParticipantId>> =
        participants.map(|all| all.into_iter().map(ParticipantId::from).collect());
    let said = store.write("confirm", move |tx| confirm(tx, group, named.as_ref(), one_person, &act)).await?;
    Ok(web::Json(Confirmed { participants: said }))
}

fn confirm(
    tx: &mut Conn<'_>,
    group: GroupId,
    named: Option<&BTreeSet<ParticipantId>>,
    one_person: bool,
    act: &Act,
) -> Result<usize, Failure<Refused>> {
    if !act.scope.holds(tx, group)? {
        return Err(Refused::NoSuchRecord.into());
    }
    let people: Vec<ParticipantId> = match named {
        Some(named) => named.iter().copied().collect(),
        None => {
            let found: Vec<Db<ParticipantId>> = on_each!(tx, |c| participants::table
                .filter(participants::group_id.eq(Db(group)))
                .filter(participants::erased.eq(false))
                .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(&one_or_two("participants")))
                .order(participants::id)
                .select(participants::id)
                .load(c))?;
            found.into_iter().map(|Db(id)| id).collect()
        }
    };
    let mut said = 0;
    for id in people {
        let (seen, participant) = act.open::<Participant>(tx, id)?;
        if participant.group != group {
            return Err(
                Refused::Field { field: "participants", detail: "are participants of this group" }.into()
            );
        }
        let devices = if one_person {
            in_doubt(&seen.document.begun_by(), &participant)
        } else {
            participant.confirmed.clone()
        };
        said += usize::from(!devices.is_empty());
        amend::<Participant>(tx, seen, act, |edit| {
            devices.iter().try_for_each(|device| match one_person {
                true => edit.confirmed().insert(device),
                false => edit.confirmed().remove(device),
            })
        })?;
    }
    Ok(said)
}
