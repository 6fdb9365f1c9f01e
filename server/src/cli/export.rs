use std::path::PathBuf;

use clap::Args;
use server::clock::Clock;
use server::departure::{Exported, export};

use super::{Database, Ended, count};

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The code of the organisation.
    #[arg(long, value_name = "CODE")]
    organisation: String,
    /// The folder to write: one that is empty, or not there yet.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    #[command(flatten)]
    database: Database,
}

impl Export {
    pub(super) fn run(self) -> Ended {
        let store = self.database.open()?;
        let Exported { records } = export(&store, &self.organisation, &self.to, Clock::system().now())?;
        let records: Vec<String> =
            records.iter().filter(|(_, n)| **n > 0).map(|(kind, n)| count(*n, kind.code())).collect();
        let records = if records.is_empty() { "no records".to_owned() } else { records.join(", ") };
        println!("Saved to {}: {records}. README.txt says what is what.", self.to.display());
        println!("It is not encrypted. Give it to nobody but {}.", self.organisation);
        Ok(())
    }
}
