//! The folder of an export: files of JSON Lines that only their owner can read, and a manifest that says what must be in them.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sync_core::id::{EpochId, OrganisationId};
use sync_core::record::Kind;

use super::Refused;
use super::standing::Standing;
use crate::backup::create_private;
use crate::store::StoreError;

pub(super) const MANIFEST: &str = "manifest.json";
/// What stands in a manifest of this form.
pub(super) const FORMAT: &str = "ihuriro export";
pub(super) const VERSION: u32 = 1;

/// What an export is of, and what must be in each of its files. It is written last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: String,
    pub(super) version: u32,
    /// The version of the program that made it.
    pub(super) program: String,
    pub(super) made_at: Timestamp,
    /// The life of the store that it is of.
    pub(super) epoch: EpochId,
    pub(super) organisation: Named,
    pub(super) standing: Standing,
    /// How many records there are of each kind.
    pub(super) records: BTreeMap<Kind, u64>,
    pub(super) files: Vec<Content>,
}

impl Manifest {
    /// The manifest of an export whose files are as they were written.
    pub(super) fn read(folder: &Path) -> Result<Self, Refused> {
        let not_one = || Refused::NotAnExport(folder.to_owned());
        let text = fs::read(folder.join(MANIFEST)).map_err(|_| not_one())?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|_| not_one())?;
        if manifest.format != FORMAT || manifest.version != VERSION {
            return Err(not_one());
        }
        for content in &manifest.files {
            // A manifest that somebody wrote names no file elsewhere.
            let name = Path::new(&content.name).file_name().ok_or_else(not_one)?;
            let path = folder.join(name);
            let mut file = File::open(&path).map_err(Refused::read(&path))?;
            let (mut hash, mut some) = (Sha256::new(), vec![0; 1 << 16]);
            loop {
                match file.read(&mut some).map_err(Refused::read(&path))? {
                    0 => break,
                    read => hash.update(&some[..read]),
                }
            }
            if HEXLOWER.encode(&hash.finalize()) != content.sha256 {
                return Err(Refused::Changed(path));
            }
        }
        Ok(manifest)
    }
}

/// The organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Named {
    pub(super) id: OrganisationId,
    pub(super) code: String,
    pub(super) name: String,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    name: String,
    /// SHA-256, in hexadecimal.
    sha256: String,
    bytes: u64,
    lines: u64,
}

/// A folder in which an export is written.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Whether it was there before.
    was_there: bool,
}

impl Folder {
    /// A new folder that only its owner enters, or one that is there and empty.
    pub(super) fn begin(path: &Path) -> Result<Self, Refused> {
        let mut make = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
        let was_there = match make.create(path) {
            Ok(()) => false,
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => true,
            Err(cause) => return Err(Refused::write(path)(cause)),
        };
        let mut inside = fs::read_dir(path).map_err(Refused::read(path))?;
        if inside.next().is_some() {
            return Err(Refused::NotEmpty(path.to_owned()));
        }
        Ok(Self { path: path.to_owned(), was_there })
    }

    /// Removes what was written: the folder was empty.
    pub(super) fn clear(&self) -> Result<(), Refused> {
        for file in fs::read_dir(&self.path).map_err(Refused::read(&self.path))?.flatten() {
            fs::remove_file(file.path()).map_err(Refused::write(&file.path()))?;
        }
        Ok(())
    }

    /// Leaves it as it was found.
    pub(super) fn give_up(self) {
        let _ = self.clear();
        if !self.was_there {
            let _ = fs::remove_dir(&self.path);
        }
    }

    pub(super) fn file(&self, name: &str) -> Result<Lines, Refused> {
        let path = self.path.join(name);
        let file = create_private(&path).map_err(Refused::write(&path))?;
        let content = Content { name: name.to_owned(), sha256: String::new(), bytes: 0, lines: 0 };
        Ok(Lines { path, out: BufWriter::new(file), hash: Sha256::new(), content })
    }

    /// Writes the manifest. Under another name first, so that one that is there is whole.
    pub(super) fn finish(&self, manifest: &Manifest) -> Result<(), Refused> {
        let (part, whole) = (self.path.join("manifest.part"), self.path.join(MANIFEST));
        let written = create_private(&part).and_then(|mut file| {
            serde_json::to_writer_pretty(&mut file, manifest)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&part, &whole)?;
            #[cfg(unix)]
            File::open(&self.path)?.sync_all()?;
            Ok(())
        });
        written.map_err(Refused::write(&whole))
    }
}

/// A file that is being written, one line after the other.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    out: BufWriter<File>,
    hash: Sha256,
    content: Content,
}

impl Lines {
    pub(super) fn put(&mut self, value: &impl Serialize) -> Result<(), Refused> {
        let json = serde_json::to_string(value).map_err(|_| StoreError::Damaged("a record"))?;
        self.text(&json)
    }

    /// A line that is JSON already, or of a text for people.
    pub(super) fn text(&mut self, line: &str) -> Result<(), Refused> {
        for bytes in [line.as_bytes(), b"\n"] {
            self.out.write_all(bytes).map_err(Refused::write(&self.path))?;
            self.hash.update(bytes);
            self.content.bytes += bytes.len() as u64;
        }
        self.content.lines += 1;
        Ok(())
    }

    /// Makes sure that it is on the disk.
    pub(super) fn finish(mut self) -> Result<Content, Refused> {
        let on_disk = self.out.flush().and_then(|()| self.out.get_ref().sync_all());
        on_disk.map_err(Refused::write(&self.path))?;
        Ok(Content { sha256: HEXLOWER.encode(&self.hash.finalize()), ..self.content })
    }
}
