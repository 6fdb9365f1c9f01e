//! A referral of a participant to a service.

use std::fmt;

use super::{Note, record};
use crate::form::{Field, Fixed, Invalid, Log, Once, Revocable};
use crate::id::{OrganisationId, ParticipantId};
use crate::time::Date;
use crate::value::{Key, Why, codes, textual};

codes! {
    Service {
        CommunityHealthWorker = "community_health_worker",
        HealthCentre = "health_centre",
        DistrictHospital = "district_hospital",
        Specialised = "specialised",
        IsangeOneStop = "isange_one_stop",
        Legal = "legal",
        Social = "social",
        Partner = "partner",
    }

    ReferralReason {
        Trauma = "trauma",
        Depression = "depression",
        SuicideRisk = "suicide_risk",
        SubstanceUse = "substance_use",
        GenderBasedViolence = "gender_based_violence",
        ChildProtection = "child_protection",
        PhysicalHealth = "physical_health",
        LegalAid = "legal_aid",
        Livelihood = "livelihood",
        Other = "other",
    }

    Urgency { Routine = "routine", Soon = "soon", Emergency = "emergency" }

    ReferralStep {
        Proposed = "proposed",
        Consented = "consented",
        Sent = "sent",
        Arrived = "arrived",
        Closed = "closed",
        Declined = "declined",
    }
}

textual!(Service, ReferralReason, Urgency, ReferralStep);

/// A step on a day: `sent/2026-03-05`. Two facilitators who note the same step note one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReferralEvent {
    pub step: ReferralStep,
    pub on: Date,
}

impl std::str::FromStr for ReferralEvent {
    type Err = Why;
    fn from_str(text: &str) -> Result<Self, Why> {
        let (step, on) =
            text.split_once('/').ok_or_else(|| Why("must be written as sent/2026-03-05".into()))?;
        Ok(Self { step: step.parse()?, on: Date::from_key(on)? })
    }
}

impl fmt::Display for ReferralEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.step, self.on)
    }
}
textual!(ReferralEvent);

record! {
    /// A participant's way to a service. Level S.
    Referral edited by ReferralEdit {
        participant: Fixed<ParticipantId>,
        from: Once<OrganisationId>,
        to: Fixed<Service>,
        /// Where the service is a partner: which.
        to_organisation: Field<OrganisationId>,
        reason: Field<ReferralReason>,
        urgency: Field<Urgency>,
        events: Log<ReferralEvent>,
        /// Why it was recorded by mistake.
        void: Revocable<Note>,
    }
}

fn check(_: &Referral) -> Result<(), Invalid> {
    Ok(())
}

impl Referral {
    /// How far it has come, by its latest day.
    pub fn latest(&self) -> Option<ReferralEvent> {
        self.events.iter().copied().max_by_key(|event| (event.on, event.step))
    }
}
