//! Why nobody was signed in.

use crate::problem::{Problem, kind};
use crate::store::Refusal;

/// Each in a sentence for the person who signs in, or for whoever set their provider up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProviderRefused {
    #[error(
        "This organisation has no identity provider, or there is no such organisation. Sign in with your password."
    )]
    NoProvider,

    // The provider gave no answer that counts.
    #[error("It can't be reached, or it took more than ten seconds.")]
    Unreachable,
    #[error("Its answer is longer than 256 KiB.")]
    TooLong,
    #[error("It answered with a redirect, and redirects are not followed.")]
    Redirected,
    #[error("Its answer can't be read.")]
    Unreadable,
    #[error("It calls itself by another issuer than the administrator named.")]
    OtherIssuer,
    #[error("It names an address that is not on https, or on a host that the administrator did not name.")]
    ForeignAddress,
    #[error("Too many sign in with it at this moment.")]
    Busy,

    // It answered, and the answer lets nobody in.
    #[error("It was begun more than ten minutes ago, or not here. Begin again.")]
    Ticket,
    #[error("The answer belongs to a sign-in that was begun in another browser. Begin again.")]
    State,
    #[error("The provider did not take its code: it was used before, or is too old. Begin again.")]
    Code,
    #[error("The token is not signed with a key of the provider.")]
    Signature,
    #[error("The token is of another issuer.")]
    TokenIssuer,
    #[error("The token is for another service.")]
    Audience,
    #[error("The token has expired, or is of a time to come.")]
    Expired,
    #[error("The token is of another sign-in.")]
    Nonce,
    #[error("This sign-in was finished before. Begin again.")]
    Twice,
    #[error(
        "This login is older than a quarter of an hour. Sign in with your password again, and link it then."
    )]
    OldLogin,

    /// So it is said, too, where somebody of another organisation is linked with it.
    #[error("Nobody of your organisation is linked with this account at the provider.")]
    NotLinked,
    #[error("Somebody else is linked with this account at the provider.")]
    LinkedWithAnother,
}

impl Refusal for ProviderRefused {}

impl From<ProviderRefused> for Problem {
    fn from(refused: ProviderRefused) -> Self {
        use ProviderRefused as Refused;
        let kind = match refused {
            Refused::NoProvider => kind::NO_IDENTITY_PROVIDER,
            Refused::Busy => return Self::busy(),
            Refused::Unreachable
            | Refused::TooLong
            | Refused::Redirected
            | Refused::Unreadable
            | Refused::OtherIssuer
            | Refused::ForeignAddress => kind::PROVIDER_FAILED,
            Refused::NotLinked => kind::PROVIDER_NOT_LINKED,
            Refused::LinkedWithAnother => kind::PROVIDER_LINKED,
            _ => kind::PROVIDER_REFUSED,
        };
        Self::of(kind, refused.to_string())
    }
}
