//! `people`: who shares the tablet. Tells what stands in the open, and opens nobody's folder.

use std::io::{self, Write};
use std::path::Path;

use super::{CommandError, words};
use crate::folder::{Folder, FolderError};
use crate::people;

pub(super) fn run(directory: &Path, out: &mut dyn Write) -> Result<(), CommandError> {
    let all = people::everybody(directory);
    if all.is_empty() {
        writeln!(out, "Nobody is on this tablet yet. Enrol with: ihuriro tablet --as NAME enrol")?;
    }
    for person in all {
        tell(&person.name.to_string(), Folder::unsent(&person.folder), out)?;
    }
    Ok(())
}

/// One person, in a line.
pub(super) fn tell(
    name: &str,
    unsent: Result<Option<usize>, FolderError>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match unsent {
        Ok(Some(0)) => writeln!(out, "{name}: nothing waits to be handed in."),
        Ok(Some(waiting)) => writeln!(out, "{name}: {} to be handed in.", words::count(waiting, "change")),
        Ok(None) => writeln!(out, "{name}: what waits is not known until they open it."),
        Err(FolderError::InUse(_)) => writeln!(out, "{name}: has it open now."),
        Err(error) => writeln!(out, "{name}: {error}."),
    }
}
