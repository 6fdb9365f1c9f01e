//! The lease: a tablet shows what it holds for so many days after it last reached the server, and goes on recording after that.
//!
//! It stops who has a tablet, and knows or saw its passphrase, but not who brings a program of their own.

use minicbor::{Decode, Encode};
use sync_core::time::Millis;

use super::Device;
use crate::clock::in_rwanda;
use crate::folder::FolderError;

/// A clock that goes on by less than this is not written down.
const NOTED: i64 = 60_000;

/// For how long reading is lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(super) struct Lease {
    /// By the tablet's clock.
    #[n(0)]
    until: Millis,
    /// The latest time that the tablet's clock showed since. A clock that is turned back does not go before it.
    #[n(1)]
    latest: Millis,
}

impl Lease {
    fn has_ended(self, now: Millis) -> bool {
        now.max(self.latest) > self.until
    }
}

/// The tablet shows nothing until it has synced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this tablet has not synced for too long (until {}), and shows nothing now; sync it, and it does again. Recording goes on, and nothing is lost",
    in_rwanda(*.until).strftime("%-d %B %Y")
)]
pub struct ReadingLocked {
    until: Millis,
}

impl Device {
    /// Whether the tablet may show what it holds now.
    ///
    /// # Errors
    /// [`ReadingLocked`], in words on what to do.
    pub fn may_show(&self) -> Result<(), ReadingLocked> {
        match self.settings.lease {
            Some(lease) if lease.has_ended(self.clock.now()) => Err(ReadingLocked { until: lease.until }),
            _ => Ok(()),
        }
    }

    /// Notes what time it is.
    pub(super) fn note_time(&mut self) -> Result<(), FolderError> {
        let now = self.clock.now();
        match &mut self.settings.lease {
            Some(lease) if now.0 > lease.latest.0 + NOTED => lease.latest = now,
            _ => return Ok(()),
        }
        self.settings.keep(&mut self.folder)
    }

    /// The server was reached, and lends reading for so many days.
    pub(super) fn lend(&mut self, days: u32) -> Result<(), FolderError> {
        let now = self.clock.now();
        self.settings.lease = Some(Lease { until: now.plus_days(i64::from(days)), latest: now });
        self.settings.keep(&mut self.folder)
    }
}
