//! Where a world stands: one database, the services on it, and one clock for them.

use std::rc::Rc;

use actix_web::rt::SystemRunner;
use actix_web::test::TestRequest;
use server::clock::Clock;
use server::store::Store;

use super::servers::{Reply, Server};
use super::strike::{Point, lift, strike};
use crate::Database;

const SERVERS: usize = 2;

pub(super) struct Ground {
    pub(super) clock: Clock,
    /// The world's own view of the store.
    pub(super) store: Store,
    servers: Vec<Server>,
    runner: Rc<SystemRunner>,
    database: Database,
}

impl std::fmt::Debug for Ground {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ground").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Ground {
    pub(super) fn on(database: Database, clock: Clock, runner: &Rc<SystemRunner>) -> Self {
        let store = Store::open(&database.url).expect("the store opens");
        let servers = (0..SERVERS).map(|_| Server::start(runner, &database.url, &clock)).collect();
        Self { clock, store, servers, runner: Rc::clone(runner), database }
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
}
