//! The yardstick: Automerge alone on the same bytes, on one core.

use std::time::Duration;

use automerge::{Automerge, Change};
use hostile_bytes::budget::Cost;
use sync_core::document::Document;
use sync_core::id::{DeviceId, GroupId, Id};
use sync_core::record::Kind;

use super::figure::Figures;
use super::workload::Workload;

/// Changes that it merges.
const CHANGES: usize = 500;

/// The CPU time that Automerge takes for each of a workload's changes: parsed, merged into a copy of the record's beginning, and
/// saved.
pub(super) fn measure(workload: Workload, figures: &mut Figures) -> Duration {
    let genesis = Automerge::load(&Document::genesis(Kind::Session).save()).expect("a document");
    let group = GroupId::from_uuid(uuid::Uuid::from_u128(77));
    let change = |number: usize| {
        let device = DeviceId::from_uuid(uuid::Uuid::from_u128(number as u128 + 1));
        workload.written(device, group, number % 50, number)
    };
    let changes: Vec<Vec<u8>> = (0..CHANGES).map(change).collect();
    let bytes: usize = changes.iter().map(Vec::len).sum();
    let (saved, cost) = Cost::of(|| {
        let merged = |bytes: &Vec<u8>| {
            let change = Change::from_bytes(bytes.clone()).expect("a change");
            let mut document = genesis.clone();
            document.apply_changes([change]).expect("it builds on what is there");
            document.save().len()
        };
        changes.iter().map(merged).sum::<usize>()
    });
    let each = cost.cpu / CHANGES as u32;
    figures.put(workload.name, "a change, bytes", (bytes / CHANGES) as f64, "B");
    figures.put(workload.name, "its record, bytes", (saved / CHANGES) as f64, "B");
    figures.put(workload.name, "raw Automerge, CPU for each change", each.as_secs_f64() * 1e3, "ms");
    each
}
