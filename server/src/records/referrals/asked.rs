//! What can be asked of referrals, beyond what can be asked of their groups.

use serde::Deserialize;
use sync_core::id::ParticipantId;
use sync_core::record::referral::{ReferralStep, Urgency};
use sync_core::time::Date;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::doubt::wanted;
use crate::problem::{Fields, Problem};
use crate::records::care::of_nobody_erased;
use crate::scope::AskedQuery;

/// A question as it stands in an address.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReferralQuery {
    /// One group.
    group: Option<Uuid>,
    /// The groups of one organisation.
    organisation: Option<Uuid>,
    /// `healing_space` or `dialogue_circle`.
    kind: Option<String>,
    /// `sociotherapy`, `space_for_peace` and so on.
    modality: Option<String>,
    /// NISR code of a province, district, sector, cell or village (1, 2, 4, 6 or 8 digits): it and all below it.
    #[param(example = "52")]
    area: Option<String>,
    /// The first day on which they were begun, `2026-03-01`.
    from: Option<String>,
    /// The last day on which they were begun, `2026-03-31`.
    to: Option<String>,
    /// Of one participant.
    participant: Option<Uuid>,
    /// `routine`, `soon` or `emergency`.
    #[param(example = "emergency")]
    urgency: Option<String>,
    /// The latest step: `proposed`, `consented`, `sent`, `arrived`, `closed` or `declined`.
    #[param(example = "sent")]
    state: Option<String>,
    /// `true`: those for which something is still to be done; `false`: the others.
    open: Option<bool>,
    /// `true`: those of people who were sent and have not arrived in the time that the urgency gives (1, 7 or 30 days); `false`: the others.
    overdue: Option<bool>,
    /// `true`: those that were recorded by mistake; `false`: the others.
    void: Option<bool>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl ReferralQuery {
    /// What is asked of the groups and days, and which page.
    pub(super) fn asked(&self) -> AskedQuery {
        AskedQuery {
            group: self.group,
            organisation: self.organisation,
            kind: self.kind.clone(),
            modality: self.modality.clone(),
            area: self.area.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            text: None,
            after: self.after.clone(),
            limit: self.limit,
        }
    }

    pub(super) fn participant(&self) -> Option<ParticipantId> {
        self.participant.map(ParticipantId::from)
    }

    /// Conditions on `referrals`, in SQL.
    ///
    /// # Errors
    /// 422 `invalid-fields`.
    pub(super) fn conditions(&self, today: Date) -> Result<Vec<String>, Problem> {
        let mut fields = Fields::default();
        let urgency: Option<Urgency> = fields.parse("urgency", self.urgency.as_deref());
        let state: Option<ReferralStep> = fields.parse("state", self.state.as_deref());
        fields.done()?;
        let said = [
            urgency.map(|urgency| format!("(referrals.urgency = '{urgency}')")),
            state.map(|state| format!("(referrals.state = '{state}')")),
        ];
        let overdue = format!("(referrals.overdue_from IS NOT NULL AND referrals.overdue_from <= '{today}')");
        let doubts = wanted([
            (self.open, "referrals.open".to_owned()),
            (self.overdue, overdue),
            (self.void, "(referrals.void IS NOT NULL)".to_owned()),
        ]);
        Ok(said.into_iter().flatten().chain(doubts).chain([of_nobody_erased("referrals")]).collect())
    }
}
