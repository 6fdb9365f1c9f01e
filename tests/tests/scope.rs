//! People and groups change: whoever holds a group from now on has it from its start; whoever held it hands in what they
//! recorded, which waits for the manager, then keeps nothing; and the manager sees that.

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
use tests::village::{PASSPHRASE, day, marks, people_join, record};
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
        let why: Vec<&Reason> = report.apart.iter().map(|(_, why)| why).collect();
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
        assert_eq!(
            self.village.aggregates("")["total"],
            json!({"sessions": 1, "attendances": 2, "people": 2})
        );

        let again = self.hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((again.requests, again.received, again.dropped), (1, 0, 0), "{again:?}");
        self.nothing_is_left();
    }

    fn nothing_is_left(&self) {
        let tablet = self.hers.tablet();
        assert_eq!((tablet.outbox().len(), tablet.apart().len()), (0, 0));
        assert_eq!((tablet.groups(), tablet.stream_keys()), (vec![], vec![]));
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

fn revoke(person: &Session, device: DeviceId) -> Value {
    person.post(&format!("/v1/devices/{device}/revoke"), &json!({})).ok()
}

/// The number of the only key that a tablet has.
fn key_of(tablet: &Device) -> u32 {
    let keys = tablet.tablet().stream_keys();
    let [key] = &keys[..] else { panic!("{} keys", keys.len()) };
    key.number
}

#[test]
fn whoever_is_assigned_gets_the_group_from_its_start_and_the_manager_sees_how_far_they_have_read() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        scene.hers.sync(&mut ()).expect("a sync");
        let eric = scene.village.facilitator(&scene.app, "eric");
        let mut his = scene.village.tablet(&scene.app, eric);
        his.sync(&mut ()).expect("a sync");
        assert_eq!(scene.village.groups_on(his.tablet().device()), Vec::<Value>::new());
        scene.village.assign(eric, scene.village.group);
        his.sync(&mut ()).expect("a sync");
        assert_eq!(scene.has(&his), (3, 1));

        let behind = |tablet: &Device| {
            let held = scene.village.groups_on(tablet.tablet().device());
            let [one] = &held[..] else { panic!("{held:?}") };
            assert_eq!((one.get("told_at"), one.get("dropped_at")), (None, None));
            one["behind"].as_i64().expect("a number")
        };
        assert!(behind(&his) > 0, "it has not said yet what it read");
        his.sync(&mut ()).expect("a sync");
        assert_eq!(behind(&his), 0);
        record(&mut his, scene.village.group, day(3, 6), Details::default());
        his.sync(&mut ()).expect("a sync");
        his.sync(&mut ()).expect("a sync");
        assert_eq!(behind(&his), 0);
        assert!(behind(&scene.hers) > 0);
    });
}

#[test]
fn whoever_is_taken_off_hands_in_what_they_had_and_keeps_nothing() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        scene.village.unassign(scene.jeanne, scene.village.group);
        scene.she_hands_in_and_drops();
    });
}

#[test]
fn a_group_goes_to_another_facilitator_with_all_that_was_recorded() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let hers = key_of(&scene.hers);
        scene.village.unassign(scene.jeanne, scene.village.group);
        let mut his = scene.village.facilitator_with_tablet(&scene.app, "eric");
        assert_eq!(scene.has(&his), (3, 0));
        assert!(key_of(&his) > hers, "what is sealed for the group from now on is not for her");
        scene.she_hands_in_and_drops();
        his.sync(&mut ()).expect("a sync");
        assert_eq!(scene.has(&his), (3, 1));
        let facilitators = scene.village.read(scene.village.group)["facilitators"].clone();
        assert_eq!(facilitators, json!([his.tablet().user().to_string()]));
    });
}

