use std::path::PathBuf;

use clap::Args;
use server::audit;
use server::backup::Backup;
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
    #[command(flatten)]
    database: Database,
}

impl Restore {
    pub(super) fn run(self) -> Ended {
        not_for_all(&self.identity)?;
        let backup = Backup::open(&self.from, &self.identity)?;
        let header = backup.header();
        println!("This backup was made on {} by version {}.", timestamp(header.at), header.program);
        let store = Store::open(&self.database.address()?)?;
        let contents = backup.restore(&store, Clock::system().now())?;
        println!("Restored to {}: {contents}.", store.kind());
        Runtime::new()?.block_on(audit::sequence(&store))?;
        println!("Tablets notice it at their next sync. People sign in again.");
        verify::check(&store)
    }
}
