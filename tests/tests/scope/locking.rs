//! A tablet locks after wrong passphrases, and a manager's code unlocks it; a revoked one is destroyed.

use std::path::Path;

use server::register::lease::Lease;
use sync_core::time::Millis;
use tablet::device::OpensWith;
use tablet::folder::{FolderError, MOST};

use super::*;

pub(crate) const PIN: &str = "483920";

/// A facilitator's tablet behind a PIN, with a meeting that waits; closed.
pub(crate) fn with_a_pin(scene: &Scene, at: &Path) -> DeviceId {
    let user = scene.village.facilitator(&scene.app, "eric");
    scene.village.assign(user, scene.village.group);
    let code = scene.village.enrolment_code(user);
    let mut device =
        Device::enrol(at, PIN, &scene.app.url, &code, "behind a PIN", Clock::fixed(START)).expect("enrolled");
    device.sync(&mut ()).expect("a sync");
    record(&mut device, scene.village.group, day(3, 6), Details::default());
    device.tablet().device()
}

/// Tries wrong PINs until the tablet locks, waiting as it says.
pub(crate) fn lock(at: &Path) -> Millis {
    let mut now = START;
    let mut tries = 0;
    loop {
        match Device::open(at, "483921", Clock::fixed(now)) {
            Err(tablet::device::OpenError::Folder(FolderError::WrongPassphrase { .. })) => tries += 1,
            Err(tablet::device::OpenError::Folder(FolderError::Wait { minutes })) => {
                now = Millis(now.0 + minutes * 60_000);
            }
            Err(tablet::device::OpenError::Folder(FolderError::Locked)) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(tries, MOST);
    now
}

pub(crate) fn code_for(person: &Session, device: DeviceId) -> String {
    let answer = person.post(&format!("/v1/devices/{device}/unlock"), &json!({})).ok();
    let keys: Vec<&String> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["code", "expires_at"], "the manager sees no key");
    answer["code"].as_str().expect("a code").to_owned()
}

#[test]
fn a_managers_code_unlocks_a_tablet_once_and_all_that_was_recorded_is_there() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let at = TempDir::new().expect("a folder");
        let device = with_a_pin(&scene, at.path());
        let clock = Clock::fixed(lock(at.path()));
        let open = |pin| Device::open(at.path(), pin, clock.clone());
        let refused = open(PIN).expect_err("locked for whoever knows it, too");
        assert!(refused.to_string().contains("ihuriro tablet unlock"), "{refused}");
        // Only the manager of the organisation lets somebody in again.
        let path = format!("/v1/devices/{device}/unlock");
        let other = Village::of(&scene.app, "interpeace");
        assert_eq!(other.manager.post(&path, &json!({})).problem(), (404, "no-such-device"));
        for person in [scene.app.login("jeanne.aegis"), scene.administrator()] {
            assert_eq!(person.post(&path, &json!({})).problem(), (403, "role-not-allowed"));
        }
        let unlock = |code: &str, pin| Device::unlock(at.path(), &scene.app.url, code, pin, &clock);
        let manager = &scene.village.manager;
        let of_another = code_for(manager, scene.hers.tablet().device());
        let replaced = code_for(manager, device);
        let code = code_for(manager, device);
        for wrong in ["7KQ2M-X9T4B", of_another.as_str(), replaced.as_str()] {
            let refused = unlock(wrong, "730184").expect_err("not its code");
            assert!(refused.to_string().contains("does not unlock this tablet"), "{refused}");
        }
        unlock(&code, "1234").expect_err("too short; the code is not used up");
        assert_eq!(unlock(&code, "730184").expect("unlocked"), OpensWith::New);
        let again = unlock(&code, "220011").expect_err("once");
        assert!(again.to_string().contains("does not unlock this tablet"), "{again}");
        open(PIN).expect_err("the PIN of before");
        let mut his = open("730184").expect("opens");
        let report = his.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.accepted, report.revoked), (1, false));
        // Who let whom in, and that it was used, is noted.
        let noted = scene.village.manager.all("/v1/audit");
        let about = |route: &str| {
            noted.iter().filter(|one| one["route"] == route && one["outcome"] == "allowed").count()
        };
        assert_eq!((about("POST /v1/devices/{id}/unlock"), about("POST /v1/tablet-unlocks")), (3, 1));
    });
}

