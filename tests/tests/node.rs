//! A client in Node that shares no code with sync-core, written from `api-spec` alone, beside a tablet of ours.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sync_core::record::Session;
use sync_core::record::session::Attendance;
use tablet::recording::Details;
use tests::recount::{Count, check_streams};
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

/// The Node client with its state in a file.
struct Node {
    folder: PathBuf,
    state: PathBuf,
}

impl Node {
    fn new(state: &Path) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
        assert!(
            folder.join("node_modules").is_dir(),
            "run these by tests/run, which installs the Node client's packages"
        );
        Self { folder, state: state.join("state.json") }
    }

    fn run(&self, words: &[&str]) -> Value {
        let mut command = Command::new("node");
        command.current_dir(&self.folder).arg("run.mjs").args(words).arg("--state").arg(&self.state);
        let output = command.output().expect("node runs");
        let (said, wrong) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{words:?}: {wrong}");
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{words:?} said {said}"))
    }
}

#[test]
fn a_client_written_from_the_specification_alone_works_with_ours() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let group = village.group.to_string();
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 3);
        let came = Details {
            minutes: Some(90.try_into().expect("in range")),
            attendance: marks(&[1, 2], Attendance::Present),
            summary: Some("We opened with a song.".into()),
            ..Details::default()
        };
        let ours = record(&mut jeanne, village.group, day(3, 5), came);
        jeanne.sync(&mut ()).expect("a sync");

        let folder = tempfile::tempdir().expect("a temporary folder");
        let node = Node::new(folder.path());
        let paul = village.facilitator(&app, "paul");
        village.assign(paul, village.group);
        let code = village.enrolment_code(paul);
        node.run(&["enrol", "--server", &app.url, "--code", &code, "--name", "node"]);
        node.run(&["sync"]);

        // It edits what ours made, and records a meeting of its own; ours edits the first at the same time.
        let summary = "We opened with a song. Then two people spoke of forgiving.";
        node.run(&["edit", &ours.to_string(), "--minutes", "75", "--summary", summary, "--late", "P03"]);
        let theirs = node.run(&[
            "record",
            "--group",
            &group,
            "--date",
            "2026-03-12",
            "--present",
            "P01",
            "--minutes",
            "60",
            "--summary",
            "Abantu bose baje.",
        ]);
        let theirs = theirs["id"].as_str().or(theirs.as_str()).expect("an id").to_owned();
        let said = Details { minutes: Some(80.try_into().expect("in range")), ..Details::default() };
        jeanne.edit_session(ours, &said).expect("an edit");
        node.run(&["sync"]);
        jeanne.sync(&mut ()).expect("a sync");
        node.run(&["sync"]);

        let here: Session = jeanne.tablet().read(ours).expect("the session");
        let there = node.run(&["show", &ours.to_string()]);
        assert_eq!(here.summary, summary);
        assert_eq!(there["summary"], here.summary);
        assert_eq!(there["attendance"].as_object().map(|all| all.len()), Some(here.attendance.len()));
        assert_eq!(there["conflicts"][0]["field"], "minutes", "{there}");
        assert_eq!(jeanne.tablet().conflicts(ours).expect("the session")[0].field, "minutes");
        assert_eq!(there["minutes"], i64::from(here.minutes.expect("set")), "both show the same of the two");

        let id: sync_core::id::SessionId = theirs.parse().expect("an id");
        let here: Session = jeanne.tablet().read(id).expect("the session of the other client");
        assert_eq!((here.summary.as_str(), here.attended()), ("Abantu bose baje.", 1));
        let quiet = jeanne.sync(&mut ()).expect("a sync");
        assert_eq!((quiet.report.requests, quiet.report.repaired.len()), (1, 0), "the fingerprints agree");
        let totals = Count::of_answer(&village.aggregates(""));
        assert_eq!(totals, Count { sessions: 2, attendances: 4, people: 3 });
        check_streams(app.store());
    });
}
