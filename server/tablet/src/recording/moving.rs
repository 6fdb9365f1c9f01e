//! A meeting was recorded under a wrong day or part of the day. It is recorded again under the right one, with all that was
//! said of it, and the first record names the second. Nothing is deleted, and it can be taken back.

use sync_core::change::Grounds;
use sync_core::id::{ParticipantId, SessionId, StreamId};
use sync_core::moving::{NotMoved, copy, target};
use sync_core::person::{Mark, marked};
use sync_core::record::Participant;
use sync_core::record::session::{Attendance, PartOfDay, Session};
use sync_core::tablet::Tablet;
use sync_core::time::Date;

use super::RecordError;
use crate::device::Device;

impl Device {
    /// Moves a record to the day and part of the day at which the meeting took place; gives the new record.
    ///
    /// # Errors
    /// [`RecordError`] in words; it then stands where it was.
    pub fn move_session(
        &mut self,
        session: SessionId,
        date: Date,
        part: PartOfDay,
        grounds: &Grounds,
    ) -> Result<SessionId, RecordError> {
        let from: Session = self.tablet().read(session)?;
        let slot = target(&from, date, part, |id| self.tablet().record(id))?;
        let marks = marks_of(self.tablet(), session);
        let home = StreamId::from(from.group);
        // The new record first: until the old one names it, it counts nowhere, and whoever stops between the two moves again.
        self.edit_because::<Session>(home, slot.id, grounds, |edit| {
            slot.begin(edit)?;
            edit.moved_from().set(session)?;
            copy(&from, &marks, edit)
        })?;
        self.edit_because::<Session>(home, session, grounds, |edit| edit.moved_to().set(slot.id))?;
        Ok(slot.id)
    }

    /// Takes a move back: the record stands under its first day again. Gives the one to which it was moved, which then counts
    /// nowhere.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn move_session_back(
        &mut self,
        session: SessionId,
        grounds: &Grounds,
    ) -> Result<SessionId, RecordError> {
        let from: Session = self.tablet().read(session)?;
        let to = from.moved_to.ok_or(NotMoved::NotMoved)?;
        if self.tablet().read::<Session>(to).is_ok_and(|there| there.moved_to.is_some()) {
            return Err(NotMoved::MovedOn.into());
        }
        let home = StreamId::from(from.group);
        self.edit_because::<Session>(home, session, grounds, |edit| edit.moved_to().clear())?;
        Ok(to)
    }
}

/// The marks that are shown, each of the person whom its device meant. Copied they are all of this device.
pub fn marks_of(tablet: &Tablet, session: SessionId) -> Vec<(ParticipantId, Attendance)> {
    let shown = tablet.attendance(session).into_iter().filter(|mark| mark.shown);
    let whose = |mark: Mark| {
        let participant = tablet.read::<Participant>(mark.participant).ok();
        (marked(mark.participant, participant.as_ref(), mark.device), mark.mark)
    };
    shown.map(whose).collect()
}
