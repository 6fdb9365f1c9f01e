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

use std::ops::AddAssign;

use crate::store::{Conn, Store, StoreError, migrate};

/// How many rows are held at a time.
const AT_ONCE: i64 = 200;

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

/// Reads a whole store, and tells of what is wrong as it is found. Must not be called from async code.
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
    for stream in streams {
        take(store.read_blocking("verify stream", |tx| streams::check(tx, stream))?);
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
