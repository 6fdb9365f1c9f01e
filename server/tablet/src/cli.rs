//! `ihuriro tablet …`: what a facilitator says to the tablet, and what it says back, in plain sentences.

mod error;
mod find;
mod list;
mod look_again;
mod participant;
mod people_there;
mod relay;
mod session;
mod settle;
mod show;
mod status;
mod sync;
mod when;
mod words;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::clock::Clock;
use crate::device::{Device, OpenError, OpensWith};
use crate::folder::{Folder, FolderError};
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
    /// Show a record in words, with what two people set differently.
    Show(show::ShowArgs),
    /// Say what is right where people set something differently, and why.
    Settle(settle::SettleArgs),
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
        matches!(
            self,
            Self::Groups
                | Self::Participants { .. }
                | Self::Sessions { .. }
                | Self::Show(_)
                | Self::Settle(_)
        )
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
    let TabletArgs { folder: directory, person, command } = args;
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
        let opens_with = Device::unlock(&folder, server, code, &new_passphrase()?, &Clock::System)?;
        return Ok(unlocked(opens_with, out)?);
    }
    run_on(&mut Device::open(&folder, &passphrase()?, Clock::System)?, command, out)
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
            let (name, waiting) = (&device.settings().user, device.tablet().outbox().len());
            Ok(people_there::tell(name, Ok(Some(waiting)), out)?)
        }
        TabletCommand::Groups => list::groups(device, out),
        TabletCommand::Participants { group } => list::participants(device, &group, out),
        TabletCommand::Participant(command) => participant::run(device, command, out),
        TabletCommand::Session(command) => session::run(device, command, out),
        TabletCommand::Sessions { group } => list::sessions(device, &group, out),
        TabletCommand::Show(what) => show::run(device, &what, out),
        TabletCommand::Settle(said) => settle::run(device, &said, out),
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
    let passphrase = passphrase()?;
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
