//! A client in Node that shares no code with sync-core, written from `api-spec` alone, beside tablets of ours and people at desks.

mod partners;
mod recording;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use sync_core::id::UserId;
use tempfile::TempDir;
use tests::{Database, TestApp, Village};

/// The Node client with its state in a file.
struct Node {
    folder: PathBuf,
    state: TempDir,
}

impl Node {
    /// Enrolled for a new facilitator of the village's group.
    fn enrolled(app: &TestApp, village: &Village, name: &str) -> Self {
        let user = village.facilitator(app, name);
        village.assign(user, village.group);
        Self::of(app, village, user)
    }

    /// Enrolled for a person.
    fn of(app: &TestApp, village: &Village, user: UserId) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("node");
        assert!(
            folder.join("node_modules").is_dir(),
            "run these by tests/run, which installs the Node client's packages"
        );
        let node = Self { folder, state: tempfile::tempdir().expect("a temporary folder") };
        let code = village.enrolment_code(user);
        node.run(&["enrol", "--server", &app.url, "--code", &code, "--name", "node"]);
        node
    }

    fn state(&self) -> PathBuf {
        self.state.path().join("state.json")
    }

    /// Its server is somewhere else now.
    fn moves_to(&self, app: &TestApp) {
        let text = fs::read_to_string(self.state()).expect("its state");
        let mut state: Value = serde_json::from_str(&text).expect("JSON");
        state["server"] = app.url.as_str().into();
        fs::write(self.state(), state.to_string()).expect("its state");
    }

    fn run(&self, words: &[&str]) -> Value {
        self.script("run.mjs", words)
    }

    fn script(&self, script: &str, words: &[&str]) -> Value {
        let mut command = Command::new("node");
        command.current_dir(&self.folder).arg(script).args(words).arg("--state").arg(self.state());
        let output = command.output().expect("node runs");
        let (said, wrong) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{words:?}: {wrong}");
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{words:?} said {said}"))
    }
}
