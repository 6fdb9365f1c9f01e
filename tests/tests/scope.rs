//! People and groups change: whoever holds a group from now on has it from its start; whoever held it hands in what they
//! recorded, which waits for the manager, then keeps nothing; and the manager sees that.

mod groups;
mod people;
mod tablets;
mod sharing;
mod incident;
mod locking;
mod unopened;

use serde_json::{Value, json};
use server::access::Role;
use sync_core::id::{DeviceId, GroupId, StreamId, UserId};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::session::Attendance;
use sync_core::record::{Kind, Participant, Session as Meeting};
use tablet::clock::Clock;
use tablet::device::Device;
use tablet::recording::Details;
use tempfile::TempDir;
use tests::app::{PASSWORD, START};
use tests::recount::Count;
use tests::village::{PASSPHRASE, day, group_keys, marks, people_join, record};
use tests::{Database, Fault, Network, Session, Stranger, TestApp, Village};

const WAITING: &str = "/v1/quarantine";

/// Jeanne leads the village's group. Three people are in it; she has recorded a meeting that waits on her tablet.
struct Scene {
    app: TestApp,
    village: Village,
    jeanne: UserId,
    hers: Device,
}

impl Scene {
    fn on(database: &Database) -> Self {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut hers = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut hers, village.group, 3);
        hers.sync(&mut ()).expect("a sync");
        let attendance = marks(&[1, 2], Attendance::Present);
        let details = Details { attendance, ..Details::default() };
        record(&mut hers, village.group, day(3, 5), details);
        app.clock.advance(5);
        Self { jeanne: hers.tablet().user(), app, village, hers }
    }

    fn stream(&self) -> StreamId {
        self.village.group.into()
    }

    /// Her tablet comes, 08:05, though the group is no longer hers: what it hands in waits for the manager, and it keeps
    /// nothing. The manager sees both, and lets her meeting in.
    fn she_hands_in_and_drops(&mut self) {
        let device = self.hers.tablet().device();
        let report = self.hers.sync(&mut ()).expect("a sync").report;
        let why: Vec<&Reason> = report.quarantined.iter().map(|(_, why)| why).collect();
        assert_eq!((why, report.dropped, report.received), (vec![&Reason::NotAssigned], 1, 0), "{report:?}");
        self.nothing_is_left();

        let receipts = self.village.tablets_with(self.village.group);
        let of_hers: Vec<&Value> =
            receipts.iter().filter(|one| one["device_id"] == device.to_string()).collect();
        let [receipt] = of_hers[..] else { panic!("{receipts:?}") };
        assert_eq!(
            (&receipt["since"], &receipt["held_by"], receipt.get("behind")),
            (&json!("2026-03-05T08:00:00Z"), &json!("jeanne.aegis"), None)
        );
        let now = json!("2026-03-05T08:05:00Z");
        assert_eq!((&receipt["told_at"], &receipt["dropped_at"]), (&now, &now));

        let manager = &self.village.manager;
        let waiting = manager.all(WAITING);
        let [item] = &waiting[..] else { panic!("{waiting:?}") };
        assert_eq!((&item["reason"], &item["kind"]), (&json!("not-assigned"), &json!("session")));
        assert_eq!(self.village.aggregates("")["total"]["sessions"], 0);
        let id = item["id"].as_str().expect("an id");
        let released = manager.post(&format!("{WAITING}/{id}/release"), &json!({})).ok();
        assert_eq!(released["outcome"], "accepted", "{released}");
        assert_eq!(Count::of_answer(&self.village.aggregates("")), Count::registered(1, 2, 2));

        let again = self.hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((again.requests, again.received, again.dropped), (1, 0, 0), "{again:?}");
        self.nothing_is_left();
    }

    fn nothing_is_left(&self) {
        let tablet = self.hers.tablet();
        assert_eq!((tablet.outbox().len(), tablet.quarantined().len()), (0, 0));
        assert_eq!((tablet.groups(), group_keys(tablet)), (vec![], vec![]));
        assert!(tablet.all::<Participant>(self.stream()).is_empty());
        assert!(tablet.all::<Meeting>(self.stream()).is_empty());
    }

    fn administrator(&self) -> Session {
        self.app.user("admin", Role::Administrator, None);
        self.app.login("admin")
    }

    /// What a tablet has of the group: participants and meetings.
    fn has(&self, tablet: &Device) -> (usize, usize) {
        let (tablet, stream) = (tablet.tablet(), self.stream());
        (tablet.all::<Participant>(stream).len(), tablet.all::<Meeting>(stream).len())
    }
}

/// Questions about tablets and groups.
trait Asks {
    fn tablets_with(&self, group: GroupId) -> Vec<Value>;
    fn groups_on(&self, device: DeviceId) -> Vec<Value>;
    fn read(&self, group: GroupId) -> Value;
}

impl Asks for Village {
    fn tablets_with(&self, group: GroupId) -> Vec<Value> {
        let answer = self.manager.get(&format!("/v1/groups/{group}/devices")).ok();
        answer.as_array().expect("a list").clone()
    }

    fn groups_on(&self, device: DeviceId) -> Vec<Value> {
        let answer = self.manager.get(&format!("/v1/devices/{device}/groups")).ok();
        answer.as_array().expect("a list").clone()
    }

    fn read(&self, group: GroupId) -> Value {
        self.manager.get(&format!("/v1/groups/{group}")).ok()
    }
}

/// The number of the key of the only group that a tablet has.
fn key_of(tablet: &Device) -> u32 {
    let keys = group_keys(tablet.tablet());
    let [key] = &keys[..] else { panic!("{} keys", keys.len()) };
    key.number
}
