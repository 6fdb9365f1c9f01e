use clap::Args;
use server::audit::Action;
use server::clock::Clock;
use server::ledger::{self, Compacted, Policy};
use tokio::runtime::Runtime;

use super::{Database, Ended, count};

#[derive(Debug, Args)]
pub(super) struct Compact {
    /// Give up changes that are so many days old, once every tablet of their group is past them.
    #[arg(long, default_value_t = Policy::default().past)]
    days: u32,
    /// Give up changes that are so many days old, wherever tablets are.
    #[arg(long, default_value_t = Policy::default().anyway)]
    anyway_days: u32,
    #[command(flatten)]
    database: Database,
}

impl Compact {
    pub(super) fn run(self) -> Ended {
        let store = self.database.open_for(Action::Compact, "ihuriro compact")?;
        let policy = Policy { past: self.days, anyway: self.anyway_days };
        let work = ledger::compact(&store, policy, Clock::system().now());
        let Compacted { streams, changes, held } = Runtime::new()?.block_on(work)?;
        match changes {
            0 => println!("Nothing is old enough to be given up."),
            _ => println!(
                "Gave up the bytes of {} of {}; their documents hold them.",
                count(changes, "old change"),
                count(streams, "group")
            ),
        }
        match held {
            0 => Ok(()),
            _ => {
                let groups = count(held, "group");
                Err(format!("in {groups} a document lacks a change; `ihuriro verify` names it").into())
            }
        }
    }
}
