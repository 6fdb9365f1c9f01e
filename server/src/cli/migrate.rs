use clap::Args;

use super::{Database, Ended};

#[derive(Debug, Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    database: Database,
}

impl Migrate {
    pub(super) fn run(self) -> Ended {
        let store = self.database.begin()?;
        println!("The {} database is up to date.", store.kind());
        Ok(())
    }
}
