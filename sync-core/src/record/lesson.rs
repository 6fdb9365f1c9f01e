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
        /// What shows it: the name of a question and what is asked of it, as `attendance-by-phase?modality=sociotherapy&from=2026-01`. Who reads the
        /// lesson asks it of what they may see. `from` and `to` are months, `area` a district or wider; `kind`, `modality`, `days` and `release`
        /// may stand there, too: nothing that finds one group, or somebody.
        evidence: Field<Line<200>>,
    }
}

fn check(lesson: &Lesson) -> Result<(), Invalid> {
    wide_enough(lesson.area)?;
    of_many(lesson.evidence.as_ref())
}

/// What a question may be asked by, so that it finds neither one group nor somebody.
const ASKED_BY: [&str; 7] = ["area", "days", "from", "kind", "modality", "release", "to"];

/// Checks that evidence is a question of many.
pub(super) fn of_many(evidence: Option<&Line<200>>) -> Result<(), Invalid> {
    let Some(evidence) = evidence else { return Ok(()) };
    let (name, asked) = evidence.as_str().split_once('?').unwrap_or((evidence.as_str(), ""));
    let is_word = |text: &str| {
        !text.is_empty() && text.chars().all(|one| one.is_ascii_alphanumeric() || one == '-' || one == '_')
    };
    let is_asked = |pair: &str| {
        let (by, what) = pair.split_once('=').unwrap_or_default();
        ASKED_BY.contains(&by) && is_word(what) && (by != "area" || what.len() <= 2)
    };
    if is_word(name) && asked.split('&').filter(|pair| !pair.is_empty()).all(is_asked) {
        return Ok(());
    }
    Err(Invalid::new(
        "evidence",
        format!(
            "must be written as attendance-by-phase?area=52&from=2026-01: a question, by some of {}",
            ASKED_BY.join(", ")
        ),
    ))
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
