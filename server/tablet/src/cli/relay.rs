//! `export` and `import`: a file in the place of a network.

use std::io::Write;
use std::path::Path;

use super::{CommandError, words};
use crate::device::{Device, Packed};

pub(super) fn export(device: &Device, to: &Path, out: &mut dyn Write) -> Result<(), CommandError> {
    let Packed { changes, groups, carried, receipts } = device.export(to)?;
    let changes = words::count(changes, "change");
    let groups = words::count(groups, "group");
    writeln!(out, "In {}: {changes} of yours to hand in, and the state of {groups}.", to.display())?;
    if carried + receipts > 0 {
        let carried = words::count(carried, "thing");
        let receipts = words::count(receipts, "receipt");
        writeln!(out, "Besides, {carried} of colleagues that you carry, and {receipts} for them.")?;
    }
    writeln!(out, "Nobody can read it but the server and whoever leads the group.")?;
    writeln!(
        out,
        "Your colleague takes it in with: ihuriro tablet import FILE. Here all of it goes on waiting."
    )?;
    Ok(())
}

pub(super) fn import(device: &mut Device, from: &Path, out: &mut dyn Write) -> Result<(), CommandError> {
    let report = device.import(from)?;
    if report.received > 0 {
        let (changes, records) =
            (words::count(report.received, "change"), words::count(report.merged.len(), "record"));
        writeln!(out, "Received from a colleague: {changes} to {records}.")?;
    }
    for id in &report.clashing {
        writeln!(out, "In {}, people set different values.", words::record(device.tablet(), *id))?;
    }
    if report.carried > 0 {
        let things = words::count(report.carried, "thing");
        writeln!(out, "You carry {things} of a colleague's to the server; your next sync hands it in.")?;
    }
    let settled = report.accepted + report.duplicate;
    if settled > 0 {
        writeln!(
            out,
            "A colleague handed in {} of yours; the server has it.",
            words::count(settled, "change")
        )?;
    }
    for (id, reason) in &report.quarantined {
        writeln!(out, "Quarantined at the server, {}: {reason}.", words::record(device.tablet(), *id))?;
    }
    if report.received + report.carried + settled == 0 && report.quarantined.is_empty() {
        writeln!(out, "Nothing new for this tablet.")?;
    }
    Ok(())
}
