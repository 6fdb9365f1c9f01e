//! The list of what was erased, kept beside backups as lines of JSON. A store that is restored from a backup erases again what is in the
//! list: a backup was made before it and holds what is to be forgotten.
//!
//! The list says ids of documents, of groups, and times; nothing of what was erased.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sync_core::id::{DocumentId, Id, StreamId};
use sync_core::record::{Kind, Place};
use sync_core::time::Millis;
use uuid::Uuid;

use super::Refused;
use super::key::create_private;
use crate::ledger::{self, Erasure};
use crate::store::Store;

/// How the list is called that lies beside backups.
pub const NAME: &str = "erasures.jsonl";

/// The list that belongs to a backup, unless another is named.
pub fn beside(backup: &Path) -> PathBuf {
    backup.with_file_name(NAME)
}

#[derive(Serialize, Deserialize)]
struct Line {
    document: Uuid,
    stream: Uuid,
    kind: Kind,
    /// Milliseconds since 1970.
    at: i64,
}

impl From<&Erasure> for Line {
    fn from(Erasure { place, at, .. }: &Erasure) -> Self {
        let Place { stream, document, kind } = *place;
        Self { document: document.uuid(), stream: stream.uuid(), kind, at: at.0 }
    }
}

impl From<Line> for Erasure {
    fn from(line: Line) -> Self {
        let document = DocumentId::from_uuid(line.document);
        let place = Place { stream: StreamId::from_uuid(line.stream), document, kind: line.kind };
        Self { place, at: Millis(line.at), by: None }
    }
}

/// What the list says; nothing where there is none.
///
/// # Errors
/// [`Refused::Read`], and [`Refused::NotAList`] where a line can't be read.
pub fn read(list: &Path) -> Result<Vec<Erasure>, Refused> {
    let text = match fs::read_to_string(list) {
        Ok(text) => text,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(Refused::Read { path: list.to_owned(), cause }),
    };
    let line = |line| serde_json::from_str(line).map(|line: Line| line.into());
    text.lines().map(line).collect::<Result<_, _>>().map_err(|_| Refused::NotAList(list.to_owned()))
}

/// Brings the list up to date: what the store has erased, and what the list says already. Gives how many that are. It is
/// written whole under another name first, so that it is never half there.
///
/// Must not be called from async code.
///
/// # Errors
/// [`Refused`]; the list is then as it was.
pub fn keep(store: &Store, list: &Path) -> Result<usize, Refused> {
    let stored = store.read_blocking("erasures", ledger::erased)?;
    let mut all: BTreeMap<DocumentId, Erasure> = BTreeMap::new();
    for one in read(list)?.into_iter().chain(stored) {
        all.entry(one.place.document).or_insert(one);
    }
    let part = PathBuf::from(format!("{}.part", list.display()));
    let _ = fs::remove_file(&part);
    let written = create_private(&part).and_then(|mut file| {
        for one in all.values() {
            serde_json::to_writer(&mut file, &Line::from(one))?;
            file.write_all(b"\n")?;
        }
        file.sync_all()?;
        fs::rename(&part, list)
    });
    written.map_err(Refused::write(list))?;
    Ok(all.len())
}
