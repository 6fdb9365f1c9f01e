//! Who does what, where and when: what all members of the partnership may know of each other's groups (level I), so that nobody does the same
//! in one village without knowing of it.
//!
//! [`projection`](crate::projection) keeps a row for each group that exists ([`group`]): whose it is, where, when, of what kind; no name, no
//! people, no number, and no id that opens anything. [`pair`] says of two rows whether they overlap (the same method for the same people) or
//! complement each other (another pillar). Pairs are not kept: they are found among the rows of one sector ([`walk`]), so that two partners who
//! write at the same moment are both seen. [`said`] keeps what the two partners said of theirs.
//!
//! [`edits`](crate::edits) asks [`warning`] before a group begins or moves; [`sync`](crate::sync) tells a tablet the [`neighbours`] of
//! its groups.

mod id;
mod group;
mod pair;
mod asked;
mod walk;
mod said;
mod list;
mod sums;
mod overlaps;
mod resolve;
mod complementary;
mod gaps;
mod pairs;
pub(crate) mod warning;
mod check;
mod neighbours;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use gaps::gaps_of;
pub use id::OverlapId;
pub(crate) use neighbours::neighbours;
pub use pair::Grade;
pub(crate) use pairs::{Pairs, PairsByDistrict, complementary_by_district, overlaps_by_district};
pub use said::Statement;
pub(crate) use sums::{by_district, count};

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_coverage)
        .service(sums::sum_coverage)
        .service(overlaps::list_overlaps)
        .service(overlaps::read_overlap)
        .service(resolve::resolve_overlap)
        .service(complementary::list_complementary)
        .service(gaps::list_gaps)
        .service(check::check_coverage);
}
