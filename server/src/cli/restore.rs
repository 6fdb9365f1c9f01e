use std::path::PathBuf;

use clap::Args;
use server::audit;
use server::backup::{Backup, erasures};
use server::clock::{Clock, timestamp};
use server::store::Store;
use tokio::runtime::Runtime;

use super::secret::not_for_all;
use super::{Database, Ended, verify};

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The file with the key that opens it.
    #[arg(long, value_name = "KEYFILE")]
    identity: PathBuf,
    /// The list of what was erased since; `erasures.jsonl` beside the backup if left out.
    #[arg(long, value_name = "FILE")]
    erasures: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
}

impl Restore {
    pub(super) fn run(self) -> Ended {
        not_for_all(&self.identity)?;
        let backup = Backup::open(&self.from, &self.identity)?;
        let header = backup.header();
        println!("This backup was made on {} by version {}.", timestamp(header.at), header.program);
        let list = self.erasures.unwrap_or_else(|| erasures::beside(&self.from));
        let erased = list.exists().then(|| erasures::read(&list)).transpose()?;
        let store = Store::open(&self.database.address()?)?;
        let again = erased.as_ref().map(Vec::len);
        let contents = backup.without(erased.unwrap_or_default()).restore(&store, Clock::system().now())?;
        println!("Restored to {}: {contents}.", store.kind());
        match again {
            Some(again) => println!("Erased again, by {}: {again} records.", list.display()),
            None => println!(
                "There is no {}: whoever was erased after this backup was made is here again. Give the list with --erasures, into a new \
                 database.",
                list.display()
            ),
        }
        Runtime::new()?.block_on(audit::sequence(&store))?;
        println!("Tablets notice it at their next sync. People sign in again.");
        verify::check(&store)
    }
}
