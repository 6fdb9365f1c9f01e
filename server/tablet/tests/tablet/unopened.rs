//! A tablet that nobody opens: a day is noted on it, and whoever opens it has all of it recorded, or is told why not.

use clap::Parser as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use sync_core::time::Millis;
use tablet::cli::{CommandError, run_in};
use tablet::clock::Clock;
use tablet::device::{Device, OpenError};
use tablet::folder::{FILE, Folder, FolderError, MOST_NOTES};
use tempfile::TempDir;

use crate::commands::{PASSPHRASE, Program, Tablet, says, two_tablets};
use crate::support::NOW;

const DAY: i64 = 24 * 60 * 60_000;

/// A tablet that lies there closed.
struct Closed {
    folder: TempDir,
    clock: Clock,
}

impl Closed {
    fn of(tablet: Tablet) -> Self {
        Self { folder: tablet.put_away(), clock: Clock::fixed(NOW) }
    }

    fn typed(&self, line: &str, passphrase: Option<&str>) -> Result<String, CommandError> {
        let words = std::iter::once("tablet").chain(line.split_whitespace());
        let args = Program::try_parse_from(words).expect("a command").tablet;
        let passphrase = || Ok(passphrase.expect("nobody is asked for a passphrase").to_owned());
        let mut out = Vec::new();
        run_in(self.folder.path(), args.command, args.locked, passphrase, &self.clock, &mut out)?;
        Ok(String::from_utf8(out).expect("text"))
    }

