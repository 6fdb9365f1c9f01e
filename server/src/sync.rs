//! One round trip: a tablet's changes go up, and the changes and documents that it may read and does not have come
//! down.
//!
//! 1. [`admit`] opens the body within its limits.
//! 2. [`prepare`] does all that costs work in a transaction that only reads, on as many cores as there are: it checks
//!    signatures, opens carried batches, and has [`decide`] plan what becomes of each change. It holds no lock.
//! 3. [`push`] writes the decision, and what the tablet holds from now on ([`holding`]), in one transaction, if what
//!    was read still stands. Otherwise the request is prepared again.
//! 4. [`pull`] collects the answer's pages from a transaction that sees the store as of one moment.
//!
//! Of a request that brings nothing only the number is written ([`look`]).
//!
//! Reading transactions see the store as it was at one moment (REPEATABLE READ on PostgreSQL, a snapshot on SQLite).
//! Writing ones are READ COMMITTED on PostgreSQL, where each statement sees what others have committed; so they rely on
//! row locks, taken in the order tablet, quarantined changes, streams by id. On SQLite one transaction writes at a
//! time. The grammar of both directions is `api-spec/sync.md`.

mod refusal;
mod admit;
mod quarantined;
mod astray;
mod authority;
mod bounds;
mod decided;
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
