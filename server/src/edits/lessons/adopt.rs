//! Working by a lesson that another organisation published.

use actix_web::{delete, put, web};
use serde::Deserialize;
use sync_core::change::Grounds;
use sync_core::id::{AdoptionId, DocumentId, OrganisationId, SharedLessonId};
use sync_core::record::adoption::AdoptionEdit;
use sync_core::record::{Adoption, Kind, Note, Place, SharedLesson};
use sync_core::time::{Date, day_in_rwanda};
use sync_core::value::Line;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{look_at_again, no_such};
use crate::clock::Clock;
use crate::desk::{self, Member, Original};
use crate::edits::right::{Refused, given, parsed};
use crate::problem::{Fields, Problem, kind};
use crate::records::lessons::read::{self, LessonWhole, look_again, whole};
use crate::scope::Permit;
use crate::sharing;
use crate::store::{Conn, Failure, Store};

/// That one's own organisation works by a lesson.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AdoptionBody {
    /// Since when; today if it is left out and was not said before.
    #[schema(example = "2026-03-05", format = Date)]
    since: Option<String>,
    /// What came of it, in at most 1,000 characters; `null` takes that back.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "Four of five who came alone stayed.")]
    came_of_it: Option<Option<String>>,
    /// That somebody looked again at what in these words may say who somebody is, and found that all partners may read it.
    looked_again: bool,
}

#[derive(Debug, Clone)]
struct Said {
    since: Option<Date>,
    came_of_it: Option<Option<Line<1000>>>,
    looked_again: bool,
}

impl AdoptionBody {
    fn checked(&self) -> Result<Said, Problem> {
        let mut fields = Fields::default();
        let said = Said {
            since: fields.day("since", self.since.as_deref()),
            came_of_it: parsed(&mut fields, "came_of_it", self.came_of_it.as_ref()),
            looked_again: self.looked_again,
        };
        fields.done().map(|()| said)
    }
}

/// Adopt a lesson
///
/// Says that one's own organisation works by a lesson of another one, and later what came of it: all members read that with the lesson.
#[utoipa::path(
    tag = "Lessons",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The published lesson")),
    responses(
        (status = 200, description = "The lesson, with that", body = LessonWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-lesson`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`lesson-not-shared`, `look-again`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[put("/v1/lessons/{id}/adoption")]
pub(crate) async fn adopt_lesson(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<AdoptionBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<LessonWhole>, Problem> {
    let (own, member, said) = (permit.organisation()?, Member::of(permit, clock.now()), body.checked()?);
    let id = DocumentId::from(*id);
    let adopted = store.write("adopt lesson", move |tx| adopt(tx, own, id, &said, member)).await?;
    adopted.map(web::Json).ok_or_else(Problem::internal)
}

fn adopt(
    tx: &mut Conn<'_>,
    own: OrganisationId,
    id: DocumentId,
    said: &Said,
    member: Member,
) -> Result<Option<LessonWhole>, Failure<Refused>> {
    let lesson = shared(tx, own, id)?;
    if lesson.organisation == own {
        let why = "Your organisation learned it itself. Adopt what others published.";
        return Err(Refused::Otherwise(kind::LESSON_NOT_SHARED, why).into());
    }
    let came_of_it = said.came_of_it.iter().flatten().map(|words| ("came_of_it", words.as_str()));
    look_at_again(&look_again(came_of_it), said.looked_again)?;
    let original = adoption_of(tx, own, id)?;
    let begun = original.there().is_some();
    desk::edit(tx, original, member, |document, actor| {
        let change = document.edit::<Adoption>(actor, member.now, |edit| {
            edit.organisation().set(own)?;
            edit.lesson().set(SharedLessonId::from(id))?;
            match said.since {
                Some(since) => edit.since().set(since)?,
                None if !begun => edit.since().set(day_in_rwanda(member.now))?,
                None => {}
            }
            match &said.came_of_it {
                Some(Some(words)) => edit.came_of_it().set(words.clone())?,
                Some(None) => edit.came_of_it().clear()?,
                None => {}
            }
            edit.void().clear()
        });
        change.map_err(Refused::from)
    })?;
    tell(tx, own, id, member)
}

/// Why it is adopted no more.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoMore {
    /// In one line of at most 300 characters. Only one's own organisation reads it.
    #[param(example = "Said of the wrong lesson.")]
    reason: String,
}

/// Adopt a lesson no more
#[utoipa::path(
    tag = "Lessons",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The published lesson"), NoMore),
    responses(
        (status = 200, description = "The lesson, without that", body = LessonWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-lesson`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`lesson-not-shared`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/v1/lessons/{id}/adoption")]
pub(crate) async fn leave_lesson(
    permit: Permit,
    id: web::Path<Uuid>,
    query: web::Query<NoMore>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<LessonWhole>, Problem> {
    let mut fields = Fields::default();
    let reason: Option<Note> = fields.parse("reason", Some(&query.reason));
    let grounds: Option<Grounds> = fields.parse("reason", Some(&query.reason));
    fields.done()?;
    let (Some(reason), Some(grounds)) = (reason, grounds) else { return Err(Problem::internal()) };
    let (own, member) = (permit.organisation()?, Member::of(permit, clock.now()));
    let id = DocumentId::from(*id);
    let left = store.write("adopt no more", move |tx| -> Result<_, Failure<Refused>> {
        shared(tx, own, id)?;
        let original = adoption_of(tx, own, id)?;
        if original.there().is_some() {
            desk::edit(tx, original, member, |document, actor| {
                let void = |edit: &mut AdoptionEdit<'_>| edit.void().set(reason.clone());
                document.edit_because::<Adoption>(actor, member.now, &grounds, void).map_err(Refused::from)
            })?;
        }
        tell(tx, own, id, member)
    });
    left.await?.map(web::Json).ok_or_else(Problem::internal)
}

/// A lesson that all members read.
fn shared(tx: &mut Conn<'_>, own: OrganisationId, id: DocumentId) -> Result<SharedLesson, Failure<Refused>> {
    let document = read::document(tx, Some(own), id)?.ok_or_else(no_such)?;
    match document.read::<SharedLesson>() {
        Ok(lesson) if document.kind() == Kind::SharedLesson => Ok(lesson),
        _ => {
            let why = "It is written and not published yet. Adopt what others published.";
            Err(Refused::Otherwise(kind::LESSON_NOT_SHARED, why).into())
        }
    }
}

fn adoption_of(
    tx: &mut Conn<'_>,
    own: OrganisationId,
    lesson: DocumentId,
) -> Result<Original, Failure<Refused>> {
    let id = AdoptionId::of(own, SharedLessonId::from(lesson));
    let place = Place { stream: own.into(), document: id.into(), kind: Kind::Adoption };
    Ok(Original::at(tx, place)?)
}

/// Shares it at once, so that whoever adopts it sees that in the answer.
fn tell(
    tx: &mut Conn<'_>,
    own: OrganisationId,
    id: DocumentId,
    member: Member,
) -> Result<Option<LessonWhole>, Failure<Refused>> {
    sharing::share_now(tx, own, member.now)?;
    Ok(whole(tx, Some(own), id)?)
}