    /// Typed by somebody who gives no passphrase.
    fn unopened(&self, line: &str) -> String {
        self.typed(line, None).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    fn refused(&self, line: &str, passphrase: Option<&str>) -> String {
        match self.typed(line, passphrase) {
            Ok(said) => panic!("{line}: {said}"),
            Err(error) => error.to_string(),
        }
    }

    /// Typed by its owner.
    fn run(&self, line: &str) -> String {
        self.typed(line, Some(PASSPHRASE)).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    /// Tries wrong passphrases until it locks.
    fn lock(&self) {
        loop {
            match Device::open(self.folder.path(), "another passphrase", self.clock.clone()) {
                Err(OpenError::Folder(FolderError::WrongPassphrase { .. })) => {}
                Err(OpenError::Folder(FolderError::Wait { minutes })) => {
                    self.clock.set(Millis(self.clock.now().0 + minutes * 60_000));
                }
                Err(OpenError::Folder(FolderError::Locked)) => return,
                other => panic!("{other:?}"),
            }
        }
    }
}

/// A group of three, synced; closed.
fn closed_tablet() -> Closed {
    let (_store, mut jeanne, _) = two_tablets();
    jeanne.run("sync");
    for code in ["P01", "P02", "P03"] {
        jeanne.run(&format!("participant add aba --code {code}"));
    }
    jeanne.run("sync");
    Closed::of(jeanne)
}

#[test]
fn a_day_is_noted_on_a_locked_tablet_and_recorded_once_it_is_opened() {
    let hers = closed_tablet();
    let key = Folder::open(hers.folder.path(), PASSPHRASE, NOW).expect("opens").key().to_vec();
    hers.lock();
    let refused = hers.refused("sessions aba", Some(PASSPHRASE));
    says(&refused, &["locked after 10 wrong passphrases", "session record, participant add, export, status"]);
    let said = hers.unopened("participant add aba --code P04 --sex female --age-band 16_24 --consent oral");
    says(&said, &["Noted: participant P04 of aba.", "nobody can read it on this tablet", "1 note waits"]);
    let said = hers.unopened("session record aba --date today --minutes 90 --present P01,P04 --late P02");
    says(&said, &["Noted: the meeting of aba on 5 March 2026", "2 notes wait to be recorded", "unlock"]);
    hers.unopened("session record aba --date yesterday --minutes 60 --present P02");
    let said = hers.unopened("status");
    says(
        &said,
        &[
            "This tablet is locked",
            "Nothing waits to be handed in.",
            "3 notes wait",
            "To open it, ask your manager",
        ],
    );
    for what in ["session edit 4f2c --minutes 3", "participants aba", "sync"] {
        assert!(hers.refused(what, Some(PASSPHRASE)).contains("locked after 10"), "{what}");
    }
    // What needs nothing of the records is refused when it is typed.
    for (odd, why) in [
        ("session record aba --date 5/3/2027", "is this right?"),
        ("session record aba --present P01 --late P01", "P01 is marked twice"),
        ("session record aba --headcount female/16_24=1,female/16_24=2", "counted twice"),
        ("participant add aba --code P05 --age-band under_16 --consent oral", "a guardian must consent"),
        ("participant add aba --code P05 --guardian", "say how consent was given"),
    ] {
        says(&hers.refused(odd, None), &[why]);
    }

    // Days later a code opens it.
    hers.clock.set(Millis(NOW.0 + 9 * DAY));
    Folder::unlock(hers.folder.path(), Some(&key), PASSPHRASE, hers.clock.now()).expect("unlocked");
    let said = hers.run("sessions aba");
    says(
        &said,
        &[
            "recorded now:\n  Saved: participant P04 of Abahuje",
            "  Saved: the meeting of Abahuje on 5 March 2026 (morning)",
            "  Saved: the meeting of Abahuje on 4 March 2026 (morning)",
            "session void",
            "2026-03-04",
            "2026-03-05",
        ],
    );
    says(&hers.run("show aba 2026-03-05"), &["Present       P01, P04", "Late          P02", "90"]);
    says(&hers.run("status"), &["3 changes to 3 records"]);
    assert!(!hers.run("sessions aba").contains("recorded now"), "once");
    says(&hers.run("notes"), &["No notes wait to be recorded."]);
}

#[test]
fn whoever_has_forgotten_the_passphrase_or_has_to_wait_notes_as_well() {
    let hers = closed_tablet();
    let said = hers.unopened("--locked session record aba --minutes 60");
    says(&said, &["Noted: the meeting of aba on 5 March 2026", "Forgotten the passphrase?"]);
    says(&hers.refused("--locked sessions aba", None), &["this needs the tablet to be open"]);
    says(&hers.unopened("status --locked"), &["opens with its passphrase", "1 note waits"]);
    for _ in 0..5 {
        hers.refused("groups", Some("another passphrase"));
    }
    says(&hers.refused("groups", Some(PASSPHRASE)), &["try again in 1 min"]);
    says(&hers.unopened("session record aba --part evening"), &["Noted: ", "2 notes wait"]);
    says(&hers.unopened("status"), &["can't be opened now: too many wrong passphrases; try again in 1 min"]);
    hers.clock.set(Millis(NOW.0 + 60_000));
    says(&hers.run("groups"), &["5 March 2026 (morning)", "5 March 2026 (evening)"]);
}

#[test]
fn what_can_not_be_recorded_stays_with_the_reason_and_is_put_right() {
    let hers = closed_tablet();
    for line in [
        "--locked session record Abahunde --minutes 60 --part evening",
        // P03 is somebody else: whom the meeting marks is not them.
        "--locked participant add aba --code P03 --sex male",
        "--locked session record abahuje --minutes 90 --present P01,P03",
        // The later of two notes of one meeting has the last word, also where the first is put right afterwards.
        "--locked session record aba --date 4/3/2026 --minutes 30 --present P09",
        "--locked session record aba --date 4/3/2026 --minutes 45",
        "--locked session record aba --date 5/1/2025 --yes --minutes 15",
    ] {
        hers.unopened(line);
    }
    says(&hers.run("groups"), &["5 notes could not be recorded"]);
    let listed = hers.run("notes");
    says(
        &listed,
        &[
            "Note 1, 5 Mar 2026 10:40: session record Abahunde",
            "no group is called or begins with \"Abahunde\"; this tablet holds Abahuje",
            "there is or was a participant P03 in this group",
            "Note 3, 5 Mar 2026 10:40",
            "it rests on what note 2 says",
            "there is no participant P09 in this group",
            "it rests on what note 4 says",
            "notes drop NUMBER",
        ],
    );
    says(&hers.run("sessions aba"), &["2025-01-05"]);
    let said = hers.run("notes record 1 --group aba");
    says(&said, &["Saved: the meeting of Abahuje on 5 March 2026 (evening)"]);
    says(
        &hers.refused("notes record 2 --date today", Some(PASSPHRASE)),
        &["note 2 says nothing of that kind"],
    );
    says(&hers.refused("notes record 2 --code P02", Some(PASSPHRASE)), &["was a participant P02"]);
    let said = hers.run("notes record 2 --code P05");
    says(&said, &["Note 3 marks P05 now", "participant P05", "on 5 March 2026 (morning)"]);
    says(&hers.run("show aba 2026-03-05 --part morning"), &["Present       P01, P05"]);
    says(&hers.refused("notes record 1 --group aba", Some(PASSPHRASE)), &["there is no note 1"]);
    // Somebody joins, and all that waited for them follows by itself.
    let said = hers.run("participant add aba --code P09");
    assert!(!said.contains("recorded now"), "{said}");
    let said = hers.run("groups");
    says(&said, &["recorded now:\n  Saved: the meeting of Abahuje on 4 March 2026"]);
    says(&hers.run("show aba 2026-03-04"), &["45", "P09"]);
    says(&hers.run("notes"), &["No notes wait"]);
}

#[test]
fn a_note_is_left_out_with_a_reason_and_never_silently() {
    let hers = closed_tablet();
    hers.unopened("--locked participant add aba --code P01");
    hers.unopened("--locked session record aba --present P01 --minutes 90");
    // Whoever finds the tablet may leave what is no note.
    Folder::leave_note(hers.folder.path(), b"nonsense").expect("kept");
    says(&hers.run("notes"), &["Note 1", "Note 2", "Note 3\n  Not recorded: it can't be read"]);
    let said = hers.run("notes drop 1 --reason same");
    says(&said, &["Left out: note 1, participant add aba --code P01", "Look again: note 2 rests on it"]);
    hers.run("notes drop 3 --reason nonsense");
    says(&hers.run("show aba 2026-03-05"), &["P01", "90"]);
    says(&hers.run("notes"), &["Left out: note 1, participant add aba", "(same)", "note 3", "(nonsense)"]);
    says(&hers.refused("notes drop 1 --reason again", Some(PASSPHRASE)), &["there is no note 1"]);
    assert!(Folder::outside(hers.folder.path(), NOW).expect("it says").notes == 0);
}

/// A program of one's own leaves what the command line would not.
#[test]
fn a_note_by_whoever_found_the_tablet_does_nothing_but_record() {
    let hers = closed_tablet();
    let leave = |at: i64, words: &[&str]| {
        let note = minicbor::to_vec((at, words, None::<String>)).expect("written");
        Folder::leave_note(hers.folder.path(), &note).expect("kept");
    };
    let file = hers.folder.path().join("stolen");
    leave(NOW.0, &["export", file.to_str().expect("text")]);
    leave(NOW.0, &["session", "void", "aba", "2026-03-05", "--reason=x"]);
    leave(NOW.0, &["--help"]);
    for at in [i64::MIN, i64::MAX] {
        leave(at, &["session", "record", "\u{1b}[2Jaba"]);
        leave(at, &["session", "record", "aba", "--date=2026-03-04", "--yes"]);
    }
    let said = hers.run("groups");
    says(&said, &["Saved: the meeting of Abahuje on 4 March 2026", "5 notes could not be recorded"]);
    let listed = hers.run("notes");
    says(&listed, &["can't be read", "begins with \"\u{fffd}[2Jaba\""]);
    assert!(!listed.contains('\u{1b}') && !file.exists(), "{listed}");
}

#[test]
fn more_notes_than_may_wait_are_refused_in_words() {
    let hers = closed_tablet();
    for _ in 0..MOST_NOTES {
        Folder::leave_note(hers.folder.path(), b"nonsense").expect("kept");
    }
    let refused = hers.refused("--locked session record aba", None);
    says(&refused, &["nothing of this is kept", "200 notes wait", "paper"]);
}

/// The bundle that stands in the open is of what waits, whatever is done and by whichever program.
#[test]
fn what_waits_stands_ready_and_nothing_else() {
    let (_store, mut jeanne, _) = two_tablets();
    jeanne.run("sync");
    for day in 1..=3 {
        jeanne.run(&format!("session record aba --date 2026-03-0{day}"));
    }
    let hers = Closed::of(jeanne);
    let at = hers.folder.path();
    let ready = || Folder::bundle(at).expect("readable");
    let (changes, before) = ready().expect("it stands ready");
    assert_eq!(changes, 3);
    let file = at.join("bundle");
    says(&hers.unopened(&format!("--locked export {}", file.display())), &["3 changes of yours to hand in"]);
    assert_eq!(std::fs::read(&file).expect("a file"), before);
    hers.run("groups");
    assert_eq!(ready(), Some((3, before.clone())), "it is not made again where nothing changed");
    // A program of before knew of none: it is made when the folder is opened, where it is not of what waits.
    for spoilt in
        ["DELETE FROM ready", "UPDATE ready SET changes = 2", "UPDATE ready SET newest = newest + 1"]
    {
        let path = at.join(FILE);
        let mut connection = SqliteConnection::establish(path.to_str().expect("text")).expect("opens");
        connection.batch_execute(spoilt).expect("written");
        drop(connection);
        hers.run("groups");
        let (changes, bundle) = ready().expect("it stands ready");
        assert!(changes == 3 && bundle != before, "{spoilt}");
    }
    hers.run("sync");
    assert_eq!(ready(), None);
    let other = at.join("other");
    let nothing = hers.refused(&format!("--locked export {}", other.display()), None);
    says(&nothing, &["nothing that can leave this tablet"]);
    assert!(!other.exists());
}
