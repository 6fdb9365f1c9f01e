//! `status`: what waits, and what came back.

use std::collections::BTreeMap;
use std::io::Write;

use sync_core::id::DocumentId;
use sync_core::record::Session;
use sync_core::time::Millis;

use super::{CommandError, find, neighbours, words};
use crate::device::Device;

pub(super) fn run(device: &Device, out: &mut dyn Write) -> Result<(), CommandError> {
    let (tablet, settings) = (device.tablet(), device.settings());
    writeln!(out, "The tablet of {}, {}.", settings.user, settings.organisation)?;
    writeln!(out, "It holds {}.", words::count(find::groups(tablet).len(), "group"))?;
    match tablet.last_sync() {
        Millis(0) => writeln!(out, "It has not synced yet.")?,
        at => writeln!(out, "It last synced on {} with {}.", words::time(at), settings.server)?,
    }

    if let Err(locked) = device.may_show() {
        let changes = words::count(tablet.outbox().len(), "change");
        writeln!(out, "Waiting to be handed in: {changes}.")?;
        // Which records those are is not told.
        return Ok(writeln!(out, "Locked: {locked}.")?);
    }

    let mut waiting: BTreeMap<DocumentId, usize> = BTreeMap::new();
    for one in tablet.outbox() {
        *waiting.entry(one.document).or_default() += 1;
    }
    if waiting.is_empty() {
        writeln!(out, "Nothing waits to be handed in.")?;
    } else {
        let changes = words::count(tablet.outbox().len(), "change");
        writeln!(out, "\nWaiting to be handed in, {changes} to {}:", words::count(waiting.len(), "record"))?;
        for (id, changes) in waiting {
            writeln!(out, "  {}, {}", words::record(tablet, id), words::count(changes, "change"))?;
        }
    }

    if tablet.carried() > 0 {
        let carried = words::count(tablet.carried(), "thing");
        writeln!(out, "You carry {carried} of colleagues; your next sync hands it in.")?;
    }

    if tablet.quarantined().len() + tablet.left().len() > 0 {
        writeln!(out, "\nQuarantined at the server, nothing of it is lost:")?;
        for one in tablet.quarantined() {
            writeln!(out, "  {}: {}", words::record(tablet, one.document), words::quarantined(one))?;
        }
        for one in tablet.left() {
            let decided = one.rejection.as_ref().map_or_else(
                || "waits for a manager or supervisor".into(),
                |rejection| rejection.to_string(),
            );
            writeln!(out, "  {}: {decided}", words::record(tablet, one.document))?;
        }
    }

    let overdue = super::referral::overdue(device);
    if overdue > 0 {
        let verb = if overdue == 1 { "is" } else { "are" };
        writeln!(
            out,
            "\n{} {verb} overdue: ihuriro tablet referral list",
            words::count(overdue, "referral")
        )?;
    }

    let overlapping = neighbours::overlapping(tablet);
    if overlapping > 0 {
        let groups = words::count(overlapping, "group");
        writeln!(out, "\nNear {groups}, another partner does the same: ihuriro tablet neighbours")?;
    }

    let all = find::everything(tablet);
    let clashes = |id: &&DocumentId| tablet.conflicts(**id).is_ok_and(|found| !found.is_empty());
    let mut clashing: Vec<DocumentId> = all.iter().filter(clashes).copied().collect();
    // Groups and people, then meetings, those of a group in their order.
    clashing
        .sort_by_cached_key(|id| tablet.read::<Session>(*id).ok().map(|one| (one.group, one.date, one.part)));
    let declined = super::referral::declined(device);
    if declined > 0 {
        let people = if declined == 1 { "1 person was".into() } else { format!("{declined} people were") };
        writeln!(
            out,
            "\n{people} declined where you sent them, and need another service: ihuriro tablet referral list"
        )?;
    }
    if !clashing.is_empty() {
        writeln!(out, "\nSet differently by different people, to be settled:")?;
        for id in clashing {
            let short = find::short(id, &all);
            writeln!(out, "  {}: ihuriro tablet show {short}", words::record(tablet, id))?;
        }
    }
    Ok(())
}
