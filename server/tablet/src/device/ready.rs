//! What waits, ready to leave: a bundle of the outbox stands in the open, sealed for the store alone, so that a colleague can carry it from a tablet that
//! nobody opens. It is made again with each write that changes the outbox. That costs such a write a signature and two passes over what waits.

use std::path::Path;

use sealing::SealError;
use sync_core::bundle::{BUNDLE, Bundle, Part};
use sync_core::tablet::{Key, Write};

use super::Device;
use super::relay::{self, RelayError};
use crate::folder::{Folder, FolderError, Ready, Unsent};

impl Device {
    /// Writes a new file with what waits to be handed in on the tablet in the directory `at`, without opening it; says how many changes that are. Nobody
    /// can read them but the store. All of it goes on waiting on the tablet. It takes no number of a request, and each of its batches has an id of its own:
    /// what the store has already by another way is a duplicate to it.
    ///
    /// # Errors
    /// [`RelayError`] in words.
    pub fn export_unopened(at: &Path, to: &Path) -> Result<usize, RelayError> {
        let (changes, bundle) = Folder::bundle(at)?.ok_or(RelayError::NothingUnopened)?;
        relay::write(to, &bundle)?;
        Ok(changes)
    }

    /// What waits once these writes are durable.
    pub(super) fn unsent(&self, writes: &[Write]) -> Unsent {
        let concerns =
            |write: &Write| matches!(write, Write::Put(Key::Outbox(_), _) | Write::Delete(Key::Outbox(_)));
        let ready = if writes.iter().any(concerns) { self.ready() } else { None };
        Unsent { changes: self.tablet.outbox().len(), ready }
    }

    /// Makes the bundle where it is not that of the outbox: a program of before makes none.
    pub(super) fn make_ready(&mut self) -> Result<(), FolderError> {
        let waits = self.tablet.newest_waiting().map(|newest| (self.tablet.outbox().len(), newest));
        if self.folder.stands_ready()? == waits {
            return Ok(());
        }
        let unsent = Unsent { changes: self.tablet.outbox().len(), ready: self.ready() };
        self.folder.persist(&[], unsent)
    }

    /// The outbox, sealed for the store. `None` where nothing waits, or the tablet was enrolled before stores had a key for that.
    fn ready(&self) -> Option<Ready> {
        let newest = self.tablet.newest_waiting()?;
        let store = [self.tablet.store_recipient()?.to_owned()];
        let contents = self.tablet.export_outbox(|| self.clock.moment()).into_iter();
        let part = |sealed: Vec<u8>| Part { for_store: true, sealed: sealed.into() };
        let sealed = contents.map(|content| Ok(part(sealing::seal(&content.to_bytes(), &store)?)));
        let parts = sealed.collect::<Result<_, SealError>>().ok()?;
        let bundle = Bundle { version: BUNDLE, parts, receipts: Vec::new() };
        Some(Ready { newest, bundle: bundle.to_bytes() })
    }
}
