//! `ihuriro tablet …`: what a facilitator says to the tablet, and what it says back, in plain sentences.

mod care;
mod error;
mod find;
mod lesson;
mod incident;
mod list;
mod look_again;
mod neighbours;
mod note;
mod notes;
mod participant;
mod people_there;
mod referral;
mod relay;
mod screening;
mod service;
mod session;
mod settle;
mod show;
mod status;
mod sync;
mod unopened;
mod when;
mod words;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::clock::Clock;
use crate::device::{Device, OpenError, OpensWith};
use crate::folder::{Folder, FolderError, Outside, SHORTEST_PASSPHRASE, SHORTEST_PIN};
use crate::people::{self, Name};

pub use error::CommandError;

/// Where the passphrase may stand, for scripts; else it is asked for.
const PASSPHRASE: &str = "IHURIRO_TABLET_PASSPHRASE";

/// Records meetings on this machine as on a tablet: offline, encrypted, and synced when there is a network.
#[derive(Debug, Args)]
pub struct TabletArgs {
    /// The tablet's data folder. Its passphrase is asked for, or taken from IHURIRO_TABLET_PASSPHRASE.
    #[arg(long, global = true, env = "IHURIRO_TABLET", default_value = "./tablet", value_name = "DIR")]
    pub folder: PathBuf,
    /// Who you are, where several people share the tablet: a name that you chose when you enrolled
    #[arg(long = "as", global = true, env = "IHURIRO_TABLET_AS", value_name = "NAME")]
    pub person: Option<Name>,
    /// Do without opening the tablet what can be, as if it were locked: session record, participant add, export, status. What is recorded so is kept as a
    /// note until somebody opens it
    #[arg(long, global = true)]
    pub locked: bool,
    #[command(subcommand)]
    pub command: TabletCommand,
}

