//! What `referral`, `incident` and `screening` have in common: whom or what is meant, and what can't wait.

use std::io::Write;

use sync_core::area::AreaCode;
use sync_core::change::Grounds;
use sync_core::help::Urgent;
use sync_core::id::{DocumentId, GroupId, ParticipantId};
use sync_core::record::Group;

use super::{CommandError, find, service, words};
use crate::device::Device;
use crate::recording::{RecordError, Who, participant_of};

/// Somebody by code or id, or by group and code.
#[derive(Debug, Clone, clap::Args)]
pub struct Whom {
    /// The participant: code or id; or a group, followed by the code
    pub(super) who: String,
    /// The code, where a group is given
    pub(super) code: Option<String>,
}

impl Whom {
    pub(super) fn found(&self, device: &Device) -> Result<ParticipantId, CommandError> {
        let tablet = device.tablet();
        let Some(code) = &self.code else { return Ok(find::participant(tablet, &self.who)?) };
        let (group, _) = find::group(tablet, &self.who)?;
        let who: Who = super::session::who(code).map_err(|_| find::FindError::NoRecord(code.clone()))?;
        Ok(participant_of(tablet, group, &who)?)
    }
}

/// A record that was recorded by mistake, or was not after all.
#[derive(Debug, Clone, clap::Args)]
pub struct Voided {
    /// Its id or the end of it
    pub(super) id: String,
    /// Take it back
    #[arg(long)]
    pub(super) back: bool,
    /// Why, in one line
    #[arg(long)]
    pub(super) reason: Grounds,
}

impl Voided {
    /// Makes it void, or takes that back, by what the device has for its kind.
    pub(super) fn put(
        self,
        device: &mut Device,
        id: DocumentId,
        void: impl FnOnce(&mut Device, DocumentId, bool, &Grounds) -> Result<(), RecordError>,
        out: &mut dyn Write,
    ) -> Result<(), CommandError> {
        void(device, id, self.back, &self.reason)?;
        let said = words::record(device.tablet(), id);
        match self.back {
            false => writeln!(out, "Saved: {said} was recorded by mistake, and counts nowhere.")?,
            true => writeln!(out, "Saved: {said} counts again.")?,
        }
        Ok(())
    }
}

/// The groups that somebody means: one, or all on the tablet.
pub(super) fn groups(device: &Device, said: Option<&str>) -> Result<Vec<(GroupId, Group)>, CommandError> {
    Ok(match said {
        Some(said) => vec![find::group(device.tablet(), said)?],
        None => find::groups(device.tablet()),
    })
}

/// Where a group is.
pub(super) fn area_of(device: &Device, group: GroupId) -> Option<AreaCode> {
    Some(device.tablet().read::<Group>(group).ok()?.area.code())
}

/// `Saved: …` of a record that was begun, with its id.
pub(super) fn saved(
    device: &Device,
    id: impl Into<DocumentId>,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let (tablet, id) = (device.tablet(), id.into());
    Ok(writeln!(out, "Saved: {} ({}).", words::record(tablet, id), find::end(id, &find::everything(tablet)))?)
}

/// Says what to do and whom to call, before anything else: the national numbers, and the nearest service to the area in which it happened, or to any
/// group on the tablet.
pub(super) fn at_once(
    device: &Device,
    urgent: Option<Urgent>,
    area: Option<AreaCode>,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let Some(urgent) = urgent else { return Ok(()) };
    writeln!(out, "First, before anything else:")?;
    for step in urgent.steps() {
        writeln!(out, "  {step}")?;
    }
    writeln!(
        out,
        "Whom to call, from any phone (check with your supervisor that these numbers still hold):"
    )?;
    for line in urgent.lines() {
        writeln!(out, "  {:<5} {}", line.number, line.who)?;
    }
    service::nearest(device, urgent, area, out)?;
    Ok(writeln!(
        out,
        "Tell your supervisor today, by phone: what is recorded here reaches nobody before it is synced.\n"
    )?)
}
