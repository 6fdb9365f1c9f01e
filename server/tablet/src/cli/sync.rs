//! `sync`: a bar while it lasts, then what merged, what clashed, what is quarantined, and what it cost.

use std::collections::BTreeSet;
use std::io::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use sync_core::id::{DocumentId, GroupId};
use sync_core::record::Kind;
use sync_core::record::session::{Session, SessionState};

use super::unopened::waits;
use super::{CommandError, find, neighbours, words};
use crate::device::{Device, Progress, Step, Summary};
use crate::link::Traffic;

/// How many changed records are named one by one.
const NAMED: usize = 12;

pub(super) fn run(device: &mut Device, out: &mut dyn Write) -> Result<(), CommandError> {
    let mut bar = Bar::new(device.tablet().outbox().len());
    let before = neighbours::known(device.tablet());
    let done = device.sync(&mut bar);
    bar.bar.finish_and_clear();
    let done = done?;
    let notes = device.notes_waiting()?;
    tell(device, &done, notes, out)?;
    warn(device, &before, out)
}

/// Says of which groups another partner does the same nearby, where the tablet did not know so before.
fn warn(
    device: &Device,
    before: &BTreeSet<(GroupId, String)>,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    // Who may not see which groups the tablet holds is told when they may.
    if device.may_show().is_err() {
        return Ok(());
    }
    let tablet = device.tablet();
    let known = neighbours::known(tablet);
    let arisen: BTreeSet<GroupId> = known.difference(before).map(|(group, _)| *group).collect();
    for id in &arisen {
        neighbours::overlaps(tablet, (*id, &tablet.read(*id)?), out)?;
    }
    if !arisen.is_empty() {
        writeln!(out, "How they are reached: ihuriro tablet neighbours")?;
    }
    Ok(())
}

/// On the standard error, and only where that is a terminal.
struct Bar {
    bar: ProgressBar,
    traffic: Traffic,
}

impl Bar {
    fn new(waiting: usize) -> Self {
        let bar = ProgressBar::new(waiting as u64);
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {bar:30} {pos} of {len} changes handed in  {msg}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, traffic: Traffic::default() }
    }
}

impl Progress for Bar {
    fn before(&mut self, step: Step) -> ControlFlow<()> {
        if let Step::Send { waiting } = step {
            // A sync that repairs a stream offers changes again: then there is more to do than there was.
            let (length, waiting) = (self.bar.length().unwrap_or_default(), waiting as u64);
            self.bar.set_length(length.max(waiting));
            self.bar.set_position(length.max(waiting) - waiting);
        }
        ControlFlow::Continue(())
    }

    fn moved(&mut self, more: Traffic) {
        self.traffic.up += more.up;
        self.traffic.down += more.down;
        let Traffic { up, down } = self.traffic;
        self.bar.set_message(format!("{} up, {} down", HumanBytes(up), HumanBytes(down)));
    }
}