#[test]
fn a_code_holds_for_a_day_and_not_for_a_revoked_tablet() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let at = TempDir::new().expect("a folder");
        let device = with_a_pin(&scene, at.path());
        let clock = Clock::fixed(lock(at.path()));
        let manager = &scene.village.manager;
        let unlock = |code: &str| Device::unlock(at.path(), &scene.app.url, code, "730184", &clock).map(drop);
        let code = code_for(manager, device);
        scene.app.clock.advance(24 * 60);
        unlock(&code).expect_err("a day has passed");
        let manager = &scene.app.login("manager.aegis");
        let code = code_for(manager, device);
        manager.post(&format!("/v1/devices/{device}/revoke"), &json!({})).ok();
        unlock(&code).expect_err("whoever has it may be anybody");
        let path = format!("/v1/devices/{device}/unlock");
        assert_eq!(manager.post(&path, &json!({})).problem(), (409, "device-revoked"));
    });
}

#[test]
fn a_revoked_tablet_hands_in_says_so_and_destroys_its_key() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let at = TempDir::new().expect("a folder");
        let device = with_a_pin(&scene, at.path());
        let manager = &scene.village.manager;
        manager.post(&format!("/v1/devices/{device}/revoke"), &json!({})).ok();
        let acknowledged = || {
            let report = manager.get(&format!("/v1/devices/{device}/incident-report")).ok();
            report["acknowledgement"].as_str().expect("a word").to_owned()
        };
        assert_eq!(acknowledged(), "not-yet-seen");
        let mut his = Device::open(at.path(), PIN, Clock::fixed(START)).expect("opens");
        // The answer to its receipt is lost: it keeps its key, and comes again.
        let mut network = Network::to(&scene.app.url).failing([None, Some(Fault::LoseAnswer)]);
        his.sync_over(&mut network, &mut ()).expect_err("lost");
        drop(his);
        let mut his = Device::open(at.path(), PIN, Clock::fixed(START)).expect("it still has its key");
        let report = his.sync(&mut ()).expect("a sync").report;
        assert!(report.revoked);
        assert_eq!(acknowledged(), "dropped");
        assert_eq!(manager.all(WAITING).len(), 1, "what it had recorded waits for the manager");
        drop(his);
        let gone =
            Device::open(at.path(), PIN, Clock::fixed(START)).expect_err("nothing is left to be opened");
        assert!(gone.to_string().starts_with("there is no tablet"), "{gone}");
    });
}

#[test]
fn a_tablet_that_does_not_sync_shows_nothing_and_goes_on_recording() {
    Database::each(|database| {
        let app = TestApp::with(database, |settings| settings.lease = Lease { days: 7 });
        let village = Village::of(&app, "aegis");
        let user = village.facilitator(&app, "jeanne");
        village.assign(user, village.group);
        let clock = Clock::fixed(START);
        let mut hers = village.tablet_with(&app, user, clock.clone());
        hers.sync(&mut ()).expect("a sync");
        clock.set(START.plus_days(7));
        assert_eq!(hers.may_show(), Ok(()));
        clock.set(Millis(START.plus_days(7).0 + 61_000));
        hers = village.take_out_at(village.put_away(hers), clock.clone());
        // Turning the clock back lends nothing.
        for now in [START.plus_days(8), START] {
            clock.set(now);
            hers = village.take_out_at(village.put_away(hers), clock.clone());
            let refused = hers.may_show().expect_err("it ended").to_string();
            assert!(refused.contains("(until 12 March 2026)") && refused.contains("sync it"), "{refused}");
        }
        record(&mut hers, village.group, day(3, 4), Details::default());
        let file = TempDir::new().expect("a folder");
        hers.export(&file.path().join("bundle")).expect("what waits can be carried");
        app.clock.advance(9 * 24 * 60);
        let manager = app.login("manager.aegis");
        let path = format!("/v1/devices/{}/incident-report", hers.tablet().device());
        let report = manager.get(&path).ok();
        assert_eq!(
            (&report["lease_ends_at"], &report["lease_has_ended"]),
            (&json!("2026-03-12T08:00:00Z"), &json!(true))
        );
        let report = hers.sync(&mut ()).expect("a sync").report;
        assert_eq!(report.accepted, 1);
        assert_eq!(hers.may_show(), Ok(()), "lent again");
        assert_eq!(manager.get(&path).ok()["lease_has_ended"], false);
    });
}
