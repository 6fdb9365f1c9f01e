//! What was recorded in a session that was set aside, by somebody who had not heard, goes where it counts.

use actix_web::{post, web};
use serde::Deserialize;
use sync_core::change::Change;
use sync_core::codes;
use sync_core::conflict::conflicts;
use sync_core::id::{DeviceId, Id, SessionId};
use sync_core::moving::{Carried, CarriedField, SET_ASIDE, Slot, is_taken_back, recorded_since, say_again};
use sync_core::record::session::PartOfDay;
use sync_core::record::{Kind, Session};
use sync_core::time::Date;
use utoipa::ToSchema;
use uuid::Uuid;

use super::moving::{Moved, of_part};
use crate::clock::Clock;
use crate::desk::Original;
use crate::edits::right::{Act, Refused, amend, beside, session_at};
use crate::problem::{FieldError, Fields, Problem, kind};
use crate::scope::Permit;
use crate::store::{Conn, Failure, Store};

/// Whose work goes where, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionSplitBody {
    /// The tablet whose work it is; left out, that of all who recorded since.
    #[schema(value_type = Option<Uuid>)]
    device: Option<Uuid>,
    /// The day to which it belongs; left out, that of the session: it was another meeting of that day.
    #[schema(example = "2026-03-05", format = Date)]
    date: Option<String>,
    /// `morning`, `afternoon` or `evening`; left out, that of the session.
    #[schema(example = "morning")]
    part: Option<String>,
    /// Where the record to which it goes says something else by now: `keep` what stands there, or `replace` it. Left out, it is asked for (`says-otherwise`).
    #[schema(example = "keep")]
    clashes: Option<String>,
    /// Why, in one line of at most 300 characters. Everybody who reads the sessions' histories sees it.
    #[schema(example = "Paul had not heard that it was moved.", min_length = 1, max_length = 300)]
    reason: String,
}

/// Which work goes where.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    device: Option<DeviceId>,
    date: Option<Date>,
    part: Option<PartOfDay>,
    clashes: Option<Clashes>,
}

codes! {
    /// What becomes of what the other record says otherwise.
    Clashes {
        Keep = "keep",
        Replace = "replace",
    }
}

/// Carry over what was recorded since
///
/// A session was made void, moved or marked as a double, or the move that made it was taken back, and a tablet that had not heard of it went on recording in it
/// (`recorded_since`). A supervisor or manager says where that belongs: into the record of the day that is named, which begins where there is
/// none. Nothing is deleted; what was carried over is no more in doubt.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "Carried over to this session", body = Moved),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`nothing-since`: nobody recorded anything in it since it was set aside; `still-clashes`: two set it aside in two ways, so settle first which counts; `says-otherwise`: the record to which it goes says something else, so say which counts (`clashes`)", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/sessions/{id}/split")]
pub(crate) async fn split_session(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<SessionSplitBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Moved>, Problem> {
    let mut fields = Fields::default();
    let wanted = Wanted {
        device: body.device.map(DeviceId::from_uuid),
        date: fields.day("date", body.date.as_deref()),
        part: fields.parse("part", body.part.as_deref()),
        clashes: fields.parse("clashes", body.clashes.as_deref()),
    };
    let act = Act::checked(permit, &clock, &body.reason, fields)?;
    let id = SessionId::from(*id);
    let into = store.write("split session", move |tx| split(tx, id, wanted, &act)).await?;
    Ok(web::Json(Moved { session_id: into }))
}

fn split(tx: &mut Conn<'_>, id: SessionId, wanted: Wanted, act: &Act) -> Result<SessionId, Failure<Refused>> {
    let (seen, record) = act.open::<Session>(tx, id)?;
    let source = record.moved_from.map(|from| session_at(tx, from)).transpose()?.flatten();
    let taken_back = is_taken_back(id, &record, source.as_ref());
    let all = recorded_since(&record, &seen.document, taken_back);
    let of = |change: &&Change| wanted.device.is_none_or(|device| change.actor().device == device);
    let theirs: Vec<Change> = all.iter().filter(of).cloned().collect();
    if theirs.is_empty() {
        return Err(Refused::Otherwise(
            kind::NOTHING_SINCE,
            "Nobody, or not this tablet, recorded anything in it since it was set aside. Read it again.",
        )
        .into());
    }
    if conflicts(&seen.document).iter().any(|clash| SET_ASIDE.contains(&clash.field.as_str())) {
        let why = "Two people set it aside in two ways. Settle which counts, with GET /v1/conflicts; then carry it over.";
        return Err(Refused::Otherwise(kind::STILL_CLASHES, why).into());
    }
    let (date, part) = (wanted.date.unwrap_or(record.date), wanted.part.unwrap_or(record.part));
    let there = of_part(tx, &record, date, part)?;
    let slot = Slot::of(record.group, date, part, |id| there.get(&id).cloned());
    let into = Original::at(tx, beside(seen.place, Kind::Session, slot.id))?;
    let carried = Carried::of(&seen.document, &theirs, into.there());
    let carried = match wanted.clashes {
        Some(Clashes::Replace) => carried,
        Some(Clashes::Keep) => carried.without_clashes(),
        None => refuse_clashes(carried)?,
    };
    amend::<Session>(tx, into, act, |edit| {
        slot.begin(edit)?;
        carried.write(edit)
    })?;
    // What others recorded stays in doubt.
    if theirs.len() == all.len() {
        amend::<Session>(tx, seen, act, |edit| say_again(&record, edit))?;
    }
    Ok(slot.id)
}

/// Nobody's words are written over unasked.
fn refuse_clashes(carried: Carried) -> Result<Carried, Refused> {
    let told: Vec<FieldError> = carried
        .clashes()
        .map(|CarriedField { field, to, there, .. }| {
            let (there, to) =
                (there.join(" or "), if to.is_empty() { "nothing".to_owned() } else { to.join(" or ") });
            FieldError { field: field.clone(), detail: format!("says {there} there; recorded since: {to}") }
        })
        .collect();
    if told.is_empty() { Ok(carried) } else { Err(Refused::SaysOtherwise(told)) }
}
