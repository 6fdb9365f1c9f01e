//! What somebody can make it cost to look for a person: a record may have ten thousand changes.

use hostile_bytes::budget::Cost;
use sync_core::change::{Actor, Change};
use sync_core::document::Document;
use sync_core::erasing::{ever_named, ever_names};
use sync_core::id::{DeviceId, GroupId, Id};
use sync_core::record::{Kind, Session};
use sync_core::time::{Date, Millis};
use uuid::Uuid;

/// Each of them reads the text as it was before and after, if somebody looks at them one by one: that is seconds for each record.
const CHANGES: u32 = 1_500;

#[test]
fn a_long_history_is_looked_through_in_the_time_of_its_operations() {
    let actor = Actor { device: DeviceId::from_uuid(Uuid::from_u128(9)), incarnation: 0 };
    let mut document = Document::genesis(Kind::Session);
    for number in 0..CHANGES {
        let wrote = document.edit::<Session>(actor, Millis(0), |session| {
            session.group().set(GroupId::from_uuid(Uuid::from_u128(7)))?;
            session.date().set(Date::constant(2026, 3, 5))?;
            session.part().set("morning".parse().expect("a part of the day"))?;
            session.summary().write(&format!("They met {number} times."))
        });
        wrote.expect("a sound edit");
    }
    let operations = document.changes().iter().map(|change| Change::operations_said(change.bytes())).sum();
    let codes = ["P03".parse().expect("a code")].into();
    let (names, cost) = Cost::of(|| ever_names(&document, &codes));
    assert!(!names);
    assert!(cost.within(operations), "{operations} operations: {cost:?}");
}

/// Whoever looks for a person keeps the codes that a record names: there may be as many as have room in it.
#[test]
fn a_summary_of_nothing_but_codes_is_looked_through_in_the_time_of_its_operations() {
    let actor = Actor { device: DeviceId::from_uuid(Uuid::from_u128(9)), incarnation: 0 };
    let mut document = Document::genesis(Kind::Session);
    let all: Vec<String> = (1_000..4_300).map(|number| format!("A{number}")).collect();
    let wrote = document.edit::<Session>(actor, Millis(0), |session| {
        session.group().set(GroupId::from_uuid(Uuid::from_u128(7)))?;
        session.date().set(Date::constant(2026, 3, 5))?;
        session.part().set("morning".parse().expect("a part of the day"))?;
        session.summary().write(&all.join(" "))
    });
    wrote.expect("a sound edit");
    let operations = document.changes().iter().map(|change| Change::operations_said(change.bytes())).sum();
    let (named, cost) = Cost::of(|| ever_named(&document));
    assert_eq!(named.map(|codes| codes.len()), Some(all.len()));
    assert!(cost.within(operations), "{operations} operations: {cost:?}");
}
