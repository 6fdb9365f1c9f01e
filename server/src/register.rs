//! Who and what there is in the partnership: its organisations, the people who sign in, and their tablets.
//!
//! An administrator adds [`organisations`] and their managers; a manager adds the facilitators and supervisors of their own
//! ([`users`]), and makes up the [`teams`] that supervisors look after. Tablets are enrolled once, by a code that a manager hands out ([`enrolment`]), and sign what they send with a
//! key of their own from then on ([`devices`]); one that locked is opened again by another code ([`unlocking`]). How somebody leaves, and a tablet with them, is told in [`crate::custody`].

pub mod organisations;
mod contact;
mod identity_providers;
pub mod teams;
pub mod users;
pub mod devices;
pub mod enrolment;
pub mod unlocking;
pub mod lease;

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(organisations::create_organisation)
        .service(organisations::list_organisations)
        .service(contact::set_contact)
        .service(identity_providers::set_identity_provider)
        .service(identity_providers::read_identity_provider)
        .service(identity_providers::remove_identity_provider)
        .service(identity_providers::link_identity_provider)
        .service(users::create::create_user)
        .service(users::list::list_users)
        .service(users::rename::rename_user)
        .service(users::me::who_am_i)
        .service(users::password::change_password)
        .service(users::password::hand_out_password_code)
        .service(users::logins::list_logins)
        .service(users::logins::end_own_login)
        .service(users::logins::end_all_logins)
        .service(users::second_factor::enrol_second_factor)
        .service(users::second_factor::confirm_second_factor)
        .service(users::second_factor::take_second_factor)
        .service(users::protection::name_protection_officer)
        .service(users::protection::end_protection_officer)
        .service(teams::list::list_teams)
        .service(teams::make::create_team)
        .service(teams::make::end_team)
        .service(teams::members::join_team)
        .service(teams::members::leave_team)
        .service(enrolment::issue::issue_enrolment_code)
        .service(enrolment::enrol::enrol_tablet)
        .service(unlocking::issue::issue_unlock_code)
        .service(unlocking::unlock::unlock_tablet)
        .service(devices::list_devices);
}
