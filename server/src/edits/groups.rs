//! Groups: begun by a manager, changed, closed.

pub mod create;
pub mod change;
pub mod close;

use serde::Serialize;
use sync_core::day::unlikely_to_begin;
use sync_core::time::{Date, Millis, day_in_rwanda};
use utoipa::ToSchema;

use crate::coverage::warning::NearItem;
use crate::problem::Fields;
use crate::records::groups::read::GroupWhole;

/// A group as it is now, and what it overlaps with since.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupWritten {
    #[serde(flatten)]
    group: GroupWhole,
    /// Groups of other partners in the sector that do the same for the same people, or may do so, and did not overlap with this one before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    overlaps: Vec<NearItem>,
}

/// Refuses a day on which a group can hardly begin, here where whoever mistyped it sees it: the days of all that it records are
/// held against this one.
fn check_begins(fields: &mut Fields, day: Option<Date>, now: Millis) {
    if let Some(why) = day.and_then(|day| unlikely_to_begin(day, day_in_rwanda(now))) {
        fields.refuse("starts_on", format!("can hardly be right: {why}"));
    }
}
