//! Access tokens: JSON Web Tokens signed with Ed25519 (RFC 8037), good for fifteen minutes.

mod signatures;

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use ed25519_dalek::{SigningKey, VerifyingKey};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use sync_core::id::{EpochId, OrganisationId, UserId};
use sync_core::time::Millis;

use super::Role;
use super::holder::{Family, Holder};
use crate::problem::{Problem, kind};
use crate::store::token_keys::{self, FIRST};
use crate::store::{Conn, Store, StoreError, identity};

pub(super) const MINUTES: i64 = 15;
const AUDIENCE: &str = "ihuriro";

/// Why a token does not say who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenRefused {
    #[error("the access token has expired")]
    Expired,
    #[error("the access token is not one of this service")]
    Foreign,
}

impl From<TokenRefused> for Problem {
    fn from(refused: TokenRefused) -> Self {
        match refused {
            TokenRefused::Expired => {
                Self::of(kind::TOKEN_EXPIRED, "Get another one with the refresh token, or sign in again.")
            }
            TokenRefused::Foreign => Self::of(kind::TOKEN_REFUSED, "Sign in again."),
        }
    }
}

/// What a token says. Only `sub` and `login` are believed, and whether that login goes on is looked up; so are role and
/// organisation, so that a change of them acts at once. They are here for clients.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: UserId,
    login: Family,
    org: Option<OrganisationId>,
    role: Role,
    iat: i64,
    exp: i64,
    iss: EpochId,
    aud: String,
}

/// Signs and reads the access tokens of one store. Cheap to clone; all clones know the same keys.
#[derive(Clone)]
pub struct Tokens {
    epoch: EpochId,
    keys: Arc<RwLock<Vec<Key>>>,
    /// When the store was last asked for a key that was not known here.
    asked: Arc<Mutex<Option<Instant>>>,
}

struct Key {
    id: String,
    signing: EncodingKey,
    verifying: DecodingKey,
    public: VerifyingKey,
}

/// How soon the store is asked again for a key that is not known: whoever invents names of keys costs no more than this.
const ASK_AGAIN: Duration = Duration::from_secs(1);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({:?})", self.epoch)
    }
}

impl Tokens {
    /// The tokens of a migrated store.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the store was never migrated.
    pub async fn of(store: &Store) -> Result<Self, StoreError> {
        store.read("tokens", Self::read).await
    }

    pub(super) fn read(tx: &mut Conn<'_>) -> Result<Self, StoreError> {
        let keys = token_keys::all(tx)?.iter().map(|key| Key::of(&key.id, &key.seed)).collect();
        Ok(Self::knowing(identity::epoch(tx)?, keys))
    }

    /// With one key, the first of a store.
    #[cfg(test)]
    pub(crate) fn with(epoch: EpochId, seed: &[u8; 32]) -> Self {
        Self::knowing(epoch, vec![Key::of(FIRST, seed)])
    }

    fn knowing(epoch: EpochId, keys: Vec<Key>) -> Self {
        signatures::install();
        Self { epoch, keys: Arc::new(RwLock::new(keys)), asked: Arc::default() }
    }

    /// Reads the keys again: another service, or the operator, may have made one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn learn(&self, store: &Store) -> Result<(), StoreError> {
        let keys = store.read("token keys", token_keys::all).await?;
        let keys = keys.iter().map(|key| Key::of(&key.id, &key.seed)).collect();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    pub(super) fn sign(&self, holder: Holder, login: Family, now: Millis) -> String {
        let claims = Claims {
            sub: holder.user,
            login,
            org: holder.organisation,
            role: holder.role,
            iat: now.seconds(),
            exp: now.plus_minutes(MINUTES).seconds(),
            iss: self.epoch,
            aud: AUDIENCE.to_owned(),
        };
        let keys = self.keys();
        let newest = keys.first().expect("a store has a key: reading none is an error");
        let header = Header { kid: Some(newest.id.clone()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &claims, &newest.signing).expect("an Ed25519 key signs any claims")
    }

    /// Who a token speaks for, as [`Tokens::verify`] says; with a key that was made a moment ago, too.
    pub(super) async fn verify_with(
        &self,
        store: &Store,
        token: &str,
        now: Millis,
    ) -> Result<(UserId, Family), Problem> {
        let name = decode_header(token).ok().map(|header| header.kid.unwrap_or_else(|| FIRST.to_owned()));
        let unknown = name.is_some_and(|name| self.keys().iter().all(|key| key.id != name));
        if unknown && self.may_ask() {
            self.learn(store).await?;
        }
        Ok(self.verify(token, now)?)
    }

    fn may_ask(&self) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let may = asked.is_none_or(|asked| asked.elapsed() >= ASK_AGAIN);
        if may {
            *asked = Some(Instant::now());
        }
        may
    }

