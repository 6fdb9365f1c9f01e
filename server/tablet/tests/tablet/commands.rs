//! What a facilitator types and reads, with syncs over real HTTP to a store that loses requests and answers.

use std::sync::{Arc, Mutex};

use clap::Parser;
use tablet::cli::{CommandError, TabletArgs, TabletCommand, run_on};
use tablet::clock::Clock;
use tablet::device::Device;

use crate::support::{Fault, NOW, Store, http};

pub(crate) const PASSPHRASE: &str = "urugo rwiza rwo mu Kabeza";

#[derive(Debug, Parser)]
pub(crate) struct Program {
    #[command(flatten)]
    pub(crate) tablet: TabletArgs,
}

impl Program {
    pub(crate) fn command_of(line: &str) -> TabletCommand {
        let words = std::iter::once("tablet").chain(line.split_whitespace());
        Self::try_parse_from(words).expect("a command").tablet.command
    }
}

pub(crate) struct Tablet {
    pub(crate) device: Device,
    folder: tempfile::TempDir,
}

impl Tablet {
    fn enrol(server: &str, code: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let device = Device::enrol(folder.path(), PASSPHRASE, server, code, "a test", Clock::fixed(NOW));
        Self { device: device.expect("enrols"), folder }
    }

    /// Another tablet from a copy of this one's folder.
    fn copy(&self) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        for entry in std::fs::read_dir(self.folder.path()).expect("there") {
            let path = entry.expect("readable").path();
            std::fs::copy(&path, folder.path().join(path.file_name().expect("a file"))).expect("copied");
        }
        let device = Device::open(folder.path(), PASSPHRASE, Clock::fixed(NOW));
        Self { device: device.expect("opens"), folder }
    }

    /// Closes it; gives its folder.
    pub(crate) fn put_away(self) -> tempfile::TempDir {
        drop(self.device);
        self.folder
    }

    pub(crate) fn try_run(&mut self, line: &str) -> Result<String, CommandError> {
        let mut out = Vec::new();
        run_on(&mut self.device, Program::command_of(line), &mut out)?;
        Ok(String::from_utf8(out).expect("text"))
    }

    pub(crate) fn run(&mut self, line: &str) -> String {
        self.try_run(line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }
}

/// What was said contains each of these.
pub(crate) fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "\"{part}\" is missing in:\n{said}");
    }
}

pub(crate) fn two_tablets() -> (Arc<Mutex<Store>>, Tablet, Tablet) {
    two_tablets_for("Abahuje")
}

/// Of the two who lead a group of that name.
pub(crate) fn two_tablets_for(group: &str) -> (Arc<Mutex<Store>>, Tablet, Tablet) {
    let (store, _) = Store::with_group(group);
    let store = Arc::new(Mutex::new(store));
    let server = http::serve(store.clone());
    let jeanne = Tablet::enrol(&server, "JEANN-00001");
    let eric = Tablet::enrol(&server, "ERICC-00001");
    (store, jeanne, eric)
}

#[test]
fn a_meeting_from_two_tablets_is_told_in_words() {
    let (_store, mut jeanne, mut eric) = two_tablets();
    says(&jeanne.run("groups"), &["holds no group yet"]);
    says(
        &jeanne.run("sync"),
        &["Received from others: 1 change to 1 record", "the group Abahuje", "1 request,"],
    );
    says(&jeanne.run("groups"), &["Abahuje", "sociotherapy", "Nyagatare"]);
    says(&jeanne.run("sync"), &["Nothing new on either side.", "1 request,", "bytes up and"]);

    says(
        &jeanne.run("participant add aba --code P01 --sex female --age-band 25_35 --consent oral"),
        &["Saved"],
    );
    says(&jeanne.run("participant add aba --code P02"), &["Saved", "No consent is recorded yet"]);
    says(&jeanne.run("participants aba"), &["P01", "25 to 35", "5 March 2026", "not recorded"]);
    let line = "session record aba --date 2026-03-05 --minutes 90 --theme grief --present p01 --late P02";
    says(&jeanne.run(line), &["Saved: the meeting of Abahuje on 5 March 2026 (morning)"]);
    says(&jeanne.run("status"), &["3 changes to 3 records", "participant P02 of Abahuje"]);
    eric.run("sync");
    eric.run("session record aba --date 2026-03-05 --minutes 75 --theme trauma --headcount female/16_24=4");
    eric.run("sync");

    let claims = "minutes: ";
    says(
        &jeanne.run("sync"),
        &["Handed in and merged: 3 changes", claims, "(Eric, ", "(you, 5 Mar 2026 10:40)"],
    );
    let shown = jeanne.run("show aba 2026-03-05");
    says(&shown, &["grief and trauma", "you and 1 other", "Present       P01", "4 women 16 to 24", claims]);
    says(&jeanne.run("status"), &["Nothing waits", "to be settled", "last synced on 5 Mar 2026 10:40"]);
    says(&jeanne.run("sessions aba"), &["2026-03-05", "2, 4 counted", "draft"]);
    jeanne.run("session edit aba 2026-03-05 --minutes 90");
    says(&jeanne.run("show aba 2026-03-05"), &["90", "1 change to it waits to be handed in."]);
    jeanne.run("sync");
    eric.run("sync");
    assert!(!eric.run("show aba 2026-03-05").contains(claims), "it is settled");
}

