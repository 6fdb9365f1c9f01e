//! Which changes of a history had seen which.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::change::{Change, ChangeHash};
use crate::conflict::writers::Writers;
use crate::document::Document;

/// Whether each change was written on top of all changes before it.
pub(super) fn is_one_line(document: &Document) -> bool {
    let inner = document.inner();
    inner.get_heads().len() < 2 && inner.get_changes_meta(&[]).iter().all(|meta| meta.deps.len() < 2)
}

/// The changes that are behind these heads, or all.
pub(super) fn until(mut changes: Vec<Change>, heads: Option<&[ChangeHash]>) -> Vec<Change> {
    if let Some(heads) = heads {
        let mut had: HashSet<ChangeHash> = heads.iter().copied().collect();
        // Each change stands before those that build on it: read from the end, it is known by then whether it is
        // wanted.
        for change in changes.iter().rev() {
            if had.contains(&change.hash()) {
                had.extend(change.deps());
            }
        }
        changes.retain(|change| had.contains(&change.hash()));
    }
    changes
}

/// Of each of the changes at the indices `told`, which others of these it had seen; and its hash.
pub(super) fn who_saw_whom(changes: &[Change], told: &[usize]) -> (Vec<Writers>, Vec<ChangeHash>) {
    let mut known: HashMap<ChangeHash, Rc<Writers>> = HashMap::with_capacity(changes.len());
    let (mut seen, mut hashes) = (Vec::with_capacity(told.len()), Vec::with_capacity(told.len()));
    for (at, change) in changes.iter().enumerate() {
        let behind: Vec<Rc<Writers>> = change.deps().filter_map(|dep| known.get(&dep).cloned()).collect();
        let mut all = behind.iter().fold(Writers::NONE, |all, one| all.or(one));
        if told.get(seen.len()) == Some(&at) {
            seen.push(all);
            hashes.push(change.hash());
            all.insert(seen.len() - 1);
        }
        // Most changes know just what one of their dependencies knows: sharing that set saves 128 bytes for each.
        let shared = behind.into_iter().find(|one| **one == all);
        known.insert(change.hash(), shared.unwrap_or_else(|| Rc::new(all)));
    }
    (seen, hashes)
}

/// The writers that had seen each writer, from the writers that each had seen.
pub(super) fn turned(seen: &[Writers]) -> Vec<Writers> {
    let mut seen_by = vec![Writers::NONE; seen.len()];
    for (writer, seen) in seen.iter().enumerate() {
        for one in seen.iter() {
            seen_by[one].insert(writer);
        }
    }
    seen_by
}
