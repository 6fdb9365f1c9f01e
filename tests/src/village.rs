//! A village in which a group meets: an organisation with its manager, facilitators who lead the group, and their tablets.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use server::access::Role;
use sync_core::id::{GroupId, OrganisationId, SessionId, StreamId, UserId};
use sync_core::record::session::{Attendance, PartOfDay};
use sync_core::record::{AgeBand, Sex};
use sync_core::tablet::Tablet;
use sync_core::time::Date;
use sync_core::wire::StreamKey;
use tablet::clock::Clock;
use tablet::device::Device;
use tablet::recording::{Details, NewParticipant, NewSession, Who};
use tempfile::TempDir;

use crate::app::{START, Session, TestApp};

/// Kabeza in Rwimiyaga, Nyagatare: the first village of the district.
pub const AREA: &str = "52010101";

pub const PASSPHRASE: &str = "akabanga ka tablet";

/// One organisation at work.
#[derive(Debug)]
pub struct Village {
    pub organisation: OrganisationId,
    pub manager: Session,
    pub group: GroupId,
    code: String,
    folders: TempDir,
}

impl Village {
    /// An organisation with a manager who has begun one group.
    pub fn of(app: &TestApp, code: &str) -> Self {
        let organisation = app.organisation(code);
        app.user(&format!("manager.{code}"), Role::Manager, Some(organisation));
        let manager = app.login(&format!("manager.{code}"));
        let folders = tempfile::tempdir().expect("a temporary folder");
        let group = begin_group(&manager, "Twiyubake", "sociotherapy");
        Self { organisation, manager, group, code: code.to_owned(), folders }
    }

    /// One more group of the organisation.
    pub fn group(&self, name: &str, modality: &str) -> GroupId {
        begin_group(&self.manager, name, modality)
    }

    /// A facilitator, not yet assigned to anything.
    pub fn facilitator(&self, app: &TestApp, name: &str) -> UserId {
        app.user(&format!("{name}.{}", self.code), Role::Facilitator, Some(self.organisation))
    }

    pub fn assign(&self, user: UserId, group: GroupId) {
        self.manager.post(&format!("/v1/groups/{group}/assignments"), &json!({"user_id": user})).ok();
    }

    pub fn unassign(&self, user: UserId, group: GroupId) {
        self.manager.delete(&format!("/v1/groups/{group}/assignments/{user}")).ok();
    }

    /// The code with which a person enrols a tablet.
    pub fn enrolment_code(&self, user: UserId) -> String {
        let answer = self.manager.post(&format!("/v1/users/{user}/enrolment-codes"), &json!({})).ok();
        answer["code"].as_str().expect("a code").to_owned()
    }

    /// Enrols a tablet for a person. Its clock stands at the start, and is its own.
    pub fn tablet(&self, app: &TestApp, user: UserId) -> Device {
        self.tablet_with(app, user, Clock::fixed(START))
    }

    /// As [`Village::tablet`], with another clock.
    pub fn tablet_with(&self, app: &TestApp, user: UserId, clock: Clock) -> Device {
        let code = self.enrolment_code(user);
        let folder = self.folders.path().join(user.to_string());
        Device::enrol(&folder, PASSPHRASE, &app.url, &code, "a tablet", clock).expect("a tablet is enrolled")
    }

    /// Closes a tablet; gives its folder.
    pub fn put_away(&self, tablet: Device) -> PathBuf {
        let folder = self.folders.path().join(tablet.tablet().user().to_string());
        drop(tablet);
        folder
    }

    /// A copy of a tablet's folder, as somebody makes who wants to help.
    pub fn copy_of(&self, folder: &Path) -> PathBuf {
        let copy = folder.with_extension("copy");
        fs::create_dir(&copy).expect("a new folder");
        for file in fs::read_dir(folder).expect("the folder") {
            let file = file.expect("a file");
            fs::copy(file.path(), copy.join(file.file_name())).expect("a copy");
        }
        copy
    }

    /// Opens a tablet that was put away, with a clock.
    pub fn take_out_at(&self, folder: PathBuf, clock: Clock) -> Device {
        Device::open(&folder, PASSPHRASE, clock).expect("it opens")
    }

    /// Opens a tablet that was put away.
    pub fn take_out(&self, folder: &Path) -> Device {
        Device::open(folder, PASSPHRASE, Clock::fixed(START)).expect("it opens")
    }

    /// A facilitator of the village's group, with an enrolled tablet that has synced once.
    pub fn facilitator_with_tablet(&self, app: &TestApp, name: &str) -> Device {
        let user = self.facilitator(app, name);
        self.assign(user, self.group);
        let mut tablet = self.tablet(app, user);
        tablet.sync(&mut ()).expect("the first sync");
        tablet
    }

    /// The manager, signed in once more: access tokens hold for minutes.
    pub fn manager_again(&self, app: &TestApp) -> Session {
        app.login(&format!("manager.{}", self.code))
    }

    pub fn aggregates(&self, query: &str) -> Value {
        self.manager.get(&format!("/v1/aggregates?{query}")).ok()
    }
}

fn begin_group(manager: &Session, name: &str, modality: &str) -> GroupId {
    let kind = if modality == "sociotherapy" { "healing_space" } else { "dialogue_circle" };
    let body = json!({
        "name": name, "kind": kind, "modality": modality, "area": AREA, "planned_sessions": 15, "starts_on": "2026-01-05",
        "overlap_reason": "Both partners were asked to.",
    });
    let group = manager.post("/v1/groups", &body).ok();
    group["id"].as_str().expect("an id").parse().expect("an id")
}

/// `people(3)` join as P01, P02, P03; women and men in turn.
pub fn people_join(tablet: &mut Device, group: GroupId, count: usize) {
    for number in 1..=count {
        let mut person = NewParticipant::of(format!("P{number:02}").parse().expect("a pseudonym"));
        person.details.sex = Some(Sex::ALL[number % 2]);
        person.details.age_band = Some(AgeBand::ALL[1 + number % 4]);
        tablet.add_participant(group, person).expect("a person joins");
    }
}

/// The keys of the groups that a tablet holds, beside those of its organisation and of the partnership.
pub fn group_keys(tablet: &Tablet) -> Vec<StreamKey> {
    let of_all = [tablet.organisation().into(), StreamId::PARTNERSHIP];
    tablet.stream_keys().into_iter().filter(|key| !of_all.contains(&key.stream)).collect()
}

pub fn day(month: i8, day: i8) -> Date {
    Date::new(2026, month, day).expect("a day")
}

/// Marks of people by number: `marks(&[1, 2], Attendance::Present)`.
pub fn marks(people: &[usize], mark: Attendance) -> Vec<(Who, Attendance)> {
    let code = |number: &usize| Who::Code(format!("P{number:02}").parse().expect("a pseudonym"));
    people.iter().map(|number| (code(number), mark)).collect()
}

/// Records a meeting of a morning.
pub fn record(tablet: &mut Device, group: GroupId, date: Date, details: Details) -> SessionId {
    let new = NewSession { date, part: PartOfDay::Morning, details };
    tablet.record_session(group, new).expect("a meeting is recorded").session
}
