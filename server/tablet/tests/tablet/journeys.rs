//! A tablet with its folder, syncing with a store over a link that fails.

use std::ops::ControlFlow;
use std::path::Path;

use sync_core::id::{GroupId, SessionId};
use sync_core::record::Session;
use sync_core::record::session::{Attendance, PartOfDay, Theme};
use sync_core::time::Date;
use tablet::clock::Clock;
use tablet::device::{Device, EnrolError, OpenError, Progress, Step, SyncError};
use tablet::folder::FolderError;
use tablet::recording::{Details, NewParticipant, NewSession, RecordError, Who};

use crate::support::{Fault, NOW, Store};

const PASSPHRASE: &str = "urugo rwiza rwo mu Kabeza";
const SUMMARY: &str = "Twatangiye n'indirimbo; two people spoke of forgiving.";

fn enrol(store: &mut Store, at: &Path, code: &str) -> Result<Device, EnrolError> {
    let server = "http://127.0.0.1:8080";
    Device::enrol_over(store, at, PASSPHRASE, server, code, "a test", Clock::fixed(NOW))
}

fn open(at: &Path) -> Device {
    Device::open(at, PASSPHRASE, Clock::fixed(NOW)).expect("opens")
}

/// Enrolled, and the group fetched.
fn ready(store: &mut Store, at: &Path, code: &str) -> Device {
    let mut device = enrol(store, at, code).expect("enrols");
    device.sync_over(store, &mut ()).expect("syncs");
    device
}

fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn date() -> Date {
    Date::constant(2026, 3, 5)
}

fn meeting(details: Details) -> NewSession {
    NewSession { date: date(), part: PartOfDay::Morning, details }
}

fn minutes(minutes: i64) -> Details {
    Details { minutes: Some(minutes.try_into().expect("in range")), ..Details::default() }
}

fn code(code: &str) -> sync_core::value::Pseudonym {
    code.parse().expect("a code")
}

/// Three changes: two participants and the meeting.
fn record(device: &mut Device, group: GroupId) -> SessionId {
    for one in ["P01", "P02"] {
        device.add_participant(group, NewParticipant::of(code(one))).expect("added");
    }
    let details = Details {
        attendance: vec![
            (Who::Code(code("P01")), Attendance::Present),
            (Who::Code(code("P02")), Attendance::Late),
        ],
        themes: [Theme::Grief].into(),
        summary: Some(SUMMARY.into()),
        ..minutes(90)
    };
    device.record_session(group, meeting(details)).expect("recorded").session
}

#[test]
fn two_facilitators_record_one_meeting_and_see_what_clashes() {
    let (mut store, group) = Store::with_group("Abahuje");
    let (a, b) = (scratch(), scratch());
    let mut jeanne = ready(&mut store, a.path(), "JEANN-00001");
    let mut eric = ready(&mut store, b.path(), "ERICC-00001");
    let session = record(&mut jeanne, group);
    let theirs =
        Details { summary: Some("We were late.".into()), themes: [Theme::Trauma].into(), ..minutes(75) };
    let recorded = eric.record_session(group, meeting(theirs)).expect("recorded");
    assert_eq!((recorded.session, recorded.begun), (session, true));
    jeanne.sync_over(&mut store, &mut ()).expect("syncs");
    let summary = eric.sync_over(&mut store, &mut ()).expect("syncs");
    assert!(summary.report.clashing.contains(&session.into()), "{summary:?}");
    jeanne.sync_over(&mut store, &mut ()).expect("syncs");
    let both: Session = jeanne.tablet().read(session).expect("there");
    assert_eq!(both, eric.tablet().read(session).expect("there"));
    assert!(both.summary.contains(SUMMARY) && both.summary.contains("We were late."), "{}", both.summary);
    assert_eq!((both.attendance.len(), both.themes.len(), both.facilitators_present.len()), (2, 2, 2));
    let found = jeanne.tablet().conflicts(session).expect("there");
    assert_eq!(found.iter().map(|one| one.field.as_str()).collect::<Vec<_>>(), ["minutes"]);
    assert_eq!(jeanne.tablet().name_of(eric.tablet().device()), Some("Eric"));

    jeanne.edit_session(session, &minutes(90)).expect("settled");
    jeanne.sync_over(&mut store, &mut ()).expect("syncs");
    eric.sync_over(&mut store, &mut ()).expect("syncs");
    assert_eq!(eric.tablet().conflicts(session).expect("there"), []);
}