#[test]
fn a_meeting_recorded_twice_is_told_marked_and_counted_once() {
    let (_store, mut jeanne, _) = two_tablets();
    jeanne.run("sync");
    for code in ["P01", "P02"] {
        jeanne.run(&format!("participant add aba --code {code}"));
    }
    for date in ["2026-03-03", "2026-03-05", "2026-02-26"] {
        jeanne.run(&format!("session record aba --date {date} --present P01,P02"));
    }
    let id = |line: &str| line.split_whitespace().last().expect("an id").to_owned();
    let of = |tablet: &mut Tablet, date: &str| {
        let shown = tablet.run(&format!("show aba {date}"));
        id(shown.lines().find(|line| line.trim_start().starts_with("Id ")).expect("its id"))
    };
    let (wrong, right) = (of(&mut jeanne, "2026-03-03"), of(&mut jeanne, "2026-03-05"));
    let listed = jeanne.run("sessions aba");
    says(&listed, &["has 3 recorded meetings", "look like one meeting, recorded twice", "session double"]);
    says(
        &jeanne.run("show aba 2026-03-03"),
        &["Perhaps", "a double of the meeting of Abahuje on 5 March 2026"],
    );
    let quiet = jeanne.run("show aba 2026-02-26");
    assert!(!quiet.contains("Perhaps"), "a week before: {quiet}");

    let said = jeanne.run(&format!("session double {wrong} --of {right}"));
    says(&said, &["on 3 March 2026 (morning) is a double of", "on 5 March 2026 (morning), which counts"]);
    let listed = jeanne.run("sessions aba");
    says(&listed, &["has 2 recorded meetings", "Double of", &right[..8], "2026-03-03"]);
    assert!(!listed.contains("look like one meeting"), "{listed}");
    let shown = jeanne.run("show aba 2026-03-03");
    says(&shown, &["Double of", "on 5 March 2026 (morning); that one counts", "Present       P01, P02"]);
    says(&jeanne.run("groups"), &["2              2"]);
    let again = jeanne.try_run(&format!("session double {right} --of {wrong}")).expect_err("the other way");
    says(&again.to_string(), &["name the one that counts, or take that mark back first"]);

    says(&jeanne.run(&format!("session double {wrong} --none")), &["counts as a meeting of its own"]);
    says(&jeanne.run("sessions aba"), &["has 3 recorded meetings", "look like one meeting"]);
}

#[test]
fn a_broken_connection_is_told_in_words_and_loses_nothing() {
    let (store, mut jeanne, _) = two_tablets();
    jeanne.run("sync");
    jeanne.run("session record aba --date 2026-03-05 --minutes 90");
    for fault in [Fault::LostRequest, Fault::LostAnswer, Fault::CutAnswer] {
        store.lock().expect("not poisoned").faults.push_back(fault);
        let error = jeanne.try_run("sync").expect_err("broken").to_string();
        says(&error, &["everything you recorded is kept"]);
        says(&jeanne.run("status"), &["the meeting of Abahuje"]);
    }
    says(&jeanne.run("sync"), &["The server had 1 change of yours already."]);
    says(&jeanne.run("status"), &["Nothing waits to be handed in."]);
}

#[test]
fn a_copy_of_a_tablet_is_told_so_and_goes_on_in_a_life_of_its_own() {
    let (_store, mut jeanne, _) = two_tablets();
    jeanne.run("sync");
    let mut copy = jeanne.copy();
    jeanne.run("session record aba --date 2026-03-05 --minutes 90");
    jeanne.run("sync");
    copy.run("sync");
    copy.run("session record aba --date 2026-02-19 --minutes 60");
    says(&copy.run("sync"), &["Handed in and merged: 1 change."]);
    says(&jeanne.run("sync"), &["bytes up"]);
    says(&jeanne.run("sessions aba"), &["2026-03-05", "2026-02-19"]);
}

