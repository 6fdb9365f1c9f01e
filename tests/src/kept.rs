//! What the store has kept, to hold against what tablets said was saved.

use std::collections::BTreeSet;

use diesel::prelude::*;
use server::ledger;
use server::on_each;
use server::store::schema::{changes, quarantine};
use server::store::{At, Conn, Db, Store, StoreError};
use sync_core::change::ChangeHash;
use sync_core::id::DocumentId;
use sync_core::tablet::Report;

/// Names one change: two documents may begin with the same bytes.
pub type Name = (DocumentId, ChangeHash);

/// What the store has of changes.
#[derive(Debug, Default)]
pub struct Kept {
    merged: BTreeSet<Name>,
    /// Quarantined, waiting or rejected; each with its digest.
    quarantined: BTreeSet<(DocumentId, Vec<u8>)>,
    /// Quarantined and let in since, perhaps re-keyed: then `verify` sees that it is there.
    released: BTreeSet<(DocumentId, Vec<u8>)>,
    /// The lives in which changes are merged: that of one which was re-keyed names what it was (sync.md 4.6), also where a
    /// restored store does not remember that it let it in.
    lives: BTreeSet<(DocumentId, u32)>,
    /// Erased: whatever is handed in for one of these is where it should be once nothing is left of it, or it is quarantined.
    erased: BTreeSet<DocumentId>,
}

impl Kept {
    pub fn of(store: &Store) -> Self {
        type Rows = Vec<(Db<DocumentId>, Vec<u8>, i64)>;
        type Quarantined = Vec<(Db<DocumentId>, Vec<u8>, Option<At>)>;
        let (merged, quarantined): (Rows, Quarantined) = store
            .read_blocking("kept", |tx: &mut Conn<'_>| -> Result<(Rows, Quarantined), StoreError> {
                let merged = on_each!(tx, |c| changes::table
                    .select((changes::document_id, changes::hash, changes::incarnation))
                    .load(c))?;
                let quarantined = on_each!(tx, |c| quarantine::table
                    .select((quarantine::document_id, quarantine::digest, quarantine::released_at))
                    .load(c))?;
                Ok((merged, quarantined))
            })
            .expect("the store answers");
        let erased = store.read_blocking("erased", ledger::erased).expect("the store answers");
        let hash = |bytes: Vec<u8>| ChangeHash::from_bytes(bytes.try_into().expect("a hash has 32 bytes"));
        let mut kept = Self {
            lives: merged.iter().map(|(Db(document), _, life)| (*document, *life as u32)).collect(),
            merged: merged.into_iter().map(|(Db(document), bytes, _)| (document, hash(bytes))).collect(),
            erased: erased.into_iter().map(|one| one.place.document).collect(),
            ..Self::default()
        };
        for (Db(document), digest, released) in quarantined {
            let of = if released.is_some() { &mut kept.released } else { &mut kept.quarantined };
            of.insert((document, digest));
        }
        kept
    }

    /// In how many places a change is: one, if all is well.
    pub fn places(&self, name: &Name, digest: &[u8]) -> usize {
        if self.erased.contains(&name.0) {
            return 1;
        }
        let quarantined = (name.0, digest.to_vec());
        let [a, b, c, d, ..] = *name.1.as_bytes();
        let rekeyed = (name.0, u32::from_be_bytes([a, b, c, d]).max(1));
        let merged =
            [self.merged.contains(name), self.released.contains(&quarantined), self.lives.contains(&rekeyed)]
                .contains(&true);
        usize::from(merged) + usize::from(self.quarantined.contains(&quarantined))
    }
}

/// Whether a sync moved anything. The requests do not count: two copies of a tablet outrun each other at every sync.
pub fn has_moved(report: &Report) -> bool {
    let handed_in = report.accepted + report.duplicate + report.carried + report.refused;
    let changes = handed_in + report.received + report.dropped;
    changes > 0
        || !report.rejected.is_empty()
        || !report.quarantined.is_empty()
        || !report.repaired.is_empty()
}
