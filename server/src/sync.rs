//! One round trip: what a tablet hands in goes up, what it may read and has not comes down.
//!
//! The body is opened within its limits ([`admit`]). All that costs work is done in a transaction that reads, on as many cores as there
//! are: signatures are checked, what is carried is opened, and what becomes of each change is decided ([`prepare`], [`decide`]). It is
//! written if what was read still stands ([`push`]), with what the tablet holds from now on ([`holding`]). What it has not read is
//! collected as of one moment ([`pull`]). Of a request that brings nothing only its number is written ([`look`]). The grammar of both directions is `api-spec/sync.md`.

mod refusal;
mod admit;
mod quarantined;
mod astray;
mod authority;
mod bounds;
mod rejected;
mod evidence;
mod decide;
mod carried;
mod excess;
mod handed;
mod turns;
mod holding;
mod prepare;
mod push;
mod pull;
mod look;
pub mod handler;

pub(crate) use decide::{decide_again, foresee};
use handler::sync;
pub(crate) use quarantined::{Arrival, find, misplaced, reason};
pub(crate) use rejected::built_on;
pub use turns::Turns;

use utoipa_actix_web::service_config::ServiceConfig;

/// The address of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(sync);
}