#[test]
fn an_enrolment_that_is_refused_says_why() {
    let (_store, jeanne, _) = two_tablets();
    let folder = tempfile::tempdir().expect("a temporary directory");
    let server = &jeanne.device.settings().server;
    let used = Device::enrol(folder.path(), PASSPHRASE, server, "JEANN-00001", "a test", Clock::fixed(NOW));
    let said = used.expect_err("used").to_string();
    says(&said, &["the code was used by another tablet"]);
    assert!(!said.contains("the same code"), "the same again will not help: {said}");
}

#[test]
fn what_is_not_found_is_told_with_what_there_is() {
    let (_store, mut jeanne, _) = two_tablets();
    let error = jeanne.try_run("participants aba").expect_err("no group").to_string();
    says(&error, &["holds no group yet"]);
    jeanne.run("sync");
    let error = jeanne.try_run("participants kabeza").expect_err("another name").to_string();
    says(&error, &["kabeza", "this tablet holds Abahuje"]);
    let error = jeanne.try_run("session record aba --present P09").expect_err("nobody").to_string();
    says(&error, &["no participant P09"]);
    let error = jeanne.try_run("show aba 2026-03-05").expect_err("no meeting").to_string();
    says(&error, &["no meeting of Abahuje is recorded on 5 March 2026"]);
    let line = "participant add aba --code P03 --age-band under_16 --consent written";
    says(&jeanne.try_run(line).expect_err("a minor").to_string(), &["guardian"]);
}

#[test]
fn a_group_is_found_however_its_name_is_typed() {
    let (_store, mut jeanne, _) = two_tablets_for("Écoute n’abo");
    jeanne.run("sync");
    for typed in ["écoute", "ECOUTE", "ecou", "e\u{301}cou", "E\u{301}COUTE", "Ｅcoute"] {
        says(&jeanne.run(&format!("participants {typed}")), &["Écoute n’abo has no participants"]);
    }
    jeanne.try_run("participants coute").expect_err("not how it begins");
}

#[test]
fn a_day_that_can_hardly_be_right_is_asked_after() {
    let (_store, mut jeanne, _) = two_tablets();
    jeanne.run("sync");
    jeanne.run("participant add aba --code P01");
    let mut asks = |line: &str, parts: &[&str]| {
        let asked = jeanne.try_run(line).expect_err("asks").to_string();
        says(&asked, parts);
        says(&asked, &["is this right?", "--yes"]);
    };
    for early in ["7/4/1994", "2025-03-05", "2026-01-04"] {
        asks(&format!("session record aba --date {early}"), &["the group began on 5 January 2026"]);
    }
    asks("session record aba --date 2026-03-06", &["would be 6 March 2026", "today is 5 March 2026"]);
    asks("participant edit aba P01 --consent oral --consent-date 2025-03-05", &["that is 365 days ago"]);
    asks("participant edit aba P01 --withdrawn 2062-03-05", &["today is 5 March 2026"]);
    says(&jeanne.run("sessions aba"), &["No meeting of Abahuje is recorded"]);

    says(&jeanne.run("session record aba --date 2026-01-04 --minutes 60 --yes"), &["Saved"]);
    says(&jeanne.run("session record aba --date 2026-01-04 --minutes 90"), &["added to what was recorded"]);
    says(&jeanne.run("participant edit aba P01 --consent oral --consent-date 2025-03-05 --yes"), &["Saved"]);
    jeanne.run("session record aba --date 2026-01-05");
}

#[test]
fn a_tablet_whose_lease_has_ended_shows_nothing_and_goes_on_recording() {
    let (_, mut jeanne, _) = two_tablets();
    jeanne.run("sync");
    jeanne.run("session record Abahuje --date 2026-03-04 --minutes 60");
    jeanne.run("sync");
    jeanne.device.clock().set(NOW.plus_days(31));
    for shows in ["groups", "participants Abahuje", "sessions Abahuje", "show Abahuje"] {
        let refused = jeanne.try_run(shows).expect_err("locked").to_string();
        says(&refused, &["has not synced for too long", "sync it, and it does again", "Recording goes on"]);
    }
    let saved = jeanne.run("session record Abahuje --date 2026-03-04 --minutes 90 --yes");
    assert!(!saved.contains("60"), "what it held before is not shown either: {saved}");
    let status = jeanne.run("status");
    says(&status, &["Waiting to be handed in: 1 change.", "Locked: "]);
    assert!(!status.contains("Abahuje"), "{status}");
    says(&jeanne.run("sync"), &["Handed in and merged: 1 change."]);
    says(&jeanne.run("sessions Abahuje"), &["2026-03-04"]);
}

