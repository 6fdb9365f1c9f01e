//! Putting a note right that could not be recorded: the group, the day or a code that was mistyped.

use std::io::Write;

use sync_core::fold::fold;
use sync_core::value::Pseudonym;

use super::super::note::{Meant, Note};
use super::super::participant::ParticipantCommand;
use super::super::session::SessionCommand;
use super::super::when::When;
use super::super::{CommandError, TabletCommand, find};
use super::readable;
use crate::device::Device;
use crate::recording::Who;

/// What of a note is put right.
pub(super) struct Right {
    pub(super) group: Option<String>,
    pub(super) date: Option<When>,
    pub(super) code: Option<Pseudonym>,
    pub(super) meant: Vec<Meant>,
    pub(super) yes: bool,
}

/// Writes a note again as it should have been typed. Where it gives another code, the later notes that mark that person say so first: should that be all that
/// is written, they name somebody who is not there yet, and wait.
pub(super) fn put_right(
    device: &mut Device,
    id: i64,
    right: &Right,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let (note, mut command) = readable(device, id)?;
    let mut other_code = None;
    match &mut command {
        TabletCommand::Session(SessionCommand::Record { group, date, yes, said, .. })
            if right.code.is_none() =>
        {
            // Two codes may have been mistaken for each other: each is replaced once.
            for who in said.marked_mut() {
                let meant = right.meant.iter().find(|meant| *who == Who::Code(meant.was.clone()));
                meant.into_iter().for_each(|meant| *who = meant.now.clone().into());
            }
            right.group.iter().for_each(|right| group.clone_from(right));
            *date = right.date.or(*date);
            *yes |= right.yes;
        }
        TabletCommand::Participant(ParticipantCommand::Add { group, code, said })
            if right.date.is_none() && right.meant.is_empty() =>
        {
            right.group.iter().for_each(|right| group.clone_from(right));
            said.yes |= right.yes;
            if let Some(right) = &right.code {
                other_code = code.replace(right.clone()).map(|was| (group.clone(), was, right.clone()));
            }
        }
        _ => return Err(CommandError::NotOfNote { note: id }),
    }
    if let Some((group, was, now)) = other_code {
        follow(device, id, &group, &was, &now, out)?;
    }
    let note = note.saying(&command);
    Ok(device.write_note(id, &note.to_bytes(), false)?)
}

/// Has the later notes of a group mark somebody under another code.
fn follow(
    device: &mut Device,
    added: i64,
    group: &str,
    was: &Pseudonym,
    now: &Pseudonym,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let meant = |device: &Device, said: &str| match find::group(device.tablet(), said) {
        Ok((id, _)) => id.to_string(),
        Err(_) => fold(said),
    };
    let group = meant(device, group);
    for later in device.notes()?.into_iter().filter(|note| !note.dropped && note.id > added) {
        let Some(note) = later.content.as_deref().and_then(Note::from_bytes) else { continue };
        let Some(TabletCommand::Session(SessionCommand::Record { group: of, date, part, yes, mut said })) =
            note.command()
        else {
            continue;
        };
        let theirs = |who: &&mut Who| matches!(who, Who::Code(code) if code == was);
        if meant(device, &of) != group || said.marked_mut().filter(theirs).count() == 0 {
            continue;
        }
        said.marked_mut().filter(theirs).for_each(|who| *who = now.clone().into());
        let command = TabletCommand::Session(SessionCommand::Record { group: of, date, part, yes, said });
        device.write_note(later.id, &note.saying(&command).to_bytes(), false)?;
        writeln!(out, "Note {} marks {now} now, in the place of {was}.", later.id)?;
    }
    Ok(())
}
