//! How much of one tablet was quarantined within a day. Past a limit its requests are refused: keepers look through
//! quarantined changes one by one, and a tablet that means harm could bury the changes of others under its own.

use diesel::dsl::{count_star, min, sum};
use diesel::prelude::*;
use sync_core::id::DeviceId;
use sync_core::limits::{MAX_QUARANTINED, MAX_QUARANTINED_BYTES, QUARANTINED_WITHIN};
use sync_core::time::Millis;

use crate::on_each;
use crate::store::schema::{length, quarantine};
use crate::store::{At, Conn, Db, StoreError};

/// The changes of one tablet that were quarantined within a day and are not released.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Quarantined {
    changes: usize,
    bytes: usize,
    /// When the first of them came.
    since: Option<Millis>,
}

impl Quarantined {
    pub(super) fn of(tx: &mut Conn<'_>, device: DeviceId, now: Millis) -> Result<Self, StoreError> {
        let (changes, bytes, since): (i64, Option<i64>, Option<At>) = on_each!(tx, |c| quarantine::table
            .filter(quarantine::device_id.eq(Db(device)))
            .filter(quarantine::received_at.gt(At(Millis(now.0 - QUARANTINED_WITHIN))))
            .filter(quarantine::released_at.is_null())
            .select((count_star(), sum(length(quarantine::bytes)), min(quarantine::received_at)))
            .first(c))?;
        let sound = |number: i64| usize::try_from(number).unwrap_or(0);
        Ok(Self { changes: sound(changes), bytes: sound(bytes.unwrap_or(0)), since: since.map(|At(at)| at) })
    }

    pub(super) fn too_much(&self) -> bool {
        self.changes > MAX_QUARANTINED || self.bytes > MAX_QUARANTINED_BYTES
    }

    /// In how many seconds the first of them is a day old, so that there is room again.
    pub(super) fn again(&self, now: Millis) -> i64 {
        let since = self.since.unwrap_or(now);
        (since.0 + QUARANTINED_WITHIN - now.0) / 1000 + 1
    }
}
