//! Passwords, as Argon2id with the parameters that OWASP names (19 MiB, two passes, one lane).

use std::fmt;

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// A hash takes 19 MiB and a core; more at once would only make all of them late.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// The hash of a password nobody knows: a login that does not exist is checked against it, so that it takes the
/// same path and the same time as a wrong password.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bVILcqOUBhT7RT5fSFueBg$1dZmcDrlMVGvrLrOAPguPl9E8ZqeEFouh3LGyTqkWJ8";

/// An Argon2id hash in PHC form.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl PasswordHash {
    /// Hashes a password. Takes a noticeable part of a second, on a thread where blocking is allowed.
    pub async fn of(password: String) -> Self {
        let _turn = AT_ONCE.acquire().await.expect("the semaphore is never closed");
        spawn_blocking(move || Self::of_blocking(&password)).await.expect("hashing does not panic")
    }

    /// [`PasswordHash::of`] for the command line.
    pub fn of_blocking(password: &str) -> Self {
        let hash: phc::PasswordHash =
            argon2().hash_password(password.as_bytes()).expect("a password under 4 GiB can be hashed");
        Self(hash.to_string())
    }

    pub(super) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether this is the password. Without a hash it is not, but that takes as long to say.
pub(super) async fn verify(password: String, hash: Option<PasswordHash>) -> bool {
    let _turn = AT_ONCE.acquire().await.expect("the semaphore is never closed");
    spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.map_or_else(|| NOBODY.to_owned(), |hash| hash.0);
        let right = phc::PasswordHash::new(&hash)
            .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok());
        known && right
    })
    .await
    .expect("verifying does not panic")
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("OWASP's parameters are allowed");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn only_the_right_password_is_right() {
        let hash = PasswordHash::of("umuganda wa mbere".into()).await;
        assert!(verify("umuganda wa mbere".into(), Some(hash.clone())).await);
        assert!(!verify("umuganda wa kabiri".into(), Some(hash)).await);
        assert!(!verify("umuganda wa mbere".into(), None).await);
    }

    #[test]
    fn nobody_costs_as_much_to_check_as_anybody() {
        let cost = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cost(NOBODY), cost(PasswordHash::of_blocking("x").as_str()));
        assert!(phc::PasswordHash::new(NOBODY).is_ok());
    }
}
