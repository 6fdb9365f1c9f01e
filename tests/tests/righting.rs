//! What was recorded by mistake is put right, and taken back: by supervisors and managers over REST, seen in lists, histories
//! and totals, and on every tablet after its sync. Nothing is deleted.

mod sessions;
mod carrying;
mod people;
mod groups;
mod counting;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server::access::Role;
use sync_core::id::{GroupId, SessionId};
use sync_core::record::Session as Meeting;
use sync_core::record::session::Attendance;
use tablet::device::Device;
use tablet::recording::Details;
use tests::app::Answer;
use tests::recount::{Count, check_streams};
use tests::village::{day, marks, people_join, record};
use tests::{Database, Session, TestApp, Village};

fn sync(tablet: &mut Device) {
    tablet.sync(&mut ()).expect("a sync");
}

/// Everybody hears of everything.
fn settle(tablets: &mut [&mut Device]) {
    for _ in 0..2 {
        tablets.iter_mut().for_each(|tablet| sync(tablet));
    }
}

fn came(people: &[usize]) -> Details {
    Details { attendance: marks(people, Attendance::Present), ..Details::default() }
}

fn meeting(tablet: &Device, id: SessionId) -> Meeting {
    tablet.tablet().read(id).expect("the session")
}

/// Two facilitators of a group with five people, and a supervisor who is assigned to it.
struct Cast {
    app: TestApp,
    village: Village,
    jeanne: Device,
    paul: Device,
    odette: Session,
}

impl Cast {
    fn on(database: &Database) -> Self {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 5);
        settle(&mut [&mut jeanne, &mut paul]);
        let supervisor = app.user("odette.aegis", Role::Supervisor, Some(village.organisation));
        village.assign(supervisor, village.group);
        let odette = app.login("odette.aegis");
        Self { app, village, jeanne, paul, odette }
    }

    fn settle(&mut self) {
        settle(&mut [&mut self.jeanne, &mut self.paul]);
    }

    fn total(&self) -> (i64, i64) {
        let total = &self.village.aggregates("")["total"];
        (total["sessions"].as_i64().expect("a number"), total["attendances"].as_i64().expect("a number"))
    }

    /// What both tablets hold comes to the totals of the service.
    fn reconcile(&mut self) {
        self.settle();
        let answer = self.village.aggregates("");
        for tablet in [&self.jeanne, &self.paul] {
            let held = Count::of_tablets([tablet], &[self.village.group]);
            assert_eq!((held.sessions, held.attendances), self.total(), "{answer}");
        }
        check_streams(self.app.store());
    }

    fn read(&self, session: SessionId) -> Value {
        self.odette.get(&format!("/v1/sessions/{session}")).ok()
    }

    fn listed(&self, query: &str) -> Vec<String> {
        let all = self.odette.all(&format!("/v1/sessions?{query}"));
        all.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
    }
}

/// The reason and the fields of the last change of a record.
fn last_change(who: &Session, path: &str) -> (String, Vec<String>) {
    let told = who.get(&format!("{path}/history")).ok();
    let last = told["items"].as_array().and_then(|all| all.last()).expect("a change").clone();
    let fields = last["sets"].as_array().expect("fields").iter();
    let fields = fields.map(|set| set["field"].as_str().expect("a field").to_owned()).collect();
    (last["reason"].as_str().unwrap_or_default().to_owned(), fields)
}

fn void(who: &Session, record: impl ToString, on: bool) -> Answer {
    let body = json!({"void": on, "reason": "Recorded by mistake."});
    who.post(&format!("/v1/records/{}/void", record.to_string()), &body)
}
