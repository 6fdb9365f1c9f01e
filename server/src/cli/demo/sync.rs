//! Syncs over the real link, which twice in the three months is worse than usual.

use tablet::device::{Progress, SyncError};
use tablet::link::{LinkError, Traffic};

use super::Failed;
use super::line::Fault;
use super::record::Tablet;
use super::tally::Tally;

/// The week's end on which something goes wrong, and for whom.
pub(super) fn fault(pair: usize, seat: usize, week: u32) -> Option<Fault> {
    match (pair, seat, week) {
        (0, 0, 5) => Some(Fault::CutOff),
        (1, 1, 6) => Some(Fault::AnswerLost),
        _ => None,
    }
}

/// Who is not sure whether it worked, and syncs again at once.
pub(super) fn again(pair: usize, seat: usize, week: u32) -> bool {
    (pair, seat, week) == (2, 0, 6)
}

/// Counts all bytes, also those of exchanges that failed.
struct Meter<'t>(&'t mut Traffic);

impl Progress for Meter<'_> {
    fn moved(&mut self, more: Traffic) {
        self.0.up += more.up;
        self.0.down += more.down;
    }
}

impl Tablet {
    /// Syncs, and says in how many requests; if the link fails as planned, the facilitator simply does it again.
    pub(super) fn sync(&mut self, fault: Option<Fault>, tally: &mut Tally) -> Result<u32, Failed> {
        self.line.fault = fault;
        match self.device.sync_over(&mut self.line, &mut Meter(&mut tally.traffic)) {
            Ok(summary) => {
                tally.synced(self.device.tablet(), &summary.report);
                Ok(summary.report.requests)
            }
            Err(SyncError::Link(LinkError::Broken(_))) if fault.is_some() => {
                let waiting = self.device.tablet().outbox().len();
                let requests = self.sync(None, tally)?;
                let how = match fault {
                    Some(Fault::CutOff) => "was cut off in the middle of a request",
                    _ => "lost the answer to a request that the service had taken",
                };
                let name = self.name;
                tally.mishaps.push(format!(
                    "{name}'s tablet {how}; its {waiting} changes waited on and went with the next sync."
                ));
                Ok(requests)
            }
            Err(error) => Err(format!("{}'s tablet: {error}", self.name).into()),
        }
    }
}
