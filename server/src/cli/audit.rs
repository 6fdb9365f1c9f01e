use std::error::Error;
use std::fs;
use std::io::{Write, stdout};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use server::audit::{self, Action, Checked, Compared};
use server::clock::day_begins;
use server::store::{Conn, Store, StoreError};
use sync_core::time::{Date, day};
use tokio::runtime::Runtime;

use super::{Database, Ended, count, note};

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Read the whole log and say whether it is as it was written; with a checkpoint that was kept, also what it lacks since.
    Verify(Verify),
    /// Print the log as lines of JSON, one for each entry.
    Export(Export),
    /// Print a signed checkpoint: how long the log is, and a hash of all of it. Keep it elsewhere.
    Checkpoint(Checkpoint),
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// A checkpoint of this log that was kept.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// From this day on, as 2026-03-05.
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    from: Option<Date>,
    /// To this day, with it.
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    to: Option<Date>,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
pub(super) struct Checkpoint {
    #[command(flatten)]
    database: Database,
}

impl Audit {
    pub(super) fn run(self) -> Ended {
        match self {
            Self::Verify(command) => command.run(),
            Self::Export(command) => command.run(),
            Self::Checkpoint(command) => command.run(),
        }
    }
}

/// The store that is there, if it is of this version.
fn open(database: &Database) -> Result<Store, Box<dyn Error>> {
    let store = database.as_it_is()?;
    Runtime::new()?.block_on(store.ready())?;
    Ok(store)
}

/// Gives everything that was noted its place in the log.
fn sequence(store: &Store) -> Result<(), Box<dyn Error>> {
    Runtime::new()?.block_on(audit::sequence(store))?;
    Ok(())
}

impl Verify {
    fn run(self) -> Ended {
        let read = |path: &PathBuf| {
            fs::read_to_string(path).map_err(|error| format!("{} can't be read: {error}", path.display()))
        };
        let kept = self.checkpoint.as_ref().map(read).transpose()?;
        let store = open(&self.database)?;
        sequence(&store)?;
        let checked = audit::verify(&store, &mut |finding| println!("{finding}"))?;
        let Checked { entries, waiting, findings } = checked;
        println!("Checked: entries {entries}, waiting for their place {waiting}.");
        let compared = match &kept {
            None => None,
            Some(kept) => {
                let compare = |tx: &mut Conn<'_>| -> Result<_, StoreError> { audit::compare(tx, kept) };
                Some(store.read_blocking("compare checkpoint", compare)??)
            }
        };
        let lacks = match compared {
            None => None,
            Some(Compared::Whole { since }) => {
                let since = count_of_entries(since);
                println!("All that the checkpoint vouches for is there, as it was; {since} came since.");
                None
            }
            Some(Compared::Missing { entries }) => {
                let them = count_of_entries(entries);
                Some(format!(
                    "at least {them} that the checkpoint vouches for are missing or changed: the last of them"
                ))
            }
            Some(Compared::Changed) => {
                Some("not all that the checkpoint vouches for is as it was: entries were changed".to_owned())
            }
        };
        let wrong =
            (findings > 0).then(|| format!("{} wrong with the log, see above", count(findings, "thing")));
        match [lacks, wrong].into_iter().flatten().collect::<Vec<_>>().as_slice() {
            [] => {
                println!("Nothing is wrong.");
                Ok(())
            }
            all => Err(all.join("; ").into()),
        }
    }
}

fn count_of_entries(number: u64) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}

impl Export {
    fn run(self) -> Ended {
        let store = open(&self.database)?;
        note(&store, Action::Export, "ihuriro audit export")?;
        sequence(&store)?;
        let from = self.from.map(day_begins);
        let until = self.to.map(|day| day_begins(day.tomorrow().unwrap_or(Date::MAX)));
        let mut out = stdout().lock();
        let mut after = None;
        loop {
            let some = |tx: &mut Conn<'_>| -> Result<_, StoreError> { audit::lines(tx, after, from, until) };
            let (lines, last) = store.read_blocking("export audit", some)?;
            for line in lines {
                writeln!(out, "{line}")?;
            }
            match last {
                Some(last) => after = Some(last),
                None => return Ok(()),
            }
        }
    }
}

impl Checkpoint {
    fn run(self) -> Ended {
        let store = open(&self.database)?;
        sequence(&store)?;
        let made = |tx: &mut Conn<'_>| -> Result<_, StoreError> {
            Ok((audit::checkpoint(tx)?, audit::verifier_key(tx)?))
        };
        let (checkpoint, key) = store.read_blocking("checkpoint", made)?;
        print!("{checkpoint}");
        eprintln!(
            "Keep it away from the server. Its signature holds under this key, for any verifier of signed notes:"
        );
        eprintln!("{key}");
        Ok(())
    }
}

fn parse_day(text: &str) -> Result<Date, String> {
    day(text).ok_or_else(|| "is a day, as 2026-03-05".to_owned())
}
