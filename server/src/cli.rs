//! The command line. Each command is a file that reads: its arguments, then what it does.

mod secret;
mod serve;
mod migrate;
mod admin;
mod login;
mod audit;
mod backup;
mod restore;
mod verify;
mod rebuild;
mod compact;
mod publish;
mod remove;
mod retention;
mod incident_report;
mod export;
mod import;
mod openapi;
mod completions;
mod demo;
#[cfg(test)]
mod reference;

use std::error::Error;
use std::io;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use server::audit::Action;
use server::clock::Clock;
use server::store::{Store, StoreError};

use secret::{SecretError, hard_to_guess, private_text};

/// What a command ends with; the error is one sentence for the person at the keyboard.
type Ended = Result<(), Box<dyn Error>>;

/// Ihuriro: where the records of many tablets meet.
#[derive(Debug, Parser)]
#[command(name = "ihuriro", version)]
struct Ihuriro {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service. Brings the database up to date first.
    Serve(serve::Serve),
    /// Bring the database up to date.
    Migrate(migrate::Migrate),
    /// Add organisations and people.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Sign in, and keep the login on this machine for `ihuriro token`. The password is asked for, or read from IHURIRO_PASSWORD.
    Login(login::Login),
    /// Print an access token of the login that is kept: `curl -H "authorization: Bearer $(ihuriro token)" …`
    Token(login::Token),
    /// End the login that is kept.
    Logout(login::Logout),
    /// Who did what: check, export, and vouch for the audit log.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Write the whole store to one encrypted file, while the service goes on.
    Backup(backup::Backup),
    /// Make a key with which backups are restored; its public part is what they are made for.
    BackupKey(backup::BackupKey),
    /// Rebuild the store from a backup, in a database that was never in use.
    Restore(restore::Restore),
    /// Read the whole store and say what is wrong with it. Changes nothing.
    Verify(verify::Verify),
    /// Compute again the tables that questions are asked of.
    Rebuild(rebuild::Rebuild),
    /// Give up the bytes of old changes that every tablet has; a running service does so every day.
    Compact(compact::Compact),
    /// Publish the quarters that are due, for all to read; a running service does so every day.
    Publish(publish::Publish),
    /// Import people, groups, participants or sessions of your organisation from a spreadsheet. It is only tried, unless you say otherwise.
    Import(import::Import),
    /// Write all that an organisation recorded into a folder, in open formats. It is not encrypted.
    Export(export::Export),
    /// Remove all that an organisation recorded that leaves the partnership, once it has an export of all of it. It can't be taken back.
    Remove(remove::Remove),
    /// Erase the records whose time is over, and who asked to be erased 30 days ago; a running service does so every day.
    Retention(retention::Retention),
    /// Say what a tablet holds or may hold, for the notice that it is lost: records by id and kind, people by number, no content.
    IncidentReport(incident_report::IncidentReport),
    /// Print the OpenAPI document.
    Openapi(openapi::Openapi),
    /// Print what completes these commands in a shell, when Tab is pressed.
    Completions(completions::Completions),
    /// Record on a tablet, offline, and sync.
    Tablet(tablet::cli::TabletArgs),
    /// Show three months of three organisations: twelve tablets, one service, and whether the totals agree.
    Demo(demo::Demo),
}

pub(crate) fn run() -> Ended {
    match Ihuriro::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Migrate(migrate) => migrate.run(),
        Command::Admin(admin) => admin.run(),
        Command::Login(login) => login.run(),
        Command::Token(token) => token.run(),
        Command::Logout(logout) => logout.run(),
        Command::Audit(audit) => audit.run(),
        Command::Backup(backup) => backup.run(),
        Command::BackupKey(key) => key.run(),
        Command::Restore(restore) => restore.run(),
        Command::Verify(verify) => verify.run(),
        Command::Rebuild(rebuild) => rebuild.run(),
        Command::Compact(compact) => compact.run(),
        Command::Publish(publish) => publish.run(),
        Command::Import(import) => import.run(),
        Command::Export(export) => export.run(),
        Command::Remove(remove) => remove.run(),
        Command::Retention(retention) => retention.run(),
        Command::IncidentReport(report) => report.run(),
        Command::Openapi(openapi) => openapi.run(),
        Command::Completions(completions) => completions.run(),
        Command::Tablet(tablet) => Ok(tablet::cli::run(tablet)?),
        Command::Demo(demo) => demo.run(),
    }
}

/// Whether a command ended because whoever read what it printed has seen enough, as `head` does.
pub(crate) fn is_unread(error: &(dyn Error + 'static)) -> bool {
    let output = match error.downcast_ref() {
        Some(tablet::cli::CommandError::Output(error)) => Some(error),
        _ => error.downcast_ref::<io::Error>(),
    };
    output.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// `1 document`, `3 documents`.
fn count(number: impl TryInto<u64>, thing: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// Notes what the operator does.
fn note(store: &Store, action: Action, command: &'static str) -> Result<(), StoreError> {
    let entry = server::audit::by_operator(Clock::system().now(), action, command);
    store.write_blocking("note audit", |tx| server::audit::note(tx, &entry))
}

/// Which database.
#[derive(Debug, Args)]
struct Database {
    /// `sqlite:PATH` or `postgres://…?sslmode=require`
    #[arg(
        long = "database-url",
        env = "DATABASE_URL",
        hide_env_values = true,
        default_value = "sqlite:ihuriro.db"
    )]
    url: String,
    /// A file with that address, for one with a password in it. Everybody else may not read it.
    #[arg(long = "database-url-file", env = "DATABASE_URL_FILE", value_name = "FILE")]
    url_file: Option<PathBuf>,
}

impl Database {
    /// Where it is; a password in it is one that can't be guessed.
    fn address(&self) -> Result<String, SecretError> {
        let address = match &self.url_file {
            Some(file) => private_text(file)?,
            None => self.url.clone(),
        };
        hard_to_guess(address)
    }

    /// The store that is there, as it is.
    fn as_it_is(&self) -> Result<Store, Box<dyn Error>> {
        Ok(Store::open_existing(&self.address()?)?)
    }

    /// The store, brought up to date, in which the operator is noted to do something that takes many transactions.
    fn open_for(&self, action: Action, command: &'static str) -> Result<Store, Box<dyn Error>> {
        let store = self.open()?;
        note(&store, action, command)?;
        Ok(store)
    }

    /// The store that is there, brought up to date. Of one that is not, because a command was given in another folder say, everything would
    /// be told to be well.
    fn open(&self) -> Result<Store, Box<dyn Error>> {
        let store = self.as_it_is()?;
        store.migrate_blocking()?;
        Ok(store)
    }

    /// The store, brought up to date, and made where there is none.
    fn begin(&self) -> Result<Store, Box<dyn Error>> {
        let store = Store::open(&self.address()?)?;
        store.migrate_blocking()?;
        Ok(store)
    }
}
