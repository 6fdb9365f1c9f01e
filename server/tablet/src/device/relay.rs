//! Bundles: what a colleague can carry, in a file.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use minicbor::bytes::ByteVec;
use sync_core::bundle::{BUNDLE, Bundle, NotABundle, Part, Sealed};
use sync_core::limits::MAX_EXPANDED;
use sync_core::tablet::{Came, Output, Report, ToSeal};

use super::Device;
use crate::folder::FolderError;
use crate::sealing::{self, SealError};

/// What went into a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Packed {
    /// Own changes to hand in.
    pub changes: usize,
    /// Groups whose state colleagues can take over.
    pub groups: usize,
    /// Things of other colleagues that travel on.
    pub carried: usize,
    pub receipts: usize,
}

/// A bundle that could not be made or taken in. Nothing is lost; what waits still waits.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    #[error("{} can't be written: {why}", path.display())]
    Unwritable { path: PathBuf, why: io::Error },
    #[error("{} can't be read: {why}", path.display())]
    Unreadable { path: PathBuf, why: io::Error },
    #[error(transparent)]
    NotABundle(#[from] NotABundle),
    #[error("there is nothing to take along: nothing waits to be handed in, and there are no groups")]
    Nothing,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl Device {
    /// Writes a new file that a colleague can carry to where there is a network, or to another tablet of the group. All that is in
    /// it goes on waiting here, until the server's answer comes, by whichever way.
    ///
    /// # Errors
    /// [`RelayError`] in words.
    pub fn export(&self, to: &Path) -> Result<Packed, RelayError> {
        let exported = self.tablet.export(|| self.clock.moment());
        let mut packed = Packed {
            carried: exported.carried.len(),
            receipts: exported.receipts.len(),
            ..Packed::default()
        };
        let mut parts = Vec::new();
        for ToSeal { for_store, key, content } in exported.to_seal {
            let mut readers = Vec::new();
            if let Some(key) = key {
                readers.push(sealing::recipient_of(&key.identity)?);
            }
            match (&content.batch, self.tablet.store_recipient()) {
                (Some(batch), Some(store)) => {
                    readers.push(store.to_owned());
                    packed.changes += batch.changes.len();
                }
                (Some(_), None) => return Err(SealError::Key.into()),
                (None, _) => packed.groups += 1,
            }
            parts.push(Part { for_store, sealed: sealing::seal(&content.to_bytes(), &readers)?.into() });
        }
        parts.extend(exported.carried.into_iter().map(|sealed| Part { for_store: true, sealed }));
        if parts.is_empty() && exported.receipts.is_empty() {
            return Err(RelayError::Nothing);
        }
        let bundle = Bundle { version: BUNDLE, parts, receipts: exported.receipts };
        let unwritable = |why| RelayError::Unwritable { path: to.to_owned(), why };
        let mut file = fs::File::create_new(to).map_err(unwritable)?;
        file.write_all(&bundle.to_bytes()).and_then(|()| file.sync_all()).map_err(unwritable)?;
        Ok(packed)
    }

    /// Takes a colleague's file in: merges what is of groups on this tablet, and keeps what is for the server until the next
    /// sync. Has it on the disk before it returns. The same file twice does nothing more.
    ///
    /// # Errors
    /// [`RelayError`] in words.
    pub fn import(&mut self, from: &Path) -> Result<Report, RelayError> {
        let bytes = fs::read(from).map_err(|why| RelayError::Unreadable { path: from.to_owned(), why })?;
        let bundle = Bundle::from_bytes(&bytes)?;
        let keys: Vec<String> = self.tablet.stream_keys().into_iter().map(|key| key.identity).collect();
        let opened = |sealed: &ByteVec| {
            let plain = sealing::open(sealed, &keys, MAX_EXPANDED).ok()?;
            Sealed::from_bytes(&plain).ok()
        };
        let mut came = Vec::new();
        for part in bundle.parts {
            let open = opened(&part.sealed);
            match (part.for_store, open) {
                (true, open) => came.push(Came::ForStore(part.sealed, open)),
                (false, Some(open)) => came.push(Came::ForColleagues(open)),
                // Of a group that is not on this tablet.
                (false, None) => {}
            }
        }
        came.extend(bundle.receipts.into_iter().map(Came::Receipt));
        let (outputs, report) = self.tablet.import(&self.clock.moment(), came);
        for output in outputs {
            if let Output::Persist(writes) = output {
                self.persist(&writes)?;
            }
        }
        Ok(report)
    }
}
