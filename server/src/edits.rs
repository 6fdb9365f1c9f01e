//! What people change at a desk, each an ordinary change that tablets get at their next sync: groups are begun, changed and
//! closed; lessons are written, published and adopted; the directory of services is kept; what was recorded by mistake is put right ([`right`] has what all such acts share); what clashes is settled.
//!
//! Each operation reads: what is asked, why it may be refused, handler, rule.

mod right;
pub mod void;
pub mod groups;
pub mod participants;
pub mod sessions;
pub mod resolve;
pub mod lessons;
pub mod services;

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(groups::create::create_group)
        .service(groups::close::close_group)
        .service(groups::change::change_group)
        .service(participants::correct::correct_participant)
        .service(participants::same::say_same)
        .service(participants::split::split_participant)
        .service(participants::confirm::confirm_participants)
        .service(sessions::double::mark_double)
        .service(sessions::moving::move_session)
        .service(sessions::split::split_session)
        .service(sessions::state::set_state)
        .service(void::void_record)
        .service(resolve::resolve_conflict)
        .service(lessons::write::begin_lesson)
        .service(lessons::write::change_lesson)
        .service(lessons::publish::set_lesson_status)
        .service(lessons::adopt::adopt_lesson)
        .service(lessons::adopt::leave_lesson)
        .service(services::enter_service)
        .service(services::change_service);
}
