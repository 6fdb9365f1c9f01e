//! A referral of a participant to a service.

use std::collections::BTreeSet;
use std::fmt;

use jiff::ToSpan;

use super::{Note, record};
use crate::form::{Field, Fixed, Invalid, Log, Once, Revocable};
use crate::id::{OrganisationId, ParticipantId, ServiceId};
use crate::time::Date;
use crate::value::{Key, Why, codes, textual};

codes! {
    ServiceKind {
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

textual!(ServiceKind, ReferralReason, Urgency, ReferralStep);

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
        /// The organisation that refers them.
        from: Once<OrganisationId>,
        /// What is done there: of an entry of the directory, its `kind`.
        to: Fixed<ServiceKind>,
        /// Where a member of the partnership runs the service: which. Its protection officers read the referral once it is sent.
        to_organisation: Field<OrganisationId>,
        reason: Field<ReferralReason>,
        urgency: Field<Urgency>,
        /// Each step with its day. It has come as far as the latest says: by day, on one day by the order of the steps here.
        events: Log<ReferralEvent>,
        /// Why it was recorded by mistake.
        void: Revocable<Note>,
        /// The entry of the directory that was chosen. What `to` says holds, whatever becomes of the entry.
        to_service: Field<ServiceId>,
    }
}

/// The first step by which others learn of the person though they had not `consented` on that day or before. Nobody is sent to a service who
/// has not agreed to it (Law 058/2021, articles 6 and 9).
pub fn told_without_consent(events: &BTreeSet<ReferralEvent>) -> Option<ReferralEvent> {
    let consented = first(events, ReferralStep::Consented);
    let told = |event: &&ReferralEvent| matches!(event.step, ReferralStep::Sent | ReferralStep::Arrived);
    let too_early = events.iter().filter(told).filter(|event| consented.is_none_or(|on| event.on < on));
    too_early.copied().min_by_key(|event| event.on)
}

fn first(events: &BTreeSet<ReferralEvent>, step: ReferralStep) -> Option<Date> {
    events.iter().filter(|event| event.step == step).map(|event| event.on).min()
}

/// Merging can't break the rule of consent: events are only ever added, and where it holds in two records, it holds in both together. So a
/// change that breaks it did so when it was written, and the store may refuse it.
fn check(referral: &Referral) -> Result<(), Invalid> {
    match told_without_consent(&referral.events) {
        Some(ReferralEvent { step, on }) => Err(Invalid::new(
            "events",
            format!("must hold that they consented, on {on} or before, to be {step}"),
        )),
        None => Ok(()),
    }
}

impl ReferralReason {
    /// How urgent a referral for this reason is where nobody says it: where a life or somebody's safety is at stake, the most.
    pub const fn usual_urgency(self) -> Urgency {
        match self {
            Self::SuicideRisk | Self::GenderBasedViolence | Self::ChildProtection => Urgency::Emergency,
            _ => Urgency::Routine,
        }
    }
}

impl Urgency {
    /// For how many days somebody who was sent may be on their way before somebody has to ask after them.
    ///
    /// | urgency | days | why |
    /// |---|---|---|
    /// | emergency | 1 | who is in danger is to be seen the same day or the next |
    /// | soon | 7 | a health centre has its day for mental health once a week |
    /// | routine | 30 | the programme follows referrals up once a month |
    pub const fn days(self) -> i64 {
        match self {
            Self::Emergency => 1,
            Self::Soon => 7,
            Self::Routine => 30,
        }
    }
}

impl ReferralStep {
    /// Whether nothing more is expected after it.
    pub const fn ends(self) -> bool {
        matches!(self, Self::Closed | Self::Declined)
    }
}

impl Referral {
    /// How far it has come, by its latest day.
    pub fn latest(&self) -> Option<ReferralEvent> {
        self.events.iter().copied().max_by_key(|event| (event.on, event.step))
    }

    /// Whether something is still to be done for it.
    pub fn is_open(&self) -> bool {
        self.void.is_none() && self.latest().is_none_or(|latest| !latest.step.ends())
    }

    /// The day on which it was begun, as its steps say.
    pub fn begun_on(&self) -> Option<Date> {
        self.events.iter().map(|event| event.on).min()
    }

