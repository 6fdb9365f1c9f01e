//! Bundles: what a colleague can carry, in a file.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sync_core::bundle::{Bundle, NotABundle};
use sync_core::tablet::{Exported, Output, Report};

use super::Device;
use crate::folder::FolderError;
use crate::packing;
use sealing::SealError;

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
    #[error(
        "there is nothing that can leave this tablet unopened: no change of yours waits to be handed in, or this program has not opened it yet"
    )]
    NothingUnopened,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl Packed {
    fn of(exported: &Exported) -> Self {
        let mut packed =
            Self { carried: exported.carried.len(), receipts: exported.receipts.len(), ..Self::default() };
        for one in &exported.to_seal {
            match &one.content.batch {
                Some(batch) => packed.changes += batch.changes.len(),
                None => packed.groups += 1,
            }
        }
        packed
    }
}

impl Device {
    /// Writes a new file that a colleague can carry to where there is a network, or to another tablet of the group. All that is in
    /// it goes on waiting here, until the server's answer comes, by whichever way.
    ///
    /// # Errors
    /// [`RelayError`] in words.
    pub fn export(&self, to: &Path) -> Result<Packed, RelayError> {
        let exported = self.tablet.export(|| self.clock.moment());
        let packed = Packed::of(&exported);
        let bundle = packing::pack(exported, self.tablet.store_recipient())?;
        if bundle.parts.is_empty() && bundle.receipts.is_empty() {
            return Err(RelayError::Nothing);
        }
        write(to, &bundle.to_bytes())?;
        Ok(packed)
    }

    /// Takes a colleague's file in: merges what is of groups on this tablet, and keeps what is for the server until the next
    /// sync. Has it on the disk before it returns. The same file twice does nothing more.
    ///
    /// # Errors
    /// [`RelayError`] in words.
    pub fn import(&mut self, from: &Path) -> Result<Report, RelayError> {
        let bytes = read(from).map_err(|why| RelayError::Unreadable { path: from.to_owned(), why })?;
        let came = packing::unpack(Bundle::from_bytes(&bytes)?, &self.tablet);
        let (outputs, report) = self.tablet.import(&self.clock.moment(), came);
        for output in outputs {
            if let Output::Persist(writes) = output {
                self.persist(&writes)?;
            }
        }
        Ok(report)
    }
}

/// Writes a new file, and has it on the disk before it returns.
pub(super) fn write(to: &Path, bundle: &[u8]) -> Result<(), RelayError> {
    let unwritable = |why| RelayError::Unwritable { path: to.to_owned(), why };
    let mut file = fs::File::create_new(to).map_err(unwritable)?;
    file.write_all(bundle).and_then(|()| file.sync_all()).map_err(unwritable)
}

/// The largest bundle that is read, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A whole file, unless it is larger than any bundle.
fn read(from: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(from)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than any bundle"));
    }
    Ok(bytes)
}