fn tell(device: &Device, summary: &Summary, notes: usize, out: &mut dyn Write) -> Result<(), CommandError> {
    let (tablet, report) = (device.tablet(), &summary.report);
    let changes = report.accepted + report.duplicate + report.received;
    let told = report.quarantined.len() + report.rejected.len() + report.released as usize;
    if changes + report.carried + report.refused == 0 && told == 0 {
        writeln!(out, "Nothing new on either side.")?;
    }
    if report.accepted > 0 {
        writeln!(out, "Handed in and merged: {}.", words::count(report.accepted, "change"))?;
    }
    if report.duplicate > 0 {
        writeln!(out, "The server had {} of yours already.", words::count(report.duplicate, "change"))?;
    }
    if report.carried > 0 {
        let carried = words::count(report.carried, "thing");
        writeln!(out, "Handed in for colleagues: {carried}. Their receipts go along with your next export.")?;
    }
    if report.refused > 0 {
        let refused = words::count(report.refused, "thing");
        writeln!(
            out,
            "The server could not open {refused} that you carried; ask your colleague for a new file."
        )?;
    }
    if report.received > 0 {
        let records = words::count(report.merged.len(), "record");
        writeln!(out, "Received from others: {} to {records}.", words::count(report.received, "change"))?;
    }
    let all = find::everything(tablet);
    // Of the directory there may be hundreds at once, as with the first sync.
    let is_service = |id: &&DocumentId| matches!(tablet.place_of(**id), Some((Kind::Service, _)));
    let (services, records): (Vec<&DocumentId>, Vec<&DocumentId>) =
        report.merged.iter().partition(is_service);
    for id in records.iter().take(NAMED) {
        writeln!(out, "  {} ({})", words::record(tablet, **id), find::short(**id, &all))?;
    }
    if records.len() > NAMED {
        writeln!(out, "  and {} more", records.len() - NAMED)?;
    }
    if !services.is_empty() {
        writeln!(out, "  {} of the directory", words::count(services.len(), "service"))?;
    }
    for id in &report.clashing {
        writeln!(out, "In {}, people set different values:", words::record(tablet, *id))?;
        for conflict in tablet.conflicts(*id)? {
            writeln!(out, "  {}", words::conflict(tablet, &conflict))?;
        }
    }
    for id in report.merged.iter().filter(|id| matches!(tablet.place_of(**id), Some((Kind::Session, _)))) {
        // One that was erased is not read any more.
        let Ok(session) = tablet.read::<Session>(*id) else { continue };
        if let Some(note) = session.returned.filter(|_| session.state == SessionState::Draft) {
            writeln!(out, "Returned to you, {}: {note}", words::record(tablet, *id))?;
        }
    }
    for (id, reason) in &report.quarantined {
        writeln!(out, "Quarantined at the server, {}: {reason}.", words::record(tablet, *id))?;
    }
    for (id, rejection) in &report.rejected {
        writeln!(out, "Left out, {}: {rejection}", words::record(tablet, *id))?;
    }
    if report.released > 0 {
        let changes = words::count(report.released, "change");
        writeln!(out, "Released and merged, of groups that this tablet holds no longer: {changes}.")?;
    }
    for id in &report.too_large {
        writeln!(
            out,
            "{}: too much at once for this link; it waits, and goes over a better one.",
            words::record(tablet, *id)
        )?;
    }
    if report.too_large_carried > 0 {
        let things = words::count(report.too_large_carried, "thing");
        writeln!(out, "Too large for this link, of what you carry: {things}; it waits for a better one.")?;
    }
    if report.dropped > 0 {
        let groups = words::count(report.dropped, "group");
        writeln!(out, "This tablet may no longer hold {groups}; what it held of it is removed.")?;
    }
    if report.revoked && notes > 0 {
        writeln!(
            out,
            "This tablet is revoked, and destroyed once nothing waits on it: {} that could not be recorded. Tell your manager what they say, and leave them out: \
             ihuriro tablet notes",
            waits(notes, "note")
        )?;
    } else if report.revoked {
        writeln!(
            out,
            "This tablet is revoked. The server has what was recorded on it; what it held is destroyed."
        )?;
    } else if find::groups(tablet).is_empty() {
        writeln!(
            out,
            "It holds no group now. If you lead one, ask your manager about it and about this tablet."
        )?;
    }
    if !report.repaired.is_empty() {
        writeln!(out, "This tablet and the server differed; what differed was read again.")?;
    }
    if report.unreadable > 0 {
        let changes = words::count(report.unreadable, "change");
        writeln!(out, "{changes} could not be read here; tell your administrator.")?;
    }
    if let Some(off) = words::clock_off(device.clock().now(), tablet.last_sync()) {
        writeln!(
            out,
            "The clock of this tablet is {off} the server's. Records get their day from it: set it, unless it is the server's that is wrong."
        )?;
    }
    let Summary { bytes_up, bytes_down, .. } = summary;
    let requests = words::count(report.requests, "request");
    writeln!(
        out,
        "{requests}, {bytes_up} bytes up and {bytes_down} bytes down, compressed, headers not counted."
    )?;
    Ok(())
}
