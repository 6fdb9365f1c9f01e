//! What was recorded, for people to read: groups, participants, sessions, lessons and services, and of level S referrals, incidents and screenings;
//! listed from the projection and read whole from their documents, with what clashes in them and how they came to be. Nothing is written here ([`crate::edits`]).

pub(crate) mod clash;
pub mod areas;
pub mod groups;
pub mod participants;
pub mod sessions;
pub mod lessons;
mod near;
pub(crate) mod services;
mod care;
pub mod conflicts;
pub mod history;
pub mod referrals;
pub mod incidents;
pub mod screenings;

pub(crate) use care::of_nobody_erased;

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(areas::find_areas)
        .service(groups::list::list_groups)
        .service(groups::read::read_group)
        .service(participants::list_participants)
        .service(participants::read_participant)
        .service(participants::held::read_held)
        .service(sessions::list::list_sessions)
        .service(sessions::read::read_session)
        .service(conflicts::list_conflicts)
        .service(lessons::list::list_lessons)
        .service(lessons::read::read_lesson)
        .service(services::list_services)
        .service(services::read_service)
        .service(services::service_history)
        .service(history::group_history)
        .service(history::participant_history)
        .service(history::session_history)
        .service(history::lesson_history)
        .service(referrals::list::list_referrals)
        .service(referrals::read::read_referral)
        .service(referrals::read::referral_history)
        .service(incidents::list::list_incidents)
        .service(incidents::read::read_incident)
        .service(incidents::read::incident_history)
        .service(screenings::list::list_screenings)
        .service(screenings::read::read_screening)
        .service(screenings::read::screening_history);
}
