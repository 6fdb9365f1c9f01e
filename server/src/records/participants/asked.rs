//! What can be asked of participants, beyond what can be asked of their groups.

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::doubt::{absences, consent_doubt, one_or_two, wanted, where_facts_count};
use crate::scope::AskedQuery;

/// A question as it stands in an address.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParticipantQuery {
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
    /// `true`: those whose code several tablets gave, of whom nobody has said yet whether they are one person or two; `false`: the
    /// others.
    one_or_two: Option<bool>,
    /// `true`: those of whose consent a day may be wrong; `false`: the others.
    date_doubt: Option<bool>,
    /// Those who were absent without an excuse from at least so many sessions; each is told with how many.
    #[param(example = 3)]
    absences: Option<u32>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl ParticipantQuery {
    /// What is asked of the groups, and which page.
    pub(super) fn asked(&self) -> AskedQuery {
        AskedQuery {
            group: self.group,
            organisation: self.organisation,
            kind: self.kind.clone(),
            modality: self.modality.clone(),
            area: self.area.clone(),
            from: None,
            to: None,
            text: None,
            after: self.after.clone(),
            limit: self.limit,
        }
    }

    /// Whether it is asked from how many sessions each was absent.
    pub(super) fn counts_absences(&self) -> bool {
        self.absences.is_some()
    }

    /// Conditions on `participants`, in SQL.
    pub(super) fn doubts(&self) -> Vec<String> {
        let in_doubt = |counts, condition: &str| where_facts_count(counts, "participants", condition);
        let mut all = wanted([
            (self.one_or_two, in_doubt("one_or_two", &one_or_two("participants"))),
            (self.date_doubt, in_doubt("consent_date_doubts", &consent_doubt("participants"))),
        ]);
        all.extend(self.absences.map(|at_least| format!("{} >= {at_least}", absences("participants"))));
        all
    }
}
