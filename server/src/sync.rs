//! One round trip: what a tablet hands in goes up, what it may read and has not comes down.
//!
//! The body is opened within its limits ([`admit`]); signatures are checked and what is carried is opened with no lock held
//! ([`prepare`]); then everything in it is handed in within one transaction ([`push`], [`decide`]), where what the tablet holds is
//! noted too ([`holding`]), and what it has not read is collected as of one moment ([`pull`]). The grammar of both directions is
//! `api-spec/sync.md`.

mod refusal;
mod admit;
mod apart;
mod astray;
mod authority;
mod bounds;
mod rejected;
mod evidence;
mod decide;
mod carried;
mod excess;
mod holding;
mod prepare;
mod push;
mod pull;
pub mod handler;

pub(crate) use apart::{Arrival, find, misplaced, reason};
pub(crate) use decide::{decide_again, foresee};
use handler::sync;
pub(crate) use rejected::built_on;

use utoipa_actix_web::service_config::ServiceConfig;

/// The address of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(sync);
}