#[test]
fn whoever_moves_to_another_organisation_leaves_groups_tablets_and_codes_behind() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let (old, new) = (&scene.village, Village::of(&scene.app, "nar"));
        let path = format!("/v1/users/{}/move", scene.jeanne);
        let to = |organisation: &str| json!({"organisation_id": organisation});
        let (admin, there) = (scene.administrator(), to(&new.organisation.to_string()));
        assert_eq!(old.manager.post(&path, &there).problem(), (403, "role-not-allowed"));
        let nowhere = to("018f3f6e-7d2c-7000-8000-0123456789ab");
        assert_eq!(admin.post(&path, &nowhere).problem(), (422, "invalid-fields"));
        let me = admin.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned();
        let of_admin = admin.post(&format!("/v1/users/{me}/move"), &there);
        assert_eq!(of_admin.problem(), (409, "role-without-organisation"));

        let code = old.enrolment_code(scene.jeanne);
        let moved = admin.post(&path, &there).ok();
        assert_eq!(moved["organisation_id"], new.organisation.to_string());
        assert_eq!(admin.post(&path, &there).ok(), moved, "once is enough");
        assert_eq!(old.read(old.group)["facilitators"], json!([]));
        let kept = TempDir::new().expect("a folder");
        let clock = || Clock::fixed(START);
        Device::enrol(&kept.path().join("old"), PASSPHRASE, &scene.app.url, &code, "old", clock())
            .expect_err("who handed out the code does not see what she will");

        // Her new tablet gets what is hers now; the old one, whoever has it, does not.
        new.assign(scene.jeanne, new.group);
        let code = new.enrolment_code(scene.jeanne);
        let mut next =
            Device::enrol(&kept.path().join("new"), PASSPHRASE, &scene.app.url, &code, "new", clock())
                .expect("a tablet is enrolled");
        next.sync(&mut ()).expect("a sync");
        assert_eq!(next.tablet().groups(), [new.group]);
        scene.she_hands_in_and_drops();
        assert_eq!(new.manager.all(WAITING), Vec::<Value>::new());
        let device = scene.hers.tablet().device();
        assert_eq!(new.groups_on(device), Vec::<Value>::new(), "what she held before is not theirs to see");
        let hidden = scene.village.manager.get(&format!("/v1/devices/{device}/groups"));
        assert_eq!(hidden.problem(), (404, "no-such-device"));
        let hidden = new.manager.get(&format!("/v1/groups/{}/devices", scene.village.group));
        assert_eq!(hidden.problem(), (404, "no-such-group"));
        let all = admin.get(&format!("/v1/devices/{device}/groups")).ok();
        assert_eq!(all.as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_closed_group_leaves_every_tablet_and_what_comes_late_waits() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let mut his = scene.village.facilitator_with_tablet(&scene.app, "eric");
        let path = format!("/v1/groups/{}/close", scene.village.group);
        let close = |person: &Session, status: &str| person.post(&path, &json!({"status": status}));
        let elsewhere = Village::of(&scene.app, "nar");
        assert_eq!(close(&elsewhere.manager, "graduated").problem(), (404, "no-such-group"));
        for status in ["active", "over"] {
            assert_eq!(close(&scene.village.manager, status).problem(), (422, "invalid-fields"));
        }
        let closed = close(&scene.village.manager, "graduated").ok();
        assert_eq!((&closed["status"], &closed["facilitators"]), (&json!("graduated"), &json!([])));
        assert_eq!(close(&scene.village.manager, "graduated").ok(), closed, "once is enough");
        let leaders = scene.village.manager.get(&format!("/v1/groups/{}/assignments", scene.village.group));
        assert_eq!(leaders.ok(), json!([]));

        let report = his.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.dropped, his.tablet().groups().len()), (1, 0), "{report:?}");
        scene.she_hands_in_and_drops();
        assert_eq!(close(&scene.village.manager, "suspended").ok()["status"], "suspended");
        assert_eq!(close(&scene.village.manager, "graduated").problem(), (422, "invalid-fields"));
    });
}

