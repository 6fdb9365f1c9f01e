//! The questions, asked over HTTP: who may ask which, what each tells, and in what forms.

mod asked;
mod forms;
mod journey;
mod plan;
mod frameworks;
mod dear;
mod told;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use server::access::Role;
use sync_core::id::{GroupId, ParticipantId};
use sync_core::record::incident::{IncidentType, Severity};
use sync_core::record::participant::{ConsentMethod, Purpose};
use sync_core::record::referral::{ReferralReason, ReferralStep, ServiceKind, Urgency};
use sync_core::record::screening::{Instrument, Timepoint};
use sync_core::record::session::Attendance;
use sync_core::record::{AgeBand, Sex};
use tablet::device::Device;
use tablet::recording::{
    Consent, Details, Done, NewIncident, NewParticipant, NewReferral, NewScreening, Who,
};
use tests::village::{day, marks, people_join, record};
use tests::{Database, Session, TestApp, Village};

/// A name that a spreadsheet would take for a formula.
const FORMULA: &str = "=HYPERLINK(\"http://x\")";

/// Two partners. Aegis has a group that met twice, which Jeanne leads alone and whose supervisor Odette is, and one that nobody leads.
struct Scene {
    app: TestApp,
    aegis: Village,
    other: Village,
    jeanne: Device,
    supervisor: Session,
    officer: Session,
}

impl Scene {
    fn on(database: &Database) -> Self {
        let app = TestApp::on(database);
        let (aegis, other) = (Village::of(&app, "aegis"), Village::of(&app, "nar"));
        let mut jeanne = aegis.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, aegis.group, 4);
        let heads = [(Sex::Female, AgeBand::From16To24, 3)];
        let cell = |(sex, age_band, heads)| {
            (
                sync_core::record::session::Cell { sex, age_band },
                i64::from(heads).try_into().expect("in range"),
            )
        };
        let came = Details {
            attendance: marks(&[1, 2], Attendance::Present),
            headcount: heads.into_iter().map(cell).collect(),
            ..Details::default()
        };
        let meeting = record(&mut jeanne, aegis.group, day(1, 14), came);
        let away = Details {
            attendance: marks(&[1], Attendance::Present)
                .into_iter()
                .chain(marks(&[3], Attendance::Absent))
                .collect(),
            ..Details::default()
        };
        record(&mut jeanne, aegis.group, day(1, 21), away);
        let incident = NewIncident {
            session: meeting,
            kind: IncidentType::Threat,
            severity: Severity::High,
            done: Done::default(),
        };
        jeanne.record_incident(incident).expect("an incident");
        let refer = NewReferral {
            participant: ParticipantId::of(aegis.group, "P01"),
            to: ServiceKind::HealthCentre.into(),
            reason: ReferralReason::Trauma,
            urgency: Some(Urgency::Soon),
            on: day(1, 14),
            steps: [ReferralStep::Consented, ReferralStep::Sent].into(),
        };
        jeanne.record_referral(refer).expect("a referral");
        for (number, baseline, end) in [("P01", 14, 8), ("P02", 12, 9), ("P03", 20, 18)] {
            for (timepoint, score) in [(Timepoint::Baseline, baseline), (Timepoint::End, end)] {
                let new = NewScreening {
                    participant: ParticipantId::of(aegis.group, number),
                    instrument: Instrument::Phq9,
                    version: None,
                    timepoint,
                    date: day(1, 15),
                    score,
                    max: None,
                    risk: Some(false),
                    corrects: None,
                };
                jeanne.record_screening(new).expect("a screening");
            }
        }
        jeanne.sync(&mut ()).expect("a sync");
        aegis.group(FORMULA, "sociotherapy");
        let odette = app.user("odette", Role::Supervisor, Some(aegis.organisation));
        let team = aegis.manager.post("/v1/teams", &json!({"name": "East"})).ok();
        for member in [odette, jeanne.tablet().user()] {
            let path = format!("/v1/teams/{}/members/{member}", team["id"].as_str().expect("an id"));
            aegis.manager.request("PUT", &path, None).ok();
        }
        let officer = app.user("officer", Role::Manager, Some(aegis.organisation));
        app.user("admin", Role::Administrator, None);
        app.login("admin").request("PUT", &format!("/v1/users/{officer}/protection-officer"), None).ok();
        plan::drawn_up(&app, &aegis);
        let (supervisor, officer) = (app.login("odette"), app.login("officer"));
        Self { app, aegis, other, jeanne, supervisor, officer }
    }
}

/// C01 to C30 join a group and agree to be counted; gives that all of them came.
fn thirty_consent(tablet: &mut Device, group: GroupId) -> Vec<(Who, Attendance)> {
    let mut came = Vec::new();
    for number in 1..=30_usize {
        let code = format!("C{number:02}");
        let mut person = NewParticipant::of(code.parse().expect("a pseudonym"));
        person.details.sex = Some(Sex::ALL[number % 2]);
        person.details.age_band = Some(AgeBand::ALL[1 + number % 4]);
        person.details.consent = Some(Consent {
            purpose: Purpose::ALL[0],
            method: ConsentMethod::ALL[0],
            date: day(1, 5),
            guardian: None,
        });
        tablet.add_participant(group, person).expect("a person joins");
        came.push((Who::Code(code.parse().expect("a pseudonym")), Attendance::Present));
    }
    came
}

/// The answer to a question, of which every total was proved.
fn ask(person: &Session, question: &str) -> Value {
    let answer = person.get(&format!("/v1/questions/{question}")).ok();
    for one in answer["reconciliation"].as_array().expect("a list") {
        assert_eq!(one["agrees"], true, "{question}: {one}");
    }
    answer
}

fn rows(person: &Session, question: &str) -> Vec<Value> {
    ask(person, question)["rows"].as_array().expect("rows").clone()
}

/// Some columns of a row.
fn part(row: &Value, columns: &[&str]) -> Value {
    columns.iter().map(|column| row[*column].clone()).collect()
}

/// The names of the questions that somebody may ask, with where.
fn questions(person: &Session) -> BTreeMap<String, String> {
    let listed = person.get("/v1/questions").ok();
    let text = |one: &Value, field: &str| one[field].as_str().expect("a text").to_owned();
    listed.as_array().expect("a list").iter().map(|one| (text(one, "name"), text(one, "href"))).collect()
}
