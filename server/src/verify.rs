//! Whether a store is as it must be, in words; nothing is changed.
//!
//! Each stream is checked as of one moment, with its documents, changes and rows, and so is each handful of batches and of
//! changes that were quarantined. So a service may go on writing meanwhile, and nothing half done is ever seen: whatever is
//! named here is wrong.

mod finding;
mod batches;
mod rekeyed;
mod documents;
mod streams;
mod quarantined;

pub use finding::{About, Finding};

use std::num::NonZero;
use std::ops::AddAssign;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use sync_core::id::StreamId;

use crate::store::{Conn, Store, StoreError, migrate};

/// How many rows are held at a time.
const AT_ONCE: i64 = 200;

/// How many streams are given to a core at a time; what is found in them is held until all are read.
const OF_A_CORE: usize = 8;

/// How much was checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    pub streams: u64,
    pub documents: u64,
    pub changes: u64,
    pub batches: u64,
    pub quarantined: u64,
    /// How many things are wrong.
    pub findings: u64,
}

impl AddAssign for Checked {
    fn add_assign(&mut self, more: Self) {
        self.streams += more.streams;
        self.documents += more.documents;
        self.changes += more.changes;
        self.batches += more.batches;
        self.quarantined += more.quarantined;
        self.findings += more.findings;
    }
}

/// What one transaction saw.
#[derive(Debug, Default)]
struct Seen {
    checked: Checked,
    findings: Vec<Finding>,
}

impl Seen {
    fn wrong(&mut self, about: About, says: &'static str) {
        self.checked.findings += 1;
        self.findings.push(Finding { about, says });
    }

    fn check(&mut self, right: bool, about: About, says: &'static str) {
        if !right {
            self.wrong(about, says);
        }
    }
}

/// Reads a whole store, on all cores, and tells of what is wrong as it is found. Must not be called from async code.
///
/// # Errors
/// Those of the store: it can't be read to its end.
pub fn verify(store: &Store, tell: &mut dyn FnMut(Finding)) -> Result<Checked, StoreError> {
    let mut all = Checked::default();
    let mut take = |seen: Seen| {
        all += seen.checked;
        seen.findings.into_iter().for_each(&mut *tell);
    };
    let streams = store.read_blocking("verify", |tx: &mut Conn<'_>| {
        migrate::check_version(tx)?;
        streams::all(tx)
    })?;
    let cores = thread::available_parallelism().map_or(2, NonZero::get);
    for some in streams.chunks(cores * OF_A_CORE) {
        for seen in of_streams(store, some, cores) {
            take(seen?);
        }
    }
    take(store.read_blocking("verify sums", streams::sums)?);
    for check in [batches::check, quarantined::check] {
        let mut after = Vec::new();
        loop {
            let (seen, last) = store.read_blocking("verify rows", |tx| check(tx, &after))?;
            take(seen);
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
    }
    Ok(all)
}

/// Checks some streams, each core the next one that no other has taken; tells of them in their order.
fn of_streams(store: &Store, some: &[StreamId], cores: usize) -> Vec<Result<Seen, StoreError>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(stream) = some.get(at) else { return done };
            done.push((at, store.read_blocking("verify stream", |tx| streams::check(tx, *stream))));
        }
    };
    let mut all: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, seen)| seen).collect()
}
