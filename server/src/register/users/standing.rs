//! What a person may go on doing: nothing while disabled; elsewhere once they work for another organisation.

use diesel::prelude::*;
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Millis;

use crate::access::end_logins;
use crate::on_each;
use crate::register::teams;
use crate::store::schema::{devices, users};
use crate::store::{At, Conn, Db, StoreError};

/// Disables a person, unless they are: they are signed out, leave their teams, and their tablets are sent nothing.
///
/// # Errors
/// Those of the store.
pub fn disable(tx: &mut Conn<'_>, id: UserId, now: Millis) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::update(users::table.find(Db(id)))
        .filter(users::disabled_at.is_null())
        .set(users::disabled_at.eq(At(now)))
        .execute(c))?;
    teams::leave_all(tx, id, now)?;
    end_logins(tx, id, now)
}

/// Lets a person sign in again, and their tablets sync.
///
/// # Errors
/// Those of the store.
pub fn enable(tx: &mut Conn<'_>, id: UserId) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::update(users::table.find(Db(id)))
        .set(users::disabled_at.eq(None::<At>))
        .execute(c))?;
    Ok(())
}

/// Makes a person one of another organisation. They leave their teams, and are no protection officer there. Their tablets stay behind, revoked: who has them may be anybody there.
///
/// # Errors
/// Those of the store.
pub fn move_to(
    tx: &mut Conn<'_>,
    id: UserId,
    organisation: OrganisationId,
    now: Millis,
) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::update(users::table.find(Db(id)))
        .set((users::organisation_id.eq(Db(organisation)), users::protects_since.eq(None::<At>)))
        .execute(c))?;
    teams::leave_all(tx, id, now)?;
    let theirs = devices::table.filter(devices::user_id.eq(Db(id))).filter(devices::revoked_at.is_null());
    on_each!(tx, |c| diesel::update(theirs)
        .set((
            devices::revoked_at.eq(At(now)),
            devices::folder_key.eq(None::<Vec<u8>>),
            devices::unlock_hash.eq(None::<Vec<u8>>),
        ))
        .execute(c))?;
    Ok(())
}
