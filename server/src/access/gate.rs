//! What signing in works with, beside the store: the key that hides addresses, and which proxies are believed.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use ipnet::IpNet;
use sha2::Sha256;

use crate::store::{Store, StoreError, keys};

/// How people sign in to one service. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    key: [u8; 32],
    /// The proxies that say from where a request comes.
    pub proxies: Arc<[IpNet]>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gate({:?})", self.proxies)
    }
}

impl Gate {
    /// The gate of a migrated store, which believes no proxy.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the store was never migrated.
    pub async fn of(store: &Store) -> Result<Self, StoreError> {
        let key = store.read("sign-in key", keys::sign_in).await?;
        Ok(Self { key, proxies: [].into() })
    }

    /// A name that nobody can make, or read anything from, who has not the key: a hash of the parts (HMAC-SHA-256).
    pub(super) fn name(&self, parts: &[&[u8]]) -> Vec<u8> {
        self.mac(parts).finalize().into_bytes().to_vec()
    }

    /// Whether [`Gate::name`] gives these bytes, in a time that does not tell how many of them are right.
    pub(super) fn is_name(&self, name: &[u8], parts: &[&[u8]]) -> bool {
        self.mac(parts).verify_slice(name).is_ok()
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        for part in parts {
            // With its length, so that no two lists of parts read the same.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}