#[test]
fn recording_a_meeting_that_is_there_adds_to_it() {
    let (mut store, group) = Store::with_group("Abahuje");
    let at = scratch();
    let mut device = ready(&mut store, at.path(), "JEANN-00001");
    let session = record(&mut device, group);
    let again = Details { summary: Some("One more thing.".into()), ..Details::default() };
    let recorded = device.record_session(group, meeting(again.clone())).expect("recorded");
    assert_eq!((recorded.session, recorded.begun, recorded.changed), (session, false, true));
    let now: Session = device.tablet().read(session).expect("there");
    assert_eq!(now.summary, format!("{SUMMARY}\nOne more thing.\n"));
    assert!(!device.record_session(group, meeting(again)).expect("recorded").changed);

    let unknown =
        Details { attendance: vec![(code("P09").into(), Attendance::Present)], ..Details::default() };
    let refused = device.edit_session(session, &unknown);
    assert!(matches!(refused, Err(RecordError::NoSuchParticipant(_))), "{refused:?}");
    let taken = device.add_participant(group, NewParticipant::of(code("P01")));
    assert!(matches!(taken, Err(RecordError::CodeTaken { .. })), "{taken:?}");
}

#[test]
fn a_sync_with_nothing_new_is_one_request() {
    let (mut store, group) = Store::with_group("Abahuje");
    let at = scratch();
    let mut device = ready(&mut store, at.path(), "JEANN-00001");
    record(&mut device, group);
    let summary = device.sync_over(&mut store, &mut ()).expect("syncs");
    assert_eq!(summary.report.accepted, 3);
    assert!(summary.bytes_up > 0 && summary.bytes_down > 0, "{summary:?}");
    let summary = device.sync_over(&mut store, &mut ()).expect("syncs");
    assert_eq!((summary.report.requests, summary.report.accepted, summary.report.received), (1, 0, 0));
}

#[test]
fn whatever_the_link_loses_the_tablet_keeps() {
    for fault in [Fault::LostRequest, Fault::LostAnswer, Fault::CutAnswer] {
        let (mut store, group) = Store::with_group("Abahuje");
        let at = scratch();
        let mut device = ready(&mut store, at.path(), "JEANN-00001");
        let session = record(&mut device, group);
        store.faults.push_back(fault);
        let failed = device.sync_over(&mut store, &mut ());
        assert!(matches!(failed, Err(SyncError::Link(_) | SyncError::Answer(_))), "{fault:?} {failed:?}");
        assert_eq!(device.tablet().outbox().len(), 3, "{fault:?}");
        drop(device);
        let report = open(at.path()).sync_over(&mut store, &mut ()).expect("syncs").report;
        let again = if fault == Fault::LostRequest { (3, 0) } else { (0, 3) };
        assert_eq!((report.accepted, report.duplicate), again, "{fault:?}");
        assert_eq!(
            store.document(session).expect("there").read::<Session>().expect("sound").summary.trim_end(),
            SUMMARY
        );
    }
}

/// Stops before the step with this number.
struct StopAt(usize);

