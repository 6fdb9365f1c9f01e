//! `notes`: what was noted while nobody could open the tablet is recorded by whoever opens it, and told. What can't be recorded stays, with the reason,
//! until its owner puts it right or drops it.

mod right;

use std::collections::BTreeMap;
use std::io::Write;

use clap::Subcommand;
use sync_core::change::Grounds;
use sync_core::time::Millis;
use sync_core::value::Pseudonym;

use self::right::{Right, put_right};
use super::note::{Meant, Note};
use super::participant::ParticipantCommand;
use super::session::SessionCommand;
use super::when::When;
use super::{CommandError, TabletCommand, participant, session, words};
use crate::device::Device;
use crate::folder::KeptNote;

#[derive(Debug, Subcommand)]
pub enum NotesCommand {
    /// Record a note that could not be recorded, put right.
    Record {
        /// The number of the note
        note: i64,
        /// The group that was meant: its name or id, or the beginning of either
        #[arg(long)]
        group: Option<String>,
        /// The day it was, of a meeting
        #[arg(long)]
        date: Option<When>,
        /// Another code, of somebody who joined; later notes that mark them follow
        #[arg(long)]
        code: Option<Pseudonym>,
        /// Of a meeting, whom was meant by a code that was mistyped: P71=P07
        #[arg(long, value_delimiter = ',')]
        meant: Vec<Meant>,
        /// The day is right, though it looks wrong
        #[arg(long)]
        yes: bool,
    },
    /// Say that a note is not to be recorded. It stays in the list, with the reason.
    Drop {
        /// The number of the note
        note: i64,
        /// Why, in one line
        #[arg(long)]
        reason: Grounds,
    },
}

/// A note that stays, and why.
struct Left {
    id: i64,
    note: Option<Note>,
    why: CommandError,
}

/// Records all notes that wait, and tells of it: so that somebody who did not write them can make void what is not theirs.
pub(super) fn record_and_tell(device: &mut Device, out: &mut dyn Write) -> Result<(), CommandError> {
    let left = record_all(device, out)?;
    if !left.is_empty() {
        let notes = words::count(left.len(), "note");
        writeln!(out, "{notes} could not be recorded; look at what stays with: ihuriro tablet notes")?;
    }
    Ok(())
}

pub(super) fn run(
    device: &mut Device,
    command: Option<NotesCommand>,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    match command {
        None => {
            let left = record_all(device, out)?;
            list(device, &left, out)
        }
        Some(NotesCommand::Record { note: id, group, date, code, meant, yes }) => {
            put_right(device, id, &Right { group, date, code, meant, yes }, out)?;
            match record_all(device, out)?.into_iter().find(|left| left.id == id) {
                Some(left) => Err(left.why),
                None => Ok(()),
            }
        }
        Some(NotesCommand::Drop { note, reason }) => leave_out(device, note, &reason, out),
    }
}

/// Records the notes that wait, oldest first, and says what each became. Gives those that stay.
fn record_all(device: &mut Device, out: &mut dyn Write) -> Result<Vec<Left>, CommandError> {
    let mut left = Vec::new();
    let mut first: BTreeMap<String, i64> = BTreeMap::new();
    let mut told = false;
    for KeptNote { id, content, .. } in device.notes()?.into_iter().filter(|note| !note.dropped) {
        let note = content.as_deref().and_then(Note::from_bytes);
        let command = note.as_ref().and_then(Note::command);
        let (Some(note), Some(command)) = (note.clone(), command) else {
            left.push(Left { id, note, why: CommandError::NoteUnreadable });
            continue;
        };
        // What it rests on, an earlier note may have to say first: the code that it marks would else be somebody else's, and of two notes on one
        // meeting the later one is to have the last word.
        let waits_for = rests_on(&command).iter().find_map(|what| first.get(what).copied());
        let gives = gives(&command);
        let recorded = match waits_for {
            Some(earlier) => Err(CommandError::NoteWaits { earlier }),
            None => record(device, id, &note, command),
        };
        match recorded {
            Ok(said) => {
                if !told {
                    writeln!(out, "Noted while this tablet was not open, and recorded now:")?;
                    told = true;
                }
                said.lines().try_for_each(|line| writeln!(out, "  {line}"))?;
            }
            Err(why) => {
                if let Some(gives) = gives {
                    first.entry(gives).or_insert(id);
                }
                left.push(Left { id, note: Some(note), why });
            }
        }
    }
    if told {
        writeln!(out, "What of it is not yours you can make void, as: ihuriro tablet session void --help")?;
    }
    Ok(left)
}

