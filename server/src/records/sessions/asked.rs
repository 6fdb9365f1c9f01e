//! What can be asked of sessions, beyond what can be asked of their groups.

use serde::Deserialize;
use sync_core::record::session::SessionState;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::doubt::{
    CHANGED, MOVED, RETURNED, VOID, day_doubt, few, possible_doubles, recorded_since, set_aside_as, wanted,
    where_facts_count,
};
use crate::problem::{Fields, Problem};
use crate::scope::AskedQuery;

/// A question as it stands in an address.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionQuery {
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
    /// The first day, `2026-03-01`.
    from: Option<String>,
    /// The last day, `2026-03-31`.
    to: Option<String>,
    /// Words that stand in the summary. Case and accents don't matter.
    text: Option<String>,
    /// `draft`, `submitted` or `verified`.
    #[param(example = "submitted")]
    state: Option<String>,
    /// `true`: those that totals leave out, as they are marked as doubles; `false`: the others.
    double: Option<bool>,
    /// `true`: those that look like a record of the same meeting as another; `false`: the others.
    possible_double: Option<bool>,
    /// `true`: those of which the date may be wrong; `false`: the others.
    date_doubt: Option<bool>,
    /// `true`: those that were recorded by mistake; `false`: the others.
    void: Option<bool>,
    /// `true`: those that stand under another day now; `false`: the others.
    moved: Option<bool>,
    /// `true`: those that were returned to be put right; `false`: the others.
    returned: Option<bool>,
    /// `true`: those that were verified and say something else since; `false`: the others.
    changed_since_verified: Option<bool>,
    /// `true`: those that count nowhere and in which something was recorded by somebody who had not heard; `false`: the others.
    recorded_since: Option<bool>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl SessionQuery {
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
            text: self.text.clone(),
            after: self.after.clone(),
            limit: self.limit,
        }
    }

    /// Conditions on `sessions`, in SQL.
    ///
    /// # Errors
    /// 422 `invalid-fields`.
    pub(super) fn conditions(&self) -> Result<Vec<String>, Problem> {
        let mut fields = Fields::default();
        let state: Option<SessionState> = fields.parse("state", self.state.as_deref());
        fields.done()?;
        let state = state.map(|state| format!("(sessions.state = '{}')", state.code()));
        let doubts = wanted([
            (self.double, set_aside_as("double")),
            (self.possible_double, format!("sessions.id IN ({})", possible_doubles())),
            // A session of a move that was taken back counts nowhere, and its day may be in doubt.
            (self.date_doubt, where_facts_count("date_doubts + moved", "sessions", &day_doubt("sessions"))),
            (self.void, few(VOID)),
            (self.moved, few(MOVED)),
            (self.returned, few(RETURNED)),
            (self.changed_since_verified, few(CHANGED)),
            (self.recorded_since, recorded_since("sessions")),
        ]);
        Ok(doubts.into_iter().chain(state).collect())
    }
}
