//! A tablet locks in the village, and work goes on: a day is noted on it, what waits leaves with a colleague, and a manager's code brings all of it back. The
//! tablet is the program itself, as its facilitator has it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sync_core::id::StreamId;
use sync_core::record::Session;
use tablet::folder::Folder;
use tests::program::ihuriro;

use super::locking::{PIN, code_for, lock, with_a_pin};
use super::*;

/// `ihuriro tablet` on one folder.
struct Program {
    program: PathBuf,
    folder: PathBuf,
}

impl Program {
    fn on(folder: &Path) -> Self {
        Self { program: ihuriro().expect("the program"), folder: folder.to_owned() }
    }

    fn command(&self, line: &str, passphrase: Option<&str>) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("tablet").args(line.split_whitespace()).arg("--folder").arg(&self.folder);
        command.env_remove("IHURIRO_TABLET_PASSPHRASE").env_remove("IHURIRO_TABLET_AS").stdin(Stdio::null());
        command.envs(passphrase.map(|passphrase| ("IHURIRO_TABLET_PASSPHRASE", passphrase)));
        command
    }

    fn run(&self, line: &str, passphrase: Option<&str>) -> String {
        let done = self.command(line, passphrase).output().expect("it runs");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{line}: {said}{}", String::from_utf8_lossy(&done.stderr));
        said
    }

    /// Nobody gives a passphrase.
    fn unopened(&self, line: &str) -> String {
        self.run(line, None)
    }
}

/// What was said contains each of these.
fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "\"{part}\" is missing in:\n{said}");
    }
}

#[test]
fn locked_in_the_village_a_day_is_noted_what_waits_is_carried_and_a_code_brings_it_back() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let at = TempDir::new().expect("a folder");
        let card = TempDir::new().expect("a memory card");
        let device = with_a_pin(&scene, at.path());
        lock(at.path());
        let his = Program::on(at.path());
        says(&his.unopened("people"), &["first: 1 change to be handed in; locked."]);
        // 1. The day goes on: somebody joins, and the group meets twice.
        his.unopened("participant add Twiyubake --code P04 --sex male --age-band 25_35");
        his.unopened("session record Twiyubake --date 2026-03-12 --yes --minutes 90 --present P01,P04");
        let said = his.unopened("session record Twiyubake --date 2026-03-19 --yes --present P02,P03,P04");
        says(&said, &["Noted: the meeting of Twiyubake on 19 March 2026", "3 notes wait to be recorded"]);
        says(
            &his.unopened("people"),
            &["first: 1 change to be handed in; 3 notes wait to be recorded; locked."],
        );
        // 2. What he had recorded before leaves in a file, twice; Jeanne carries both, and the service has it once.
        for name in ["one", "two"] {
            let file = card.path().join(name);
            says(&his.unopened(&format!("export {}", file.display())), &["1 change of yours to hand in"]);
            let report = scene.hers.import(&file).expect("it is a bundle");
            // Sealed for the store alone, and the same bytes: she carries one, and reads none.
            assert_eq!((report.carried, report.received), (u32::from(name == "one"), 0), "{report:?}");
        }
        let report = scene.hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.accepted, report.carried), (1, 1), "{report:?}");
        assert_eq!(scene.village.aggregates("")["total"]["sessions"], 2, "hers and his");
        // 3. The manager reads him a code. What he noted is recorded as he unlocks, and told.
        let code = code_for(&scene.village.manager, device);
        let said = his.run(&format!("unlock --server {} --code {code}", scene.app.url), Some("730184"));
        says(
            &said,
            &[
                "Unlocked.",
                "recorded now:",
                "participant P04 of Twiyubake",
                "on 12 March 2026 (morning)",
                "on 19 March 2026 (morning)",
            ],
        );
        says(&his.run("people", None), &["first: 4 changes to be handed in."]);
        let said = his.run("sync", Some("730184"));
        says(&said, &["Handed in and merged: 3 changes.", "The server had 1 change of yours already."]);
        // A file from before that comes late does no harm.
        scene.hers.import(&card.path().join("two")).expect("it is a bundle");
        let report = scene.hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.carried, report.refused), (1, 0), "{report:?}");
        // 4. Each counts once: marks of 2, 0, 2 and 3 people, who are four.
        let counted = Count::of_answer(&scene.village.aggregates(""));
        assert_eq!(counted, Count { by_register: 3, ..Count::registered(4, 7, 4).lasting(90) });
        let sessions = scene.village.manager.all("/v1/sessions");
        assert_eq!(sessions.len(), 4);
        tests::recount::check_streams(scene.app.store());
        assert_eq!(Folder::bundle(at.path()).expect("readable"), None);
    });
}

