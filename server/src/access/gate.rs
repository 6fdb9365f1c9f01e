//! What signing in works with, beside the store: the key that hides addresses, and which proxies are believed.

use std::sync::Arc;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, KeyInit, Mac};
use ipnet::IpNet;
use sha2::Sha256;

use crate::store::{Conn, Store, StoreError, keys};

const NONCE: usize = 24;

/// How people sign in to one service. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    key: [u8; 32],
    /// The proxies that say from where a request comes.
    pub proxies: Arc<[IpNet]>,
    /// Whether people of the roles that need a second factor must enrol one before anything else. Who has one is always asked for it.
    pub demands_second_factor: bool,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gate({:?})", self.proxies)
    }
}

impl Gate {
    /// The gate of a migrated store, which believes no proxy and demands a second factor.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the store was never migrated.
    pub async fn of(store: &Store) -> Result<Self, StoreError> {
        store.read("sign-in key", Self::read).await
    }

    /// [`Gate::of`], in a transaction.
    ///
    /// # Errors
    /// As there.
    pub fn read(tx: &mut Conn<'_>) -> Result<Self, StoreError> {
        Ok(Self { key: keys::sign_in(tx)?, proxies: [].into(), demands_second_factor: true })
    }

    /// A name that nobody can make, or read anything from, who has not the key: a hash of the parts (HMAC-SHA-256).
    pub(super) fn name(&self, parts: &[&[u8]]) -> Vec<u8> {
        self.mac(parts).finalize().into_bytes().to_vec()
    }

    /// Whether [`Gate::name`] gives these bytes, in a time that does not tell how many of them are right.
    pub(super) fn is_name(&self, name: &[u8], parts: &[&[u8]]) -> bool {
        self.mac(parts).verify_slice(name).is_ok()
    }

    /// Seals bytes for a purpose, bound to `aad`: nobody who may write the store gives them to another. A nonce, and what it seals.
    pub(super) fn seal(&self, purpose: &[u8], aad: &[u8], msg: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let sealed = self.cipher(purpose).encrypt(&XNonce::from(nonce), Payload { msg, aad });
        [&nonce[..], &sealed.expect("a few bytes can be sealed")].concat()
    }

    /// What was sealed so; none where it was not.
    pub(super) fn open(&self, purpose: &[u8], aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, msg) = sealed.split_first_chunk::<NONCE>()?;
        self.cipher(purpose).decrypt(&XNonce::from(*nonce), Payload { msg, aad }).ok()
    }

    fn cipher(&self, purpose: &[u8]) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new_from_slice(&self.name(&[purpose])).expect("a hash has 32 bytes")
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
