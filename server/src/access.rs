//! Who calls, and what they may do.
//!
//! People have a role and a password ([`login`]) and get two tokens: one that says who they are for fifteen
//! minutes, and one to get the next ([`refresh`], [`logout`]). [`Caller`] is who calls.
//! Whoever answers for somebody reads them a code for a new password ([`reset`]).
//! Whose organisation has an identity provider signs in with that ([`provider`]).
//! How often a password may be tried is for [`attempt`] to say.
//! Who there is, and which tablets, is kept in [`crate::register`].
//!
//! Each operation reads: what can come out, handler, rule, queries.

mod role;
pub(crate) mod secret;
pub(crate) mod password;
mod holder;
mod token;
mod jwks;
mod refresh_token;
mod gate;
mod origin;
mod limits;
mod attempt;
mod caller;
mod own;
mod client;
mod logins;
pub mod second_factor;
mod login;
mod refresh;
mod logout;
mod reset;
mod provider;

pub use caller::{Caller, Owed};
pub use gate::Gate;
pub use login::sign_in;
pub(crate) use logins::{LoginItem, end_login, logins_of};
pub(crate) use own::{knows_password, with_code};
pub use password::{PasswordHash, weakness_of_secret};
pub(crate) use provider::{Handed, ProviderRefused, link_oneself, provider_of};
pub use provider::{IdentityProvider, NewIdentityProvider, Providers, remove_provider, set_provider};
pub(crate) use refresh_token::{end_logins, end_other_logins};
pub use reset::{PasswordCode, issue_password_code};
pub use role::Role;
pub use token::Tokens;

use sync_core::time::Millis;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::store::{Store, StoreError, token_keys};

/// Forgets what nobody needs any more, and makes another key for tokens where that is due; once in a while.
///
/// # Errors
/// Those of the store.
pub async fn tidy(store: &Store, now: Millis) -> Result<(), StoreError> {
    let tidied = store.write("tidy sign-ins", move |tx| {
        limits::forget(tx, now)?;
        reset::forget_expired_codes(tx, now)?;
        provider::forget_finished(tx, now)?;
        token_keys::rotate_where_due(tx, now)
    });
    tidied.await
}

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(login::log_in)
        .service(refresh::refresh_login)
        .service(logout::log_out)
        .service(reset::reset_password)
        .service(provider::begin::begin_provider_login)
        .service(provider::finish::finish_provider_login)
        .service(jwks::read_token_keys);
}