    /// The day from which it is overdue: the person was sent so long ago ([`Urgency::days`]) and, as far as anybody noted, has not
    /// arrived. `None` where nobody is on their way. What says no urgency is taken as routine.
    ///
    /// Of several days on which they were sent, the first since they last arrived, or the referral ended: whoever notes `sent` again does
    /// not make them wait longer.
    pub fn overdue_from(&self) -> Option<Date> {
        if !self.is_open() {
            return None;
        }
        let order = |event: &ReferralEvent| (event.on, event.step);
        let ended = |event: &&ReferralEvent| event.step.ends() || event.step == ReferralStep::Arrived;
        let last_end = self.events.iter().filter(ended).map(order).max();
        let sent = self
            .events
            .iter()
            .filter(|event| event.step == ReferralStep::Sent && Some(order(event)) > last_end);
        let days = self.urgency.unwrap_or(Urgency::Routine).days();
        sent.map(|event| event.on).min()?.checked_add(days.days()).ok()
    }

    /// Whether it is overdue on a day.
    pub fn is_overdue(&self, today: Date) -> bool {
        self.overdue_from().is_some_and(|from| from <= today)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::Id;

    fn referral(urgency: Option<Urgency>, events: BTreeSet<ReferralEvent>) -> Referral {
        let participant = ParticipantId::from_uuid(uuid::Uuid::from_u128(7));
        let to = ServiceKind::HealthCentre;
        Referral {
            participant,
            from: None,
            to,
            to_organisation: None,
            reason: None,
            urgency,
            events,
            void: None,
            to_service: None,
        }
    }

    fn day(number: i64) -> Date {
        Date::constant(2026, 3, 1).checked_add(number.days()).expect("a day")
    }

    fn events() -> impl Strategy<Value = BTreeSet<ReferralEvent>> {
        let event = (0..ReferralStep::ALL.len(), 0..60i64);
        let event = event.prop_map(|(step, on)| ReferralEvent { step: ReferralStep::ALL[step], on: day(on) });
        prop::collection::btree_set(event, 0..8)
    }

    fn with(events: &BTreeSet<ReferralEvent>, step: ReferralStep, on: Date) -> BTreeSet<ReferralEvent> {
        events.iter().copied().chain([ReferralEvent { step, on }]).collect()
    }

    #[test]
    fn each_urgency_is_overdue_after_its_days() {
        let sent = |urgency| referral(urgency, with(&BTreeSet::new(), ReferralStep::Sent, day(0)));
        let from = |urgency| sent(urgency).overdue_from();
        assert_eq!(from(Some(Urgency::Emergency)), Some(day(1)));
        assert_eq!(from(Some(Urgency::Soon)), Some(day(7)));
        assert_eq!((from(Some(Urgency::Routine)), from(None)), (Some(day(30)), Some(day(30))));
        assert!(!sent(None).is_overdue(day(29)) && sent(None).is_overdue(day(30)));
    }

    proptest! {
        /// Whatever was noted in whatever order: arriving, closing and declining end the waiting; a later `sent` does not make it shorter or
        /// longer; nobody is overdue who was never sent; what is overdue stays so until somebody notes something.
        #[test]
        fn who_is_on_their_way_is_overdue_from_one_day_on(events in events(), urgency in 0..4usize, later in 60..90i64) {
            let urgency = Urgency::ALL.get(urgency).copied();
            let one = referral(urgency, events.clone());
            let from = one.overdue_from();
            let sent: Vec<Date> = events.iter().filter(|event| event.step == ReferralStep::Sent).map(|event| event.on).collect();
            let days = urgency.unwrap_or(Urgency::Routine).days();
            prop_assert!(from.is_none_or(|from| sent.iter().any(|on| on.checked_add(days.days()).ok() == Some(from))));
            for end in [ReferralStep::Arrived, ReferralStep::Closed, ReferralStep::Declined] {
                prop_assert_eq!(referral(urgency, with(&events, end, day(later))).overdue_from(), None);
            }
            let again = referral(urgency, with(&events, ReferralStep::Sent, day(later))).overdue_from();
            prop_assert_eq!(again, Some(from.unwrap_or(day(later + days))));
            prop_assert!(!one.is_overdue(day(-1)));
            prop_assert!(from.is_none() || one.is_overdue(day(200)));
        }

        /// What merging relies on: where the rule of consent holds in two records, it holds in both together.
        #[test]
        fn two_sound_records_are_sound_together(one in events(), other in events()) {
            let sound = |events: &BTreeSet<ReferralEvent>| check(&referral(None, events.clone())).is_ok();
            prop_assume!(sound(&one) && sound(&other));
            prop_assert!(sound(&one.union(&other).copied().collect()));
        }

        #[test]
        fn nobody_is_sent_without_consent(events in events(), on in 0..60i64) {
            for step in [ReferralStep::Sent, ReferralStep::Arrived] {
                let told = with(&events, step, day(on));
                let consented = events.iter().any(|event| event.step == ReferralStep::Consented && event.on <= day(on));
                prop_assert!(consented || check(&referral(None, told)).is_err());
            }
        }
    }
}
