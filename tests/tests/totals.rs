//! Totals are what a recount of the records gives, whatever they are told apart by.

mod dimensions;
mod filters;
mod people;
mod datasets;
mod facts;
mod budget;
mod questions;

use serde_json::{Value, json};
use server::access::Role;
use sync_core::id::{GroupId, Id, ParticipantId, SessionId};
use sync_core::record::session::{Attendance, Cell, PartOfDay, Phase};
use sync_core::record::{AgeBand, Session as Meeting, Sex};
use sync_core::time::Date;
use tablet::device::Device;
use tablet::recording::{Details, NewParticipant, NewSession};
use tests::recount::{Count, DIMENSIONS, Records};
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

fn sync(tablet: &mut Device) {
    tablet.sync(&mut ()).expect("a sync");
}

/// A group in some village.
fn group_in(village: &Village, name: &str, kind: &str, modality: &str, area: &str) -> GroupId {
    let body =
        json!({"name": name, "kind": kind, "modality": modality, "area": area, "starts_on": "2024-09-02"});
    let made = village.manager.post("/v1/groups", &body).ok();
    made["id"].as_str().expect("an id").parse().expect("an id")
}

fn heads(cells: &[(Sex, AgeBand, i64)]) -> Details {
    let cell = |(sex, age_band, heads): &(Sex, AgeBand, i64)| {
        (Cell { sex: *sex, age_band: *age_band }, (*heads).try_into().expect("in range"))
    };
    Details { headcount: cells.iter().map(cell).collect(), ..Details::default() }
}

fn came(people: &[usize]) -> Details {
    Details { attendance: marks(people, Attendance::Present), ..Details::default() }
}

/// Somebody marks a person of whom the store has no record.
fn mark_a_stranger(tablet: &mut Device, group: GroupId, session: SessionId) {
    let stranger = ParticipantId::from_uuid(uuid::Uuid::from_u128(77));
    let marked = tablet
        .edit::<Meeting>(group.into(), session, |edit| edit.attendance().put(&stranger, Attendance::Late));
    assert!(marked.expect("an edit"));
}

/// The rows of an answer, by the values of their dimensions.
fn rows(answer: &Value, by: &[&str]) -> Vec<(Vec<String>, Count)> {
    let value = |row: &Value, name: &&str| row["of"][*name].as_str().expect("a value").to_owned();
    let row = |row: &Value| (by.iter().map(|name| value(row, name)).collect(), Count::of_row(row));
    answer["rows"].as_array().expect("rows").iter().map(row).collect()
}

/// Every choice of up to `most` of the dimensions, two or three, each in the order of the list.
fn choices(most: usize) -> Vec<Vec<&'static str>> {
    let mut all = vec![vec![]];
    for (place, one) in DIMENSIONS.iter().enumerate() {
        all.push(vec![*one]);
        let behind = &DIMENSIONS[place + 1..];
        for (place, two) in behind.iter().enumerate() {
            all.push(vec![*one, *two]);
            if most > 2 {
                all.extend(behind[place + 1..].iter().map(|three| vec![*one, *two, *three]));
            }
        }
    }
    all
}
