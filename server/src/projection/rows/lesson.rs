//! The row of a lesson: as its organisation writes it, or as all members read what is published of it.

use diesel::prelude::*;
use sync_core::fold::fold;
use sync_core::id::{DocumentId, OrganisationId};
use sync_core::record::lesson::LessonStatus;
use sync_core::record::{Lesson, SharedLesson};

use super::word;
use crate::projection::clashes::Clashes;
use crate::store::Db;
use crate::store::schema::lessons;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = lessons, treat_none_as_null = true)]
pub(in crate::projection) struct LessonRow {
    pub(in crate::projection) id: Db<DocumentId>,
    organisation_id: Db<OrganisationId>,
    shared: bool,
    title: String,
    folded: String,
    pillar: Option<String>,
    modality: Option<String>,
    area: Option<String>,
    status: String,
    published_on: Option<String>,
    adopted: i32,
    conflicts: i32,
    was_in_conflict: bool,
}

/// What both kinds of lesson say, under the same names.
macro_rules! row {
    ($id:expr, $lesson:expr, $clashes:expr, $($own:ident: $value:expr),* $(,)?) => {{
        let lesson = $lesson;
        let said = [
            lesson.title.as_str(),
            &lesson.context,
            &lesson.what_happened,
            &lesson.why,
            &lesson.recommendation,
        ];
        LessonRow {
            id: Db($id),
            organisation_id: Db(lesson.organisation),
            title: lesson.title.to_string(),
            folded: fold(&said.join("\n")),
            pillar: word(lesson.pillar),
            modality: word(lesson.modality),
            area: word(lesson.area),
            conflicts: $clashes.open(),
            was_in_conflict: $clashes.ever,
            $($own: $value),*
        }
    }};
}

impl LessonRow {
    pub(in crate::projection) fn of(id: DocumentId, lesson: &Lesson, clashes: &Clashes) -> Self {
        row!(id, lesson, clashes, shared: false, status: lesson.status.to_string(), published_on: None, adopted: 0)
    }

    pub(in crate::projection) fn of_shared(id: DocumentId, lesson: &SharedLesson, clashes: &Clashes) -> Self {
        let retired = lesson.retired_on.is_some();
        let status = if retired { LessonStatus::Retired } else { LessonStatus::Published };
        row!(id, lesson, clashes,
            shared: true,
            status: status.to_string(),
            published_on: word(Some(lesson.published_on)),
            adopted: i32::try_from(lesson.adopted_by.len()).unwrap_or(i32::MAX),
        )
    }
}
