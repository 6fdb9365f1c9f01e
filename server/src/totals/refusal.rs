//! Why totals are not told: counting or telling them at once would hold up everybody else.

use crate::problem::{FieldError, Problem};
use crate::store::Refusal;

/// Of how many meetings may be asked at once what no facts tell (days that are no whole months; people and meetings told apart together), and
/// how many people and heads those may name. They are counted one by one; `tests/totals/budget.rs` measures what so many cost.
pub(super) const MAX_MEETINGS: i64 = 20_000;
pub(super) const MAX_MARKS: i64 = 100_000;

/// How many rows an answer may have: some 10 MB.
pub(super) const MAX_ROWS: usize = 50_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("days that are no whole months are asked of too many meetings")]
    Days,
    #[error("people and meetings are told apart together of too many meetings")]
    PeopleAndMeetings,
    #[error("the answer would have too many rows")]
    Rows,
}

impl Refusal for Refused {}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let (field, detail) = match refused {
            Refused::Days => (
                "from",
                format!(
                    "and `to` are no whole months, of more than {MAX_MEETINGS} meetings or {MAX_MARKS} marks in them: ask for \
                     whole months, for fewer days, or for an area or a group"
                ),
            ),
            Refused::PeopleAndMeetings => (
                "by",
                format!(
                    "tells people (sex, age_band) and meetings (phase, part, state) apart together, of more than {MAX_MEETINGS} \
                     meetings or {MAX_MARKS} marks: tell either apart, or ask for fewer months, for an area or a group"
                ),
            ),
            Refused::Rows => (
                "by",
                format!(
                    "gives more than {MAX_ROWS} rows: tell less apart, or ask for an area, fewer months or a modality"
                ),
            ),
        };
        Self::fields(vec![FieldError { field: field.to_owned(), detail }])
    }
}
