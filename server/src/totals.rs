//! Totals: sessions, attendances, people and heads, by who, what, where and when.
//!
//! People are counted once in each row of an answer, so rows of people do not add up to their total where one person stands
//! in several; sessions, attendances and heads do, except that a session with women and men stands in the rows of both.

mod refusal;
mod dimension;
mod question;
mod months;
mod from_rows;
mod from_sums;
mod from_facts;
mod doubts;
mod of_months;
mod handler;

pub(crate) use dimension::Dimension;
pub(crate) use doubts::Doubts;
pub(crate) use handler::Totals;
pub(crate) use of_months::{by_phase, of_months, told_apart};

use utoipa_actix_web::service_config::ServiceConfig;

/// More than these make a table that nobody reads.
const MOST_DIMENSIONS: usize = 6;

/// The address of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(handler::aggregates);
}
