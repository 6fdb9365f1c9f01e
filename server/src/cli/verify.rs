use clap::Args;
use server::store::Store;
use server::verify::{self, Checked};

use super::{Database, Ended};

#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    database: Database,
}

impl Verify {
    pub(super) fn run(self) -> Ended {
        check(&self.database.as_it_is()?)
    }
}

/// Says what is wrong with a store, a line for each thing.
pub(super) fn check(store: &Store) -> Ended {
    let checked = verify::verify(store, &mut |finding| println!("{finding}"))?;
    let Checked { streams, documents, changes, batches, quarantined, findings } = checked;
    println!(
        "Checked: streams {streams}, documents {documents}, changes {changes}, batches {batches}, quarantined {quarantined}."
    );
    match findings {
        0 => {
            println!("Nothing is wrong.");
            Ok(())
        }
        1 => Err("one thing is wrong, see above".into()),
        more => Err(format!("{more} things are wrong, see above").into()),
    }
}
