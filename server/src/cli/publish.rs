use clap::Args;
use server::clock::Clock;
use server::published::{self, Made, Stage};
use tokio::runtime::Runtime;

use super::{Database, Ended, count};

#[derive(Debug, Args)]
pub(super) struct Publish {
    #[command(flatten)]
    database: Database,
}

impl Publish {
    pub(super) fn run(self) -> Ended {
        let store = self.database.open()?;
        let made = Runtime::new()?.block_on(published::publish(&store, Clock::system().now()))?;
        if made.is_empty() {
            println!("Nothing is due.");
        }
        for Made { release, organisations } in made {
            let (quarter, of) = (release.quarter, count(organisations, "organisation"));
            match release.stage {
                Stage::Running => {
                    let month = release.last_month();
                    println!("Released {release}: groups and meetings of {quarter} up to {month}, of {of}.");
                }
                Stage::First => println!("Released {release}: people, groups and meetings of {of}."),
                Stage::Revised => {
                    println!("Released {release}: the same with what was handed in since, of {of}.")
                }
            }
        }
        Ok(())
    }
}
