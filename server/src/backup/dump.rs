//! Making a backup.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek};
use std::path::{Path, PathBuf};

use sealing::HeaderBounds;
use sync_core::time::Millis;

use super::file::{Header, Writer};
use super::key::create_private;
use super::row;
use super::tables::KEPT;
use super::{Contents, PublicKey, Refused};
use crate::store::{Conn, Store, identity, migrate};

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    pub contents: Contents,
    /// The size of the file.
    pub bytes: u64,
}

/// Writes the store as it is at one moment to a new file that any of these keys opens. Others may go on writing to the
/// store. The file has its name only when all of it is on the disk; until then it is `….part`.
///
/// Must not be called from async code.
///
/// # Errors
/// [`Refused`]; no file is left then.
pub fn backup(store: &Store, to: &Path, keys: &[PublicKey], now: Millis) -> Result<Made, Refused> {
    if to.exists() {
        return Err(Refused::Exists(to.to_owned()));
    }
    // What has more readers than a restore looks at could be made, and never opened.
    if keys.len() > HeaderBounds::BACKUP_READERS {
        return Err(Refused::TooManyKeys);
    }
    let part = PathBuf::from(format!("{}.part", to.display()));
    let file = create_private(&part).map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => Refused::BeingWritten(part.clone()),
        _ => Refused::write(&part)(cause),
    })?;
    let made = store.read_blocking("backup", |tx| dump(tx, &file, &part, keys, now)).and_then(|contents| {
        finish(&file, &part, to).map_err(Refused::write(to)).map(|bytes| (contents, bytes))
    });
    match made {
        Ok((contents, bytes)) => Ok(Made { contents, bytes }),
        Err(refused) => {
            // What can't be removed now is named by the next backup.
            let _ = fs::remove_file(&part);
            Err(refused)
        }
    }
}

/// Writes all of it from the beginning of the file: a transaction may run again.
fn dump(
    tx: &mut Conn<'_>,
    mut file: &File,
    part: &Path,
    keys: &[PublicKey],
    now: Millis,
) -> Result<Contents, Refused> {
    let write = Refused::write(part);
    let header = Header::new(migrate::check_version(tx)?, identity::epoch(tx)?, now);
    file.set_len(0).and_then(|()| file.rewind()).map_err(&write)?;
    let mut out = Writer::begin(file, keys, &header).map_err(&write)?;
    for table in KEPT {
        let mut page = row::read(tx, table, None)?;
        while let Some(rows) = page {
            out.page(&rows).map_err(&write)?;
            page = row::read(tx, table, Some(&rows))?;
        }
    }
    out.finish().map_err(&write)?;
    Ok(Contents::of(tx)?)
}

/// Makes sure that it is on the disk, then gives it its name.
fn finish(file: &File, part: &Path, to: &Path) -> io::Result<u64> {
    file.sync_all()?;
    fs::rename(part, to)?;
    #[cfg(unix)]
    if let Some(folder) = to.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()?;
    }
    Ok(file.metadata()?.len())
}