#[test]
fn a_revoked_tablet_is_destroyed_once_its_notes_are_handed_in_or_left_out() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let at = TempDir::new().expect("a folder");
        let device = with_a_pin(&scene, at.path());
        let his = Program::on(at.path());
        his.unopened("--locked session record Twiyubake --date 2026-03-12 --yes");
        his.unopened("--locked session record Abandi --date 2026-03-19 --yes");
        scene.village.manager.post(&format!("/v1/devices/{device}/revoke"), &json!({})).ok();
        // The one note is recorded and handed in; of the other nobody else has anything.
        let said = his.run("sync", Some(PIN));
        says(
            &said,
            &[
                "on 12 March 2026",
                "1 note could not be recorded",
                "destroyed once nothing waits on it: 1 note waits",
            ],
        );
        assert_eq!(scene.village.manager.all(WAITING).len(), 2, "both meetings wait for the manager");
        his.run("notes drop 2 --reason told", Some(PIN));
        says(&his.run("sync", Some(PIN)), &["what it held is destroyed"]);
        let gone = his.command("status", Some(PIN)).output().expect("it runs");
        assert!(String::from_utf8_lossy(&gone.stderr).contains("there is no tablet"), "{gone:?}");
    });
}

/// Whenever the program is killed while it records notes, each note is there, or its record is.
#[test]
fn whenever_it_is_killed_no_note_is_lost_and_none_is_recorded_twice() {
    const NOTES: usize = 24;
    let database = Database::sqlite();
    let scene = Scene::on(&database);
    let at = TempDir::new().expect("a folder");
    with_a_pin(&scene, at.path());
    let his = Program::on(at.path());
    // One for each day; the summary of one that were recorded twice would stand there twice.
    for day in 1..=NOTES {
        his.unopened(&format!(
            "--locked session record Twiyubake --date 2026-04-{day:02} --yes --summary Day{day}"
        ));
    }
    let mut rng = StdRng::seed_from_u64(1);
    let mut kills = 0;
    loop {
        let mut running = his.command("status", Some(PIN)).stdout(Stdio::piped()).spawn().expect("it runs");
        let lines = BufReader::new(running.stdout.take().expect("its output is ours")).lines();
        // A line comes once a note is recorded. The kill falls into the next one: somewhere in it, so it waits for as long as one may take.
        let ended = lines
            .take(rng.random_range(1..=2))
            .any(|line| line.is_ok_and(|line| line.starts_with("The tablet of")));
        if !ended {
            thread::sleep(Duration::from_micros(rng.random_range(0..5_000)));
            running.kill().expect("killed");
            kills += 1;
        }
        running.wait().expect("it is over");
        let waiting = Folder::outside(at.path(), START).expect("it says").notes;
        let device = Device::open(at.path(), PIN, Clock::fixed(START)).expect("opens");
        let stream = StreamId::from(scene.village.group);
        let recorded = device.tablet().all::<Session>(stream);
        let noted: Vec<&str> = recorded
            .iter()
            .map(|(_, one)| one.summary.as_str())
            .filter(|text| text.starts_with("Day"))
            .collect();
        assert_eq!(noted.len() + waiting, NOTES, "after {kills} kills: {noted:?}");
        assert!(noted.iter().all(|text| text.matches("Day").count() == 1), "{noted:?}");
        if waiting == 0 {
            break;
        }
    }
    assert!(kills > 3, "{kills}");
}

#[test]
fn a_note_with_a_mistyped_code_is_recorded_as_it_was_meant() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let at = TempDir::new().expect("a folder");
        with_a_pin(&scene, at.path());
        let his = Program::on(at.path());
        his.unopened("--locked session record Twiyubake --date 2026-03-12 --yes --present P71,P03");
        says(&his.run("sync", Some(PIN)), &["1 note could not be recorded"]);
        let said = his.run("notes record 1 --meant P71=P02", Some(PIN));
        says(&said, &["Noted while this tablet was not open, and recorded now:", "on 12 March 2026"]);
        his.run("sync", Some(PIN));
        let met = scene.village.manager.all("/v1/sessions?from=2026-03-12&to=2026-03-12");
        assert_eq!((met.len(), &met[0]["attended"]), (1, &json!(2)), "{met:?}");
        let gone = his.command("notes record 1 --meant P71", Some(PIN)).output().expect("it runs");
        assert!(String::from_utf8_lossy(&gone.stderr).contains("must be two codes, as P71=P07"), "{gone:?}");
    });
}