impl Progress for StopAt {
    fn before(&mut self, _: Step) -> ControlFlow<()> {
        match self.0.checked_sub(1) {
            Some(left) => self.0 = left,
            None => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }
}

#[test]
fn stopped_between_any_two_steps_nothing_is_lost() {
    let mut at_step = 0;
    loop {
        let (mut store, group) = Store::with_group("Abahuje");
        let (a, b) = (scratch(), scratch());
        let mut eric = ready(&mut store, b.path(), "ERICC-00001");
        let mut device = ready(&mut store, a.path(), "JEANN-00001");
        let session = record(&mut device, group);
        eric.record_session(group, meeting(minutes(75))).expect("recorded");
        eric.sync_over(&mut store, &mut ()).expect("syncs");
        let stopped = device.sync_over(&mut store, &mut StopAt(at_step));
        let shown: Session = device.tablet().read(session).expect("there");
        drop(device);
        let mut device = open(a.path());
        assert_eq!(device.tablet().read::<Session>(session).expect("there"), shown, "what is shown is kept");
        device.sync_over(&mut store, &mut ()).expect("syncs");
        assert_eq!(device.tablet().outbox().len() + device.tablet().quarantined().len(), 0);
        assert_eq!(store.changes(), 5, "stopped before step {at_step}");
        eric.sync_over(&mut store, &mut ()).expect("syncs");
        let theirs: Session = eric.tablet().read(session).expect("there");
        assert_eq!(theirs, device.tablet().read(session).expect("there"));
        assert_eq!((theirs.summary.trim_end(), theirs.attendance.len()), (SUMMARY, 2));
        match stopped {
            Err(SyncError::Stopped) => at_step += 1,
            Ok(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(at_step >= 4, "persist, send, persist, finish");
}

#[test]
fn an_enrolment_whose_answer_was_lost_is_asked_for_again() {
    let (mut store, _) = Store::with_group("Abahuje");
    let at = scratch();
    store.faults.push_back(Fault::LostAnswer);
    let lost = enrol(&mut store, at.path(), "JEANN-00001");
    assert!(matches!(lost, Err(EnrolError::Link(_))), "{lost:?}");
    let early = Device::open(at.path(), PASSPHRASE, Clock::System);
    assert!(matches!(early, Err(OpenError::Unfinished)), "{early:?}");
    let device = enrol(&mut store, at.path(), "JEANN-00001").expect("enrols");
    assert_eq!(device.settings().user, "Jeanne");
    drop(device);
    let twice = enrol(&mut store, at.path(), "JEANN-00002");
    assert!(matches!(&twice, Err(EnrolError::Already(who)) if who == "Jeanne"), "{twice:?}");
}

#[test]
fn a_copied_folder_starts_a_life_of_its_own() {
    let (mut store, group) = Store::with_group("Abahuje");
    let (at, copy) = (scratch(), scratch());
    let mut device = ready(&mut store, at.path(), "JEANN-00001");
    drop(device);
    for entry in std::fs::read_dir(at.path()).expect("there") {
        let path = entry.expect("readable").path();
        std::fs::copy(&path, copy.path().join(path.file_name().expect("a file"))).expect("copied");
    }
    device = open(at.path());
    record(&mut device, group);
    device.sync_over(&mut store, &mut ()).expect("syncs");

    let mut other = open(copy.path());
    let summary = other.sync_over(&mut store, &mut ()).expect("syncs after being told");
    assert!(summary.report.requests > 1, "{summary:?}");
    let second =
        NewSession { date: Date::constant(2026, 3, 12), part: PartOfDay::Morning, details: minutes(60) };
    other.record_session(group, second).expect("recorded");
    let report = other.sync_over(&mut store, &mut ()).expect("syncs").report;
    assert_eq!((report.accepted, report.quarantined.len()), (1, 0));
}

#[test]
fn a_stolen_folder_says_nothing() {
    let (mut store, group) = Store::with_group("Abahuje");
    let at = scratch();
    let mut device = ready(&mut store, at.path(), "JEANN-00001");
    let session = record(&mut device, group);
    let tells = [SUMMARY.as_bytes(), b"indirimbo", b"Abahuje", b"Jeanne", b"127.0.0.1", b"document/"];
    let ids = [group.as_bytes().as_slice(), session.as_bytes()];
    for entry in std::fs::read_dir(at.path()).expect("there") {
        let bytes = std::fs::read(entry.expect("readable").path()).expect("readable");
        for tell in tells.iter().chain(&ids) {
            let found = bytes.windows(tell.len()).any(|window| window == *tell);
            assert!(!found, "{}", String::from_utf8_lossy(tell));
        }
    }
    drop(device);
    let wrong = Device::open(at.path(), "not the passphrase", Clock::System);
    assert!(matches!(wrong, Err(OpenError::Folder(FolderError::WrongPassphrase { .. }))), "{wrong:?}");
}

#[test]
fn tablets_can_be_run_side_by_side() {
    fn goes_to_another_thread<T: Send>() {}
    goes_to_another_thread::<Device>();
}

#[test]
fn a_code_that_is_refused_leaves_no_passphrase_behind() {
    let (mut store, _) = Store::with_group("Abahuje");
    let at = scratch();
    let with = |store: &mut Store, passphrase: &str, code: &str| {
        Device::enrol_over(
            store,
            at.path(),
            passphrase,
            "http://127.0.0.1:8080",
            code,
            "a test",
            Clock::fixed(NOW),
        )
    };
    with(&mut store, PASSPHRASE, "JEANN-00001").expect("enrols");
    drop(std::fs::remove_dir_all(at.path()));
    // The code is used: whoever tries again with the right one may choose another passphrase.
    let used = with(&mut store, "of the first try", "JEANN-00001").expect_err("used");
    assert!(matches!(used, EnrolError::Refused(_)), "{used}");
    with(&mut store, "of the second try", "ERICC-00001").expect("enrols");
    // Somebody is there now, and says so, whatever the passphrase.
    for _ in 0..2 {
        let there = with(&mut store, "of the first try", "ERICC-00001").expect_err("another passphrase");
        assert!(there.to_string().contains("somebody is enrolled in"), "{there}");
    }
}

#[test]
fn an_enrolment_that_had_no_answer_asks_for_its_passphrase() {
    let (mut store, _) = Store::with_group("Abahuje");
    let at = scratch();
    store.faults.push_back(Fault::LostAnswer);
    let lost = enrol(&mut store, at.path(), "JEANN-00001").expect_err("lost");
    assert!(matches!(lost, EnrolError::Link(_)), "{lost}");
    let server = "http://127.0.0.1:8080";
    let other = Device::enrol_over(
        &mut store,
        at.path(),
        "another one",
        server,
        "JEANN-00001",
        "t",
        Clock::fixed(NOW),
    );
    let other = other.expect_err("another passphrase").to_string();
    assert!(other.contains("begun in") && other.contains("type that one"), "{other}");
    enrol(&mut store, at.path(), "JEANN-00001")
        .expect("goes on, with the code that the lost answer was about");
}
