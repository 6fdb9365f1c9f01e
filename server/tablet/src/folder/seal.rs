//! Sealing. The passphrase opens a lock (Argon2id, RFC 9106) that holds a random key; with that key, blobs are sealed
//! (XChaCha20-Poly1305) and their names become keyed hashes (HMAC-SHA-256), bound to each other so that no blob can
//! take another's place.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::FolderError;

/// Bytes of a folder's key: half of it seals, half of it hides names.
pub(super) const KEY: usize = 64;
/// Bytes of an XChaCha20 nonce. Long enough to be drawn at random for every seal.
const NONCE: usize = 24;
/// OWASP's first choice for Argon2id (Password Storage Cheat Sheet): 46 MiB of memory, one pass, one lane.
const COST: Cost = Cost { memory_kib: 47_104, passes: 1, lanes: 1 };
/// What we are ready to spend on opening a folder, whatever its header asks for: 1 GiB, 16 passes, 16 lanes.
const DEAREST: Cost = Cost { memory_kib: 1 << 20, passes: 16, lanes: 16 };

/// What it costs to try a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

/// What stands in the open: how the passphrase leads to the key. The wrapped key fails to open with a wrong one.
#[derive(Debug, Clone)]
pub(super) struct Lock {
    pub(super) salt: Vec<u8>,
    pub(super) cost: Cost,
    pub(super) wrapped: Vec<u8>,
}

impl Lock {
    /// The salt and the costs are authenticated with the wrapped key.
    fn terms(salt: &[u8], cost: Cost) -> Vec<u8> {
        let Cost { memory_kib, passes, lanes } = cost;
        let numbers = [memory_kib, passes, lanes].map(u32::to_be_bytes).concat();
        [b"ihuriro folder 1".as_slice(), &numbers, salt].concat()
    }
}

/// The open lock.
pub(super) struct Seal {
    key: [u8; KEY],
    cipher: XChaCha20Poly1305,
    names: Hmac<Sha256>,
}

impl Seal {
    /// A new key behind a new lock.
    pub(super) fn new(passphrase: &str) -> (Self, Lock) {
        let seal = Self::with(std::array::from_fn(|_| rand::random()));
        let lock = seal.lock(passphrase);
        (seal, lock)
    }

    /// Another lock for the same key.
    pub(super) fn lock(&self, passphrase: &str) -> Lock {
        let salt: [u8; 16] = rand::random();
        let wrapping = derive(passphrase, &salt, COST).expect("our own costs are sound: a test uses them");
        let wrapped = close(&wrapping, &Lock::terms(&salt, COST), &self.key);
        Lock { salt: salt.to_vec(), cost: COST, wrapped }
    }

    /// What is behind the lock.
    pub(super) fn key(&self) -> &[u8; KEY] {
        &self.key
    }

    /// # Errors
    /// [`FolderError::WrongPassphrase`], or [`FolderError::Damaged`] if the costs make no sense.
    pub(super) fn open(passphrase: &str, lock: &Lock) -> Result<Self, FolderError> {
        let Cost { memory_kib, passes, lanes } = lock.cost;
        if memory_kib > DEAREST.memory_kib || passes > DEAREST.passes || lanes > DEAREST.lanes {
            return Err(FolderError::Damaged("its header asks for more work than any of ours does"));
        }
        let wrapping = derive(passphrase, &lock.salt, lock.cost)
            .ok_or(FolderError::Damaged("its header can't be read"))?;
        let key = open(&wrapping, &Lock::terms(&lock.salt, lock.cost), &lock.wrapped)
            .and_then(|key| <[u8; KEY]>::try_from(key).ok())
            .ok_or(FolderError::WrongPassphrase { left: 0 })?;
        Ok(Self::with(key))
    }

    pub(super) fn with(key: [u8; KEY]) -> Self {
        let (sealing, naming) = key.split_at(32);
        let names = <Hmac<Sha256> as KeyInit>::new_from_slice(naming).expect("HMAC takes keys of any length");
        let cipher = XChaCha20Poly1305::new_from_slice(sealing).expect("half of 64 bytes is 32");
        Self { key, cipher, names }
    }

    /// What a name is stored as.
    pub(super) fn name(&self, name: &str) -> [u8; 32] {
        let mut mac = self.names.clone();
        mac.update(name.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Nonce, then the sealed length of the name, the name and the value.
    pub(super) fn seal(&self, name: &str, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(name.len()).expect("our names are shorter than 64 KiB").to_be_bytes();
        close(&self.cipher, &self.name(name), &[&length, name.as_bytes(), value].concat())
    }

    /// The name and the value again.
    ///
    /// # Errors
    /// [`FolderError::Damaged`] if the bytes are not what was sealed under this stored name.
    pub(super) fn unseal(&self, stored: &[u8], sealed: &[u8]) -> Result<(String, Vec<u8>), FolderError> {
        let tampered = || FolderError::Damaged("something in it was changed from outside");
        let mut name = open(&self.cipher, stored, sealed).ok_or_else(tampered)?;
        let length = name.first_chunk().copied().map_or(0, u16::from_be_bytes);
        let end = usize::from(length) + 2;
        if end > name.len() {
            return Err(tampered());
        }
        let value = name.split_off(end);
        Ok((String::from_utf8(name.split_off(2)).map_err(|_| tampered())?, value))
    }
}

fn derive(passphrase: &str, salt: &[u8], cost: Cost) -> Option<XChaCha20Poly1305> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).ok()?;
    let mut key = Key::default();
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password_into(passphrase.as_bytes(), salt, &mut key).ok()?;
    Some(XChaCha20Poly1305::new(&key))
}

fn close(cipher: &XChaCha20Poly1305, aad: &[u8], msg: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE] = rand::random();
    let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg, aad });
    [nonce.to_vec(), sealed.expect("a blob is far shorter than the 256 GiB that the cipher takes")].concat()
}

fn open(cipher: &XChaCha20Poly1305, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, msg) = sealed.split_first_chunk::<NONCE>()?;
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg, aad }).ok()
}
