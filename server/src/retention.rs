//! Records are kept no longer than they are needed (Law 058/2021, article 52).
//!
//! 1. The partnership, and each organisation for itself, say for how many months records of each kind are kept ([`rules`], [`handler`]). Nobody says so
//!    by default, and nothing is deleted that nobody decided on.
//! 2. Once a day the service looks whose time is over ([`due`]), and puts tombstones in their place ([`running`]): here at once, on tablets with
//!    their next sync. Whoever asked to be erased thirty days ago and was confirmed by nobody is erased then, too, and so are names of people erased that
//!    came since.

mod rules;
pub mod handler;
mod due;
mod running;

pub use due::{Due, due};
pub use running::{Done, Held, run};

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(handler::read_partnership)
        .service(handler::set_partnership)
        .service(handler::read_organisation)
        .service(handler::set_organisation);
}
