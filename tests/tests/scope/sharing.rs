//! Several people share one tablet: each has a folder, a key and groups of their own.

use tablet::folder::{Folder, FolderError};
use tablet::people;

use super::*;

/// Enrols somebody on the tablet in this directory.
fn enrolled(scene: &Scene, directory: &std::path::Path, name: &str, passphrase: &str) -> Device {
    let user = scene.village.facilitator(&scene.app, name);
    scene.village.assign(user, scene.village.group);
    let code = scene.village.enrolment_code(user);
    let called = name.parse().expect("a name");
    let folder = people::new_folder(directory, Some(&called)).expect("a folder");
    let mut device = Device::enrol(&folder, passphrase, &scene.app.url, &code, "shared", Clock::fixed(START))
        .expect("enrolled");
    device.sync(&mut ()).expect("a sync");
    device
}

#[test]
fn each_of_several_on_one_tablet_opens_signs_and_is_revoked_alone() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let directory = TempDir::new().expect("a directory");
        let [mut eric, mut rose] = [("eric", "inzira y'amahoro"), ("rose", "umusozi wa mbere")]
            .map(|(name, passphrase)| enrolled(&scene, directory.path(), name, passphrase));
        record(&mut eric, scene.village.group, day(3, 6), Details::default());
        record(&mut rose, scene.village.group, day(3, 7), Details::default());
        record(&mut rose, scene.village.group, day(3, 8), Details::default());
        let (his, hers) = (eric.tablet().device(), rose.tablet().device());
        assert_ne!(his, hers, "each has a key of their own");
        let folders: Vec<_> = people::everybody(directory.path()).into_iter().map(|one| one.folder).collect();
        let in_use = Folder::outside(&folders[0], START);
        assert!(matches!(in_use, Err(FolderError::InUse(_))), "{in_use:?}");
        drop((eric, rose));
        // What is told without a passphrase is how much waits, and no more.
        let waiting: Vec<_> =
            folders.iter().map(|at| Folder::outside(at, START).expect("it says").unsent).collect();
        assert_eq!(waiting, [Some(1), Some(2)]);
        let open = |at: usize, passphrase| Device::open(&folders[at], passphrase, Clock::fixed(START));
        let refused = open(0, "umusozi wa mbere").expect_err("her passphrase opens nothing of his");
        assert_eq!(refused.to_string(), "the passphrase is wrong");

        // Hers is revoked: it hands in and keeps nothing. His goes on, and so do the totals of his.
        scene.village.manager.post(&format!("/v1/devices/{hers}/revoke"), &json!({})).ok();
        let mut rose = open(1, "umusozi wa mbere").expect("it opens");
        let report = rose.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.quarantined.len(), report.dropped, rose.tablet().groups().len()), (2, 1, 0));
        let mut eric = open(0, "inzira y'amahoro").expect("it opens");
        let report = eric.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.accepted, report.dropped, eric.tablet().groups().len()), (1, 0, 1));
        let acknowledged = |device: DeviceId| {
            let report = scene.village.manager.get(&format!("/v1/devices/{device}/incident-report")).ok();
            report["acknowledgement"].clone()
        };
        assert_eq!([acknowledged(his), acknowledged(hers)], ["not-revoked", "dropped"]);
        drop((eric, rose));
        assert_eq!(Folder::outside(&folders[1], START).expect("it says").unsent, Some(0));
    });
}
