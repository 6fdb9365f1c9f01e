use std::io::{Write, stdout};

use clap::{Args, value_parser};
use jiff::Timestamp;
use server::audit::{self, Action, ObjectKind, by_operator};
use server::clock::Clock;
use server::custody::incident::{Acknowledgement, GroupHeld, Held, Report, report};
use server::register::lease::Lease;
use server::store::StoreError;
use sync_core::id::{DeviceId, Id};

use super::{Database, Ended, count};

#[derive(Debug, Args)]
pub(super) struct IncidentReport {
    /// The id of the tablet, as `GET /v1/devices` lists it.
    device: DeviceId,
    /// For how many days after its last sync a tablet shows what it holds, as it was told.
    #[arg(long, env = "IHURIRO_TABLET_LEASE_DAYS", value_name = "DAYS", default_value_t = Lease::default().days, value_parser = value_parser!(u32).range(1..=3650))]
    tablet_lease_days: u32,
    /// Print the report as JSON, as the service answers it.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

impl IncidentReport {
    pub(super) fn run(self) -> Ended {
        let store = self.database.open()?;
        let now = Clock::system().now();
        let found = store.write_blocking("incident report", |tx| -> Result<_, StoreError> {
            let found = report(tx, self.device, None, Lease { days: self.tablet_lease_days }, now)?;
            let entry = by_operator(now, Action::ReadRecord, "ihuriro incident-report");
            audit::note(tx, &entry.about(ObjectKind::Device, self.device.uuid()))?;
            Ok(found)
        })?;
        let found = found.ok_or("there is no tablet with this id; GET /v1/devices lists them")?;
        let out = &mut stdout().lock();
        if self.json {
            serde_json::to_writer_pretty(&mut *out, &found)?;
            writeln!(out)?;
            return Ok(());
        }
        Ok(tell(&found, out)?)
    }
}

fn tell(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let at = |time: Option<Timestamp>| time.map_or("never".to_owned(), |at| format!("{at:.0}"));
    writeln!(
        out,
        "The tablet \"{}\" ({}), made {:.0}",
        report.device_name, report.device_id, report.made_at
    )?;
    writeln!(out, "Held by        {} ({})", report.held_by, report.user_id)?;
    writeln!(out, "Enrolled       {:.0}", report.enrolled_at)?;
    writeln!(out, "Last sync      {}", at(report.last_seen_at))?;
    if let Some(ends) = report.lease_ends_at {
        let tense = if report.lease_has_ended { "ended" } else { "ends" };
        writeln!(
            out,
            "Lease          {tense} {ends:.0}: after that the tablet shows nothing to whoever leaves its program as it is"
        )?;
    }
    match report.unsent {
        None => writeln!(out, "Unsent         not known")?,
        Some(unsent) => writeln!(out, "Unsent         {} when it last synced", count(unsent, "change"))?,
    }
    match report.acknowledgement {
        Acknowledgement::NotRevoked => writeln!(out, "Revoked        no")?,
        Acknowledgement::NotYetSeen => {
            writeln!(out, "Revoked        {}; not yet seen since", at(report.revoked_at))?;
        }
        Acknowledgement::Dropped => writeln!(
            out,
            "Revoked        {}; it said that it has dropped everything on {}",
            at(report.revoked_at),
            at(report.acknowledged_at)
        )?,
    }
    writeln!(out, "It holds       {}", held(report.holds))?;
    for group in &report.groups {
        tell_group(group, out)?;
    }
    Ok(())
}

fn tell_group(group: &GroupHeld, out: &mut dyn Write) -> std::io::Result<()> {
    write!(out, "\nGroup {}", group.group_id)?;
    if let Some(since) = group.since {
        write!(out, ", since {since:.0}")?;
    }
    match (group.dropped_at, group.told_at) {
        (Some(dropped), _) => write!(out, ", dropped {dropped:.0}")?,
        (None, Some(told)) => write!(out, ", told to drop it {told:.0}")?,
        (None, None) => {}
    }
    writeln!(out, ": {}", held(group.holds))?;
    for record in &group.records {
        writeln!(out, "  {} {}", record.id, record.kind.code())?;
    }
    Ok(())
}

/// `3 people, 5 records: 1 of level I, 4 of level O`.
fn held(Held { people, records, levels }: Held) -> String {
    let people = if people == 1 { "1 person".to_owned() } else { format!("{people} people") };
    let of =
        [('P', levels.public), ('I', levels.internal), ('O', levels.organisation), ('S', levels.sensitive)];
    let of: Vec<String> =
        of.iter().filter(|(_, n)| *n > 0).map(|(level, n)| format!("{n} of level {level}")).collect();
    match of.as_slice() {
        [] => "nothing".to_owned(),
        of => format!("{people}, {}: {}", count(records, "record"), of.join(", ")),
    }
}
