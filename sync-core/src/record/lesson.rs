//! A lesson: what one organisation learned and offers to the others.

use super::{Modality, Pillar, record};
use crate::form::{Field, Forward, Invalid, Once, Ranked, Required, Set, Text};
use crate::id::OrganisationId;
use crate::value::{KnownArea, Line, codes, textual};

codes! {
    Language { Kinyarwanda = "rw", English = "en", French = "fr", Swahili = "sw" }

    /// Only moves forward.
    LessonStatus { Draft = "draft", Proposed = "proposed", Published = "published", Retired = "retired" }
}

textual!(Language, LessonStatus);

impl Ranked for LessonStatus {
    const FIRST: Self = Self::Draft;
    fn rank(self) -> usize {
        self as usize
    }
}

record! {
    /// A lesson. Level I, P once published.
    Lesson edited by LessonEdit {
        organisation: Once<OrganisationId>,
        title: Required<Line<160>>,
        context: Text<10_000>,
        what_happened: Text<10_000>,
        why: Text<10_000>,
        recommendation: Text<10_000>,
        pillar: Field<Pillar>,
        modality: Field<Modality>,
        /// A district or wider: a lesson must not point at a village.
        area: Field<KnownArea>,
        languages: Set<Language>,
        adopted_by: Set<OrganisationId>,
        status: Forward<LessonStatus>,
    }
}

fn check(lesson: &Lesson) -> Result<(), Invalid> {
    if lesson.area.is_some_and(|area| area.code().level() > crate::area::Level::District) {
        return Err(Invalid::new("area", "must be a district or wider"));
    }
    Ok(())
}
