//! What an organisation learned is written down, with colleagues; proposed, published, and adopted from others.

use std::collections::BTreeSet;

use sync_core::change::Grounds;
use sync_core::form::EditError;
use sync_core::id::{AdoptionId, LessonId, SharedLessonId, StreamId};
use sync_core::record::lesson::{Language, LessonEdit, LessonStatus};
use sync_core::record::{Adoption, Lesson, Modality, Note, Pillar, SharedLesson};
use sync_core::tablet::NotSaved;
use sync_core::time::Date;
use sync_core::value::{KnownArea, Line};

use super::RecordError;
use crate::device::{Device, SaveError};

/// What is said of a lesson; for an edit, only what changes.
#[derive(Debug, Clone, Default)]
pub struct LessonDetails {
    pub title: Option<Line<160>>,
    /// Where and with whom it was learned.
    pub context: Option<String>,
    pub what_happened: Option<String>,
    pub why: Option<String>,
    /// What others should do.
    pub recommendation: Option<String>,
    pub pillar: Option<Pillar>,
    pub modality: Option<Modality>,
    /// A district or province.
    pub area: Option<KnownArea>,
    /// A question that shows it.
    pub evidence: Option<Line<200>>,
    /// In which it is written.
    pub languages: BTreeSet<Language>,
}

impl LessonDetails {
    fn write(&self, edit: &mut LessonEdit<'_>) -> Result<(), EditError> {
        self.title.as_ref().map_or(Ok(()), |title| edit.title().set(title.clone()))?;
        self.context.as_ref().map_or(Ok(()), |text| edit.context().write(text))?;
        self.what_happened.as_ref().map_or(Ok(()), |text| edit.what_happened().write(text))?;
        self.why.as_ref().map_or(Ok(()), |text| edit.why().write(text))?;
        self.recommendation.as_ref().map_or(Ok(()), |text| edit.recommendation().write(text))?;
        self.pillar.map_or(Ok(()), |pillar| edit.pillar().set(pillar))?;
        self.modality.map_or(Ok(()), |modality| edit.modality().set(modality))?;
        self.area.map_or(Ok(()), |area| edit.area().set(area))?;
        self.evidence.as_ref().map_or(Ok(()), |question| edit.evidence().set(question.clone()))?;
        self.languages.iter().try_for_each(|language| edit.languages().insert(language))
    }
}

impl Device {
    /// The stream of the organisation of whoever holds the tablet.
    fn own_stream(&self) -> StreamId {
        self.tablet().organisation().into()
    }

    /// Lessons that the organisation writes, oldest first.
    pub fn lessons(&self) -> Vec<(LessonId, Lesson)> {
        let all = self.tablet().all::<Lesson>(self.own_stream());
        all.into_iter().map(|(id, lesson)| (id.into(), lesson)).collect()
    }

    /// Lessons that all members of the partnership read.
    pub fn shared_lessons(&self) -> Vec<(SharedLessonId, SharedLesson)> {
        let all = self.tablet().all::<SharedLesson>(StreamId::PARTNERSHIP);
        all.into_iter().map(|(id, lesson)| (id.into(), lesson)).collect()
    }

    /// Begins a lesson.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is recorded then.
    pub fn write_lesson(&mut self, details: &LessonDetails) -> Result<LessonId, RecordError> {
        let (stream, organisation) = (self.own_stream(), self.tablet().organisation());
        let id = LessonId::new(&self.clock().moment());
        self.edit::<Lesson>(stream, id, |edit| {
            edit.organisation().set(organisation)?;
            details.write(edit)
        })
        .map_err(not_synced_yet)?;
        Ok(id)
    }

    /// Writes on in a lesson; gives whether anything changed.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn edit_lesson(&mut self, id: LessonId, details: &LessonDetails) -> Result<bool, RecordError> {
        let stream = self.own_stream();
        self.tablet().read::<Lesson>(id)?;
        Ok(self.edit::<Lesson>(stream, id, |edit| details.write(edit))?)
    }

    /// Proposes a lesson to be published.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn propose_lesson(&mut self, id: LessonId) -> Result<(), RecordError> {
        let stream = self.own_stream();
        self.tablet().read::<Lesson>(id)?;
        self.edit::<Lesson>(stream, id, |edit| edit.status().set(LessonStatus::Proposed))?;
        Ok(())
    }

    /// Says how far a lesson has come, and why.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn move_lesson(
        &mut self,
        id: LessonId,
        to: LessonStatus,
        reason: &Grounds,
    ) -> Result<(), RecordError> {
        let stream = self.own_stream();
        self.tablet().read::<Lesson>(id)?;
        self.edit_because::<Lesson>(stream, id, reason, |edit| edit.status().move_to(to))?;
        Ok(())
    }

    /// Says that the organisation works by a lesson of another one, since when, and what came of it.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is recorded then.
    pub fn adopt_lesson(
        &mut self,
        lesson: SharedLessonId,
        since: Date,
        came_of_it: Option<Line<1000>>,
    ) -> Result<(), RecordError> {
        let own = self.tablet().organisation();
        if self.tablet().read::<SharedLesson>(lesson)?.organisation == own {
            return Err(RecordError::OwnLesson);
        }
        self.edit::<Adoption>(own.into(), AdoptionId::of(own, lesson), |edit| {
            edit.organisation().set(own)?;
            edit.lesson().set(lesson)?;
            edit.since().set(since)?;
            came_of_it.map_or(Ok(()), |words| edit.came_of_it().set(words))?;
            edit.void().clear()
        })
        .map_err(not_synced_yet)?;
        Ok(())
    }

    /// Says that the organisation does not work by it any more, or never did.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn leave_lesson(&mut self, lesson: SharedLessonId, reason: &Note) -> Result<(), RecordError> {
        let own = self.tablet().organisation();
        let id = AdoptionId::of(own, lesson);
        self.tablet().read::<Adoption>(id)?;
        self.edit::<Adoption>(own.into(), id, |edit| edit.void().set(reason.clone()))?;
        Ok(())
    }
}

/// The stream of the organisation comes with the first sync.
fn not_synced_yet(error: SaveError) -> RecordError {
    match error {
        SaveError::NotSaved(NotSaved::UnknownGroup) => RecordError::NotSyncedYet,
        other => other.into(),
    }
}
