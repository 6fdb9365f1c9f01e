//! Who calls, and what they may do.
//!
//! People have a role and a password ([`login`]) and get two tokens: one that says who they are for fifteen
//! minutes, and one to get the next ([`refresh`], [`logout`]). Every handler that needs to know who calls takes a
//! [`Caller`]. Tablets are enrolled once, by a code that a manager hands out ([`enrolment`]), and sign what they
//! send with a key of their own from then on ([`devices`]).
//!
//! Each operation reads: what can come out, handler, rule, queries.

mod role;
mod secret;
mod password;
mod holder;
mod token;
mod refresh_token;
mod caller;
mod login;
mod refresh;
mod logout;
pub mod organisations;
pub mod users;
pub mod enrolment;
pub mod devices;

pub use caller::Caller;
pub(crate) use caller::not_for_managers;
pub use login::sign_in;
pub use password::PasswordHash;
pub use role::Role;
pub use token::Tokens;

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(login::log_in)
        .service(refresh::refresh_login)
        .service(logout::log_out)
        .service(organisations::create_organisation)
        .service(organisations::list_organisations)
        .service(users::create::create_user)
        .service(users::list::list_users)
        .service(users::me::who_am_i)
        .service(enrolment::issue::issue_enrolment_code)
        .service(enrolment::enrol::enrol_tablet)
        .service(devices::list_devices);
}
