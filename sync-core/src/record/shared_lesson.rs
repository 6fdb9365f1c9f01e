//! A published lesson, as all members of the partnership read it. The service alone writes it, from the lesson of one organisation
//! ([`super::Lesson`]) and what others say who adopt it ([`super::Adoption`]).

use super::lesson::{Language, of_many, wide_enough};
use super::{Modality, Pillar, record};
use crate::form::{Entries, Field, Fixed, Invalid, Required, Set, Text};
use crate::id::{LessonId, OrganisationId};
use crate::time::Date;
use crate::value::{KnownArea, Line};

record! {
    /// A published lesson. Level I.
    SharedLesson edited by SharedLessonEdit {
        /// The lesson, which others do not read.
        lesson: Fixed<LessonId>,
        /// Who learned it.
        organisation: Fixed<OrganisationId>,
        published_on: Fixed<Date>,
        title: Required<Line<160>>,
        context: Text<10_000>,
        what_happened: Text<10_000>,
        why: Text<10_000>,
        recommendation: Text<10_000>,
        pillar: Field<Pillar>,
        modality: Field<Modality>,
        /// A district or wider.
        area: Field<KnownArea>,
        languages: Set<Language>,
        /// Since when its organisation does not recommend it any more.
        retired_on: Field<Date>,
        /// Who else works by it, and since when.
        adopted_by: Entries<OrganisationId, Date>,
        /// What came of it there.
        came_of_it: Entries<OrganisationId, Line<1000>>,
        /// What shows it: a question, as its organisation names it.
        evidence: Field<Line<200>>,
    }
}

fn check(lesson: &SharedLesson) -> Result<(), Invalid> {
    wide_enough(lesson.area)?;
    of_many(lesson.evidence.as_ref())
}
