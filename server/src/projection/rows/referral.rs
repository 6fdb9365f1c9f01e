//! The row of a referral, and of each of its steps.

use diesel::prelude::*;
use sync_core::id::{OrganisationId, ParticipantId, ReferralId, ServiceId, StreamId};
use sync_core::record::{Place, Referral};

use super::word;
use crate::projection::clashes::Clashes;
use crate::store::Db;
use crate::store::schema::{referral_steps, referrals};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = referrals, treat_none_as_null = true)]
pub(in crate::projection) struct ReferralRow {
    pub(in crate::projection) id: Db<ReferralId>,
    group_id: Db<StreamId>,
    participant_id: Db<ParticipantId>,
    from_organisation: Option<Db<OrganisationId>>,
    service: String,
    to_organisation: Option<Db<OrganisationId>>,
    reason: Option<String>,
    urgency: Option<String>,
    state: Option<String>,
    state_on: Option<String>,
    open: bool,
    begun_on: Option<String>,
    /// A day, not whether that day has come: rows say the same tomorrow.
    overdue_from: Option<String>,
    conflicts: i32,
    was_in_conflict: bool,
    void: Option<String>,
    to_service: Option<Db<ServiceId>>,
}

impl ReferralRow {
    pub(in crate::projection) fn of(place: Place, referral: &Referral, clashes: &Clashes) -> Self {
        let latest = referral.latest();
        Self {
            id: Db(place.document.into()),
            group_id: Db(place.stream),
            participant_id: Db(referral.participant),
            from_organisation: referral.from.map(Db),
            service: referral.to.to_string(),
            to_organisation: referral.to_organisation.map(Db),
            reason: word(referral.reason),
            urgency: word(referral.urgency),
            state: word(latest.map(|event| event.step)),
            state_on: word(latest.map(|event| event.on)),
            open: referral.is_open(),
            begun_on: word(referral.begun_on()),
            overdue_from: word(referral.overdue_from()),
            conflicts: clashes.open(),
            was_in_conflict: clashes.ever,
            void: word(referral.void.as_ref()),
            to_service: referral.to_service.map(Db),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = referral_steps, primary_key(referral_id, step, day))]
pub(in crate::projection) struct StepRow {
    pub(in crate::projection) referral_id: Db<ReferralId>,
    step: String,
    day: String,
}

pub(in crate::projection) fn steps(id: ReferralId, referral: &Referral) -> Vec<StepRow> {
    let events = referral.events.iter();
    events
        .map(|event| StepRow { referral_id: Db(id), step: event.step.to_string(), day: event.on.to_string() })
        .collect()
}
