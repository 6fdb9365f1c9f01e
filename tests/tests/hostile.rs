//! What a tablet that means harm, or is broken, can send: it holds up nobody, takes nothing that is not its own, and learns
//! nothing that is not for it. Some promises are those of `merge::plan` alone, others of the service over HTTP on both stores.

mod size;
mod numbers;
mod values;
mod standing;
mod taking;
mod astray;
mod telling;
mod filling;
mod repeating;
mod probing;
mod sealed;
mod budget;
mod beside;

use hostile_bytes::forge;
use sync_core::authority::Authority;
use sync_core::change::{Actor, Change};
use sync_core::document::Document;
use sync_core::form::EditError;
use sync_core::id::{DeviceId, DocumentId, GroupId, Id, SessionId, StreamId};
use sync_core::merge::{Incoming, Plan, Standing, plan};
use sync_core::record::session::{PartOfDay, Session, SessionEdit};
use sync_core::record::{Kind, Place, SCHEMA};
use sync_core::time::{Date, Millis};
use tests::TestApp;

const NOW: Millis = Millis(1_772_700_000_000);
const DAY: Date = Date::constant(2026, 3, 5);

/// The author of what is sound.
fn author() -> Actor {
    Actor { device: DeviceId::from_uuid(uuid::Uuid::from_u128(1)), incarnation: 0 }
}

/// The same tablet in another life, in which it does harm.
fn forger() -> Actor {
    Actor { incarnation: 1, ..author() }
}

fn group() -> GroupId {
    GroupId::from_uuid(uuid::Uuid::from_u128(77))
}

fn place() -> Place {
    let document = SessionId::of(group(), DAY, 0, 0).into();
    Place { stream: StreamId::from(group()), document, kind: Kind::Session }
}

fn begin(session: &mut SessionEdit<'_>) -> Result<(), EditError> {
    session.group().set(group())?;
    session.date().set(DAY)?;
    session.part().set(PartOfDay::Morning)
}

/// A sound session, and the change that began it.
fn begun() -> (Document, Change) {
    let mut document = Document::genesis(Kind::Session);
    let change = document.edit::<Session>(author(), NOW, begin).expect("sound").expect("new");
    (document, change)
}

fn planned_as(standing: Standing, place: Place, stored: Option<&[u8]>, changes: &[&[u8]]) -> Plan {
    let one = |bytes| Incoming {
        bytes,
        schema: SCHEMA,
        device: author().device,
        standing,
        authority: &Authority::Manager,
    };
    let incoming: Vec<Incoming<'_>> = changes.iter().copied().map(one).collect();
    plan(place, stored, &incoming).expect("what is stored opens")
}

fn planned(place: Place, stored: Option<&[u8]>, changes: &[&[u8]]) -> Plan {
    planned_as(Standing::Assigned, place, stored, changes)
}

/// What the store holds of a document.
fn held(app: &TestApp, kind: Kind, id: DocumentId) -> Document {
    let snapshot: Vec<u8> = app
        .store()
        .read_blocking::<_, server::store::StoreError, _>("test", move |tx| {
            Ok(server::ledger::load(tx, id)?.expect("stored").snapshot)
        })
        .expect("a document");
    Document::load(kind, &snapshot).expect("it opens")
}
