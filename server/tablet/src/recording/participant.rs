//! A person joins a group, under a code; what is known of them is told or corrected.

use std::collections::BTreeSet;

use sync_core::change::Grounds;
use sync_core::form::EditError;
use sync_core::id::{GroupId, ParticipantId, StreamId};
use sync_core::record::participant::{ConsentMethod, Exit, Participant, ParticipantEdit, Purpose};
use sync_core::record::{AgeBand, Sex};
use sync_core::time::Date;
use sync_core::value::Pseudonym;

use super::{RecordError, free_code, group_of, taken_codes};
use crate::device::Device;

/// Somebody who joins. No name: no field could hold one.
#[derive(Debug, Clone)]
pub struct NewParticipant {
    pub code: Pseudonym,
    pub details: ParticipantDetails,
}

/// What is said of somebody; for an edit, only what changes.
#[derive(Debug, Clone, Default)]
pub struct ParticipantDetails {
    pub sex: Option<Sex>,
    pub age_band: Option<AgeBand>,
    /// The family's code in a multifamily group, `F03`.
    pub family: Option<Pseudonym>,
    pub consent: Option<Consent>,
    /// The day they withdrew it. Wins over whatever is said at the same time elsewhere.
    pub withdrawn: Option<Date>,
    /// How they left the group.
    pub exit: Option<Exit>,
    /// What was recorded by mistake and is taken back.
    pub undone: BTreeSet<Undone>,
    /// Why, where somebody has to say.
    pub grounds: Option<Grounds>,
}

/// What can be taken back of a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Undone {
    Exit,
    Withdrawal,
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
        Self { code, details: ParticipantDetails::default() }
    }
}

impl ParticipantDetails {
    /// Whether it may be recorded of somebody whose age was known so before.
    ///
    /// # Errors
    /// [`RecordError::NoGuardian`].
    pub fn check(&self, known: Option<AgeBand>) -> Result<(), RecordError> {
        let minor = self.age_band.or(known) == Some(AgeBand::Under16);
        match self.consent {
            Some(consent) if minor && consent.guardian != Some(true) => Err(RecordError::NoGuardian),
            _ => Ok(()),
        }
    }

    fn write(self, participant: &mut ParticipantEdit<'_>) -> Result<(), EditError> {
        self.sex.map_or(Ok(()), |sex| participant.sex().set(sex))?;
        self.age_band.map_or(Ok(()), |band| participant.age_band().set(band))?;
        self.family.map_or(Ok(()), |family| participant.family().set(family))?;
        if let Some(Consent { purpose, method, date, guardian }) = self.consent {
            participant.consent_purpose().set(purpose)?;
            participant.consent_method().set(method)?;
            participant.consent_date().set(date)?;
            guardian.map_or(Ok(()), |guardian| participant.consent_guardian().set(guardian))?;
            // Consent given again counts from its own day; a withdrawal at the same time elsewhere still holds.
            participant.consent_withdrawn().clear()?;
        }
        for undone in self.undone {
            match undone {
                Undone::Exit => participant.exit().clear()?,
                Undone::Withdrawal => participant.consent_withdrawn().clear()?,
            }
        }
        self.withdrawn.map_or(Ok(()), |day| participant.consent_withdrawn().set(day))?;
        self.exit.map_or(Ok(()), |exit| participant.exit().set(exit))
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
        let erased = self.tablet().record(ParticipantId::of(group, &new.code));
        if taken_codes(self.tablet(), group).contains(&new.code) || erased.is_some() {
            return Err(RecordError::CodeTaken { free: free_code(self.tablet(), group), code: new.code });
        }
        new.details.check(None)?;
        let id = ParticipantId::of(group, &new.code);
        self.edit::<Participant>(StreamId::from(group), id, |participant| {
            participant.group().set(group)?;
            participant.code().set(new.code)?;
            new.details.write(participant)
        })?;
        Ok(id)
    }

    /// Notes that somebody asked on a day to be erased. From then on nothing of them is shown and they count nowhere; a manager erases what is
    /// recorded. Says whether it was not noted before.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn ask_to_erase(&mut self, id: ParticipantId, on: Date) -> Result<bool, RecordError> {
        let known: Participant = self.tablet().read(id)?;
        if known.erased.is_some() {
            return Ok(false);
        }
        Ok(self.edit::<Participant>(StreamId::from(known.group), id, |participant| {
            participant.erased().set(on)
        })?)
    }

    /// Changes what is recorded of a participant; says whether there was anything to change.
    ///
    /// # Errors
    /// [`RecordError`] in words; nothing is changed then.
    pub fn edit_participant(
        &mut self,
        id: ParticipantId,
        details: ParticipantDetails,
    ) -> Result<bool, RecordError> {
        let known: Participant = self.tablet().read(id)?;
        details.check(known.age_band)?;
        let home = StreamId::from(known.group);
        Ok(match details.grounds.clone() {
            None => self.edit::<Participant>(home, id, |participant| details.write(participant))?,
            Some(why) => {
                self.edit_because::<Participant>(home, id, &why, |participant| details.write(participant))?
            }
        })
    }
}
