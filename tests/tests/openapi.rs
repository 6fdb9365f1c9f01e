//! The OpenAPI document in `api-spec` is what the code says (after a change: `cargo run -- openapi --write`), and the service
//! does what the document says: Schemathesis asks it whatever the document allows, and what it does not.

use std::path::{Path, PathBuf};
use std::process::Command;

use server::access::Role;
use sync_core::record::session::Attendance;
use tablet::recording::{Details, NewParticipant};
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

#[test]
fn the_service_answers_the_secretariat_as_its_document_says() {
    ask_as(&Database::sqlite(), Role::Secretariat);
}

#[test]
fn the_service_answers_a_donor_as_its_document_says() {
    ask_as(&Database::postgres(), Role::Donor);
}

fn ask_as(database: &Database, role: Role) {
    let app = TestApp::on(database);
    let village = Village::of(&app, "aegis");
    fill(&app, &village);
    let planted = plant(&app);
    let organisation = role.in_organisation().then_some(village.organisation);
    let user = app.user("somebody", role, organisation);
    if role == Role::Facilitator {
        village.assign(user, village.group);
    }
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut ask = Command::new(tests.join("openapi/ask"));
    ask.env("IHURIRO_PLANTED_IDS", planted.join(" ")).env("IHURIRO_PLANTED_WORDS", PLANTED_WORDS.join(" "));
    // Administrators see to the tablets of all: they are told of which groups each has the records.
    let told_at = if role == Role::Administrator { "/v1/devices" } else { "" };
    ask.env("IHURIRO_IDS_ARE_TOLD_AT", told_at);
    // Whoever may ask for most is asked for every bound of every field; what others are refused does not depend on those.
    let phases = if role == Role::Manager { "examples,coverage,fuzzing" } else { "examples,fuzzing" };
    let output = ask.args([&app.url, app.login("somebody").token(), phases]).output();
    let output = output.expect("tests/openapi/ask runs");
    assert!(
        output.status.success(),
        "as {role}:\n{}{}\n(tests/run installs what this needs)",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// The name of a group, words of a summary, a code, and how long a meeting took: of another organisation than that of whoever asks, and
/// nowhere else.
const PLANTED_WORDS: [&str; 5] = ["Kwirindibyago", "twaganiriye", "inzitane", "P77", "397"];

/// Another organisation that recorded something; gives the ids of its group, participant, session and tablet.
fn plant(app: &TestApp) -> [String; 4] {
    let [name, word, other, code, minutes] = PLANTED_WORDS;
    let village = Village::of(app, "nar");
    let group = village.group(name, "sociotherapy");
    let user = village.facilitator(app, "alice");
    village.assign(user, group);
    let mut alice = village.tablet(app, user);
    alice.sync(&mut ()).expect("a sync");
    let person = NewParticipant::of(code.parse().expect("a pseudonym"));
    alice.add_participant(group, person).expect("a person joins");
    let came = Details {
        minutes: Some(minutes.parse::<i64>().expect("a number").try_into().expect("in range")),
        attendance: marks(&[77], Attendance::Present),
        summary: Some(format!("{word} {other}")),
        ..Details::default()
    };
    let session = record(&mut alice, group, day(3, 5), came);
    alice.sync(&mut ()).expect("a sync");
    let people = village.manager.get(&format!("/v1/participants?group={group}")).ok();
    let person = people["items"][0]["id"].as_str().expect("an id").to_owned();
    [group.to_string(), person, session.to_string(), alice.tablet().device().to_string()]
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
