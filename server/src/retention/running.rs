//! Erasing what is due.

use std::collections::BTreeMap;

use sync_core::id::{Id, OrganisationId};
use sync_core::record::{Kind, Place};
use sync_core::time::Millis;

use super::due::{Over, over, partners};
use crate::audit::{self, Action, Entry, ObjectKind, Who};
use crate::departure::forget_late_work;
use crate::erasure::{erase_late_names, erase_overdue};
use crate::ledger::{Erasure, erase};
use crate::store::{Store, StoreError};

/// How many records one transaction erases: others who write wait no longer than that.
const AT_ONCE: usize = 50;

/// What was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// How many records of each kind, since their time was over.
    pub records: BTreeMap<Kind, usize>,
    /// How many people who had asked thirty days before.
    pub people: usize,
    /// How many sessions were recorded again without the names of people who were erased before.
    pub renamed: usize,
    /// How many quarantined changes of organisations that left.
    pub late: usize,
    /// What held some back.
    pub held: Held,
}

/// Whether something that was due could not be erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Why people who asked were not: a record of their group can't be read, as `verify` says.
    pub people: Option<String>,
    /// Why not all that names somebody erased was recorded again: as above.
    pub names: Option<String>,
}

/// Erases all that is due, in short transactions: it can be broken off and run again, and several services may run it at once.
///
/// # Errors
/// Those of the store; what was erased stays so.
pub async fn run(store: &Store, now: Millis) -> Result<Done, StoreError> {
    let mut done = Done::default();
    // 1. People first: this is what the law gives a time for. Whom one record keeps from being erased does not keep the others.
    match erase_overdue(store, now).await {
        Ok(people) => done.people = people.len(),
        Err(error @ StoreError::Damaged(_)) => done.held.people = Some(error.to_string()),
        Err(error) => return Err(error),
    }
    // 2. What names one of them and came since.
    match erase_late_names(store, now).await {
        Ok(sessions) => done.renamed = sessions,
        Err(error @ StoreError::Damaged(_)) => done.held.names = Some(error.to_string()),
        Err(error) => return Err(error),
    }
    // 3. What has been kept for as long as somebody decided, group by group. The group's own record is due once the others are gone.
    for (organisation, _) in store.read("partners", partners).await? {
        loop {
            let all = store.read("records due", move |tx| over(tx, organisation, now)).await?;
            let mut erased = 0;
            for over in all {
                for some in over.ids.chunks(AT_ONCE) {
                    let Over { stream, kind, before, .. } = over;
                    let of_them = Over { stream, kind, before, ids: some.to_vec() };
                    let gone = erase_some(store, organisation, of_them, now).await?;
                    *done.records.entry(kind).or_default() += gone;
                    erased += gone;
                }
            }
            if erased == 0 {
                break;
            }
        }
    }
    done.records.retain(|_, gone| *gone > 0);
    // 4. What tablets of organisations that left have handed in since.
    done.late = store.write("forget late work", move |tx| forget_late_work(tx, now)).await?;
    if !done.records.is_empty() || done.late > 0 {
        store.forget_what_was_overwritten().await;
    }
    Ok(done)
}

/// Erases some records of a group, if their time is still over, and notes how many.
async fn erase_some(
    store: &Store,
    organisation: OrganisationId,
    over: Over,
    now: Millis,
) -> Result<usize, StoreError> {
    store
        .write("retention", move |tx| {
            let place = |document| Place { stream: over.stream, document, kind: over.kind };
            let gone = over.still(tx, &over.ids)?.into_iter();
            let gone: Vec<Erasure> = gone.map(|id| Erasure { place: place(id), at: now, by: None }).collect();
            if gone.is_empty() {
                return Ok(0);
            }
            let erased = erase(tx, &gone, now)?;
            let route = format!("retention of {}s", over.kind);
            let entry = Entry::of(Who::service(), now, Action::Retention, route);
            let entry = entry.about(ObjectKind::Group, over.stream.uuid()).of_organisation(organisation);
            audit::note(tx, &Entry { items: Some(erased as u64), ..entry })?;
            Ok(erased)
        })
        .await
}
