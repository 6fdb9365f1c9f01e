//! Who calls, and what they may do.
//!
//! People have a role and a password ([`login`]) and get two tokens: one that says who they are for fifteen
//! minutes, and one to get the next ([`refresh`], [`logout`]). [`Caller`] is who calls.
//! Who there is, and which tablets, is kept in [`crate::register`].
//!
//! Each operation reads: what can come out, handler, rule, queries.

mod role;
pub(crate) mod secret;
mod password;
mod holder;
mod token;
mod refresh_token;
mod caller;
mod login;
mod refresh;
mod logout;

pub use caller::Caller;
pub use login::sign_in;
pub use password::PasswordHash;
pub(crate) use refresh_token::end_logins;
pub use role::Role;
pub use token::Tokens;

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(login::log_in).service(refresh::refresh_login).service(logout::log_out);
}
