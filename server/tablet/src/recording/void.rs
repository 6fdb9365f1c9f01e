//! Something was recorded by mistake: a meeting that never was, somebody of another group. It counts nowhere from then on,
//! stays readable, and can be taken back.

use sync_core::change::Grounds;
use sync_core::id::DocumentId;
use sync_core::record::{Incident, Participant, Referral, Screening, Session};
use sync_core::tablet::{NotSaved, Tablet};

use super::RecordError;
use crate::device::Device;

/// A kind of record that whoever recorded it may make void.
macro_rules! voids {
    ($($(#[$doc:meta])* $void:ident of $kind:ident)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// [`RecordError`] in words; nothing is changed then.
        pub fn $void(
            &mut self,
            id: impl Into<DocumentId>,
            back: bool,
            grounds: &Grounds,
        ) -> Result<(), RecordError> {
            let id = id.into();
            let there: $kind = self.tablet().read(id)?;
            let (_, stream) = self.tablet().place_of(id).ok_or(NotSaved::UnknownRecord)?;
            self.may_void(id, there.void.is_some(), back)?;
            self.edit_because::<$kind>(stream, id, grounds, |edit| match back {
                true => edit.void().clear(),
                false => edit.void().set(grounds.clone()),
            })?;
            Ok(())
        }
    )*};
}

impl Device {
    voids! {
        /// Makes a meeting void, or (`back`) takes that back.
        void_session of Session
        /// Makes a participant void, or (`back`) takes that back.
        void_participant of Participant
        /// Makes a referral void, or (`back`) takes that back.
        void_referral of Referral
        /// Makes an incident void, or (`back`) takes that back.
        void_incident of Incident
        /// Makes a screening void, or (`back`) takes that back.
        void_screening of Screening
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
