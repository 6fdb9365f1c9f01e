//! A meeting was recorded under a wrong day or part of the day. It is recorded again under the right one, with all that was
//! said of it, and the first record names the second. Nothing is deleted, and it can be taken back.

use std::collections::BTreeMap;

use sync_core::change::Grounds;
use sync_core::id::{GroupId, ParticipantId, SessionId, StreamId};
use sync_core::moving::{NotMoved, copy, target};
use sync_core::person::{marked, of_whom};
use sync_core::record::Participant;
use sync_core::record::session::{Attendance, PartOfDay, Session};
use sync_core::tablet::Tablet;
use sync_core::time::Date;

use super::{RecordError, participants_of};
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
        let marks = marks_to_move(self.tablet(), from.group, session)?;
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

/// The marks of a session as they go along when it is moved. They are all of this tablet then: whom it calls otherwise than the others do can't be marked
/// by it.
///
/// # Errors
/// [`RecordError::MarkOfAnother`].
pub fn marks_to_move(
    tablet: &Tablet,
    group: GroupId,
    session: SessionId,
) -> Result<Vec<(ParticipantId, Attendance)>, RecordError> {
    let people: BTreeMap<ParticipantId, Participant> = participants_of(tablet, group).into_iter().collect();
    let marks = marks_of(tablet, &people, session);
    let another = |whose: &ParticipantId| marked(*whose, people.get(whose), tablet.device()) != *whose;
    match marks.iter().find(|(whose, _)| another(whose)).and_then(|(whose, _)| people.get(whose)) {
        Some(one) => Err(RecordError::MarkOfAnother(one.code.clone())),
        None => Ok(marks),
    }
}

/// The marks of a session of these people's group, each of the person whom its device meant.
pub fn marks_of(
    tablet: &Tablet,
    people: &BTreeMap<ParticipantId, Participant>,
    session: SessionId,
) -> Vec<(ParticipantId, Attendance)> {
    of_whom(&tablet.attendance(session), |mark| {
        marked(mark.participant, people.get(&mark.participant), mark.device)
    })
}
