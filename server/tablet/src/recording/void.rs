//! Something was recorded by mistake: a meeting that never was, somebody of another group. It counts nowhere from then on,
//! stays readable, and can be taken back.

use sync_core::change::Grounds;
use sync_core::id::{DocumentId, ParticipantId, SessionId, StreamId};
use sync_core::record::{Participant, Session};
use sync_core::tablet::Tablet;

use super::RecordError;
use crate::device::Device;

impl Device {
    /// Makes a meeting void, or (`back`) takes that back.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn void_session(&mut self, id: SessionId, back: bool, grounds: &Grounds) -> Result<(), RecordError> {
        let there: Session = self.tablet().read(id)?;
        self.may_void(id.into(), there.void.is_some(), back)?;
        self.edit_because::<Session>(StreamId::from(there.group), id, grounds, |edit| match back {
            true => edit.void().clear(),
            false => edit.void().set(grounds.clone()),
        })?;
        Ok(())
    }

    /// Makes a participant void, or (`back`) takes that back.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn void_participant(
        &mut self,
        id: ParticipantId,
        back: bool,
        grounds: &Grounds,
    ) -> Result<(), RecordError> {
        let there: Participant = self.tablet().read(id)?;
        self.may_void(id.into(), there.void.is_some(), back)?;
        self.edit_because::<Participant>(StreamId::from(there.group), id, grounds, |edit| match back {
            true => edit.void().clear(),
            false => edit.void().set(grounds.clone()),
        })?;
        Ok(())
    }

    fn may_void(&self, id: DocumentId, is_void: bool, back: bool) -> Result<(), RecordError> {
        if is_void != back {
            return Err(if back { RecordError::NotVoid } else { RecordError::AlreadyVoid });
        }
        let tablet = self.tablet();
        if is_of_holder(tablet, id) {
            return Ok(());
        }
        let begun_by = tablet.begun_by(id);
        let names = begun_by.iter().filter_map(|device| tablet.name_of(*device));
        Err(RecordError::NotYours(names.collect::<Vec<_>>().join(", ")))
    }
}

/// Whether the tablet's holder recorded something, on whichever of their tablets: of them, and of those who supervise them, the
/// service takes it that it is void.
pub fn is_of_holder(tablet: &Tablet, id: impl Into<DocumentId>) -> bool {
    let me = tablet.name_of(tablet.device());
    let mine = |device| tablet.name_of(device).is_some() && tablet.name_of(device) == me;
    tablet.begun_by(id).into_iter().any(mine)
}
