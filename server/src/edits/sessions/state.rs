//! How far a session's record has come, as a supervisor or manager sees it: verified, or returned to be put right.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use sync_core::id::SessionId;
use sync_core::record::Session;
use sync_core::record::session::SessionState;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Clock;
use crate::edits::right::{Act, Refused, amend};
use crate::problem::{Fields, Problem, kind};
use crate::scope::Permit;
use crate::store::{Conn, Failure, Store};

/// How far a session's record has come, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateBody {
    /// `verified`: it took place as it says; `draft`: it goes back to whoever recorded it; `submitted`: either is taken back.
    #[schema(example = "verified")]
    state: String,
    /// Why, in one line of at most 300 characters. Of a session that goes back, what is to be put right: the tablet shows it.
    #[schema(example = "Who came? Nobody is marked.", min_length = 1, max_length = 300)]
    reason: String,
}

/// Verify or return a session
///
/// A supervisor or manager verifies a session, verifies it again after it was changed, returns it with a note that the tablet
/// shows, or takes either back. Whatever is recorded after it was verified is shown as `changed_since_verified`.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "It has this state now"),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`set-aside`: it is void, moved or a double", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/sessions/{id}/state")]
pub(crate) async fn set_state(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<StateBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::default();
    let state: Option<SessionState> = fields.parse("state", Some(&body.state));
    let act = Act::checked(permit, &clock, &body.reason, fields)?;
    let state = state.ok_or_else(Problem::internal)?;
    let id = SessionId::from(*id);
    store.write("set state", move |tx| set(tx, id, state, &act)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn set(tx: &mut Conn<'_>, id: SessionId, state: SessionState, act: &Act) -> Result<(), Failure<Refused>> {
    let (seen, record) = act.open::<Session>(tx, id)?;
    if record.is_set_aside() {
        return Err(Refused::Otherwise(
            kind::SET_ASIDE,
            "It is void, moved or a double. Verify or return the record that counts.",
        )
        .into());
    }
    amend::<Session>(tx, seen, act, |edit| {
        edit.state().move_to(state)?;
        match state {
            SessionState::Draft => edit.returned().set(act.grounds.clone()),
            _ => edit.returned().clear(),
        }
    })
}
