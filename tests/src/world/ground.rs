//! Where a world stands: one database, the services on it, and one clock for them.

use std::path::PathBuf;
use std::rc::Rc;

use actix_web::rt::{System, SystemRunner};
use actix_web::test::TestRequest;
use server::backup::{self, Backup};
use server::clock::Clock;
use server::erasure::erase_late_names;
use server::ledger::{self, Compacted, Policy, Rebuilt};
use server::store::{Store, identity, keys};
use sync_core::id::EpochId;
use tempfile::TempDir;

use super::servers::{Reply, Server};
use super::soil::begin_life;
use super::strike::{Point, lift, strike};
use crate::Database;
use crate::database::in_memory;

const SERVERS: usize = 2;

pub(super) struct Ground {
    pub(super) clock: Clock,
    /// The world's own view of the store.
    pub(super) store: Store,
    /// The store's key for what is sealed for it.
    pub(super) seal: String,
    servers: Vec<Server>,
    runner: Rc<SystemRunner>,
    database: Database,
    /// What was erased, as it is kept beside backups.
    erased: Vec<ledger::Erasure>,
}

impl std::fmt::Debug for Ground {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ground").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Ground {
    pub(super) fn on(database: Database, clock: Clock) -> Self {
        let runner = Rc::new(System::new());
        let store = Store::open(&database.url).expect("the store opens");
        let servers = (0..SERVERS).map(|_| Server::start(&runner, &database.url, &clock)).collect();
        let seal = store.read_blocking("key", keys::seal).expect("the store has its keys");
        Self { clock, store, seal, servers, runner, database, erased: Vec::new() }
    }

    /// Which life the store lives.
    pub(super) fn life(&self) -> EpochId {
        self.store.read_blocking("life", identity::epoch).expect("the store answers")
    }

    pub(super) fn servers(&self) -> usize {
        self.servers.len()
    }

    pub(super) fn server(&self, at: usize) -> &Server {
        &self.servers[at]
    }

    pub(super) fn answer(&self, server: usize, request: TestRequest) -> Reply {
        self.servers[server].answer(request)
    }

    /// The same while the store fails at a point.
    pub(super) fn struck(&self, server: usize, point: Point, more: i64, request: TestRequest) -> Reply {
        strike(&self.store, point, more);
        let reply = self.answer(server, request);
        lift(&self.store, point);
        reply
    }

    pub(super) fn restart(&mut self, server: usize) {
        self.servers[server] = Server::start(&self.runner, &self.database.url, &self.clock);
    }

    pub(super) fn compact(&self, server: usize, policy: Policy) -> Compacted {
        let store = &self.servers[server].state.store;
        self.runner.block_on(ledger::compact(store, policy, self.clock.now())).expect("the store answers")
    }

    /// Shares what is published; gives how many changes were looked at.
    pub(super) fn share(&self) -> usize {
        self.runner
            .block_on(server::sharing::share(&self.store, self.clock.now()))
            .expect("the store answers")
    }

    /// Computes all rows again.
    pub(super) fn rebuild(&self) -> Rebuilt {
        self.runner.block_on(ledger::rebuild(&self.store)).expect("the store answers")
    }

    /// Records again the sessions that name somebody who was erased before; gives how many there were.
    pub(super) fn erase_late_names(&mut self) -> usize {
        let names = erase_late_names(&self.store, self.clock.now());
        let again = self.runner.block_on(names).expect("the store answers");
        self.list_erasures();
        again
    }

    /// Brings the list of erasures up to date that is kept beside backups.
    pub(super) fn list_erasures(&mut self) {
        self.erased = self.store.read_blocking("erasures", ledger::erased).expect("the store answers");
    }

    /// Everybody goes on with a new store, from a backup.
    pub(super) fn restore(&mut self, Shelf { folder, file }: &Shelf) {
        let database = self.database.another();
        let store = Store::open(&database.url).expect("the store opens");
        let backup = Backup::open(file, &folder.path().join(KEY)).expect("the backup can be read");
        let backup = backup.without(self.erased.clone());
        backup.restore(&store, self.clock.now()).expect("it is restored");
        begin_life(&store, &self.clock.moment());
        (self.store, self.database) = (store, database);
        (0..self.servers.len()).for_each(|server| self.restart(server));
    }
}

const KEY: &str = "key";

/// Where a backup lies, with its key.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: TempDir,
    file: PathBuf,
}

impl Shelf {
    pub(super) fn with_backup_of(ground: &Ground) -> Self {
        let folder = in_memory();
        let key = backup::make_key(&folder.path().join(KEY)).expect("a new key");
        let file = folder.path().join("backup");
        backup::backup(&ground.store, &file, &[key], ground.clock.now()).expect("a backup is made");
        Self { folder, file }
    }
}
