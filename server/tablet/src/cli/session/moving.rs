//! `session move`: a meeting goes under the day on which it was, or back to where it stood.

use std::io::Write;

use sync_core::change::Grounds;
use sync_core::id::SessionId;
use sync_core::moving::NotMoved;
use sync_core::record::session::{PartOfDay, Session};
use sync_core::time::Date;

use super::super::when::ask;
use super::super::{CommandError, find, words};
use crate::device::Device;
use crate::recording::RecordError;

/// Where it goes: the same day or part of the day where nobody says another.
pub(super) struct Target {
    pub(super) date: Option<Date>,
    pub(super) part: Option<PartOfDay>,
    /// The day is right, though it looks wrong.
    pub(super) yes: bool,
}

pub(super) fn put(
    device: &mut Device,
    session: SessionId,
    to: &Target,
    reason: &Grounds,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let there: Session = device.tablet().read(session)?;
    let was = words::record(device.tablet(), session.into());
    let date = to.date.unwrap_or(there.date);
    let today = device.clock().today();
    ask(today, Some(date), device.tablet().began_on(there.group), to.yes || date == there.date)?;
    let moved = match device.move_session(session, date, to.part.unwrap_or(there.part), reason) {
        Err(RecordError::NotMoved(NotMoved::Moved)) => {
            let tablet = device.tablet();
            let since = words::steps(tablet, &tablet.recorded_since(session));
            return Err(CommandError::MovedAlready { since });
        }
        moved => moved?,
    };
    let tablet = device.tablet();
    let short = find::short(moved, &find::everything(tablet));
    writeln!(out, "Saved: {was} is now {} ({short}).", words::record(tablet, moved.into()))?;
    Ok(())
}

pub(super) fn back(
    device: &mut Device,
    session: SessionId,
    reason: &Grounds,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let was = words::record(device.tablet(), session.into());
    // What a tablet recorded that had not heard of the move counted nowhere until now.
    let meanwhile = device.tablet().recorded_since(session);
    let from = device.move_session_back(session, reason)?;
    let tablet = device.tablet();
    let lost = tablet.recorded_since_moved_here(from);
    writeln!(out, "Saved: {was} stands again; {} counts nowhere.", words::record(tablet, from.into()))?;
    if !meanwhile.is_empty() {
        let meanwhile = words::steps(tablet, &meanwhile);
        writeln!(out, "Recorded in it since it was moved, and counted again: {meanwhile}.")?;
    }
    if !lost.is_empty() {
        let lost = words::steps(tablet, &lost);
        writeln!(out, "Recorded there since, and counted nowhere now: {lost}.")?;
        writeln!(out, "Your supervisor can carry it over to where it counts.")?;
    }
    Ok(())
}