/// Records one note as if it were typed at its time; with what is written the note is gone. Gives what is said of it.
fn record(device: &mut Device, id: i64, note: &Note, command: TabletCommand) -> Result<String, CommandError> {
    let mut said = Vec::new();
    // Whoever has the tablet may have written any time into it.
    let at = note.at.clamp(Millis(0), device.clock().now());
    device.record_note(id, at, |device| match command {
        TabletCommand::Session(command) => session::run(device, command, &mut said),
        TabletCommand::Participant(command) => participant::run(device, command, &mut said),
        _ => Err(CommandError::NoteUnreadable),
    })?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// What later notes may rest on: a code that is given, or the meeting that is begun.
fn gives(command: &TabletCommand) -> Option<String> {
    match command {
        TabletCommand::Participant(ParticipantCommand::Add { code, .. }) => {
            code.as_ref().map(ToString::to_string)
        }
        TabletCommand::Session(SessionCommand::Record { date, part, .. }) => Some(format!("{date:?} {part}")),
        _ => None,
    }
}

/// What has to be recorded before a note, if an earlier one says it. A group may be typed in many ways, so it is left out: rather a note waits too much.
fn rests_on(command: &TabletCommand) -> Vec<String> {
    let mut all: Vec<String> = gives(command).into_iter().collect();
    if let TabletCommand::Session(SessionCommand::Record { said, .. }) = command {
        all.extend(said.marked().map(ToString::to_string));
    }
    all
}

fn list(device: &mut Device, left: &[Left], out: &mut dyn Write) -> Result<(), CommandError> {
    for Left { id, note, why } in left {
        match note {
            Some(note) => writeln!(out, "Note {id}, {}: {}", words::time(note.at), note.typed())?,
            None => writeln!(out, "Note {id}")?,
        }
        writeln!(out, "  Not recorded: {why}.")?;
    }
    if !left.is_empty() {
        writeln!(
            out,
            "Put one right and record it, as: ihuriro tablet notes record NUMBER --group GROUP; or leave it out: ihuriro tablet notes drop NUMBER --reason \"why\""
        )?;
    }
    let dropped: Vec<KeptNote> = device.notes()?.into_iter().filter(|note| note.dropped).collect();
    for KeptNote { id, content, .. } in &dropped {
        let note = content.as_deref().and_then(Note::from_bytes);
        let (said, why) = note.map_or_else(Default::default, |note| (note.typed(), note.dropped));
        writeln!(out, "Left out: note {id}, {said} ({}).", why.unwrap_or_default())?;
    }
    if left.is_empty() && dropped.is_empty() {
        writeln!(out, "No notes wait to be recorded.")?;
    }
    Ok(())
}

fn leave_out(
    device: &mut Device,
    id: i64,
    reason: &Grounds,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let kept = waiting(device, id)?;
    let note = kept.content.as_deref().and_then(Note::from_bytes).unwrap_or_default();
    // Whoever had the code before may not be who was marked.
    let gave = note.command().filter(|command| matches!(command, TabletCommand::Participant(_)));
    let gave = gave.as_ref().and_then(gives);
    let dropped = Note { dropped: Some(reason.as_str().to_owned()), ..note };
    device.write_note(id, &dropped.to_bytes(), true)?;
    writeln!(out, "Left out: note {id}, {}.", dropped.typed())?;
    let rests = |note: &KeptNote| {
        let command = note.content.as_deref().and_then(Note::from_bytes).and_then(|note| note.command());
        command.is_some_and(|command| gave.as_ref().is_some_and(|gave| rests_on(&command).contains(gave)))
    };
    let resting = device.notes()?.into_iter().filter(|note| !note.dropped && note.id > id && rests(note));
    for KeptNote { id: later, .. } in resting {
        writeln!(
            out,
            "Look again: note {later} rests on it, and is recorded the next time that you open the tablet. If that would be wrong, leave it out too: \
             ihuriro tablet notes drop {later} --reason \"why\""
        )?;
    }
    Ok(())
}

fn waiting(device: &mut Device, id: i64) -> Result<KeptNote, CommandError> {
    let found = device.notes()?.into_iter().find(|note| note.id == id && !note.dropped);
    found.ok_or(CommandError::NoSuchNote { note: id })
}

fn readable(device: &mut Device, id: i64) -> Result<(Note, TabletCommand), CommandError> {
    let kept = waiting(device, id)?;
    let note = kept.content.as_deref().and_then(Note::from_bytes).ok_or(CommandError::NoteUnreadable)?;
    let command = note.command().ok_or(CommandError::NoteUnreadable)?;
    Ok((note, command))
}