/// The commands of the tablet. All but `enrol` and `sync` work without a network.
#[derive(Debug, Subcommand)]
pub enum TabletCommand {
    /// Make this a tablet of yours, with the one-time code that your manager gave you.
    Enrol(EnrolArgs),
    /// Open a tablet again that locked after wrong passphrases, with a code from your manager, and choose a new passphrase or PIN.
    Unlock {
        /// The server's address, https://ihuriro.example.rw; the locked tablet does not tell it
        #[arg(long)]
        server: String,
        /// The one-time code, XXXXX-XXXXX
        #[arg(long)]
        code: String,
    },
    /// List who is on this tablet, and how much of each waits to be handed in. Needs no passphrase.
    People,
    /// List the groups on this tablet.
    Groups,
    /// List the participants of a group.
    Participants {
        /// The group: its name or id, or the beginning of either
        group: String,
    },
    /// Add a participant to a group, or correct what is recorded of one.
    #[command(subcommand)]
    Participant(participant::ParticipantCommand),
    /// Record a meeting, or correct what is recorded of one.
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// List the meetings of a group.
    Sessions {
        /// The group: its name or id, or the beginning of either
        group: String,
    },
    /// Write down what you learned with colleagues, and read and adopt what others did.
    #[command(subcommand)]
    Lesson(lesson::LessonCommand),
    /// Find the services that people can be sent to, the nearest first.
    #[command(subcommand)]
    Service(service::ServiceCommand),
    /// Tell what other partners do near to your groups, and how they are reached.
    Neighbours {
        /// Of this group alone: its name or id, or the beginning of either
        group: Option<String>,
    },
    /// Refer a participant to a service, and note how far they have come.
    #[command(subcommand)]
    Referral(referral::ReferralCommand),
    /// Record what happened at a meeting and needed care, and what was done.
    #[command(subcommand)]
    Incident(incident::IncidentCommand),
    /// Record the score of a participant on an instrument.
    #[command(subcommand)]
    Screening(screening::ScreeningCommand),
    /// Show a record in words, with what two people set differently.
    Show(show::ShowArgs),
    /// Say what is right where people set something differently, and why.
    Settle(settle::SettleArgs),
    /// List the notes that could not be recorded when the tablet was opened again, and those that were left out; record one put right, or leave it out.
    Notes {
        #[command(subcommand)]
        command: Option<notes::NotesCommand>,
    },
    /// Tell what waits to be sent, and what came back and why.
    Status,
    /// Hand in what waits and fetch what others did.
    Sync,
    /// Write a file that a colleague can carry to where there is a network, or to another tablet of the group.
    Export {
        /// The file to write; it must not be there yet
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
    /// Take in a file that a colleague's tablet wrote.
    Import {
        /// The file, as it came on a card or by a messenger
        #[arg(value_name = "FILE")]
        from: PathBuf,
    },
}

impl TabletCommand {
    /// Whether it is for reading what the tablet holds.
    fn shows(&self) -> bool {
        match self {
            Self::Groups
            | Self::Participants { .. }
            | Self::Sessions { .. }
            | Self::Neighbours { .. }
            | Self::Show(_)
            | Self::Settle(_)
            | Self::Notes { command: None } => true,
            Self::Referral(command) => command.shows(),
            Self::Incident(command) => command.shows(),
            Self::Screening(command) => command.shows(),
            Self::Lesson(command) => command.shows(),
            // The directory is no record of anybody: it is for whoever needs help now.
            Self::Service(_) => false,
            _ => false,
        }
    }
}

#[derive(Debug, Args)]
pub struct EnrolArgs {
    /// The server's address, https://ihuriro.example.rw
    #[arg(long)]
    server: String,
    /// The one-time code, XXXXX-XXXXX
    #[arg(long)]
    code: String,
    /// What people will call this tablet
    #[arg(long, default_value = "tablet")]
    name: String,
}

/// Runs a command and prints what it has to say to the standard output.
///
/// # Errors
/// [`CommandError`], one sentence for the person who gave the command.
pub fn run(args: TabletArgs) -> Result<(), CommandError> {
    let TabletArgs { folder: directory, person, locked, command } = args;
    let out = &mut std::io::stdout().lock();
    if let TabletCommand::Enrol(EnrolArgs { server, code, name }) = &command {
        let folder = people::new_folder(&directory, person.as_ref())?;
        let device = Device::enrol(&folder, &new_passphrase()?, server, code, name, Clock::System)?;
        return Ok(welcome(&device, out)?);
    }
    if let TabletCommand::People = command {
        return people_there::run(&directory, out);
    }
    let folder = people::folder_of(&directory, person.as_ref())?;
    if !Folder::is_at(&folder) {
        return Err(OpenError::Folder(FolderError::Missing(folder)).into());
    }
    if let TabletCommand::Unlock { server, code } = &command {
        let passphrase = new_passphrase()?;
        let opens_with = Device::unlock(&folder, server, code, &passphrase, &Clock::System)?;
        unlocked(opens_with, out)?;
        return match opens_with {
            OpensWith::New => {
                notes::record_and_tell(&mut Device::open(&folder, &passphrase, Clock::System)?, out)
            }
            OpensWith::Before => Ok(()),
        };
    }
    run_in(&folder, command, locked, passphrase, &Clock::System, out)
}

/// Runs a command on the tablet in the directory `folder`, and prints to `out`. It is opened, and what was noted while it was not is recorded first. Where it
/// is locked, or is to be left so, what can be done without opening it is done.
///
/// # Errors
/// [`CommandError`], one sentence for the person who gave the command.
pub fn run_in(
    folder: &Path,
    command: TabletCommand,
    locked: bool,
    passphrase: impl FnOnce() -> Result<String, CommandError>,
    clock: &Clock,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    if command.works_unopened() {
        let outside = Folder::outside(folder, clock.now())?;
        if locked || outside.refuses.is_some() {
            return unopened::run(folder, command, &outside, clock, out);
        }
    } else if locked {
        return Err(CommandError::NeedsOpening);
    }
    let device = &mut Device::open(folder, &passphrase()?, clock.clone())?;
    if !matches!(command, TabletCommand::Notes { .. }) {
        notes::record_and_tell(device, out)?;
    }
    run_on(device, command, out)
}

/// Runs a command on a tablet that is open, and prints to `out`.
///
/// # Errors
/// [`CommandError`], one sentence for the person who gave the command.
pub fn run_on(device: &mut Device, command: TabletCommand, out: &mut dyn Write) -> Result<(), CommandError> {
    if command.shows() {
        device.may_show()?;
    }
    look_again::point_out(&command, out)?;
    match command {
        TabletCommand::Enrol(_) => Ok(welcome(device, out)?),
        TabletCommand::Unlock { .. } => Ok(writeln!(out, "This tablet is not locked.")?),
        TabletCommand::People => {
            let unsent = Some(device.tablet().outbox().len());
            let outside = Outside { unsent, notes: device.notes_waiting()?, refuses: None };
            Ok(people_there::tell(&device.settings().user, Ok(outside), out)?)
        }
        TabletCommand::Groups => list::groups(device, out),
        TabletCommand::Participants { group } => list::participants(device, &group, out),
        TabletCommand::Participant(command) => participant::run(device, command, out),
        TabletCommand::Session(command) => session::run(device, command, out),
        TabletCommand::Sessions { group } => list::sessions(device, &group, out),
        TabletCommand::Lesson(command) => lesson::run(device, command, out),
        TabletCommand::Service(command) => service::run(device, command, out),
        TabletCommand::Neighbours { group } => neighbours::run(device, group.as_deref(), out),
        TabletCommand::Referral(command) => referral::run(device, command, out),
        TabletCommand::Incident(command) => incident::run(device, command, out),
        TabletCommand::Screening(command) => screening::run(device, command, out),
        TabletCommand::Show(what) => show::run(device, &what, out),
        TabletCommand::Settle(said) => settle::run(device, &said, out),
        TabletCommand::Notes { command } => notes::run(device, command, out),
        TabletCommand::Status => status::run(device, out),
        TabletCommand::Sync => sync::run(device, out),
        TabletCommand::Export { to } => relay::export(device, &to, out),
        TabletCommand::Import { from } => relay::import(device, &from, out),
    }
}

fn welcome(device: &Device, out: &mut dyn Write) -> std::io::Result<()> {
    let settings = device.settings();
    writeln!(out, "This is now the tablet of {}, {}.", settings.user, settings.organisation)?;
    writeln!(out, "Fetch your groups with: ihuriro tablet sync")
}

fn unlocked(opens_with: OpensWith, out: &mut dyn Write) -> std::io::Result<()> {
    match opens_with {
        OpensWith::New => writeln!(
            out,
            "Unlocked. The tablet opens with the new passphrase, and all that was on it is there."
        ),
        OpensWith::Before => writeln!(
            out,
            "Unlocked, but the server does not have the key of this tablet: it opens with the passphrase of before and with no other."
        ),
    }
}

fn passphrase() -> Result<String, CommandError> {
    match std::env::var(PASSPHRASE) {
        Ok(passphrase) => Ok(passphrase),
        Err(_) => rpassword::prompt_password("Passphrase: ").map_err(CommandError::Passphrase),
    }
}

fn new_passphrase() -> Result<String, CommandError> {
    if let Ok(passphrase) = std::env::var(PASSPHRASE) {
        return Ok(passphrase);
    }
    let asked = format!(
        "Choose a passphrase of {SHORTEST_PASSPHRASE} characters or more, or a PIN of {SHORTEST_PIN} digits or more: "
    );
    let passphrase = rpassword::prompt_password(asked).map_err(CommandError::Passphrase)?;
    let again = rpassword::prompt_password("The same again: ").map_err(CommandError::Passphrase)?;
    if again == passphrase { Ok(passphrase) } else { Err(CommandError::Mistyped) }
}

/// Parses a code of the data dictionary; the help lists them all.
macro_rules! codes {
    ($name:ty) => {{
        use clap::builder::{PossibleValuesParser, TypedValueParser as _};
        PossibleValuesParser::new(<$name>::ALL.iter().map(|one| one.code()))
            .try_map(|text| text.parse::<$name>())
    }};
}
use codes;

#[cfg(test)]
mod tests;
