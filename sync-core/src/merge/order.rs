//! The order in which changes that arrived together are decided about.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{Change, ChangeHash};

/// The same changes, each after those among them that it builds on, otherwise in the order in which they came. Each
/// change and each dependency is looked at once. No change is left out: hashes allow no circle of dependencies.
pub(super) fn in_order(changes: Vec<(usize, Change)>) -> Vec<(usize, Change)> {
    let mut lacks: Vec<usize> = vec![0; changes.len()];
    let mut followers: BTreeMap<ChangeHash, Vec<usize>> = BTreeMap::new();
    let here: BTreeSet<ChangeHash> = changes.iter().map(|(_, change)| change.hash()).collect();
    for (at, (_, change)) in changes.iter().enumerate() {
        for behind in change.deps().filter(|behind| here.contains(behind)) {
            lacks[at] += 1;
            followers.entry(behind).or_default().push(at);
        }
    }
    let mut ready: BTreeSet<usize> = (0..changes.len()).filter(|at| lacks[*at] == 0).collect();
    let mut order = Vec::with_capacity(changes.len());
    while let Some(at) = ready.pop_first() {
        order.push(at);
        // A change that came twice releases the changes that build on it once, with its first copy.
        for follower in followers.remove(&changes[at].1.hash()).unwrap_or_default() {
            lacks[follower] -= 1;
            if lacks[follower] == 0 {
                ready.insert(follower);
            }
        }
    }
    let mut slots: Vec<Option<(usize, Change)>> = changes.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| slots[at].take()).collect()
}
