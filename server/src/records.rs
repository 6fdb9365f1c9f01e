//! What was recorded, for people to read: groups, participants and sessions, listed from the projection and read whole
//! from their documents. Groups begin here, and people are assigned to them; what clashes is settled, what was
//! recorded twice is marked, and how a record came to be is told.

mod clash;
mod edit;
pub mod areas;
mod right;
pub mod void;
pub mod groups;
mod leading;
pub mod assignments;
pub mod participants;
pub mod sessions;
pub mod conflicts;
pub mod history;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use edit::{EditRefused, Member};
pub(crate) use leading::{groups_of, take_off_all};

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(areas::find_areas)
        .service(groups::create::create_group)
        .service(groups::list::list_groups)
        .service(groups::read::read_group)
        .service(groups::close::close_group)
        .service(groups::change::change_group)
        .service(assignments::assign)
        .service(assignments::unassign)
        .service(assignments::list_assignments)
        .service(participants::list_participants)
        .service(participants::read_participant)
        .service(participants::correct::correct_participant)
        .service(participants::same::say_same)
        .service(participants::split::split_participant)
        .service(participants::confirm::confirm_participants)
        .service(sessions::list::list_sessions)
        .service(sessions::read::read_session)
        .service(sessions::double::mark_double)
        .service(sessions::moving::move_session)
        .service(sessions::split::split_session)
        .service(sessions::state::set_state)
        .service(void::void_record)
        .service(conflicts::list::list_conflicts)
        .service(conflicts::resolve::resolve_conflict)
        .service(history::group_history)
        .service(history::participant_history)
        .service(history::session_history);
}
