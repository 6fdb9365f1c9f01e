//! A service in a process of its own, with an organisation, its groups, and tablets.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use hostile_bytes::budget::process_cpu;
use sync_core::id::{GroupId, UserId};
use tablet::clock::Clock;
use tablet::device::Device;

use super::workload::Workload;
use super::workload::day_of;
use crate::database::Database;
use crate::process::Service;
use crate::village::{people_join, record};
use crate::{TestApp, Village};

/// A running service and who works with it.
#[derive(Debug)]
pub struct Stage {
    pub app: TestApp,
    pub village: Village,
    pub service: Service,
}

impl Stage {
    /// The organisation is put in by a service within this process, which does nothing more afterwards.
    ///
    /// # Errors
    /// In words, where the service does not start.
    pub fn on(database: &Database, program: &Path) -> Result<Self, String> {
        let mut app = TestApp::on(database);
        let mut village = Village::of(&app, "aegis");
        let service = Service::start(program, &database.url)?;
        app.url.clone_from(&service.url);
        village.manager = app.login("manager.aegis");
        Ok(Self { app, village, service })
    }

    /// Somebody with a tablet, who leads these groups.
    pub(super) fn tablet(&self, name: &str, groups: &[GroupId]) -> Device {
        let user: UserId = self.village.facilitator(&self.app, name);
        for group in groups {
            self.village.assign(user, *group);
        }
        self.village.tablet_with(&self.app, user, Clock::System)
    }

    /// The CPU time of the service's process until now.
    pub(super) fn cpu(&self) -> Duration {
        process_cpu(self.service.id()).expect("it runs")
    }

    /// What some work costs the service, and what it gives.
    pub(super) fn costs<T>(&self, work: impl FnOnce() -> T) -> (Duration, T) {
        let before = self.cpu();
        let done = work();
        (self.cpu().saturating_sub(before), done)
    }
}

/// People join each group, one after the other.
pub(super) fn all_join(tablet: &mut Device, groups: &[GroupId], workload: Workload) {
    for group in groups {
        people_join(tablet, *group, workload.people);
    }
}

/// A meeting of each of these groups in each of these weeks.
pub(super) fn all_meet(tablet: &mut Device, groups: &[GroupId], weeks: Range<usize>, workload: Workload) {
    for (place, group) in groups.iter().enumerate() {
        for week in weeks.clone() {
            record(tablet, *group, day_of(week), workload.meeting(place * weeks.end + week));
        }
    }
}
