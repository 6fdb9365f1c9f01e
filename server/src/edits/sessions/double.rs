//! Marking a session as the double of another: an ordinary change by the person, which says why.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use sync_core::change::Grounds;
use sync_core::double::{NotMarked, check, mark};
use sync_core::id::SessionId;
use sync_core::record::{Kind, Session};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Clock;
use crate::desk::{EditRefused, Member, edit};
use crate::problem::{FieldError, Fields, Problem, kind};
use crate::scope::{Permit, Scope, no_such};
use crate::store::{Conn, Failure, Refusal, Store};

/// Of which meeting it is a second record, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DoubleBody {
    /// The session that counts in its place; `null` takes the mark back.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    of: Option<Uuid>,
    /// Why, in one line of at most 300 characters. Everybody who reads the session's history sees it.
    #[schema(example = "Recorded again under the right day.")]
    reason: String,
}

/// Why a session was not marked, or its mark not taken back.
#[derive(Debug, thiserror::Error)]
enum DoubleRefused {
    #[error("there is no such session")]
    NoSuchSession,
    #[error("there is no such other session")]
    NoSuchOther,
    #[error(transparent)]
    NotMarked(#[from] NotMarked),
    #[error(transparent)]
    Edit(#[from] EditRefused),
}

impl Refusal for DoubleRefused {}

impl From<DoubleRefused> for Problem {
    fn from(refused: DoubleRefused) -> Self {
        let of = |detail: &str| {
            Self::fields(vec![FieldError { field: "of".to_owned(), detail: detail.to_owned() }])
        };
        match refused {
            DoubleRefused::NoSuchSession => no_such(Kind::Session),
            DoubleRefused::NoSuchOther => of("is a session of a group that you may see"),
            DoubleRefused::NotMarked(NotMarked::Itself) => of("is another session"),
            DoubleRefused::NotMarked(NotMarked::OtherGroup) => of("is a session of the same group"),
            DoubleRefused::NotMarked(NotMarked::Already) => {
                let detail = "It is marked already, perhaps by somebody else meanwhile. Read it again; to mark it as \
                              the double of another session, take that mark back first.";
                Self::of(kind::ALREADY_A_DOUBLE, detail)
            }
            DoubleRefused::NotMarked(NotMarked::OfADouble) => {
                let detail = "The other session is itself marked as the double of a third. Name that one, or take the \
                              other's mark back first.";
                Self::of(kind::OF_A_DOUBLE, detail)
            }
            DoubleRefused::NotMarked(NotMarked::NoDouble) => {
                let detail = "It is not marked as a double now, or somebody took the mark back meanwhile.";
                Self::of(kind::NO_DOUBLE, detail)
            }
            DoubleRefused::Edit(refused) => refused.into(),
        }
    }
}

/// Mark a session as a double
///
/// A supervisor or manager says that it is a second record of a meeting, or takes that back, and why. Nothing is deleted:
/// totals count the other session in its place, and it stays readable. It is an ordinary change by that person, which
/// tablets get at their next sync.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "Marked, or taken back"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-session`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-a-double`: it is marked already; `of-a-double`: the other one is a double itself; `no-double`: there is nothing to take back", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/sessions/{id}/double")]
pub(crate) async fn mark_double(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<DoubleBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let scope = permit.scope()?;
    let (id, of) = (SessionId::from(*id), body.of.map(SessionId::from));
    let mut fields = Fields::default();
    let grounds: Option<Grounds> = fields.parse("reason", Some(&body.reason));
    fields.done()?;
    let grounds = grounds.ok_or_else(Problem::internal)?;
    let member = Member::of(permit, clock.now());
    store.write("mark double", move |tx| double(tx, scope, (id, of), &grounds, member)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn double(
    tx: &mut Conn<'_>,
    scope: Scope,
    (id, of): (SessionId, Option<SessionId>),
    grounds: &Grounds,
    member: Member,
) -> Result<(), Failure<DoubleRefused>> {
    let (seen, session) = scope.record_of::<Session>(tx, id)?.ok_or(DoubleRefused::NoSuchSession)?;
    let other = match of {
        Some(of) => Some((of, scope.record_of::<Session>(tx, of)?.ok_or(DoubleRefused::NoSuchOther)?.1)),
        None => None,
    };
    check((id, &session), other.as_ref().map(|(of, other)| (*of, other))).map_err(DoubleRefused::from)?;
    edit(tx, seen, member, |document, actor| {
        let marked = mark(document, actor, member.now, of, grounds);
        marked.map_err(|error| DoubleRefused::from(EditRefused::from(error)))
    })
}
