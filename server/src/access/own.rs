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
use crate::store::{Conn, Db, Failure, Store, StoreError};

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
    let bucket = of_login(gate, login);
    let done = store.write("try a code", move |tx| -> Result<Result<T, Problem>, Failure<TooMany>> {
        bucket.take(tx, now)?.map_err(TooMany)?;
        let done = work(tx)?;
        if done.is_ok() {
            bucket.give_back(tx)?;
        }
        Ok(done)
    });
    done.await?
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
    let bucket = of_login(gate, login);
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
