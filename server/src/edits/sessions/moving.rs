//! A meeting that was recorded under a wrong day or part of the day goes under the right one.

use std::collections::BTreeMap;

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use sync_core::history::since;
use sync_core::id::SessionId;
use sync_core::moving::{NotMoved, Slot, copy, target};
use sync_core::person::{marks, of_whom};
use sync_core::record::session::PartOfDay;
use sync_core::record::{Kind, Record, Session};
use sync_core::time::{Date, day_in_rwanda};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Clock;
use crate::desk::Original;
use crate::doubt::Splits;
use crate::edits::right::{Act, Refused, amend, beside, session_at};
use crate::problem::{Fields, Problem, kind};
use crate::scope::Permit;
use crate::store::{Conn, Failure, Store, StoreError};

/// Under which day a meeting belongs, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveBody {
    /// The day on which it took place; `null` takes the move back.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, example = "2026-03-05", format = Date)]
    date: Option<String>,
    /// `morning`, `afternoon` or `evening`; left out, it stays as it is.
    #[schema(example = "morning")]
    part: Option<String>,
    /// Why, in one line of at most 300 characters. Everybody who reads the session's history sees it.
    #[schema(example = "The clock of the tablet was wrong.", min_length = 1, max_length = 300)]
    reason: String,
}

/// Which record of the meeting counts now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Moved {
    #[schema(value_type = Uuid)]
    pub(super) session_id: SessionId,
}

impl From<NotMoved> for Refused {
    fn from(why: NotMoved) -> Self {
        match why {
            NotMoved::Already => {
                Self::Field { field: "date", detail: "is another day, or `part` another part of it" }
            }
            NotMoved::Moved => Self::Otherwise(
                kind::ALREADY_MOVED,
                "It was moved already, perhaps by somebody else meanwhile. Read it again; move the one that counts, or take \
                 the move back first.",
            ),
            NotMoved::Void => Self::Otherwise(kind::ALREADY_VOID, "It is void. Take that back first."),
            NotMoved::Double => Self::Otherwise(
                kind::ALREADY_A_DOUBLE,
                "It is marked as the double of another session. Take that mark back first.",
            ),
            NotMoved::Recorded => Self::Otherwise(
                kind::ALREADY_RECORDED,
                "There is a record of that day and part of the day. If both are of one meeting, mark this one as the double of \
                 that one.",
            ),
            NotMoved::NotMoved => Self::Otherwise(kind::NOT_MOVED, "It is not moved now. Read it again."),
            NotMoved::MovedOn => Self::Otherwise(
                kind::MOVED_ON,
                "What it was moved to was set aside itself: moved on, void or a double. Take that back first.",
            ),
        }
    }
}

/// Move a session to another day
///
/// A supervisor or manager says on which day, or in which part of it, a meeting took place, or takes that back, and why. What
/// an id is made of never changes, so the meeting is recorded again under the right day, with all that it says; the first record
/// stays readable and names the second, which totals count. Tablets get both at their next sync.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "Moved, or taken back", body = Moved),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already-recorded`: there is a record of that day; `already-moved`, `already-void`, `already-a-double`; `not-moved`, `moved-on`, `recorded-since`: it can't be taken back", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/sessions/{id}/move")]
pub(crate) async fn move_session(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<MoveBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Moved>, Problem> {
    let mut fields = Fields::default();
    let date = fields.day("date", body.date.as_deref());
    let part: Option<PartOfDay> = fields.parse("part", body.part.as_deref());
    let act = Act::checked(permit, &clock, &body.reason, fields)?;
    let (id, today) = (SessionId::from(*id), day_in_rwanda(clock.now()));
    let counts = store
        .write("move session", move |tx| match date {
            Some(date) => put(tx, id, (date, part), today, &act),
            None => take_back(tx, id, &act),
        })
        .await?;
    Ok(web::Json(Moved { session_id: counts }))
}

fn put(
    tx: &mut Conn<'_>,
    id: SessionId,
    (date, part): (Date, Option<PartOfDay>),
    today: Date,
    act: &Act,
) -> Result<SessionId, Failure<Refused>> {
    let (seen, record) = act.open::<Session>(tx, id)?;
    let part = part.unwrap_or(record.part);
    let there = of_part(tx, &record, date, part)?;
    let slot = target(&record, date, part, |id| there.get(&id).cloned()).map_err(Refused::from)?;
    if date > today {
        let detail = "has not come yet; it is the day on which the meeting took place";
        return Err(Refused::Field { field: "date", detail }.into());
    }
    // Of a tablet that gave a code to somebody else, under theirs.
    let marks = marks(&seen.document);
    let splits = Splits::of_marks(tx, &[record.group], &marks)?;
    let marks = of_whom(&marks, |mark| splits.owner(mark));
    amend::<Session>(tx, Original::genesis(beside(seen.place, Kind::Session, slot.id)), act, |edit| {
        slot.begin(edit)?;
        edit.moved_from().set(id)?;
        copy(&record, &marks, edit)
    })?;
    amend::<Session>(tx, seen, act, |edit| edit.moved_to().set(slot.id))?;
    Ok(slot.id)
}

fn take_back(tx: &mut Conn<'_>, id: SessionId, act: &Act) -> Result<SessionId, Failure<Refused>> {
    let (seen, record) = act.open::<Session>(tx, id)?;
    let to = record.moved_to.ok_or(Refused::from(NotMoved::NotMoved))?;
    // The record of the right day may not have come yet: a tablet hands in the one before the other.
    let there = match act.open::<Session>(tx, to) {
        Ok(there) => Some(there),
        Err(Failure::Refused(Refused::NoSuchRecord)) => None,
        Err(failed) => return Err(failed),
    };
    if let Some((there, session)) = there {
        if session.is_set_aside() {
            return Err(Refused::from(NotMoved::MovedOn).into());
        }
        // What was recorded under the right day since would count nowhere.
        if !since(&there.document, "moved_from", |from| !from.is_null()).is_empty() {
            return Err(Refused::Otherwise(kind::RECORDED_SINCE, "Something was recorded in what it was moved to, which would count nowhere. Move that one instead.")
            .into());
        }
    }
    amend::<Session>(tx, seen, act, |edit| edit.moved_to().clear())?;
    Ok(id)
}

/// The sessions that [`Slot::of`] looks at, for a day and part of it: those of that part, and what they were moved from.
pub(super) fn of_part(
    tx: &mut Conn<'_>,
    session: &Session,
    date: Date,
    part: PartOfDay,
) -> Result<BTreeMap<SessionId, Record>, StoreError> {
    let mut found: BTreeMap<SessionId, Record> = BTreeMap::new();
    loop {
        let slot = Slot::of(session.group, date, part, |id| found.get(&id).cloned());
        let Some(there) = (!slot.begun).then(|| session_at(tx, slot.id)).transpose()?.flatten() else {
            return Ok(found);
        };
        if let Record::Session(Session { moved_from: Some(from), .. }) = there
            && let Some(source) = session_at(tx, from)?
        {
            found.insert(from, source);
        }
        found.insert(slot.id, there);
    }
}
