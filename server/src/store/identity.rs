//! What makes this store this one: its epoch, which version of the projection
//! wrote its rows, and when it was last backed up.

use diesel::prelude::*;
use sync_core::id::{EpochId, Id};
use sync_core::time::Millis;
use uuid::Uuid;

use super::schema::settings;
use super::{Conn, StoreError, token_keys};
use crate::on_each;

/// One continuous life of the store (UUIDv7). A restore from a backup begins a new one.
const EPOCH: &str = "epoch";
/// Four bytes, big-endian; missing where the first version wrote the rows.
const PROJECTION: &str = "projection";
/// While rows are computed again: the version (four bytes, big-endian), and the id of the last document that has rows of it.
const CAUGHT_UP_TO: &str = "projection_at";
/// Milliseconds since 1970, eight bytes, big-endian; missing where there was no backup yet.
const LAST_BACKUP: &str = "last_backup";
/// Until when sessions were looked at for names of people erased. As that of the last backup.
const NAMES_LOOKED_FOR: &str = "names_looked_for";

/// Gives a store that has none its identity; whoever comes first decides it.
pub(super) fn create(tx: &mut Conn<'_>) -> Result<(), StoreError> {
    let epoch = Uuid::now_v7();
    let of_epoch = (settings::name.eq(EPOCH), settings::value.eq(&epoch.as_bytes()[..]));
    on_each!(tx, |c| diesel::insert_into(settings::table)
        .values(of_epoch)
        .on_conflict(settings::name)
        .do_nothing()
        .execute(c))?;
    token_keys::create(tx)
}

/// # Errors
/// [`StoreError::Damaged`] if the store was never migrated.
pub fn epoch(tx: &mut Conn<'_>) -> Result<EpochId, StoreError> {
    let bytes = setting(tx, EPOCH)?;
    Uuid::from_slice(&bytes)
        .map(EpochId::from_uuid)
        .map_err(|_| StoreError::Damaged("the epoch is not an id"))
}

/// What those who write at the web interface are called by in this life of the store, beside their own id: a change that a
/// restore lost, and a tablet still has, must not be counted like the next one of its author.
///
/// # Errors
/// [`StoreError::Damaged`] if the store was never migrated.
pub fn incarnation(tx: &mut Conn<'_>) -> Result<u32, StoreError> {
    let [.., a, b, c, d] = *epoch(tx)?.uuid().as_bytes();
    Ok(u32::from_be_bytes([a, b, c, d]))
}

/// The version of the projection that wrote the rows.
///
/// # Errors
/// Those of the store.
pub fn projection(tx: &mut Conn<'_>) -> Result<u32, StoreError> {
    let row: Option<Vec<u8>> =
        on_each!(tx, |c| settings::table.find(PROJECTION).select(settings::value).first(c).optional())?;
    let Some(bytes) = row else { return Ok(1) };
    let bytes =
        bytes.try_into().map_err(|_| StoreError::Damaged("the projection's version is not 4 bytes"))?;
    Ok(u32::from_be_bytes(bytes))
}

/// Says that all rows are of this version.
///
/// # Errors
/// Those of the store.
pub fn set_projection(tx: &mut Conn<'_>, version: u32) -> Result<(), StoreError> {
    set(tx, PROJECTION, version.to_be_bytes().to_vec())?;
    on_each!(tx, |c| diesel::delete(settings::table.find(CAUGHT_UP_TO)).execute(c))?;
    Ok(())
}

/// The last document that has rows of this version; `None` where computing them has not begun.
///
/// # Errors
/// Those of the store.
pub fn caught_up_to(tx: &mut Conn<'_>, version: u32) -> Result<Option<Uuid>, StoreError> {
    let row: Option<Vec<u8>> =
        on_each!(tx, |c| settings::table.find(CAUGHT_UP_TO).select(settings::value).first(c).optional())?;
    let id = row.as_deref().and_then(|bytes| bytes.strip_prefix(&version.to_be_bytes()[..]));
    Ok(id.and_then(|id| Uuid::from_slice(id).ok()))
}

/// # Errors
/// Those of the store.
pub fn set_caught_up_to(tx: &mut Conn<'_>, version: u32, id: Uuid) -> Result<(), StoreError> {
    set(tx, CAUGHT_UP_TO, [&version.to_be_bytes()[..], id.as_bytes()].concat())
}

/// Waits until no other service adds sums up or writes rows again, and lets none begin until this transaction ends.
///
/// # Errors
/// Those of the store.
pub fn take_turns(tx: &mut Conn<'_>) -> Result<(), StoreError> {
    let row = settings::table.find(EPOCH);
    on_each!(tx, |c| diesel::update(row).set(settings::value.eq(settings::value)).execute(c))?;
    Ok(())
}

/// Whether rows are being computed again, as a condition in SQL.
pub const CATCHING_UP: &str = "EXISTS (SELECT 1 FROM settings WHERE name = 'projection_at')";

/// When this store was last backed up.
///
/// # Errors
/// Those of the store.
pub fn last_backup(tx: &mut Conn<'_>) -> Result<Option<Millis>, StoreError> {
    time(tx, LAST_BACKUP)
}

/// # Errors
/// Those of the store.
pub fn set_last_backup(tx: &mut Conn<'_>, at: Millis) -> Result<(), StoreError> {
    set(tx, LAST_BACKUP, at.0.to_be_bytes().to_vec())
}

/// Until when sessions were looked at for names of people who were erased; the beginning of time where they never were.
///
/// # Errors
/// Those of the store.
pub fn names_looked_for(tx: &mut Conn<'_>) -> Result<Millis, StoreError> {
    Ok(time(tx, NAMES_LOOKED_FOR)?.unwrap_or(Millis(0)))
}

/// # Errors
/// Those of the store.
pub fn set_names_looked_for(tx: &mut Conn<'_>, until: Millis) -> Result<(), StoreError> {
    set(tx, NAMES_LOOKED_FOR, until.0.to_be_bytes().to_vec())
}

fn time(tx: &mut Conn<'_>, name: &'static str) -> Result<Option<Millis>, StoreError> {
    let row: Option<Vec<u8>> =
        on_each!(tx, |c| settings::table.find(name).select(settings::value).first(c).optional())?;
    let number = |bytes: Vec<u8>| bytes.try_into().map(i64::from_be_bytes);
    let damaged = |_| StoreError::Damaged("a time among the settings is not 8 bytes");
    row.map(number).transpose().map(|at| at.map(Millis)).map_err(damaged)
}

fn set(tx: &mut Conn<'_>, name: &'static str, value: Vec<u8>) -> Result<(), StoreError> {
    let value = settings::value.eq(value);
    on_each!(tx, |c| diesel::insert_into(settings::table)
        .values((settings::name.eq(name), value.clone()))
        .on_conflict(settings::name)
        .do_update()
        .set(value.clone())
        .execute(c))?;
    Ok(())
}

fn setting(tx: &mut Conn<'_>, name: &'static str) -> Result<Vec<u8>, StoreError> {
    on_each!(tx, |c| settings::table.find(name).select(settings::value).first(c).optional())?
        .ok_or(StoreError::Damaged("it has no identity; run `ihuriro migrate`"))
}
