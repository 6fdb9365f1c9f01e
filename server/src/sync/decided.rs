//! What people decided about quarantined changes, for the tablets that ask.

use diesel::prelude::*;
use sync_core::change::Digest;
use sync_core::id::DocumentId;
use sync_core::limits::MAX_ASKED_AFTER;
use sync_core::quarantine::Rejection;
use sync_core::wire::{Rejected, Released};

use crate::on_each;
use crate::store::schema::{quarantine, users};
use crate::store::{Conn, Db, StoreError};

/// The decisions about the changes that a tablet asks about.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub(super) rejected: Vec<Rejected>,
    pub(super) released: Vec<Released>,
}

/// Reads what was decided about these changes. A digest can be known only from the change's bytes, so the question needs no further
/// permission: a tablet that was taken off a group hears it, too.
pub(super) fn of(tx: &mut Conn<'_>, waiting: &[Digest]) -> Result<Decided, StoreError> {
    type Row = (Db<DocumentId>, Vec<u8>, Option<String>, Option<String>);
    let waiting: Vec<&[u8]> =
        waiting.iter().take(MAX_ASKED_AFTER).map(|digest| digest.as_bytes().as_slice()).collect();
    let mut decided = Decided::default();
    if waiting.is_empty() {
        return Ok(decided);
    }
    let by = users::table.on(quarantine::rejected_by.eq(users::id.nullable()));
    let is_decided = quarantine::released_at.is_not_null().or(quarantine::rejected_by.is_not_null());
    let rows: Vec<Row> = on_each!(tx, |c| quarantine::table
        .left_join(by)
        .filter(quarantine::digest.eq_any(&waiting).and(is_decided))
        .select((
            quarantine::document_id,
            quarantine::digest,
            users::name.nullable(),
            quarantine::rejected_because
        ))
        .load(c))?;
    for (Db(document), digest, by, because) in rows {
        let digest = digest.try_into().map_err(|_| StoreError::Damaged("a quarantined change"))?;
        let digest = Digest::from_bytes(digest);
        match by {
            Some(by) => {
                let rejection = Rejection { by, because: because.unwrap_or_default() };
                decided.rejected.push(Rejected { document, digest, rejection });
            }
            None => decided.released.push(Released { document, digest }),
        }
    }
    Ok(decided)
}