#[test]
fn whoever_is_disabled_is_signed_out_hands_in_and_can_come_back() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let (village, jeanne) = (&scene.village, scene.jeanne);
        let hers = scene.app.login("jeanne.aegis");
        let set = |person: &Session, user: &str, what: &str| {
            person.post(&format!("/v1/users/{user}/{what}"), &json!({}))
        };
        let elsewhere = Village::of(&scene.app, "nar");
        let her = jeanne.to_string();
        assert_eq!(set(&elsewhere.manager, &her, "disable").problem(), (404, "no-such-user"));
        assert_eq!(set(&hers, &her, "disable").problem(), (403, "role-not-allowed"));
        let me = village.manager.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned();
        assert_eq!(set(&village.manager, &me, "disable").problem(), (403, "role-not-allowed"));
        let admin = scene.administrator();
        let me = admin.get("/v1/me").ok()["id"].as_str().expect("an id").to_owned();
        assert_eq!(set(&admin, &me, "disable").problem(), (409, "oneself"));

        let login = json!({"login": "jeanne.aegis", "password": PASSWORD});
        let pair = admin.post("/v1/login", &login).ok();
        let disabled = set(&village.manager, &her, "disable").ok();
        assert_eq!(disabled["disabled_at"], "2026-03-05T08:05:00Z");
        assert_eq!(hers.get("/v1/me").problem(), (403, "account-disabled"));
        assert_eq!(village.read(village.group)["facilitators"], json!([]));
        scene.she_hands_in_and_drops();

        let enabled = set(&scene.village.manager, &her, "enable").ok();
        assert!(enabled.get("disabled_at").is_none(), "{enabled}");
        let refresh = json!({"refresh_token": pair["refresh_token"]});
        assert_eq!(admin.post("/v1/login/refresh", &refresh).problem(), (401, "refresh-refused"));
        scene.app.login("jeanne.aegis");
        let report = scene.hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.received, scene.hers.tablet().groups().len()), (0, 0));
        scene.village.assign(jeanne, scene.village.group);
        scene.hers.sync(&mut ()).expect("a sync");
        assert_eq!(scene.has(&scene.hers), (3, 1));
        let held = scene.village.groups_on(scene.hers.tablet().device());
        assert_eq!(held.iter().filter(|one| one.get("dropped_at").is_none()).count(), 1, "{held:?}");
    });
}

#[test]
fn a_lost_tablet_is_sent_nothing_and_what_it_hands_in_waits() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let mut his = scene.village.facilitator_with_tablet(&scene.app, "eric");
        let (device, before) = (scene.hers.tablet().device(), key_of(&his));
        record(&mut his, scene.village.group, day(3, 6), Details::default());
        let revoked = revoke(&scene.village.manager, device);
        assert_eq!(revoked["revoked_at"], "2026-03-05T08:05:00Z");
        let held = scene.village.groups_on(device);
        assert_eq!((held.len(), held[0].get("told_at")), (1, None), "it has not come since: {held:?}");
        // She still leads the group, and her colleague goes on with a key that the tablet never gets.
        scene.she_hands_in_and_drops();
        his.sync(&mut ()).expect("a sync");
        assert_eq!(scene.has(&his), (3, 2));
        assert!(key_of(&his) > before);
        let facilitators = scene.village.read(scene.village.group)["facilitators"].clone();
        assert_eq!(facilitators.as_array().map(Vec::len), Some(2));
        scene.hers.sync(&mut ()).expect("a sync");
        scene.nothing_is_left();
    });
}

