//! What was quarantined, for people: they find it, look inside, release it or reject it.

mod deciding;
mod copies;
mod many;
mod looking;
mod asking;

use std::sync::Barrier;

use automerge::ReadDoc as _;
use automerge::transaction::Transactable as _;
use serde_json::{Value, json};
use server::access::Role;
use sync_core::change::{Actor, Change};
use sync_core::document::Document;
use sync_core::form::EditError;
use sync_core::id::{DeviceId, DocumentId, Id, ParticipantId, SessionId, StreamId};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::incident::{Incident, IncidentType};
use sync_core::record::participant::{Exit, ParticipantEdit};
use sync_core::record::session::{Attendance, Theme};
use sync_core::record::{AgeBand, Kind, Participant, Session as Meeting, Sex};
use tablet::recording::Details;
use tests::app::START;
use tests::recount::{Count, check_streams};
use tests::village::{day, marks, people_join, record};
use tests::{Database, Fault, Network, Session, Stranger, TestApp, Village};

const LIST: &str = "/v1/quarantine";

fn release(person: &Session, id: &str) -> tests::app::Answer {
    person.post(&format!("{LIST}/{id}/release"), &json!({}))
}

fn reject(person: &Session, id: &str, reason: &str) -> tests::app::Answer {
    person.post(&format!("{LIST}/{id}/reject"), &json!({"reason": reason}))
}

fn look(person: &Session, id: &str) -> Value {
    person.get(&format!("{LIST}/{id}")).ok()
}

fn id_of(item: &Value) -> String {
    item["id"].as_str().expect("an id").to_owned()
}

/// A session as a stranger records it, and a later edit of it, that adds a theme.
fn two_steps(tablet: &Stranger, village: &Village, date: i8) -> (DocumentId, Change, Change) {
    let mut document = Document::genesis(Kind::Session);
    let first = tablet.edit(&mut document, village.group, date);
    let actor = Actor { device: tablet.device, incarnation: 0 };
    let second = document
        .edit::<Meeting>(actor, START, |session| session.themes().insert(&Theme::Trauma))
        .expect("a sound edit")
        .expect("something new");
    (SessionId::of(village.group, day(3, date), 0, 0).into(), first, second)
}

fn of_session(id: DocumentId, change: &Change) -> (Kind, DocumentId, Vec<u8>) {
    (Kind::Session, id, change.bytes().to_vec())
}
