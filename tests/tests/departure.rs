//! An organisation leaves: all that it recorded goes with it, in open formats.

mod command_line;
mod export;
mod removing;

use std::fs;
use std::path::Path;

use data_encoding::BASE64;
use serde_json::{Value, json};
use server::departure;
use sync_core::id::{DocumentId, ParticipantId, SessionId};
use sync_core::record::incident::IncidentType;
use sync_core::record::referral::ServiceKind;
use sync_core::record::session::{Attendance, Minutes};
use sync_core::record::{Incident, Referral, Session};
use tablet::device::Device;
use tablet::recording::Details;
use tests::app::START;
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

/// Words that stand in the records of the one that leaves, and nowhere else.
const TOLD: &str = "They told of the terraces above Kabeza.";
/// As those of another organisation.
const ELSEWHERE: &str = "ZQX of the other valley.";

/// Two organisations; of the one that leaves, two tablets, and a record of each kind.
struct Scene {
    app: TestApp,
    village: Village,
    hers: Device,
    his: Device,
    session: SessionId,
    other: Village,
}

impl Scene {
    fn on(database: &Database) -> Self {
        let app = TestApp::on(database);
        let other = Village::of(&app, "nar");
        let mut theirs = other.facilitator_with_tablet(&app, "kamana");
        people_join(&mut theirs, other.group, 2);
        let said = Details {
            summary: Some(ELSEWHERE.into()),
            attendance: marks(&[1], Attendance::Present),
            ..Details::default()
        };
        record(&mut theirs, other.group, day(3, 4), said);
        theirs.sync(&mut ()).expect("a sync");

        let village = Village::of(&app, "aegis");
        let mut hers = village.facilitator_with_tablet(&app, "jeanne");
        let mut his = village.facilitator_with_tablet(&app, "eric");
        people_join(&mut hers, village.group, 3);
        let said = Details {
            summary: Some(TOLD.into()),
            attendance: marks(&[1, 2], Attendance::Present),
            ..Details::default()
        };
        let session = record(&mut hers, village.group, day(3, 4), said);
        let stream = village.group.into();
        let person = ParticipantId::of(village.group, "P01");
        let new = || DocumentId::from(uuid::Uuid::now_v7());
        let referred = hers.edit::<Referral>(stream, new(), |it| {
            it.participant().set(person)?;
            it.to().set(ServiceKind::HealthCentre)
        });
        let happened = hers.edit::<Incident>(stream, new(), |it| {
            it.session().set(session)?;
            it.kind().set(IncidentType::Threat)
        });
        assert!(referred.expect("a referral") && happened.expect("an incident"));
        hers.sync(&mut ()).expect("a sync");
        his.sync(&mut ()).expect("a sync");
        Self { app, village, hers, his, session, other }
    }

    fn export(&self, to: &Path) -> Result<departure::Exported, departure::Refused> {
        departure::export(self.app.store(), "aegis", to, START)
    }
}

/// The lines of a file of an export.
fn lines(folder: &Path, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(name)).expect("the file");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// All that stands in an export, also in the documents.
fn all_of_it(folder: &Path) -> String {
    let mut all = String::new();
    for file in fs::read_dir(folder).expect("the folder") {
        all += &fs::read_to_string(file.expect("a file").path()).expect("text");
    }
    for line in lines(folder, "documents.jsonl") {
        let bytes = BASE64.decode(line["automerge"].as_str().expect("Base64").as_bytes()).expect("Base64");
        let document = automerge::Automerge::load(&bytes).expect("any Automerge opens it");
        all += &format!("{:?}", document.get_changes(&[]).iter().map(|one| one.decode()).collect::<Vec<_>>());
    }
    all
}
