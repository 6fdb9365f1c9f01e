//! One person under two codes, or two people under one: said, and taken back. No mark is rewritten.

use std::collections::BTreeSet;

use sync_core::change::Grounds;
use sync_core::id::{DeviceId, GroupId, ParticipantId, StreamId};
use sync_core::person::{check, in_doubt};
use sync_core::record::Participant;
use sync_core::value::Pseudonym;

use super::{RecordError, free_code, participants_of, taken_codes};
use crate::device::Device;

impl Device {
    /// Says that a participant is the same person as another, who counts in their place; `None` takes it back.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn mark_same(
        &mut self,
        id: ParticipantId,
        of: Option<ParticipantId>,
        grounds: &Grounds,
    ) -> Result<(), RecordError> {
        let one: Participant = self.tablet().read(id)?;
        let other: Option<(ParticipantId, Participant)> = match of {
            Some(of) => Some((of, self.tablet().read(of)?)),
            None => None,
        };
        check((id, &one), other.as_ref().map(|(of, other)| (*of, other)))?;
        self.edit_because::<Participant>(StreamId::from(one.group), id, grounds, |edit| match of {
            Some(of) => edit.same_as().set(of),
            None => edit.same_as().clear(),
        })?;
        Ok(())
    }

    /// Tells two people apart to whom two tablets gave one code: whom `device` marks under it is somebody else, under `code`.
    /// Gives that participant.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn split_participant(
        &mut self,
        id: ParticipantId,
        device: DeviceId,
        code: Pseudonym,
        grounds: &Grounds,
    ) -> Result<ParticipantId, RecordError> {
        let one: Participant = self.tablet().read(id)?;
        if taken_codes(self.tablet(), one.group).contains(&code) {
            return Err(RecordError::CodeTaken { free: free_code(self.tablet(), one.group), code });
        }
        let home = StreamId::from(one.group);
        let other = ParticipantId::of(one.group, &code);
        self.edit_because::<Participant>(home, other, grounds, |edit| {
            edit.group().set(one.group)?;
            edit.code().set(code.clone())
        })?;
        self.edit_because::<Participant>(home, id, grounds, |edit| edit.split().put(&device, code))?;
        Ok(other)
    }

    /// Takes a split back: what that device marks under the code is of the one participant again.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn split_back(
        &mut self,
        id: ParticipantId,
        device: DeviceId,
        grounds: &Grounds,
    ) -> Result<bool, RecordError> {
        let one: Participant = self.tablet().read(id)?;
        let home = StreamId::from(one.group);
        Ok(self.edit_because::<Participant>(home, id, grounds, |edit| edit.split().clear(&device))?)
    }

    /// Says that a participant whom several tablets registered is one person; gives whether there was a doubt.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn confirm_participant(&mut self, id: ParticipantId) -> Result<bool, RecordError> {
        let one: Participant = self.tablet().read(id)?;
        let devices = self.doubted(id, &one);
        self.edit::<Participant>(StreamId::from(one.group), id, |edit| {
            devices.iter().try_for_each(|device| edit.confirmed().insert(device))
        })?;
        Ok(!devices.is_empty())
    }

    /// The same for a whole group; gives those who were in doubt.
    ///
    /// # Errors
    /// [`RecordError`] in words; those before are then confirmed.
    pub fn confirm_group(&mut self, group: GroupId) -> Result<Vec<ParticipantId>, RecordError> {
        let mut confirmed = Vec::new();
        for (id, _) in participants_of(self.tablet(), group) {
            if self.confirm_participant(id)? {
                confirmed.push(id);
            }
        }
        Ok(confirmed)
    }

    /// The tablets that registered somebody without knowing of each other, as long as nobody has said whether they meant one
    /// person.
    pub fn doubted(&self, id: ParticipantId, one: &Participant) -> BTreeSet<DeviceId> {
        in_doubt(&self.tablet().begun_by(id), one)
    }
}
