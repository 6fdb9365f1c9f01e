//! Erasing somebody who asked for it (Law 058/2021, article 23).
//!
//! A facilitator notes on the tablet that a person asked to be erased; from then on nothing of them is shown and they count nowhere. A manager
//! reads who asked ([`asked`]) and confirms it ([`handler`]), which can't be taken back. The law gives thirty days: whom nobody confirmed until
//! then, the service erases by itself ([`overdue`]). Either way ([`carrying_out`]):
//!
//! 1. What is about the person is found among the records of their group ([`find`]): their participants, under all codes that they have,
//!    with referrals and screenings, and sessions that name one of the codes.
//! 2. Such a session is recorded again as it reads now, without the codes ([`again`]): its history has them.
//! 3. Tombstones take the place of all of these ([`ledger::erase`](crate::ledger::erase)), here at once and on tablets with their next sync.
//! 4. Once a day the same is done with sessions that tablets handed in since, and that name one of the codes ([`late`]).

mod find;
mod carrying_out;
mod again;
pub mod asked;
pub mod handler;
mod overdue;
mod late;

pub use late::erase_late_names;
pub use overdue::{Asked, erase_overdue, overdue};

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(asked::list_erasures).service(handler::erase_participant);
}
