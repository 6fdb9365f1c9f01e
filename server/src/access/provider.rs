//! Signing in with the identity provider of an organisation: OpenID Connect, the code flow with PKCE.
//!
//! An administrator names the provider of an organisation ([`settings`]). Somebody of it then signs in so:
//!
//! 1. [`begin`]: the service gives the address at the provider that the person's browser is to open, and a [`ticket`], which holds all
//!    that this sign-in rests on, sealed; the service keeps nothing.
//! 2. The provider sends the browser back to the program of the person, on their own machine (RFC 8252), with a code.
//! 3. [`finish`]: the program hands in ticket and code. The service asks the provider for an ID token ([`exchange`]), and believes it only
//!    where it is signed with a key of the provider, for this service, for this sign-in, now ([`id_token`]).
//! 4. Who that is says the [`link`] of issuer and subject, which a person makes once; never an e-mail address or a name. They get tokens of
//!    our own: how long a login lives, who ends it, and what somebody may do, is all as for a password.
//!
//! The service fetches ([`fetch`]) from hosts that the administrator named, and from nothing else, within bounds of bytes and time.

pub(super) mod begin;
mod documents;
mod exchange;
mod fetch;
pub(super) mod finish;
mod id_token;
mod link;
mod refused;
mod settings;
mod ticket;

pub use documents::Providers;
pub(crate) use finish::{Handed, link_oneself};
pub(crate) use refused::ProviderRefused;
pub(crate) use settings::provider_of;
pub use settings::{IdentityProvider, NewIdentityProvider, remove_provider, set_provider};

pub(super) use settings::is_required;
pub(super) use ticket::forget_finished;
