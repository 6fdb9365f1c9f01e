//! A lesson: what one organisation learned. Its people write it together; once one of them proposes it, a supervisor or manager publishes it,
//! and the service shares what it says then with the partnership ([`super::SharedLesson`]).

use super::{Modality, Pillar, record};
use crate::form::{Field, Fixed, Forward, Invalid, Ranked, Required, Set, Text};
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
    /// A lesson as its organisation writes it. Level O.
    Lesson edited by LessonEdit {
        organisation: Fixed<OrganisationId>,
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
        status: Forward<LessonStatus>,
    }
}

fn check(lesson: &Lesson) -> Result<(), Invalid> {
    wide_enough(lesson.area)
}

/// Checks that a lesson does not point at a village: of a few meetings there, people would know who is meant.
pub(super) fn wide_enough(area: Option<KnownArea>) -> Result<(), Invalid> {
    if area.is_some_and(|area| area.code().level() > crate::area::Level::District) {
        return Err(Invalid::new("area", "must be a district or wider"));
    }
    Ok(())
}

impl Lesson {
    /// What it says in free words, by the names of the fields.
    pub fn texts(&self) -> [(&'static str, &str); 5] {
        [
            ("title", self.title.as_str()),
            ("context", &self.context),
            ("what_happened", &self.what_happened),
            ("why", &self.why),
            ("recommendation", &self.recommendation),
        ]
    }

    /// Whether others are to read it, or have read it: from then on only supervisors and managers change it.
    pub fn is_out(&self) -> bool {
        self.status >= LessonStatus::Published
    }
}
