//! A participant is referred to a service, and how far they have come is noted step by step.

use std::collections::BTreeSet;

use sync_core::form::EditError;
use sync_core::id::{ParticipantId, ReferralId};
use sync_core::record::Referral;
use sync_core::record::referral::{
    ReferralEdit, ReferralEvent, ReferralReason, ReferralStep, Urgency, told_without_consent,
};
use sync_core::time::Date;

use super::{Destination, RecordError, care};
use crate::device::Device;

/// Somebody is to see a service.
#[derive(Debug, Clone)]
pub struct NewReferral {
    pub participant: ParticipantId,
    pub to: Destination,
    pub reason: ReferralReason,
    /// As is usual for the reason, where nobody says it.
    pub urgency: Option<Urgency>,
    /// The day on which it was proposed, and on which the other steps were made.
    pub on: Date,
    /// How far it has come already, beside being proposed.
    pub steps: BTreeSet<ReferralStep>,
}

impl Device {
    /// Records a referral from the holder's organisation.
    ///
    /// # Errors
    /// [`RecordError`] in words: the person asked to be erased, or is to be sent without having consented. Nothing is recorded then.
    pub fn record_referral(&mut self, new: NewReferral) -> Result<ReferralId, RecordError> {
        let (stream, person) = care::about(self.tablet(), new.participant)?;
        let NewReferral { participant, to, reason, urgency, on, mut steps } = new;
        steps.insert(ReferralStep::Proposed);
        let events = steps.into_iter().map(|step| ReferralEvent { step, on }).collect();
        may_be_told(&events, || person.code.to_string())?;
        let (id, from) = (ReferralId::new(&self.clock().moment()), self.tablet().organisation());
        self.edit::<Referral>(stream, id, |referral| {
            referral.participant().set(participant)?;
            referral.from().set(from)?;
            referral.to().set(to.kind)?;
            to.organisation.map_or(Ok(()), |partner| referral.to_organisation().set(partner))?;
            to.service.map_or(Ok(()), |service| referral.to_service().set(service))?;
            referral.reason().set(reason)?;
            referral.urgency().set(urgency.unwrap_or(reason.usual_urgency()))?;
            note(referral, &events)
        })?;
        Ok(id)
    }

    /// Notes a step; says whether nobody on this tablet had noted it before.
    ///
    /// # Errors
    /// As [`Device::record_referral`].
    pub fn step_referral(&mut self, id: ReferralId, event: ReferralEvent) -> Result<bool, RecordError> {
        let (stream, referral) = care::open::<Referral>(self.tablet(), id)?;
        let events = referral.events.into_iter().chain([event]).collect();
        let (_, person) = care::about(self.tablet(), referral.participant)?;
        may_be_told(&events, || person.code.to_string())?;
        Ok(self.edit::<Referral>(stream, id, |referral| note(referral, &events))?)
    }
}

fn may_be_told(events: &BTreeSet<ReferralEvent>, code: impl FnOnce() -> String) -> Result<(), RecordError> {
    match told_without_consent(events) {
        Some(event) => Err(RecordError::NotConsented { code: code(), event }),
        None => Ok(()),
    }
}

fn note(referral: &mut ReferralEdit<'_>, events: &BTreeSet<ReferralEvent>) -> Result<(), EditError> {
    events.iter().try_for_each(|event| referral.events().insert(event))
}
