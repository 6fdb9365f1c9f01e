use std::path::PathBuf;

use clap::Args;
use server::audit::{self, Action};
use server::backup::{self, PublicKey, erasures};
use server::clock::Clock;
use server::store::identity;

use super::{Database, Ended};

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write. One that is there is not overwritten.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Whose key opens it: the public key, age1…, that backup-key or age-keygen printed. May be given several times.
    #[arg(long, value_name = "PUBLIC KEY", required = true)]
    recipient: Vec<PublicKey>,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
pub(super) struct BackupKey {
    /// The file to write the key to. One that is there is not overwritten.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

impl Backup {
    pub(super) fn run(self) -> Ended {
        let store = self.database.as_it_is()?;
        let now = Clock::system().now();
        let made = backup::backup(&store, &self.to, &self.recipient, now)?;
        // A backup waits for nobody who writes, so the note is no part of it. On a full disk there is none.
        let entry = audit::by_operator(now, Action::Backup, "ihuriro backup");
        let noted = store.write_blocking("note backup", |tx| {
            audit::note(tx, &entry)?;
            identity::set_last_backup(tx, now)
        });
        if let Err(error) = noted {
            eprintln!("The store could not note when it was backed up: {error}");
        }
        // Beside the backup, the newest list of what must not come back with this backup or an older one.
        let list = erasures::beside(&self.to);
        erasures::keep(&store, &list)?;
        println!("Saved to {}, {} bytes: {}.", self.to.display(), made.bytes, made.contents);
        Ok(())
    }
}

impl BackupKey {
    pub(super) fn run(self) -> Ended {
        let public = backup::make_key(&self.to)?;
        println!("{public}");
        eprintln!(
            "{} opens every backup that is made for this public key. Keep it away from the server, in two places: \
             without it no backup can be restored.",
            self.to.display()
        );
        Ok(())
    }
}
