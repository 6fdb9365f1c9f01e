//! What other members of the partnership refer to an organisation: who was sent there, so that somebody expects them, and what became of it.
//!
//! The protection officers of the receiving organisation see it, and nobody else there: they are the ones who see records of level S of people whom
//! they do not lead, and nobody there leads the group. They are told what is needed to receive somebody, and nothing that leads to the group: no code, no
//! name, no place smaller than a sector. Names do not cross organisations in either direction: the referring office is reached by its contact, and
//! finds the referral by its id; what the receiving side notes is written by the service, with the name of its organisation in the reason. Who noted it
//! stands in the audit log of each.
//!
//! The rows are computed with those of the referral ([`crate::projection`]), in one transaction. So whoever takes their consent back is out of
//! the inbox in the moment in which the service hears of it.

mod item;
mod list;
mod step;

use utoipa_actix_web::service_config::ServiceConfig;

use crate::problem::{Problem, kind};

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list::list_inbox).service(list::read_received).service(step::note_step);
}

/// There is none, or it is none of the caller's.
fn not_there() -> Problem {
    Problem::of(
        kind::NOT_IN_INBOX,
        "Nothing in the inbox of your organisation has this id: it was closed, declined or recalled, or is for somebody else.",
    )
}
