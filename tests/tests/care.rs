//! Referrals, incidents and screenings, from the tablet to the desk: recorded offline, merged, read by those who may, and by nobody else.

mod filters;
mod journey;
mod refused;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server::access::Role;
use sync_core::id::{IncidentId, ParticipantId, ReferralId, ScreeningId, SessionId};
use sync_core::record::incident::{IncidentType, Severity};
use sync_core::record::referral::{ReferralEvent, ReferralReason, ReferralStep, ServiceKind, Urgency};
use sync_core::record::screening::{Instrument, Timepoint};
use sync_core::time::Date;
use tablet::device::Device;
use tablet::recording::{Details, Done, NewIncident, NewReferral, NewScreening};
use tests::village::{day, people_join, record};
use tests::{Database, Session, TestApp, Village};

pub(crate) const LISTS: [&str; 3] = ["/v1/referrals", "/v1/incidents", "/v1/screenings"];

/// Jeanne and Eric lead the village's group, in which there are three people and a meeting of 4 March; it is 5 March. A supervisor looks after
/// them, and a manager is a protection officer.
struct Scene {
    app: TestApp,
    village: Village,
    hers: Device,
    his: Device,
    supervisor: Session,
    officer: Session,
    meeting: SessionId,
}

impl Scene {
    fn on(database: &Database) -> Self {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut hers = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut hers, village.group, 3);
        let meeting = record(&mut hers, village.group, day(3, 4), Details::default());
        hers.sync(&mut ()).expect("a sync");
        let his = village.facilitator_with_tablet(&app, "eric");
        let supervisor = app.user("supervisor", Role::Supervisor, Some(village.organisation));
        let team = village.manager.post("/v1/teams", &json!({"name": "East"})).ok();
        for member in [supervisor, hers.tablet().user()] {
            let path = format!("/v1/teams/{}/members/{member}", team["id"].as_str().expect("an id"));
            village.manager.request("PUT", &path, None).ok();
        }
        let officer = app.user("officer", Role::Manager, Some(village.organisation));
        app.user("admin", Role::Administrator, None);
        app.login("admin").request("PUT", &format!("/v1/users/{officer}/protection-officer"), None).ok();
        let (supervisor, officer) = (app.login("supervisor"), app.login("officer"));
        Self { app, village, hers, his, supervisor, officer, meeting }
    }

    fn person(&self, number: usize) -> ParticipantId {
        ParticipantId::of(self.village.group, format!("P{number:02}"))
    }

    fn refer(&mut self, person: usize, urgency: Urgency, on: Date, steps: &[ReferralStep]) -> ReferralId {
        let new = NewReferral {
            participant: self.person(person),
            to: ServiceKind::HealthCentre.into(),
            reason: ReferralReason::Trauma,
            urgency: Some(urgency),
            on,
            steps: steps.iter().copied().collect(),
        };
        self.hers.record_referral(new).expect("a referral")
    }

    fn happens(&mut self, kind: IncidentType, severity: Severity) -> IncidentId {
        let new = NewIncident { session: self.meeting, kind, severity, done: Done::default() };
        self.hers.record_incident(new).expect("an incident")
    }

    fn screen(
        &mut self,
        person: usize,
        instrument: Instrument,
        timepoint: Timepoint,
        score: i64,
        risk: Option<bool>,
    ) -> ScreeningId {
        let new = NewScreening {
            participant: self.person(person),
            instrument,
            version: None,
            timepoint,
            date: day(3, 1 + (score % 5) as i8),
            score,
            max: None,
            risk,
            corrects: None,
        };
        self.hers.record_screening(new).expect("a screening")
    }

    /// Both tablets, until each has what the other wrote.
    fn both_sync(&mut self) {
        for _ in 0..2 {
            self.hers.sync(&mut ()).expect("a sync");
            self.his.sync(&mut ()).expect("a sync");
        }
    }
}

fn step(step: ReferralStep, on: Date) -> ReferralEvent {
    ReferralEvent { step, on }
}

fn ids(items: &[Value]) -> BTreeSet<String> {
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}
