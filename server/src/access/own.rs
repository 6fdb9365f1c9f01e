//! A person who is signed in shows that they are the one who may change how they sign in: they know the password.

use diesel::prelude::*;
use sync_core::id::UserId;
use sync_core::time::Millis;
use uuid::Uuid;

use super::attempt::{TooMany, of_login};
use super::gate::Gate;
use super::{PasswordHash, password};
use crate::on_each;
use crate::problem::Problem;
use crate::store::schema::users;
use crate::store::{Conn, Db, Failure, Refusal, Store, StoreError};

/// Does something that a code decides, if this login has not tried too many: `right` is what it answers where the code was right.
///
/// # Errors
/// 429 `too-many-attempts`, and those of the store.
pub(crate) async fn with_code<T: Send + 'static>(
    store: &Store,
    gate: &Gate,
    login: Uuid,
    now: Millis,
    work: impl Fn(&mut Conn<'_>) -> Result<Result<T, Problem>, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    // 1. The attempt is counted by itself: it counts also where the rest is undone, and is no change that the audit log notes.
    let (bucket, counting) = (of_login(gate, login), store.not_noting());
    let taken = bucket.clone();
    let counted = counting.write("count an attempt", move |tx| -> Result<(), Failure<TooMany>> {
        Ok(taken.take(tx, now)?.map_err(TooMany)?)
    });
    counted.await?;
    // 2. What the code lets happen, with the note of it; or nothing.
    let done = store.write("try a code", move |tx| -> Result<T, Failure<WrongCode>> {
        let done = work(tx)?.map_err(WrongCode)?;
        bucket.give_back(tx)?;
        Ok(done)
    });
    Ok(done.await?)
}

/// Why a code let nothing happen.
#[derive(Debug, thiserror::Error)]
#[error("the code was refused")]
struct WrongCode(Problem);

impl Refusal for WrongCode {}

impl From<WrongCode> for Problem {
    fn from(WrongCode(problem): WrongCode) -> Self {
        problem
    }
}

/// Whether this is the password of the person who calls by this login. Wrong ones are counted for the login alone: whoever has got hold
/// of one does not keep the person from changing their password by another.
///
/// # Errors
/// 429 `too-many-attempts`, 503 `busy`, and those of the store.
pub(crate) async fn knows_password(
    store: &Store,
    gate: &Gate,
    (user, login): (UserId, Uuid),
    password: String,
    now: Millis,
) -> Result<bool, Problem> {
    let (bucket, store) = (of_login(gate, login), store.not_noting());
    let taken = bucket.clone();
    let hash = store.write("count an attempt", move |tx| -> Result<String, Failure<TooMany>> {
        taken.take(tx, now)?.map_err(TooMany)?;
        let hash = on_each!(tx, |c| users::table.find(Db(user)).select(users::password_hash).first(c))
            .map_err(Failure::Store)?;
        Ok(hash)
    });
    let hash = PasswordHash::stored(hash.await?);
    let right = password::verify(password, hash, true).await?;
    if right {
        store
            .write("give an attempt back", move |tx| -> Result<(), StoreError> { bucket.give_back(tx) })
            .await?;
    }
    Ok(right)
}
