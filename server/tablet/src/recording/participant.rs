//! A person joins a group, under a code.

use sync_core::id::{GroupId, ParticipantId, StreamId};
use sync_core::record::participant::{ConsentMethod, Participant, Purpose};
use sync_core::record::{AgeBand, Sex};
use sync_core::time::Date;
use sync_core::value::Pseudonym;

use super::{RecordError, group_of, participants_of};
use crate::device::Device;

/// What is recorded of somebody who joins. No name: no field could hold one.
#[derive(Debug, Clone)]
pub struct NewParticipant {
    pub code: Pseudonym,
    pub sex: Option<Sex>,
    pub age_band: Option<AgeBand>,
    /// The family's code in a multifamily group, `F03`.
    pub family: Option<Pseudonym>,
    pub consent: Option<Consent>,
}

/// What somebody agreed to.
#[derive(Debug, Clone, Copy)]
pub struct Consent {
    pub purpose: Purpose,
    pub method: ConsentMethod,
    pub date: Date,
    /// Whether a guardian gave it, for a minor.
    pub guardian: Option<bool>,
}

impl NewParticipant {
    /// Only a code; the rest can be told later.
    pub fn of(code: Pseudonym) -> Self {
        Self { code, sex: None, age_band: None, family: None, consent: None }
    }
}

impl Device {
    /// Adds a participant to a group of this tablet.
    ///
    /// # Errors
    /// [`RecordError`] in words: the code is taken, a guardian's consent is missing, the group is not on this tablet.
    pub fn add_participant(
        &mut self,
        group: GroupId,
        new: NewParticipant,
    ) -> Result<ParticipantId, RecordError> {
        group_of(self.tablet(), group)?;
        if participants_of(self.tablet(), group).iter().any(|(_, there)| there.code == new.code) {
            return Err(RecordError::CodeTaken(new.code));
        }
        let minor = new.age_band == Some(AgeBand::Under16);
        if minor && new.consent.is_some_and(|consent| consent.guardian != Some(true)) {
            return Err(RecordError::NoGuardian);
        }
        let id = ParticipantId::new(&self.clock().moment());
        self.edit::<Participant>(StreamId::from(group), id, |participant| {
            participant.group().set(group)?;
            participant.code().set(new.code)?;
            new.sex.map_or(Ok(()), |sex| participant.sex().set(sex))?;
            new.age_band.map_or(Ok(()), |band| participant.age_band().set(band))?;
            new.family.map_or(Ok(()), |family| participant.family().set(family))?;
            let Some(consent) = new.consent else { return Ok(()) };
            participant.consent_purpose().set(consent.purpose)?;
            participant.consent_method().set(consent.method)?;
            participant.consent_date().set(consent.date)?;
            consent.guardian.map_or(Ok(()), |guardian| participant.consent_guardian().set(guardian))
        })?;
        Ok(id)
    }

    /// Records that somebody withdrew their consent on a day. Wins over whatever is said at the same time elsewhere.
    ///
    /// # Errors
    /// [`RecordError`] in words: there is no such participant on this tablet.
    pub fn withdraw_consent(&mut self, participant: ParticipantId, on: Date) -> Result<bool, RecordError> {
        let group = self.tablet().read::<Participant>(participant)?.group;
        Ok(self
            .edit::<Participant>(StreamId::from(group), participant, |one| one.consent_withdrawn().set(on))?)
    }
}
