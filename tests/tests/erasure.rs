//! Somebody asks to be erased: nothing of them is left in the store, on tablets that have synced, and in what is restored from a backup.

mod late;
mod named;
mod nothing_is_left;
mod sessions;

use diesel::prelude::*;
use serde_json::{Value, json};
use server::on_each;
use server::store::schema::{changes, documents, quarantine};
use server::store::{Code, Conn, Db, StoreError};
use server::verify::verify;
use sync_core::change::Change;
use sync_core::document::Document;
use sync_core::id::{DocumentId, ParticipantId, SessionId};
use sync_core::reading;
use sync_core::record::participant::{ConsentMethod, Purpose};
use sync_core::record::session::Attendance;
use sync_core::record::{AgeBand, Kind, Sex};
use sync_core::value::Pseudonym;
use tablet::device::Device;
use tablet::recording::{Consent, Details, NewParticipant, ParticipantDetails};
use tests::recount::{Count, Doubts, Records};
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

/// What was planted of the person who is erased: words that stand nowhere else.
const FAMILY: &str = "ZQX77";
const SUMMARY: &str = "P03 told of the terraces. The others listened.";

struct Scene {
    app: TestApp,
    village: Village,
    hers: Device,
    his: Device,
    person: ParticipantId,
    session: SessionId,
}

impl Scene {
    /// Two people came to two meetings; then a third, of whom much is recorded, to the second. A colleague has all of it.
    fn on(database: &Database) -> Self {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut hers = village.facilitator_with_tablet(&app, "jeanne");
        let mut his = village.facilitator_with_tablet(&app, "eric");
        people_join(&mut hers, village.group, 2);
        let here = marks(&[1, 2], Attendance::Present);
        record(&mut hers, village.group, day(3, 4), Details { attendance: here, ..Details::default() });
        let person = hers.add_participant(village.group, third()).expect("a person joins");
        let attendance = marks(&[1, 3], Attendance::Present);
        let said = Details { attendance, summary: Some(SUMMARY.into()), ..Details::default() };
        let session = record(&mut hers, village.group, day(3, 5), said);
        hers.sync(&mut ()).expect("a sync");
        his.sync(&mut ()).expect("a sync");
        Self { app, village, hers, his, person, session }
    }

    fn erase(&self) -> Value {
        self.erase_as("p3")
    }

    fn erase_as(&self, code: &str) -> Value {
        let path = format!("/v1/participants/{}/erasure", self.person);
        self.village.manager.post(&path, &json!({ "code": code })).ok()
    }

    fn is_sound(&self) {
        is_sound(&self.app, &self.village);
    }
}

/// Totals are those of the records that are left, and nothing is wrong in the store.
fn is_sound(app: &TestApp, village: &Village) {
    let records = Records::of_store(app.store());
    let answer = village.aggregates("");
    assert_eq!(Count::of_answer(&answer), records.count());
    assert_eq!(Doubts::of_answer(&answer), records.doubts());
    let mut found = Vec::new();
    verify(app.store(), &mut |finding| found.push(finding.to_string())).expect("the store answers");
    assert_eq!(found, Vec::<String>::new());
}

/// Of them everything is known that can be.
fn third() -> NewParticipant {
    let consent = Consent {
        purpose: Purpose::Story,
        method: ConsentMethod::Electronic,
        date: day(2, 11),
        guardian: Some(true),
    };
    NewParticipant {
        code: "P03".parse().expect("a code"),
        details: ParticipantDetails {
            sex: Some(Sex::Female),
            age_band: Some(AgeBand::Under16),
            family: Some(FAMILY.parse::<Pseudonym>().expect("a code")),
            consent: Some(consent),
            ..ParticipantDetails::default()
        },
    }
}

/// Everything that the store's documents, changes and quarantine say, in words.
fn all_words(app: &TestApp) -> Vec<String> {
    type Documents = Vec<(Db<DocumentId>, Code<Kind>, Vec<u8>)>;
    type Changes = Vec<(Code<Kind>, Vec<u8>)>;
    let load = |tx: &mut Conn<'_>| -> Result<(Documents, Changes), StoreError> {
        let documents = on_each!(tx, |c| documents::table
            .select((documents::id, documents::kind, documents::snapshot))
            .load(c))?;
        let mut all: Changes =
            on_each!(tx, |c| changes::table.select((changes::kind, changes::bytes)).load(c))?;
        all.extend(on_each!(tx, |c| quarantine::table
            .select((quarantine::kind, quarantine::bytes))
            .load::<(Code<Kind>, Vec<u8>)>(c))?);
        Ok((documents, all))
    };
    let (documents, changes) = app.store().read_blocking("test", load).expect("the store answers");
    let mut words = Vec::new();
    for (_, Code(kind), snapshot) in documents {
        let document = Document::load(kind, &snapshot).expect("it opens");
        words.push(format!("{:?}", reading::read(&document)));
        words.extend(document.changes().iter().map(|change| raw(change.bytes())));
    }
    words.extend(changes.iter().map(|(_, bytes)| raw(bytes)));
    words.extend(changes.iter().filter_map(|(Code(kind), bytes)| {
        let change = Change::parse(bytes).ok()?;
        let mut alone = Document::genesis(*kind);
        alone.apply([&change]).ok()?;
        Some(format!("{:?}", reading::read(&alone)))
    }));
    words
}

/// Bytes, of which words that stand in them are readable.
fn raw(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
