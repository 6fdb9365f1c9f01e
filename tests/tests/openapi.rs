//! The OpenAPI document in `api-spec` is what the code says (after a change: `cargo run -- openapi --write`), and the service
//! does what the document says: Schemathesis asks it whatever the document allows, and what it does not.

use std::path::{Path, PathBuf};
use std::process::Command;

use server::access::Role;
use sync_core::record::session::Attendance;
use tablet::recording::Details;
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

#[test]
fn the_openapi_document_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-spec/openapi.json");
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let current = server::http::openapi().to_pretty_json().expect("JSON");
    assert!(
        written.trim_end() == current.trim_end(),
        "api-spec/openapi.json is not what the code says; run `cargo run -- openapi --write` and look at the difference"
    );
}

/// Both stores are asked as a manager, who may ask for most.
#[test]
fn the_service_answers_a_manager_as_its_document_says() {
    Database::each(|database| ask_as(database, Role::Manager));
}

#[test]
fn the_service_answers_a_facilitator_as_its_document_says() {
    ask_as(&Database::sqlite(), Role::Facilitator);
}

#[test]
fn the_service_answers_an_administrator_as_its_document_says() {
    ask_as(&Database::sqlite(), Role::Administrator);
}

fn ask_as(database: &Database, role: Role) {
    let app = TestApp::on(database);
    let village = Village::of(&app, "aegis");
    fill(&app, &village);
    let organisation = role.in_organisation().then_some(village.organisation);
    let user = app.user("somebody", role, organisation);
    if role == Role::Facilitator {
        village.assign(user, village.group);
    }
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut ask = Command::new(tests.join("openapi/ask"));
    let output =
        ask.args([&app.url, app.login("somebody").token()]).output().expect("tests/openapi/ask runs");
    assert!(
        output.status.success(),
        "as {role}:\n{}{}\n(tests/run installs what this needs)",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// Something to be found in every list: people, sessions, a conflict, and a change that waits.
fn fill(app: &TestApp, village: &Village) {
    let mut jeanne = village.facilitator_with_tablet(app, "jeanne");
    people_join(&mut jeanne, village.group, 3);
    jeanne.sync(&mut ()).expect("a sync");
    let mut paul = village.facilitator_with_tablet(app, "paul");
    for (tablet, minutes) in [(&mut jeanne, 90), (&mut paul, 75)] {
        let came = Details {
            minutes: Some(minutes.try_into().expect("in range")),
            attendance: marks(&[1, 2], Attendance::Present),
            summary: Some("We opened with a song.".into()),
            ..Details::default()
        };
        record(tablet, village.group, day(3, 5), came);
        tablet.sync(&mut ()).expect("a sync");
    }
    record(&mut paul, village.group, day(3, 4), Details::default());
    let user = paul.tablet().user();
    village.unassign(user, village.group);
    paul.sync(&mut ()).expect("a sync");
}
