//! How much work one request may bring. Each change and each document is within limits of its own, but a body holds
//! thousands of changes. Each may be for another document, which is opened; and each is merged on top of all that its
//! document holds.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use sync_core::batch::{Envelope, Statement};
use sync_core::change::Change;
use sync_core::id::{DeviceId, DocumentId, StreamId};
use sync_core::limits::{
    MAX_REQUEST_CHANGES, MAX_REQUEST_OPENED, MAX_REQUEST_OPERATIONS, MAX_REQUEST_STORED, MAX_REQUEST_WORK,
};

use super::admit::KnownTablet;
use crate::ledger::{self, Size};
use crate::store::{Conn, StoreError};

/// The work of the batches that were let in, document by document. Invariant: within all limits of a request.
#[derive(Debug, Default)]
pub(super) struct Room {
    records: BTreeMap<DocumentId, Load>,
    /// The streams that each tablet that signed a batch may read.
    readable: BTreeMap<DeviceId, Vec<StreamId>>,
}

/// The work of one document.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    /// The size of the document as it is stored.
    size: Size,
    /// How many changes came for it.
    changes: u64,
    /// The operations that these changes claim to hold.
    operations: u64,
}

impl Room {
    /// Lets a batch in if there is room for it beside those before it; gives whether it is let in. A batch with a
    /// single change always has room where none came before.
    ///
    /// Only documents that the tablet may read count with their stored size. Otherwise a refusal would tell whether a
    /// document exists, and ids of meetings follow from groups and days.
    pub(super) fn take(
        &mut self,
        tx: &mut Conn<'_>,
        tablet: &KnownTablet,
        envelope: &Envelope,
        statement: &Statement,
    ) -> Result<bool, StoreError> {
        let named: BTreeSet<DocumentId> = statement.items.iter().map(|item| item.document).collect();
        // 1. A batch that names too many documents is refused before the database is asked about them.
        if named.len() > MAX_REQUEST_CHANGES {
            return Ok(false);
        }
        // 2. The sizes of documents that no batch named before.
        let before: Vec<(DocumentId, Option<Load>)> =
            named.into_iter().map(|id| (id, self.records.get(&id).copied())).collect();
        let new: Vec<DocumentId> =
            before.iter().filter(|(_, load)| load.is_none()).map(|(id, _)| *id).collect();
        let readable = self.readable(tx, tablet.device)?;
        for (id, size) in ledger::sizes(tx, readable, &new)? {
            self.records.insert(id, Load { size, ..Load::default() });
        }
        // 3. Add the changes, and take the whole batch off again if it is too much.
        for (item, bytes) in statement.items.iter().zip(&envelope.changes) {
            let load = self.records.entry(item.document).or_default();
            load.changes += 1;
            load.operations += Change::operations_said(bytes);
        }
        let within = self.is_within();
        if !within {
            for (id, load) in before {
                match load {
                    Some(load) => self.records.insert(id, load),
                    None => self.records.remove(&id),
                };
            }
        }
        Ok(within)
    }

    fn readable(&mut self, tx: &mut Conn<'_>, tablet: DeviceId) -> Result<&[StreamId], StoreError> {
        Ok(match self.readable.entry(tablet) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let streams = ledger::readable_streams(tx, tablet)?;
                new.insert(streams.into_iter().map(|stream| stream.id).collect())
            }
        })
    }

    fn is_within(&self) -> bool {
        let total = |of: fn(&Load) -> u64| self.records.values().map(of).fold(0, u64::saturating_add);
        total(|one| one.changes) <= MAX_REQUEST_CHANGES as u64
            && total(|one| one.operations) <= MAX_REQUEST_OPERATIONS
            && total(|one| one.size.operations) <= MAX_REQUEST_OPENED
            && total(|one| one.size.bytes) <= MAX_REQUEST_STORED
            && total(|one| one.changes.saturating_mul(one.size.operations + one.operations))
                <= MAX_REQUEST_WORK
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::id::Id;
    use sync_core::limits::{MAX_DOCUMENT, MAX_DOCUMENT_OPERATIONS, MAX_OPERATIONS};

    /// So many records of this size, for each of which so many changes come.
    fn within(records: u128, size: Size, changes: u64, operations: u64) -> bool {
        let load = Load { size, changes, operations };
        let id = |number| DocumentId::from_uuid(uuid::Uuid::from_u128(number));
        Room { records: (0..records).map(|number| (id(number), load)).collect(), ..Room::default() }
            .is_within()
    }

    #[test]
    fn each_bound_is_one() {
        let (empty, bytes) = (Size::default(), MAX_DOCUMENT as u64);
        let full = Size { operations: MAX_DOCUMENT_OPERATIONS, bytes };
        assert!(within(1, full, 1, MAX_OPERATIONS), "one alone is always taken");
        for (what, records, size, changes, operations) in [
            ("changes", MAX_REQUEST_CHANGES as u128, empty, 1, 1),
            ("operations", u128::from(MAX_REQUEST_OPERATIONS), empty, 0, 1),
            ("opened", 4, Size { operations: MAX_REQUEST_OPENED / 4, bytes: 0 }, 1, 1),
            ("stored", 8, Size { operations: 0, bytes }, 1, 1),
            ("work", 10, Size { operations: 10_000, bytes: 0 }, 100, 0),
        ] {
            assert!(within(records, size, changes, operations), "{what}");
            assert!(!within(records + 1, size, changes, operations), "{what}");
        }
    }
}
