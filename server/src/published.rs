//! Published tables: what everybody else reads of an organisation, instead of its exact and live figures.
//!
//! A quarter is released once, 21 days after its end, revised once, 90 days after that, and never changed afterwards ([`quarter`]). A
//! release is made so ([`releasing`]):
//!
//! ```text
//! facts ──source──> RawCounts ──merging──> Counted ──method──> Tree of Figures ──kept──> published_nodes ──tables──> JSON, CSV
//! ```
//!
//! # The method
//!
//! It is pure: counts and the secret are arguments. For `k` people and base `b` ([`measure`]; both 5):
//!
//! 1. *Hold* ([`revision`]): a revision counts a place anew only where at least k people came to its cells or went from them.
//! 2. *Threshold* ([`tree`]): of fewer than k people in all nothing is published.
//! 3. *Pool* ([`split`]): children of 1 to k-1 people are told of together, where need be with one that is drawn.
//! 4. *Round* the root to a multiple of b, and its children so that they add up to it. What is drawn for a node follows from the store's secret,
//!    the release and the node's path ([`luck`]), so it is drawn once for ever.
//! 5. Districts with fewer than three groups are told of together ([`merging`]).
//!
//! So figures add up, whoever asks again gets the same, and each figure could stand for at least k numbers, whatever else of the quarter
//! somebody reads, and whatever they know of their own people. `tests/tests/attacker` tries to find fewer. It does not hide a number of five or
//! more from somebody who knows that it stays the same over many quarters: people are protected, not numbers.
//!
//! Those of the people who graduated have a figure of their own, of an organisation as a whole, where it says nothing of the others ([`graduates`]).
//! Meetings and groups are no people; they are told exactly.

pub mod measure;
pub mod counts;
pub mod luck;
mod split;
pub mod tree;
pub mod revision;
pub mod merging;
mod beside;
pub mod attendances;
pub mod graduates;
pub mod quarter;
mod source;
mod kept;
mod releasing;
mod tables;
mod figures;
mod csv;
mod handler;
mod refusal;
#[cfg(test)]
mod tests;

pub(crate) use beside::beside_exact;
pub(crate) use figures::{Figures, Reached, figures};
pub use measure::{GRADUATES, PEOPLE};
pub use quarter::{Quarter, Release, Stage};
pub(crate) use refusal::only_published;
pub use releasing::{Made, NotNow, publish};

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(handler::list_releases).service(handler::get_release).service(handler::get_table);
}
