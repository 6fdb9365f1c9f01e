//! The keys that sign access tokens. The one made last signs. The others are believed until the last token of theirs has expired, so that
//! another key signs nobody out. They belong to one life of the store: a restore begins with a key of its own.

use data_encoding::BASE64URL_NOPAD;
use diesel::prelude::*;
use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};
use sync_core::time::Millis;

use super::schema::token_keys;
use super::{At, Conn, StoreError};
use crate::on_each;

/// The one that a store begins with, and that of the time before keys had names.
pub const FIRST: &str = "first";
/// How old a key becomes.
const DAYS: i64 = 90;
/// How long one is believed after another was made: as long as a token holds, and until each service knows the other.
const BELIEVED_MINUTES: i64 = 60;

/// A key.
#[derive(Clone)]
pub struct TokenKey {
    /// Its name in the tokens (`kid`).
    pub id: String,
    pub seed: [u8; 32],
    made_at: Option<Millis>,
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenKey({})", self.id)
    }
}

/// All keys that are believed, the one that signs first.
///
/// # Errors
/// [`StoreError::Damaged`] if the store was never migrated.
pub fn all(tx: &mut Conn<'_>) -> Result<Vec<TokenKey>, StoreError> {
    let rows: Vec<(String, Vec<u8>, Option<At>)> = on_each!(tx, |c| token_keys::table.load(c))?;
    let key = |(id, seed, made_at): (String, Vec<u8>, Option<At>)| {
        let seed = seed.try_into().map_err(|_| StoreError::Damaged("a token key is not 32 bytes"))?;
        Ok(TokenKey { id, seed, made_at: made_at.map(|At(at)| at) })
    };
    let mut keys: Vec<TokenKey> = rows.into_iter().map(key).collect::<Result<_, StoreError>>()?;
    // Of two that were made in the same millisecond, all services sign with the same.
    keys.sort_by(|a, b| (b.made_at, &b.id).cmp(&(a.made_at, &a.id)));
    if keys.is_empty() {
        Err(StoreError::Damaged("it has no token key; run `ihuriro migrate`"))
    } else {
        Ok(keys)
    }
}

/// Gives a store that has no key its first one.
pub(super) fn create(tx: &mut Conn<'_>) -> Result<(), StoreError> {
    let there: i64 = on_each!(tx, |c| token_keys::table.count().get_result(c))?;
    if there > 0 {
        return Ok(());
    }
    let seed: [u8; 32] = rand::random();
    let first = (token_keys::id.eq(FIRST), token_keys::seed.eq(&seed[..]));
    on_each!(tx, |c| diesel::insert_into(token_keys::table)
        .values(first)
        .on_conflict(token_keys::id)
        .do_nothing()
        .execute(c))?;
    Ok(())
}

/// Makes another key, which signs from now on; gives its name. Removes those that nothing is signed with any more.
///
/// # Errors
/// Those of the store.
pub fn rotate(tx: &mut Conn<'_>, now: Millis) -> Result<String, StoreError> {
    super::identity::take_turns(tx)?;
    let keys = all(tx)?;
    // Later than the last one, whatever the clock says: the newest signs.
    let last = keys.iter().filter_map(|key| key.made_at).max();
    let made = last.map_or(now, |last| now.max(Millis(last.0 + 1)));
    let seed: [u8; 32] = rand::random();
    let public = SigningKey::from_bytes(&seed).verifying_key();
    let mut id = BASE64URL_NOPAD.encode(&Sha256::digest(public.as_bytes()));
    id.truncate(16);
    on_each!(tx, |c| diesel::insert_into(token_keys::table)
        .values((token_keys::id.eq(&id), token_keys::seed.eq(&seed[..]), token_keys::made_at.eq(At(made))))
        .execute(c))?;
    // A key is no longer believed once the one that followed it has signed for an hour.
    let followed = keys
        .windows(2)
        .filter(|pair| pair[0].made_at.is_some_and(|at| at.plus_minutes(BELIEVED_MINUTES) < now));
    for gone in followed.map(|pair| &pair[1].id) {
        on_each!(tx, |c| diesel::delete(token_keys::table.find(gone)).execute(c))?;
    }
    Ok(id)
}

/// Makes another key where the last one is ninety days old, and removes those that are believed no longer.
///
/// # Errors
/// Those of the store.
pub fn rotate_where_due(tx: &mut Conn<'_>, now: Millis) -> Result<(), StoreError> {
    let keys = all(tx)?;
    let Some(newest) = keys.first() else { return Ok(()) };
    match newest.made_at {
        None => {
            let first = token_keys::table.find(&newest.id);
            on_each!(tx, |c| diesel::update(first).set(token_keys::made_at.eq(At(now))).execute(c))?;
        }
        Some(made) if made.plus_days(DAYS) <= now => drop(rotate(tx, now)?),
        Some(made) if made.plus_minutes(BELIEVED_MINUTES) < now => {
            on_each!(tx, |c| diesel::delete(token_keys::table)
                .filter(token_keys::id.ne(&newest.id))
                .execute(c))?;
        }
        Some(_) => {}
    }
    Ok(())
}
