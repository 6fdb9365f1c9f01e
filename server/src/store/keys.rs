//! The keys of the store that outlive a restore, unlike its identity: those by which tablets know it and seal work for it, which they
//! learned when they were enrolled; the one that published figures are rounded by, which were read; the one by which it knows the devices of
//! people; and the one that signs checkpoints of the audit log, so that one that somebody kept still tells what a restored log lacks.

use diesel::prelude::*;
use ed25519_dalek::SigningKey;
use rand::Rng;

use super::schema::store_keys;
use super::{Conn, StoreError};
use crate::on_each;

/// The Ed25519 seed that signs receipts.
const RECEIPTS: &str = "receipts";
/// An age identity, as text: colleagues seal for it what others carry.
const SEAL: &str = "seal";
/// The Ed25519 seed that signs checkpoints of the audit log.
const CHECKPOINTS: &str = "checkpoints";
/// Hides the addresses from which people sign in, and signs the tokens of their devices.
const SIGN_IN: &str = "sign_in";
/// What the rounding of published figures is drawn from. Drawn again after a restore, figures could be averaged.
const PUBLISHED: &str = "published";

/// Gives a store that has none its keys; whoever comes first decides them.
pub(super) fn create(tx: &mut Conn<'_>) -> Result<(), StoreError> {
    let random = || {
        let mut key = [0; 32];
        rand::rng().fill_bytes(&mut key);
        key.to_vec()
    };
    let seal = sealing::new_identity().into_bytes();
    let random_keys = [RECEIPTS, CHECKPOINTS, SIGN_IN, PUBLISHED].map(|name| (name, random()));
    for (name, value) in random_keys.into_iter().chain([(SEAL, seal)]) {
        on_each!(tx, |c| diesel::insert_into(store_keys::table)
            .values((store_keys::name.eq(name), store_keys::value.eq(&value)))
            .on_conflict(store_keys::name)
            .do_nothing()
            .execute(c))?;
    }
    Ok(())
}

/// The key that signs receipts.
///
/// # Errors
/// [`StoreError::Damaged`] if the store was never migrated.
pub fn receipts(tx: &mut Conn<'_>) -> Result<SigningKey, StoreError> {
    signing_key(tx, RECEIPTS, "the key for receipts")
}

/// The key that signs checkpoints of the audit log.
///
/// # Errors
/// [`StoreError::Damaged`] if the store was never migrated.
pub fn checkpoints(tx: &mut Conn<'_>) -> Result<SigningKey, StoreError> {
    signing_key(tx, CHECKPOINTS, "the key for checkpoints")
}

/// The age identity that opens what was sealed for the store.
///
/// # Errors
/// [`StoreError::Damaged`] if the store was never migrated.
pub fn seal(tx: &mut Conn<'_>) -> Result<String, StoreError> {
    String::from_utf8(key(tx, SEAL)?).map_err(|_| StoreError::Damaged("the key for sealing"))
}

fn signing_key(tx: &mut Conn<'_>, name: &'static str, what: &'static str) -> Result<SigningKey, StoreError> {
    let seed = key(tx, name)?.try_into().map_err(|_| StoreError::Damaged(what))?;
    Ok(SigningKey::from_bytes(&seed))
}

/// The key of what signing in keeps secret.
///
/// # Errors
/// [`StoreError::Damaged`] if the store was never migrated.
pub fn sign_in(tx: &mut Conn<'_>) -> Result<[u8; 32], StoreError> {
    key(tx, SIGN_IN)?.try_into().map_err(|_| StoreError::Damaged("the key for signing in"))
}

/// The key of what is drawn for published figures (HMAC-SHA-256).
///
/// # Errors
/// [`StoreError::Damaged`] if the store was never migrated.
pub fn published(tx: &mut Conn<'_>) -> Result<[u8; 32], StoreError> {
    key(tx, PUBLISHED)?.try_into().map_err(|_| StoreError::Damaged("the key for published figures"))
}

fn key(tx: &mut Conn<'_>, name: &'static str) -> Result<Vec<u8>, StoreError> {
    on_each!(tx, |c| store_keys::table.find(name).select(store_keys::value).first(c).optional())?
        .ok_or(StoreError::Damaged("it has no keys; run `ihuriro migrate`"))
}
