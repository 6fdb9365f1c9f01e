//! Frameworks of indicators: what the partners mean to reach, said alike. The common ones are the secretariat's; each partner has its own,
//! whose indicators are mapped onto the common ones, so that figures compare.
//!
//! An indicator is data: it says what is counted ([`indicator`]), which [`questions`](crate::questions) do, exactly for the organisation itself and from
//! published figures for everybody else. A version in force never changes, and [`targets`] name the version for which they were set.

pub(crate) mod indicator;
pub(crate) mod kept;
mod form;
pub(crate) mod read;
mod write;
pub(crate) mod targets;

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(read::list_frameworks)
        .service(form::read_framework_form)
        .service(read::read_framework)
        .service(write::draw_up_framework)
        .service(write::draw_up_from_form)
        .service(write::put_framework_in_force)
        .service(write::withdraw_framework)
        .service(targets::list_targets)
        .service(targets::set_target);
}
