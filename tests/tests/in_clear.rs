//! What people wrote is nowhere in clear where it does not belong: not in a tablet's folder, also where nobody opened it, in what the service logs however much it is asked
//! to, in its numbers, in what it says of errors, or in a backup.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use server::backup::{backup, make_key};
use sync_core::record::screening::{Instrument, Timepoint};
use sync_core::record::session::Attendance;
use tablet::folder::Folder;
use tablet::recording::{Details, NewParticipant, NewScreening};
use tests::app::START;
use tests::process::Service;
use tests::program::ihuriro;
use tests::village::{day, marks, record};
use tests::{Database, Network, TestApp, Village};

/// Words that stand nowhere else.
const FAMILY: &str = "ZQX77";
const SUMMARY: &str = "Umwanditsi yavuze ibanga rikomeye.";
const WORD: &str = "ibanga";
const CODE: &str = "QZ4242";
const REASON: &str = "Kubera urwibutso rutandukanye.";
const VERSION: &str = "ZQV88";
const PLANTED: [&str; 5] = [FAMILY, WORD, CODE, "urwibutso", VERSION];

/// The planted words among these bytes, also in UTF-16 and in capitals.
fn planted(bytes: &[u8]) -> Vec<&'static str> {
    let lower = bytes.to_ascii_lowercase();
    let found = |word: &&&str| {
        let word = word.to_ascii_lowercase();
        let wide: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let holds = |needle: &[u8]| lower.windows(needle.len()).any(|window| window == needle);
        holds(word.as_bytes()) || holds(&wide)
    };
    PLANTED.iter().filter(found).copied().collect()
}

/// Of all files below a folder.
fn planted_in(folder: &Path) -> Vec<&'static str> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let of = |path: std::path::PathBuf| match path.is_dir() {
        true => planted_in(&path),
        false => planted(&fs::read(path).expect("a file")),
    };
    entries.flat_map(of).collect()
}

/// A tablet on which a meeting waits, and on which more is noted while nobody opens it; and the file in which what waits leaves it.
fn unopened(app: &TestApp, village: &Village, program: &Path) {
    let mut his = village.facilitator_with_tablet(app, "eric");
    let said = Details { summary: Some(SUMMARY.into()), ..Details::default() };
    record(&mut his, village.group, day(3, 6), said);
    let folder = village.put_away(his);
    let card = tempfile::tempdir().expect("a memory card");
    let file = card.path().join("file");
    let file = file.to_str().expect("text");
    for words in [
        ["session", "record", "Twiyubake", "--present", CODE, "--summary", SUMMARY].as_slice(),
        &["participant", "add", "Twiyubake", "--code", CODE, "--family", FAMILY],
        &["export", file],
    ] {
        let mut command = Command::new(program);
        command.args(["tablet", "--locked", "--folder"]).arg(&folder).args(words).stdin(Stdio::null());
        let done = command.output().expect("it runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let outside = Folder::outside(&folder, START).expect("it says");
    assert_eq!((outside.unsent, outside.notes), (Some(1), 2), "they are there");
    assert_eq!(planted_in(&folder), Vec::<&str>::new(), "in the folder of a tablet that nobody opened");
    assert_eq!(planted_in(card.path()), Vec::<&str>::new(), "in what leaves it");
}

#[test]
fn what_people_wrote_is_in_clear_nowhere_but_in_the_store() {
    Database::each(|database| {
        let mut app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let program = ihuriro().expect("the program");
        let service = Service::start_tracing(&program, &database.url).expect("it starts");
        unopened(&app, &village, &program);
        let mut hers = village.facilitator_with_tablet(&app, "jeanne");
        // 1. Recorded on a tablet, handed in, read, put right, quarantined and asked for wrongly, all at the service that logs what it can.
        let mut person = NewParticipant::of(CODE.parse().expect("a code"));
        person.details.family = Some(FAMILY.parse().expect("a code"));
        let person = hers.add_participant(village.group, person).expect("a person joins");
        let score = NewScreening {
            participant: person,
            instrument: Instrument::Phq9,
            version: Some(VERSION.parse().expect("a version")),
            timepoint: Timepoint::Baseline,
            date: day(3, 4),
            score: 12,
            max: None,
            risk: Some(false),
            corrects: None,
        };
        hers.record_screening(score).expect("a score");
        let attendance =
            vec![(tablet::recording::Who::Code(CODE.parse().expect("a code")), Attendance::Present)];
        let said = Details { attendance, summary: Some(SUMMARY.into()), ..Details::default() };
        let session = record(&mut hers, village.group, day(3, 4), said.clone());
        hers.sync_over(&mut Network::to(&service.url), &mut ()).expect("a sync");
        record(
            &mut hers,
            village.group,
            day(3, 5),
            Details { attendance: marks(&[], Attendance::Late), ..said },
        );
        village.unassign(hers.tablet().user(), village.group);
        hers.sync_over(&mut Network::to(&service.url), &mut ()).expect("a sync");
        // The service of its own process has the machine's clock.
        app.url.clone_from(&service.url);
        let manager = app.login("manager.aegis");
        let read = manager.get(&format!("/v1/sessions/{session}")).ok();
        assert!(
            read["summary"].as_str().is_some_and(|text| text.contains(WORD)),
            "the words are there: {read}"
        );
        let void = json!({"void": true, "reason": REASON});
        manager.post(&format!("/v1/records/{session}/void"), &void).ok();
        for path in [
            format!("/v1/participants/{person}/held"),
            format!("/v1/sessions?text={WORD}"),
            format!("/v1/sessions/{session}/history"),
        ] {
            manager.get(&path).ok();
        }
        let waiting = manager.all("/v1/quarantine");
        manager.get(&format!("/v1/quarantine/{}", waiting[0]["id"].as_str().expect("an id"))).ok();
        // 2. What is said of errors is none of what was sent.
        for (path, body) in [
            (format!("/v1/records/{session}/void"), json!({"void": true, "reason": REASON, WORD: FAMILY})),
            (format!("/v1/participants/{person}/same"), json!({"as": CODE, "reason": REASON})),
            (
                format!("/v1/participants/{person}/split"),
                json!({"device": FAMILY, "code": WORD, "reason": REASON}),
            ),
        ] {
            let answer = manager.post(&path, &body);
            assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        }
        // 3. The numbers, and the log once the service is no more.
        let numbers = manager.text("/metrics", "text/plain");
        assert!(
            numbers.contains("ihuriro_") && planted(numbers.as_bytes()).is_empty(),
            "{:?}",
            planted(numbers.as_bytes())
        );
        let log = service.log();
        assert!(log.len() > 10_000, "it was asked to log all it can");
        assert_eq!(planted(&log), Vec::<&str>::new(), "in the log");
        // 4. The tablet's folder, and a backup.
        let folder = village.put_away(hers);
        assert_eq!(planted_in(&folder), Vec::<&str>::new(), "in the tablet's folder");
        let shelf = tempfile::tempdir().expect("a folder");
        let public = make_key(&shelf.path().join("key")).expect("a key");
        backup(app.store(), &shelf.path().join("backup"), &[public], START).expect("a backup");
        assert_eq!(planted_in(shelf.path()), Vec::<&str>::new(), "in a backup");
    });
}
