//! Quarantine for people: who may see a group sees what waits for it, looks inside, and releases or rejects it.
//!
//! Nothing here is ever deleted. What is released is planned again by [`crate::sync`] as if its author were assigned: the
//! person who releases it answers for that. What is rejected stays rejected, also when a tablet hands it in again.

mod depth;
mod keeper;
mod entry;
mod refusal;
mod list;
mod look;
mod release;
mod reject;
mod several;

pub(crate) use depth::waiting;

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_quarantine)
        .service(look::look_inside)
        .service(several::release_several)
        .service(several::reject_several)
        .service(release::release_change)
        .service(reject::reject_change);
}
