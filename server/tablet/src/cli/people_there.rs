//! `people`: who shares the tablet. Tells what stands in the open, and opens nobody's folder.

use std::io::{self, Write};
use std::path::Path;

use super::unopened::waits;
use super::{CommandError, words};
use crate::clock::Clock;
use crate::folder::{Folder, FolderError, Outside};
use crate::people;

pub(super) fn run(directory: &Path, out: &mut dyn Write) -> Result<(), CommandError> {
    let all = people::everybody(directory);
    if all.is_empty() {
        writeln!(out, "Nobody is on this tablet yet. Enrol with: ihuriro tablet --as NAME enrol")?;
    }
    for person in all {
        tell(&person.name.to_string(), Folder::outside(&person.folder, Clock::System.now()), out)?;
    }
    Ok(())
}

/// One person, in a line.
pub(super) fn tell(name: &str, outside: Result<Outside, FolderError>, out: &mut dyn Write) -> io::Result<()> {
    let Outside { unsent, notes, refuses } = match outside {
        Ok(outside) => outside,
        Err(FolderError::InUse(_)) => return writeln!(out, "{name}: has it open now."),
        Err(error) => return writeln!(out, "{name}: {error}."),
    };
    let mut said = vec![match unsent {
        Some(0) => "nothing waits to be handed in".to_owned(),
        Some(waiting) => format!("{} to be handed in", words::count(waiting, "change")),
        None => "what waits is not known until they open it".to_owned(),
    }];
    if notes > 0 {
        said.push(format!("{} to be recorded", waits(notes, "note")));
    }
    match refuses {
        Some(FolderError::Locked) => said.push("locked".to_owned()),
        Some(FolderError::Wait { minutes }) => said.push(format!("no passphrase is taken for {minutes} min")),
        _ => {}
    }
    writeln!(out, "{name}: {}.", said.join("; "))
}
