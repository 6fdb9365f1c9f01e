use std::io::{BufRead, Write, stdin, stdout};
use std::path::PathBuf;

use clap::Args;
use server::clock::Clock;
use server::departure::Leaving;
use tokio::runtime::Runtime;

use super::{Database, Ended, count};

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// The code of the organisation that leaves.
    #[arg(long, value_name = "CODE")]
    organisation: String,
    /// The folder with its export, which must hold all that there is.
    #[arg(long, value_name = "FOLDER")]
    exported: PathBuf,
    /// The code again, where nobody is there to type it.
    #[arg(long, value_name = "CODE")]
    yes: Option<String>,
    #[command(flatten)]
    database: Database,
}

impl Remove {
    pub(super) fn run(self) -> Ended {
        let store = self.database.open()?;
        let leaving = Leaving::of(&store, &self.organisation, &self.exported)?;
        println!(
            "This removes all that {} recorded, for ever. Published tables and the audit log stay.",
            self.organisation
        );
        if leaving.unsent > 0 {
            println!(
                "{} work that it had not handed in when it last synced. Have these synced, and export again; what comes later is deleted after \
                 30 days.",
                match leaving.unsent {
                    1 => "1 tablet has".to_owned(),
                    more => format!("{more} tablets have"),
                }
            );
        }
        let typed = match self.yes {
            Some(code) => code,
            None => {
                print!("Type {} to go on: ", self.organisation);
                stdout().flush()?;
                let mut line = String::new();
                stdin().lock().read_line(&mut line)?;
                line.trim().to_owned()
            }
        };
        if typed != self.organisation {
            return Err("that is not the code; nothing was removed".into());
        }
        let erased = leaving.remove(&store, Clock::system().now())?;
        Runtime::new()?.block_on(store.forget_what_was_overwritten());
        println!(
            "Removed {}. Make a backup now: older ones have all of it until they are deleted.",
            count(erased, "record")
        );
        Ok(())
    }
}
