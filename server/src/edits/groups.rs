//! Groups: begun by a manager, changed, closed.

pub mod create;
pub mod change;
pub mod close;

use sync_core::day::unlikely_to_begin;
use sync_core::time::{Date, Millis, day_in_rwanda};

use crate::problem::Fields;
/// Refuses a day on which a group can hardly begin, here where whoever mistyped it sees it: the days of all that it records are
/// held against this one.
fn check_begins(fields: &mut Fields, day: Option<Date>, now: Millis) {
    if let Some(why) = day.and_then(|day| unlikely_to_begin(day, day_in_rwanda(now))) {
        fields.refuse("starts_on", format!("can hardly be right: {why}"));
    }
}
