//! What somebody can make it cost to trace who said first what a settled clash says: each settling may overwrite many values.

use hostile_bytes::budget::Cost;
use sync_core::change::{Actor, Change};
use sync_core::document::Document;
use sync_core::form::EditError;
use sync_core::id::{DeviceId, GroupId, Id, SessionId};
use sync_core::moving::recorded_since;
use sync_core::record::session::SessionEdit;
use sync_core::record::{Kind, Session};
use sync_core::time::{Date, Millis};
use uuid::Uuid;

const TABLETS: u128 = 100;
const ROUNDS: usize = 10;

fn write(
    document: &mut Document,
    tablet: u128,
    work: impl FnOnce(&mut SessionEdit<'_>) -> Result<(), EditError>,
) -> Change {
    let actor = Actor { device: DeviceId::from_uuid(Uuid::from_u128(tablet)), incarnation: 0 };
    document.edit::<Session>(actor, Millis(0), work).expect("a sound edit").expect("something new")
}

#[test]
fn a_clash_that_is_settled_again_and_again_is_traced_in_the_time_of_its_operations() {
    let mut document = Document::genesis(Kind::Session);
    write(&mut document, 1, |session| {
        session.group().set(GroupId::from_uuid(Uuid::from_u128(7)))?;
        session.date().set(Date::constant(2026, 3, 5))?;
        session.part().set("morning".parse().expect("a part of the day"))
    });
    let to = SessionId::from_uuid(Uuid::from_u128(8));
    for _ in 0..ROUNDS {
        // All move it there, none knowing of the others; then one settles that.
        let before = document.clone();
        let moves: Vec<Change> = (2..2 + TABLETS)
            .map(|tablet| write(&mut before.clone(), tablet, |session| session.moved_to().set_again(to)))
            .collect();
        document.apply(&moves).expect("they merge");
        write(&mut document, 1, |session| session.moved_to().set_again(to));
    }
    let operations = document.changes().iter().map(|change| Change::operations_said(change.bytes())).sum();
    let session: Session = document.read().expect("it reads");
    let (since, cost) = Cost::of(|| recorded_since(&session, &document, false));
    assert!(since.is_empty(), "nobody recorded anything: {}", since.len());
    assert!(cost.within(operations), "{operations} operations: {cost:?}");
}
