//! `service`: which services people can be sent to, the nearest first. It comes with each sync, and is read without a network.

use std::io::Write;

use clap::Subcommand;
use sync_core::area::{AreaCode, Level};
use sync_core::fold::fold;
use sync_core::help::Urgent;
use sync_core::id::{DocumentId, ServiceId};
use sync_core::record::Service;
use sync_core::record::referral::ServiceKind;
use sync_core::value::KnownArea;

use super::list::table;
use super::show::{row, told};
use super::{CommandError, codes, find, words};
use crate::device::Device;

#[derive(Debug, Subcommand)]
pub enum ServiceCommand {
    /// List the services that people can be sent to, the nearest first.
    List {
        /// Only services of this kind
        #[arg(long, value_parser = codes!(ServiceKind))]
        kind: Option<ServiceKind>,
        /// Near this area, by its code; near your groups unless said
        #[arg(long)]
        near: Option<KnownArea>,
    },
    /// Show a service, with its telephone.
    Show {
        /// The beginning of its name, or its id or the end of that
        service: String,
    },
}

pub(super) fn run(device: &Device, command: ServiceCommand, out: &mut dyn Write) -> Result<(), CommandError> {
    match command {
        ServiceCommand::List { kind, near } => list(device, kind, near, out),
        ServiceCommand::Show { service } => {
            let (id, one) = found(device, &service)?;
            say(device, id, &one, out)
        }
    }
}

/// The entry that somebody means: by the beginning of its name, or by its id or the end of that. Of several of one name that to which people are
/// still sent.
pub(super) fn found(device: &Device, said: &str) -> Result<(ServiceId, Service), CommandError> {
    let (folded, today) = (fold(said.trim()), device.clock().today());
    let all = device.services();
    let means = |(id, one): &&(ServiceId, Service)| {
        !folded.is_empty()
            && (fold(one.name.as_str()).starts_with(&folded) || find::means_id(&id.to_string(), &folded))
    };
    let meant: Vec<_> = all.iter().filter(means).collect();
    let open: Vec<_> = meant.iter().copied().filter(|(_, one)| one.is_open_on(today)).collect();
    match if open.is_empty() { meant } else { open }.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(CommandError::NoService(said.to_owned())),
        several => {
            let ids = ids(&all);
            let there = several.iter().map(|(id, one)| format!("{} ({})", one.name, find::end(*id, &ids)));
            Err(CommandError::SeveralServices { said: said.to_owned(), there: words::listed(there) })
        }
    }
}

fn ids(all: &[(ServiceId, Service)]) -> Vec<DocumentId> {
    all.iter().map(|(id, _)| DocumentId::from(*id)).collect()
}

fn list(
    device: &Device,
    kind: Option<ServiceKind>,
    near: Option<KnownArea>,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let areas = near.map_or_else(|| device.areas(), |near| vec![near.code()]);
    let ids = ids(&device.services());
    let mut services = device.services_near(&areas);
    services.retain(|(_, one)| kind.is_none_or(|kind| one.kind == kind));
    if services.is_empty() {
        return Ok(writeln!(
            out,
            "This tablet knows no such service. The secretariat keeps the directory; what it entered comes with the next sync."
        )?);
    }
    let mut table = table(["Service", "Kind", "Where", "Same", "Phone", "Hours", "Id"]);
    for (id, one) in &services {
        table.add_row(vec![
            one.name.to_string(),
            words::plain(one.kind),
            words::place(one.area.code()),
            shared(&areas, one).map(|level| level.to_string()).unwrap_or_default(),
            one.phone.as_ref().map(ToString::to_string).unwrap_or_default(),
            one.hours.as_ref().map(ToString::to_string).unwrap_or_default(),
            find::end(*id, &ids),
        ]);
    }
    Ok(writeln!(out, "{table}")?)
}

/// The level of the smallest area that it shares with any of these.
fn shared(areas: &[AreaCode], one: &Service) -> Option<Level> {
    areas.iter().filter_map(|area| area.shares(one.area.code())).max()
}

/// The entry, field by field.
fn say(device: &Device, id: ServiceId, one: &Service, out: &mut dyn Write) -> Result<(), CommandError> {
    writeln!(out, "{}", one.name)?;
    row(out, "Kind", words::plain(one.kind))?;
    row(out, "Where", words::place(one.area.code()))?;
    told(out, "Phone", one.phone.as_ref())?;
    told(out, "Hours", one.hours.as_ref())?;
    told(out, "Note", one.note.as_ref())?;
    told(out, "Run by", one.organisation.map(|who| partner(device, who)))?;
    told(out, "Ended", one.ended.map(words::day))?;
    row(out, "Id", id)
}

fn partner(device: &Device, who: sync_core::id::OrganisationId) -> &'static str {
    if who == device.tablet().organisation() {
        "your organisation"
    } else {
        "a partner, whose protection officers read a referral once you note that somebody is sent"
    }
}

/// Names the nearest service of each of the kinds to which somebody is brought whose life or safety is at stake. The directory is no record of
/// anybody, so it is read also under a lease that has ended.
pub(super) fn nearest(
    device: &Device,
    urgent: Urgent,
    area: Option<AreaCode>,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let areas = area.map_or_else(|| device.areas(), |area| vec![area]);
    let services = device.services_near(&areas);
    let kinds = urgent.services().iter();
    let nearest: Vec<&Service> =
        kinds.filter_map(|kind| Some(&services.iter().find(|(_, one)| one.kind == *kind)?.1)).collect();
    if nearest.is_empty() {
        return Ok(());
    }
    writeln!(out, "The nearest that the directory has:")?;
    for one in nearest {
        let more = [one.phone.as_ref().map(ToString::to_string), one.hours.as_ref().map(ToString::to_string)];
        let more: Vec<String> = more.into_iter().flatten().collect();
        let more = if more.is_empty() { String::new() } else { format!(": {}", more.join("; ")) };
        writeln!(
            out,
            "  {} ({}), {}{more}",
            one.name,
            words::plain(one.kind),
            words::place(one.area.code())
        )?;
    }
    Ok(())
}