#[test]
fn who_records_what_a_colleague_recorded_hears_what_that_replaces() {
    let (_store, mut jeanne, mut eric) = two_tablets();
    jeanne.run("sync");
    for code in ["P01", "P02"] {
        jeanne.run(&format!("participant add aba --code {code}"));
    }
    jeanne.run("session record aba --date 2026-03-05 --minutes 60 --present P01,P02 --summary Song");
    jeanne.run("sync");
    eric.run("sync");
    let said = eric
        .run("session record aba --date 2026-03-05 --minutes 100 --present P01 --absent P02 --summary Calm");
    says(&said, &["added to what was recorded", "replaced: ", "minutes 60", "attendance of P02 present"]);
    assert!(!said.contains("P01"), "it says what it said before:\n{said}");
    // Whoever records a meeting was there, also where the colleague's record came first.
    says(&eric.run("show aba 2026-03-05"), &["you and 1 other"]);
    let again = eric.run("session record aba --date 2026-03-05 --phase trust");
    assert!(!again.contains("replaced"), "{again}");
    // A correction says itself what it is.
    assert!(!eric.run("session edit aba 2026-03-05 --minutes 90").contains("replaced"));
}

#[test]
fn what_is_not_in_conflict_is_refused_with_what_is() {
    let (_store, mut jeanne, mut eric) = two_tablets();
    jeanne.run("sync");
    eric.run("sync");
    jeanne.run("session record aba --date 2026-03-05 --minutes 60");
    eric.run("session record aba --date 2026-03-05 --minutes 90");
    jeanne.run("sync");
    says(&eric.run("sync"), &["minutes: "]);
    let id = eric.device.tablet().all::<sync_core::record::Session>(eric.device.tablet().groups()[0].into());
    let id = id[0].0;
    let refused = |tablet: &mut Tablet, line: String| tablet.try_run(&line).expect_err("refused").to_string();
    let mistyped = refused(&mut eric, format!("settle {id} minute --with 75 --reason both"));
    says(
        &mistyped,
        &["nobody disagrees about minute of the meeting of Abahuje", "to be settled of it: minutes"],
    );
    let of_the_group = refused(&mut eric, "settle aba minutes --with 75 --reason both".to_owned());
    says(&of_the_group, &["nobody disagrees about minutes of the group Abahuje now", "of it: none"]);
    says(&eric.run(&format!("settle {id} minutes --with 75 --reason both")), &["Settled: minutes"]);
}

#[test]
fn a_sync_tells_of_a_clock_that_is_far_off() {
    let (_store, mut jeanne, _) = two_tablets();
    assert!(!jeanne.run("sync").contains("clock"));
    jeanne.device.clock().set(NOW.plus_days(-1825));
    says(&jeanne.run("sync"), &["The clock of this tablet is 1825 days behind the server's", "set it"]);
    jeanne.device.clock().set(sync_core::time::Millis(NOW.0 + 3 * 3_600_000));
    says(&jeanne.run("sync"), &["is 3 hours ahead of the server's"]);
}

#[test]
fn codes_may_stand_behind_a_comma_and_a_space() {
    let words = ["tablet", "session", "record", "aba", "--present", "P01, p2", "--absent", " P03"];
    assert!(Program::try_parse_from(words).is_ok());
}

#[test]
fn how_often_somebody_came_is_shown_with_them() {
    let (_store, mut jeanne, _) = two_tablets();
    jeanne.run("sync");
    jeanne.run("participant add aba --code P01");
    assert!(!jeanne.run("show P01").contains("Meetings"));
    for (date, mark) in [("2026-02-12", "present"), ("2026-02-19", "absent"), ("2026-02-26", "absent")] {
        jeanne.run(&format!("session record aba --date {date} --{mark} P01"));
    }
    jeanne.run("session record aba --date 2026-03-05 --absent P01");
    jeanne.run("session void aba 2026-03-05 --reason never");
    let shown = jeanne.run("show P01");
    says(&shown, &["present 1, last on 12 February 2026; absent 2, last on 26 February 2026"]);
}
