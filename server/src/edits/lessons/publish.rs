//! How far a lesson has come: proposed, published by a second person, retired; or taken back.

use actix_web::{post, web};
use serde::Deserialize;
use sync_core::conflict::conflicts;
use sync_core::id::DocumentId;
use sync_core::record::Lesson;
use sync_core::record::lesson::LessonStatus;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{look_at_again, no_such};
use crate::clock::Clock;
use crate::edits::right::{Act, Refused, amend};
use crate::problem::{Fields, Problem, kind};
use crate::records::lessons::read::{LessonWhole, look_again, whole};
use crate::scope::Permit;
use crate::sharing;
use crate::store::{Conn, Failure, Store};

/// How far a lesson is to have come.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LessonStep {
    /// `draft`, `proposed`, `published` or `retired`.
    #[schema(example = "published")]
    status: String,
    /// Why, in one line of at most 300 characters. Everybody who reads the lesson's history sees it.
    #[schema(example = "Read and found sound.", min_length = 1, max_length = 300)]
    reason: String,
    /// That somebody looked again at what in it may say who somebody is (`look_again` of the lesson), and found that all partners may
    /// read it.
    #[serde(default)]
    looked_again: bool,
}

/// Propose, publish or retire a lesson
///
/// Whoever writes it proposes it; a supervisor or manager who did not begin it publishes it, and looks again before that at what may say who
/// somebody is. A moment later all members of the partnership read it, on
/// tablets too. One that is retired, or taken back, stays readable and says so.
#[utoipa::path(
    tag = "Lessons",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The lesson")),
    responses(
        (status = 200, description = "As it stands now", body = LessonWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-lesson`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`needs-another`, `still-clashes`, `look-again`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/lessons/{id}/status")]
pub(crate) async fn set_lesson_status(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<LessonStep>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<LessonWhole>, Problem> {
    let mut fields = Fields::default();
    let status = fields.parse("status", Some(&body.status));
    let act = Act::checked(permit, &clock, &body.reason, fields)?;
    let (id, status) = (DocumentId::from(*id), status.ok_or_else(Problem::internal)?);
    let looked = body.looked_again;
    let set = store.write("status of a lesson", move |tx| set(tx, id, (status, looked), &act)).await?;
    set.map(web::Json).ok_or_else(Problem::internal)
}

fn set(
    tx: &mut Conn<'_>,
    id: DocumentId,
    (status, looked): (LessonStatus, bool),
    act: &Act,
) -> Result<Option<LessonWhole>, Failure<Refused>> {
    let (seen, lesson) = act.scope.record_of::<Lesson>(tx, id)?.ok_or_else(no_such)?;
    let shared = sharing::is_of_two(tx, &seen.document)?;
    if status == LessonStatus::Published && !sharing::may_publish(tx, &seen.document, act.member)? && !shared
    {
        let why = "Whoever begins a lesson does not publish it. Ask a supervisor or manager who did not to read it.";
        return Err(Refused::Otherwise(kind::NEEDS_ANOTHER, why).into());
    }
    if status == LessonStatus::Published && !lesson.is_out() {
        if !conflicts(&seen.document).is_empty() {
            let why = "Two people wrote different things in it, and both stand side by side. Settle that first (GET /v1/conflicts), then publish it.";
            return Err(Refused::Otherwise(kind::STILL_CLASHES, why).into());
        }
        look_at_again(&look_again(lesson.texts()), looked)?;
    }
    // Said again by a second person, it is published, also where a tablet of whoever began it said so before.
    if lesson.status != status || (status == LessonStatus::Published && !shared) {
        amend::<Lesson>(tx, seen, act, |edit| edit.status().move_to(status))?;
    }
    if let Some(own) = act.scope.organisation {
        sharing::share_now(tx, own, act.member.now)?;
    }
    Ok(whole(tx, act.scope.organisation, id)?)
}
