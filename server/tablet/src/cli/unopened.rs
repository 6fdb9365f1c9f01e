//! What can be done on a tablet that nobody opens, since it is locked or its passphrase forgotten: a day is noted, what waits leaves in a file, and it says
//! how it stands. None of it needs a passphrase, or reads what is sealed.

use std::io::Write;
use std::path::Path;

use sync_core::time::Date;

use super::note::Note;
use super::participant::ParticipantCommand;
use super::session::SessionCommand;
use super::when::{When, ask};
use super::{CommandError, TabletCommand, look_again, words};
use crate::clock::Clock;
use crate::device::Device;
use crate::folder::{Folder, FolderError, Outside};
use crate::recording::Details;

impl TabletCommand {
    /// Whether it can be done without opening the tablet.
    pub(super) fn works_unopened(&self) -> bool {
        matches!(
            self,
            Self::Session(SessionCommand::Record { .. })
                | Self::Participant(ParticipantCommand::Add { .. })
                | Self::Export { .. }
                | Self::Status
        )
    }
}

pub(super) fn run(
    folder: &Path,
    command: TabletCommand,
    outside: &Outside,
    clock: &Clock,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    match command {
        TabletCommand::Status => status(outside, out),
        TabletCommand::Export { to } => export(folder, &to, out),
        command => note(folder, command, outside, clock, out),
    }
}

/// Keeps what was typed. All is asked and refused now that needs nothing of the tablet's records: later nobody may know any more.
fn note(
    folder: &Path,
    command: TabletCommand,
    outside: &Outside,
    clock: &Clock,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let note = Note::of(&command, clock.now()).ok_or(CommandError::NeedsOpening)?;
    look_again::point_out(&command, out)?;
    let what = check(command, clock.today())?;
    let waiting = Folder::leave_note(folder, &note.to_bytes())?;
    writeln!(out, "Noted: {what}.")?;
    writeln!(
        out,
        "It is kept, and nobody can read it on this tablet until it is opened; then it is recorded. Whether there is such a group, and who has these \
         codes, is seen only then."
    )?;
    writeln!(out, "{} to be recorded.", waits(waiting, "note"))?;
    how_to_open(outside, out)
}

/// What a command records, in words.
fn check(command: TabletCommand, today: Date) -> Result<String, CommandError> {
    match command {
        TabletCommand::Session(SessionCommand::Record { group, date, part, yes, said }) => {
            let date = date.unwrap_or(When::Today).on(today);
            ask(today, Some(date), None, yes)?;
            Details::try_from(*said)?.check_marks()?;
            Ok(format!("the meeting of {group} on {} ({part})", words::day(date)))
        }
        TabletCommand::Participant(ParticipantCommand::Add { group, code, said }) => {
            said.details(today, None)?.check(None)?;
            Ok(match code {
                Some(code) => format!("participant {code} of {group}"),
                None => format!("a participant of {group}, under the code that is free then"),
            })
        }
        _ => Err(CommandError::NeedsOpening),
    }
}

fn export(folder: &Path, to: &Path, out: &mut dyn Write) -> Result<(), CommandError> {
    let changes = words::count(Device::export_unopened(folder, to)?, "change");
    writeln!(out, "In {}: {changes} of yours to hand in. Nobody can read it but the server.", to.display())?;
    writeln!(
        out,
        "Not in it, as nobody opened this tablet: notes, the state of groups, and what you carry for colleagues."
    )?;
    writeln!(
        out,
        "Your colleague takes it in with: ihuriro tablet import FILE. Here all of it goes on waiting."
    )?;
    Ok(())
}

fn status(outside: &Outside, out: &mut dyn Write) -> Result<(), CommandError> {
    match &outside.refuses {
        Some(FolderError::Locked) => writeln!(out, "This tablet is locked; nothing on it is lost.")?,
        Some(why) => writeln!(out, "This tablet can't be opened now: {why}.")?,
        None => writeln!(out, "This tablet opens with its passphrase.")?,
    }
    match outside.unsent {
        Some(0) => writeln!(out, "Nothing waits to be handed in.")?,
        Some(unsent) => writeln!(
            out,
            "{} to be handed in; a colleague can carry that: ihuriro tablet --locked export FILE",
            waits(unsent, "change")
        )?,
        None => writeln!(out, "What waits to be handed in is not known until it is opened.")?,
    }
    if outside.notes > 0 {
        writeln!(out, "{} to be recorded once it is opened.", waits(outside.notes, "note"))?;
    }
    how_to_open(outside, out)
}

fn how_to_open(outside: &Outside, out: &mut dyn Write) -> Result<(), CommandError> {
    let ask = match &outside.refuses {
        Some(FolderError::Wait { .. }) => return Ok(()),
        Some(_) => "To open it, ask",
        None => "Forgotten the passphrase? Ask",
    };
    Ok(writeln!(out, "{ask} your manager for a code: ihuriro tablet unlock --server https://… --code CODE")?)
}

/// `1 note waits`, `2 notes wait`.
pub(super) fn waits(number: usize, thing: &str) -> String {
    format!("{} wait{}", words::count(number, thing), if number == 1 { "s" } else { "" })
}
