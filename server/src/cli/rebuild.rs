use clap::Args;
use server::audit::Action;
use server::ledger::{self, Rebuilt};
use tokio::runtime::Runtime;

use super::{Database, Ended, count};

#[derive(Debug, Args)]
pub(super) struct Rebuild {
    #[command(flatten)]
    database: Database,
}

impl Rebuild {
    pub(super) fn run(self) -> Ended {
        let store = self.database.open_for(Action::Rebuild, "ihuriro rebuild")?;
        let Rebuilt { documents, mended, unreadable, facts } =
            Runtime::new()?.block_on(ledger::rebuild(&store))?;
        let all = count(documents, "document");
        match mended {
            0 => println!("Computed the rows of {all} again: nothing to change."),
            _ => println!("Computed the rows of {all} again; mended those of {mended}."),
        }
        if facts > 0 {
            println!("Counted the facts of all groups again; mended {facts}.");
        }
        match unreadable {
            0 => Ok(()),
            _ => {
                let them = count(unreadable, "document");
                Err(format!("{them} can't be read; `ihuriro verify` names what is wrong").into())
            }
        }
    }
}
