//! A line of a budget, and how it is spread over its months.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use sync_core::id::OrganisationId;
use sync_core::record::Modality;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::frameworks::targets::first_day;

/// A line of a budget.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Line {
    pub(super) id: Uuid,
    #[schema(value_type = Uuid)]
    pub(super) organisation_id: OrganisationId,
    /// The organisation's code.
    #[schema(example = "aegis")]
    pub(crate) organisation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "sociotherapy")]
    pub(crate) modality: Option<String>,
    #[schema(example = "2026-01")]
    pub(super) from: String,
    #[schema(example = "2026-03")]
    pub(super) to: String,
    #[schema(example = "RWF")]
    pub(crate) currency: String,
    pub(super) amount: i64,
    pub(super) source: String,
    pub(super) entered_at: Timestamp,
    /// Since when it does not count any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) taken_back_at: Option<Timestamp>,
}

impl Line {
    /// Whether it says all this.
    pub(super) fn says(
        &self,
        modality: Option<Modality>,
        months: (&str, &str),
        money: (&str, i64),
        source: &str,
    ) -> bool {
        self.modality.as_deref() == modality.map(|one| one.code())
            && (self.from.as_str(), self.to.as_str()) == months
            && (self.currency.as_str(), self.amount) == money
            && self.source == source
    }

    /// How much of it is for the months of a span, all months alike.
    pub(crate) fn within(&self, from: &str, to: &str) -> i64 {
        let all = count_months(&self.from, &self.to).max(1);
        let inside = count_months(from.max(&self.from), to.min(&self.to)).max(0);
        // A budget is at most 10^12 of anything, and a span at most some thousand months.
        (self.amount * inside + all / 2) / all
    }
}

/// How many months lie from the first to the last, both counted.
pub(super) fn count_months(from: &str, to: &str) -> i64 {
    let number =
        |month: &str| first_day(month).map(|day| i64::from(day.year()) * 12 + i64::from(day.month()));
    number(to).zip(number(from)).map_or(0, |(to, from)| to - from + 1)
}

/// What lines give for the months of a span, by method (`None`: all together) and currency.
pub(crate) fn amounts<'a>(
    lines: impl IntoIterator<Item = &'a Line>,
    from: &str,
    to: &str,
) -> BTreeMap<(Option<String>, String), i64> {
    let mut sums = BTreeMap::new();
    for line in lines {
        *sums.entry((line.modality.clone(), line.currency.clone())).or_default() += line.within(from, to);
    }
    sums.retain(|_, amount| *amount != 0);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::timestamp;

    #[test]
    fn a_line_is_spread_over_its_months() {
        let line = Line {
            id: Uuid::nil(),
            organisation_id: Uuid::nil().into(),
            organisation: "aegis".to_owned(),
            modality: None,
            from: "2025-11".to_owned(),
            to: "2026-04".to_owned(),
            currency: "RWF".to_owned(),
            amount: 600,
            source: "Core grant".to_owned(),
            entered_at: timestamp(sync_core::time::Millis(0)),
            taken_back_at: None,
        };
        assert_eq!(line.within("2026-01", "2026-03"), 300);
        assert_eq!(line.within("2025-01", "2026-12"), 600);
        assert_eq!(line.within("2026-05", "2026-12"), 0);
        // The parts of a line add up, whatever months it has.
        let odd = Line { amount: 1_000, to: "2026-01".to_owned(), ..line };
        assert_eq!(odd.within("2025-11", "2025-12") + odd.within("2026-01", "2026-01"), 1_000);
    }
}