#[test]
fn a_tablet_that_replaces_another_gets_all_and_the_old_one_still_hands_in() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        revoke(&scene.village.manager, scene.hers.tablet().device());
        let kept = TempDir::new().expect("a folder");
        let code = scene.village.enrolment_code(scene.jeanne);
        let folder = kept.path().join("next");
        let mut next =
            Device::enrol(&folder, PASSPHRASE, &scene.app.url, &code, "the next", Clock::fixed(START))
                .expect("a tablet is enrolled");
        next.sync(&mut ()).expect("a sync");
        assert_eq!(scene.has(&next), (3, 0));
        scene.she_hands_in_and_drops();
        next.sync(&mut ()).expect("a sync");
        assert_eq!(scene.has(&next), (3, 1));
        let names: Vec<Value> = scene.village.tablets_with(scene.village.group);
        let dropped = |name: &str| {
            let one = names.iter().find(|one| one["device_name"] == name).expect("a tablet");
            one.get("dropped_at").is_some()
        };
        assert_eq!((dropped("a tablet"), dropped("the next")), (true, false));
    });
}

#[test]
fn a_receipt_counts_once_and_only_for_what_the_tablet_had() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let other = village.group("Tuzamurane", "dialogue_club");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let jeanne = tablet.user;
        let mut say = |purged: &[GroupId]| {
            let mut request = tablet.request(Vec::new());
            request.purged = purged.iter().map(|group| StreamId::from(*group)).collect();
            let body = tablet.signed(&request);
            let (status, slug, _) = tests::stranger::sync(&app, &body);
            assert_eq!((status, slug.as_str()), (200, ""));
        };
        say(&[]);
        say(&[other]);
        assert_eq!(village.tablets_with(other), Vec::<Value>::new());
        village.unassign(jeanne, village.group);
        say(&[village.group, village.group, other]);
        app.clock.advance(5);
        say(&[village.group, other]);
        let receipts = village.tablets_with(village.group);
        let [receipt] = &receipts[..] else { panic!("{receipts:?}") };
        assert_eq!(receipt["dropped_at"], "2026-03-05T08:00:00Z");
        assert_eq!(village.tablets_with(other), Vec::<Value>::new());
    });
}

#[test]
fn what_a_tablet_was_sent_is_known_and_asked_back_though_the_answer_was_lost() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let user = village.facilitator(&app, "jeanne");
        village.assign(user, village.group);
        let mut hers = village.tablet(&app, user);
        let sync = |tablet: &mut Device, faults: &[Option<Fault>]| {
            let mut network = Network::to(&app.url).failing(faults.iter().copied());
            tablet.sync_over(&mut network, &mut ()).is_ok()
        };
        // For all that the service knows, it arrived.
        assert!(!sync(&mut hers, &[Some(Fault::LoseAnswer)]));
        assert_eq!(village.tablets_with(village.group).len(), 1);
        village.unassign(user, village.group);
        assert!(!sync(&mut hers, &[Some(Fault::LoseAnswer)]), "that it was told is lost too");
        app.clock.advance(5);
        assert!(
            !sync(&mut hers, &[None, Some(Fault::LoseAnswer)]),
            "the receipt arrived, unknown to the tablet"
        );
        app.clock.advance(5);
        assert!(sync(&mut hers, &[]));
        let receipts = village.tablets_with(village.group);
        let [receipt] = &receipts[..] else { panic!("{receipts:?}") };
        assert_eq!(
            (&receipt["told_at"], &receipt["dropped_at"]),
            (&json!("2026-03-05T08:00:00Z"), &json!("2026-03-05T08:05:00Z"))
        );
    });
}

#[test]
fn a_revoked_tablet_writes_nothing_by_hand_either() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let stream = StreamId::from(village.group);
        revoke(&village.manager, tablet.device);
        let change = tablet.session(village.group, 5);
        assert_eq!(change.0, Kind::Session);
        let outcomes = tablet.hand_in(&app, stream, &[change]);
        assert_eq!(outcomes, [Outcome::Quarantined(Reason::NotAssigned)]);
        let body = tablet.request(Vec::new());
        let (_, _, answer) = tests::stranger::sync(&app, &tablet.signed(&body));
        let answer: sync_core::wire::Answer = minicbor::decode(&answer).expect("an answer");
        assert_eq!((answer.pages, answer.keys, answer.people), (vec![], vec![], vec![]));
    });
}
