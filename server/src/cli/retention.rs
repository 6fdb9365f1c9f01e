use clap::Args;
use server::audit::Action;
use server::clock::Clock;
use server::retention::{self, Done, Due};
use server::store::{Conn, StoreError};
use tokio::runtime::Runtime;

use super::{Database, Ended, count};

#[derive(Debug, Args)]
pub(super) struct Retention {
    /// Say what is due, by organisation and kind, and erase nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: Database,
}

impl Retention {
    pub(super) fn run(self) -> Ended {
        let now = Clock::system().now();
        if self.dry_run {
            let due = |tx: &mut Conn<'_>| -> Result<Vec<Due>, StoreError> { retention::due(tx, now) };
            let all = self.database.open()?.read_blocking("retention", due)?;
            if all.is_empty() {
                println!("Nothing is due.");
            }
            for Due { code, records, asked, .. } in all {
                let people = (asked > 0).then(|| match asked {
                    1 => "1 person who asked to be erased".to_owned(),
                    more => format!("{more} people who asked to be erased"),
                });
                let records = records.iter().map(|(kind, n)| count(*n, kind.code()));
                println!("{code}: {}", people.into_iter().chain(records).collect::<Vec<_>>().join(", "));
            }
            return Ok(());
        }
        let store = self.database.open_for(Action::Retention, "ihuriro retention")?;
        let Done { records, people, renamed, late, held } =
            Runtime::new()?.block_on(retention::run(&store, now))?;
        if records.is_empty() && people + renamed + late == 0 {
            println!("Nothing was due.");
        }
        if people > 0 {
            let people = if people == 1 { "1 person".to_owned() } else { format!("{people} people") };
            println!("Erased {people} who had asked 30 days ago.");
        }
        if renamed > 0 {
            println!("Recorded {} again without the codes of people erased.", count(renamed, "session"));
        }
        if late > 0 {
            println!("Deleted {} of organisations that left.", count(late, "quarantined change"));
        }
        for (kind, gone) in records {
            println!("Erased {}.", count(gone, kind.code()));
        }
        let people = held.people.map(|why| format!("somebody who asked to be erased could not be: {why}"));
        let names = held.names.map(|why| format!("a session may still name somebody erased: {why}"));
        match people.or(names) {
            Some(why) => Err(format!("{why}; `ihuriro verify` names it").into()),
            None => Ok(()),
        }
    }
}
