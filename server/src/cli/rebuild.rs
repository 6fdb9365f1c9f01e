use clap::Args;
use server::ledger::{self, Rebuilt};
use tokio::runtime::Runtime;

use super::{Database, Ended};

#[derive(Debug, Args)]
pub(super) struct Rebuild {
    #[command(flatten)]
    database: Database,
}

impl Rebuild {
    pub(super) fn run(self) -> Ended {
        let store = self.database.open()?;
        let Rebuilt { documents, mended, unreadable } = Runtime::new()?.block_on(ledger::rebuild(&store))?;
        match mended {
            0 => println!("Computed the rows of {documents} documents again: nothing to change."),
            _ => println!("Computed the rows of {documents} documents again: those of {mended} were mended."),
        }
        match unreadable {
            0 => Ok(()),
            _ => Err(format!("{unreadable} documents can't be read; `ihuriro verify` names them").into()),
        }
    }
}