    /// Who a token speaks for, `now`, and by which login. Time is the service's clock, to the second, without leeway.
    fn verify(&self, token: &str, now: Millis) -> Result<(UserId, Family), TokenRefused> {
        let mut expected = Validation::new(Algorithm::EdDSA);
        expected.validate_exp = false;
        expected.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        expected.set_issuer(&[self.epoch]);
        expected.set_audience(&[AUDIENCE]);
        // Tokens of the time before keys had names bear none.
        let header = decode_header(token).map_err(|_| TokenRefused::Foreign)?;
        let name = header.kid.as_deref().unwrap_or(FIRST);
        let keys = self.keys();
        let key = keys.iter().find(|key| key.id == name).ok_or(TokenRefused::Foreign)?;
        let claims =
            decode::<Claims>(token, &key.verifying, &expected).map_err(|_| TokenRefused::Foreign)?.claims;
        if claims.exp <= now.seconds() { Err(TokenRefused::Expired) } else { Ok((claims.sub, claims.login)) }
    }

    /// The name and the public half of each key that is believed, the one that signs first.
    pub(super) fn public(&self) -> Vec<(String, VerifyingKey)> {
        self.keys().iter().map(|key| (key.id.clone(), key.public)).collect()
    }

    fn keys(&self) -> RwLockReadGuard<'_, Vec<Key>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    fn of(id: &str, seed: &[u8; 32]) -> Self {
        let public = SigningKey::from_bytes(seed).verifying_key();
        Self {
            id: id.to_owned(),
            // Despite their names, these keep whatever bytes they are given; `signatures` wants the 32 of the key.
            signing: EncodingKey::from_ed_der(seed),
            verifying: DecodingKey::from_ed_der(public.as_bytes()),
            public,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::id::Id;
    use sync_core::time::Moment;
    use uuid::Uuid;

    const NOW: Millis = Millis(1_772_697_600_000);

    fn epoch(n: u128) -> EpochId {
        EpochId::from_uuid(Uuid::from_u128(n))
    }

    fn token(tokens: &Tokens) -> ((UserId, Family), String) {
        let user = UserId::from_uuid(Uuid::from_u128(7));
        let login = Family::new(&Moment { now: NOW, random: [7; 16] });
        let holder = Holder { user, organisation: None, role: Role::Manager };
        ((user, login), tokens.sign(holder, login, NOW))
    }

    #[test]
    fn a_token_speaks_for_its_user_for_fifteen_minutes() {
        let tokens = Tokens::with(epoch(1), &[1; 32]);
        let (whose, token) = token(&tokens);
        assert_eq!(tokens.verify(&token, NOW.plus_minutes(14)), Ok(whose));
        assert_eq!(tokens.verify(&token, NOW.plus_minutes(15)), Err(TokenRefused::Expired));
    }

    #[test]
    fn a_token_of_another_key_or_another_life_is_foreign() {
        let tokens = Tokens::with(epoch(1), &[1; 32]);
        let (_, of_another_key) = token(&Tokens::with(epoch(1), &[2; 32]));
        let (_, of_another_life) = token(&Tokens::with(epoch(2), &[1; 32]));
        for token in [of_another_key.as_str(), of_another_life.as_str(), "", "a.b.c"] {
            assert_eq!(tokens.verify(token, NOW), Err(TokenRefused::Foreign));
        }
    }

    #[test]
    fn an_unsigned_token_is_foreign() {
        let tokens = Tokens::with(epoch(1), &[1; 32]);
        let (_, token) = token(&tokens);
        let claims = token.split('.').nth(1).expect("claims");
        // {"alg":"none","typ":"JWT"}
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
        assert_eq!(tokens.verify(&unsigned, NOW), Err(TokenRefused::Foreign));
    }
}
