//! When the killing is over: everybody syncs until nothing moves, and everything must hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use diesel::prelude::*;
use server::on_each;
use server::store::schema::documents;
use server::store::{Conn, Db, Store, StoreError};
use sync_core::change::ChangeHash;
use sync_core::id::{DocumentId, GroupId, StreamId};
use tablet::clock::Clock;
use tablet::device::Device;
use tablet::link::Link;

use crate::kept::{Kept, Name, has_moved};
use crate::recount::{Count, check_streams};
use crate::village::PASSPHRASE;
use crate::{Database, TestApp};

/// After this many rounds nothing may move any more.
const ROUNDS: usize = 8;

/// Opens the folders as the last kill left them, and syncs them all until nothing moves.
pub(super) fn quiet(folders: &[PathBuf], url: &str) -> Result<Vec<Device>, String> {
    let open = |folder: &PathBuf| Device::open(folder, PASSPHRASE, Clock::System);
    let mut tablets: Vec<Device> =
        folders.iter().map(open).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    for _ in 0..ROUNDS {
        let mut moved = false;
        for tablet in &mut tablets {
            let mut link = Link::to(url).map_err(|error| error.to_string())?;
            let summary = tablet.sync_over(&mut link, &mut ()).map_err(|error| error.to_string())?;
            moved |= has_moved(&summary.report);
        }
        if !moved {
            return Ok(tablets);
        }
    }
    Err(format!("something still moves after {ROUNDS} rounds"))
}

/// Every change that a tablet had said was saved is in the store, once.
pub(super) fn nothing_is_lost(store: &Store, saved: &BTreeMap<Name, [u8; 32]>) -> Result<(), String> {
    let kept = Kept::of(store);
    for (name, digest) in saved {
        let places = kept.places(name, digest);
        if places != 1 {
            return Err(format!("{name:?} was saved, and is in {places} places of the store"));
        }
    }
    Ok(())
}

/// All tablets of a group have each of its records as the store has it, and no others.
pub(super) fn all_agree(store: &Store, tablets: &[Device]) -> Result<(), String> {
    type Rows = Vec<(Db<DocumentId>, Db<StreamId>, Vec<u8>)>;
    let rows: Rows = store
        .read_blocking("documents", |tx: &mut Conn<'_>| -> Result<Rows, StoreError> {
            on_each!(tx, |c| documents::table
                .select((documents::id, documents::stream_id, documents::heads))
                .load(c))
        })
        .map_err(|error| error.to_string())?;
    for (at, tablet) in tablets.iter().map(Device::tablet).enumerate() {
        let streams: Vec<StreamId> = tablet.groups().into_iter().map(StreamId::from).collect();
        for (Db(id), _, heads) in rows.iter().filter(|(_, Db(stream), _)| streams.contains(stream)) {
            let there: Vec<ChangeHash> =
                heads.as_chunks().0.iter().copied().map(ChangeHash::from_bytes).collect();
            if tablet.heads(*id) != Some(&there) {
                return Err(format!(
                    "tablet {at} has {id} at {:?}, the store at {there:?}",
                    tablet.heads(*id)
                ));
            }
        }
        if tablet.outbox().len() > 0 || tablet.quarantined().len() > 0 {
            return Err(format!("tablet {at} still has something that is not in the store"));
        }
    }
    Ok(())
}

/// Streams have no gaps, and the totals are those that the tablets' own records come to.
pub(super) fn totals_are_right(
    database: &Database,
    tablets: &[Device],
    groups: &[GroupId],
) -> Result<Count, String> {
    let app = TestApp::on(database);
    check_streams(app.store());
    let told = Count::of_answer(&app.login("manager.aegis").get("/v1/aggregates").ok());
    let counted = Count::of_tablets(tablets, groups);
    if told == counted { Ok(told) } else { Err(format!("the totals are {told:?}, not {counted:?}")) }
}

/// `ihuriro verify` finds nothing.
pub(super) fn verify(program: &Path, database: &Database) -> Result<(), String> {
    let output = Command::new(program)
        .arg("verify")
        .env("DATABASE_URL", &database.url)
        .output()
        .map_err(|error| format!("{} does not start: {error}", program.display()))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stdout).into_owned()) }
}
