//! Totals: sessions, attendances and people, by who, what, where and when.
//!
//! People are counted once in each row of an answer, so rows of people do not add up to their total where one person stands
//! in several; sessions and attendances do, except that a session with women and men stands in the rows of both.

mod dimension;
mod handler;
mod query;

use utoipa_actix_web::service_config::ServiceConfig;

/// The address of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(handler::aggregates);
}
