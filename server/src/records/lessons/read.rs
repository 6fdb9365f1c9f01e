//! What a lesson says.

use actix_web::{get, web};
use diesel::prelude::*;
use jiff::civil::Date;
use serde::Serialize;
use sync_core::document::Document;
use sync_core::id::{DocumentId, OrganisationId};
use sync_core::identifying::{Found, found_in};
use sync_core::record::lesson::Language;
use sync_core::record::{Kind, Kinded, Lesson, SharedLesson};
use sync_core::value::Line;
use utoipa::ToSchema;
use uuid::Uuid;

use super::list::LessonItem;
use super::own_of;
use crate::ledger;
use crate::on_each;
use crate::problem::Problem;
use crate::records::clash::{Clash, clashes};
use crate::scope::{Permit, no_such};
use crate::store::schema::lessons;
use crate::store::{Conn, Db, Store, StoreError};

/// A lesson, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LessonWhole {
    #[serde(flatten)]
    item: LessonItem,
    /// Where and with whom it was learned; nobody's name.
    context: String,
    what_happened: String,
    why: String,
    /// What others should do.
    recommendation: String,
    /// What shows it: `GET /v1/questions/` and this, which answers of what the caller may see.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "attendance-by-phase?modality=sociotherapy")]
    evidence: Option<Line<200>>,
    /// In which languages it is written.
    #[schema(value_type = Vec<String>, example = json!(["rw"]))]
    languages: Vec<Language>,
    /// Of what one's own organisation writes: what may say who somebody is, to be looked at again before all partners read it.
    look_again: Vec<LookAgain>,
    /// Of a shared lesson: since when its organisation does not recommend it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "2026-03-05")]
    retired_on: Option<Date>,
    /// Of a shared lesson: who works by it.
    adopted_by: Vec<AdoptedBy>,
    clashes: Vec<Clash>,
}

/// A part of a text that may say who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LookAgain {
    /// The field in which it stands.
    #[schema(value_type = String, example = "what_happened")]
    pub(crate) field: &'static str,
    /// What it looks like, by its form alone: it may be none.
    #[schema(value_type = String, example = "a phone number")]
    pub(crate) looks_like: &'static str,
    #[schema(example = "0788 123 456")]
    text: String,
}

/// What in texts, each under the name of its field, may say who somebody is.
pub(crate) fn look_again<'a>(texts: impl IntoIterator<Item = (&'static str, &'a str)>) -> Vec<LookAgain> {
    let found = |(field, text)| {
        let of = move |one: Found| LookAgain { field, looks_like: one.what.words(), text: one.text };
        found_in(text).into_iter().map(of)
    };
    texts.into_iter().flat_map(found).collect()
}

/// An organisation that works by a lesson.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdoptedBy {
    #[schema(value_type = Uuid)]
    organisation_id: OrganisationId,
    #[schema(value_type = String, example = "2026-03-05")]
    since: Date,
    /// What came of it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    came_of_it: Option<String>,
}

/// What both kinds of lesson say, under the same names.
macro_rules! whole_of {
    ($item:expr, $clashes:expr, $lesson:ident, $($own:ident: $value:expr),*) => {
        LessonWhole {
            item: $item,
            context: $lesson.context,
            what_happened: $lesson.what_happened,
            why: $lesson.why,
            recommendation: $lesson.recommendation,
            evidence: $lesson.evidence,
            languages: $lesson.languages.into_iter().collect(),
            clashes: $clashes,
            $($own: $value),*
        }
    };
}

/// Read a lesson
#[utoipa::path(
    tag = "Lessons",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The lesson")),
    responses(
        (status = 200, description = "The lesson", body = LessonWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-lesson`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/lessons/{id}")]
pub(crate) async fn read_lesson(
    permit: Permit,
    id: web::Path<Uuid>,
    store: web::Data<Store>,
) -> Result<web::Json<LessonWhole>, Problem> {
    let (id, own) = (DocumentId::from(*id), own_of(permit)?);
    let found = store.read("read lesson", move |tx| whole(tx, own, id)).await?;
    found.map(web::Json).ok_or_else(|| no_such(Kind::Lesson))
}

/// A lesson that somebody of this organisation, or of none, may see.
///
/// # Errors
/// Those of the store.
pub(crate) fn whole(
    tx: &mut Conn<'_>,
    own: Option<OrganisationId>,
    id: DocumentId,
) -> Result<Option<LessonWhole>, StoreError> {
    let Some((item, document)) = seen(tx, own, id)? else { return Ok(None) };
    let clashes = clashes(tx, id, document.kind())?;
    let whole = if item.shared {
        let lesson = read::<SharedLesson>(&document)?;
        let adopted_by = adopted_by(&lesson);
        whole_of!(item, clashes, lesson, look_again: Vec::new(), retired_on: lesson.retired_on, adopted_by: adopted_by)
    } else {
        let lesson = read::<Lesson>(&document)?;
        let look_again = look_again(lesson.texts());
        whole_of!(item, clashes, lesson, look_again: look_again, retired_on: None, adopted_by: Vec::new())
    };
    Ok(Some(whole))
}

/// As [`whole`], the document alone.
///
/// # Errors
/// Those of the store.
pub(crate) fn document(
    tx: &mut Conn<'_>,
    own: Option<OrganisationId>,
    id: DocumentId,
) -> Result<Option<Document>, StoreError> {
    Ok(seen(tx, own, id)?.map(|(_, document)| document))
}

fn seen(
    tx: &mut Conn<'_>,
    own: Option<OrganisationId>,
    id: DocumentId,
) -> Result<Option<(LessonItem, Document)>, StoreError> {
    let row: Option<LessonItem> =
        on_each!(tx, |c| lessons::table.find(Db(id)).select(LessonItem::as_select()).first(c).optional())?;
    let seen = row.filter(|row| row.shared || own == Some(row.organisation_id.0));
    let (Some(item), Some(stored)) = (seen, ledger::load(tx, id)?) else { return Ok(None) };
    Ok(Some((item, stored.open()?)))
}

fn read<R: Kinded>(document: &Document) -> Result<R, StoreError> {
    document.read().map_err(|_| StoreError::Damaged("a record"))
}

fn adopted_by(lesson: &SharedLesson) -> Vec<AdoptedBy> {
    let one = |(organisation, since): (&OrganisationId, &Date)| AdoptedBy {
        organisation_id: *organisation,
        since: *since,
        came_of_it: lesson.came_of_it.get(organisation).map(ToString::to_string),
    };
    lesson.adopted_by.iter().map(one).collect()
}
