//! Quarters are published once and revised once, from what the documents say of people who consent; who reads them reads the same for
//! ever, and nobody outside an organisation reads a live count anywhere.

mod releases;
mod live;

use std::collections::BTreeMap;

use serde_json::Value;
use server::access::Role;
use server::published::{Made, publish};
use sync_core::id::GroupId;
use sync_core::record::participant::{ConsentMethod, Exit, Purpose};
use sync_core::record::session::Attendance;
use sync_core::record::{AgeBand, Sex};
use tablet::device::Device;
use tablet::recording::{Consent, Details, NewParticipant};
use tests::village::{day, marks, record};
use tests::{Session, TestApp};

/// People join with their consent, but for the last.
fn people_consent(tablet: &mut Device, group: GroupId, count: usize) {
    they_join(tablet, group, count, None);
}

/// People join with their consent, but for the last, and all of them leave in the same way.
fn they_join(tablet: &mut Device, group: GroupId, count: usize, exit: Option<Exit>) {
    for number in 1..=count {
        let mut person = NewParticipant::of(format!("P{number:02}").parse().expect("a pseudonym"));
        person.details.sex = Some(Sex::ALL[number % 2]);
        person.details.age_band = Some(AgeBand::ALL[1 + number % 4]);
        person.details.exit = exit;
        person.details.consent = (number < count).then(|| Consent {
            purpose: Purpose::ALL[0],
            method: ConsentMethod::ALL[0],
            date: day(1, 5),
            guardian: None,
        });
        tablet.add_participant(group, person).expect("a person joins");
    }
}

/// A meeting of the 2026-month-day to which these came.
fn they_meet(tablet: &mut Device, group: GroupId, month: i8, date: i8, people: &[usize]) {
    let details = Details { attendance: marks(people, Attendance::Present), ..Details::default() };
    record(tablet, group, day(month, date), details);
}

/// What `ihuriro publish` does, and what it released.
fn release(app: &TestApp) -> Vec<String> {
    let made = app.run(publish(app.store(), app.clock.now())).expect("it is released");
    made.into_iter().map(|Made { release, .. }| release.to_string()).collect()
}

/// Lets days go by.
fn days(app: &TestApp, days: i64) {
    app.clock.advance(days * 24 * 60);
}

/// Signs in a person of this role, who is of no organisation.
fn outsider(app: &TestApp, role: Role) -> Session {
    let name = role.to_string();
    if !app.has(&name) {
        app.user(&name, role, None);
    }
    app.login(&name)
}

/// The rows of a table, as text by what they are about.
fn table(person: &Session, address: &str) -> BTreeMap<String, Value> {
    let table = person.get(&format!("/v1/published/{address}")).ok();
    let rows = table["rows"].as_array().expect("rows");
    let about = |row: &Value| {
        let part = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let districts: Vec<&str> =
            row["districts"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        [part("organisation"), part("of"), districts.join("+"), part("who")].join(" ").trim().to_owned()
    };
    rows.iter().map(|row| (about(row), row.clone())).collect()
}
