//! One person under two codes.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use sync_core::id::ParticipantId;
use sync_core::person::{NotSame, check};
use sync_core::record::Participant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Clock;
use crate::edits::right::{Act, Refused, amend};
use crate::problem::{Fields, Problem, kind};
use crate::scope::Permit;
use crate::store::{Conn, Failure, Store};

/// Who somebody is, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SameBody {
    /// The participant of the same group who is the same person, and counts; `null` takes that back.
    #[serde(rename = "as", deserialize_with = "Option::deserialize")]
    #[schema(required)]
    of: Option<Uuid>,
    /// Why, in one line of at most 300 characters. Everybody who reads the participant's history sees it.
    #[schema(example = "She was given a second code.", min_length = 1, max_length = 300)]
    reason: String,
}

impl From<NotSame> for Refused {
    fn from(why: NotSame) -> Self {
        let field = |detail| Self::Field { field: "as", detail };
        match why {
            NotSame::Itself => field("is another participant"),
            NotSame::OtherGroup => field("is a participant of the same group"),
            NotSame::Void => field("is a participant who is not void"),
            NotSame::Already => Self::Otherwise(
                kind::ALREADY_THE_SAME,
                "They are said to be the same person as another already, perhaps by somebody else meanwhile. Take that back first.",
            ),
            NotSame::OfAnother => Self::Otherwise(
                kind::THE_SAME_AS_ANOTHER,
                "The other one is themselves said to be the same person as a third. Name that one, or take that back first.",
            ),
            NotSame::NotSaid => {
                Self::Otherwise(kind::NOT_THE_SAME, "They are not said to be the same person as another now.")
            }
        }
    }
}

/// Say that two participants are one person
///
/// A supervisor or manager says that somebody has two codes in one group, or takes that back, and why. Nothing is deleted:
/// totals count the person once, under the code that is named.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "Said, or taken back"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-the-same`; `the-same-as-another`; `not-the-same`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/participants/{id}/same")]
pub(crate) async fn say_same(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<SameBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let act = Act::checked(permit, &clock, &body.reason, Fields::default())?;
    let (id, of) = (ParticipantId::from(*id), body.of.map(ParticipantId::from));
    store.write("say same", move |tx| say(tx, id, of, &act)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn say(
    tx: &mut Conn<'_>,
    id: ParticipantId,
    of: Option<ParticipantId>,
    act: &Act,
) -> Result<(), Failure<Refused>> {
    let (seen, record) = act.open::<Participant>(tx, id)?;
    let not_there = || Refused::Field { field: "as", detail: "is a participant of a group that you may see" };
    let other = match of {
        Some(of) => Some((of, act.scope.record_of::<Participant>(tx, of)?.ok_or_else(not_there)?.1)),
        None => None,
    };
    check((id, &record), other.as_ref().map(|(of, other)| (*of, other))).map_err(Refused::from)?;
    amend::<Participant>(tx, seen, act, |edit| match of {
        Some(of) => edit.same_as().set(of),
        None => edit.same_as().clear(),
    })
}
