//! How much work a plan is, in changes that are applied.

use std::cell::Cell;

use super::*;
use crate::change::Actor;
use crate::id::{DeviceId, GroupId, Id, SessionId};
use crate::record::Kind;
use crate::record::session::{PartOfDay, Session};
use crate::time::{Date, Millis};

const DAY: Date = Date::constant(2026, 3, 5);

thread_local! {
    static APPLIED: Cell<usize> = const { Cell::new(0) };
}

fn counted(document: &mut Document, change: &Change) -> Result<(), Unmergeable> {
    APPLIED.set(APPLIED.get() + 1);
    document.put_on(change)
}

fn author() -> Actor {
    Actor { device: DeviceId::from_uuid(uuid::Uuid::from_u128(1)), incarnation: 0 }
}

fn group() -> GroupId {
    GroupId::from_uuid(uuid::Uuid::from_u128(77))
}

/// So many changes of one meeting, each on top of the one before.
fn chain(count: i64) -> Vec<Change> {
    let mut document = Document::genesis(Kind::Session);
    let change = |number: i64| {
        document.edit::<Session>(author(), Millis(0), |session| {
            session.group().set(group())?;
            session.date().set(DAY)?;
            session.part().set(PartOfDay::Morning)?;
            session.minutes().set((1 + number).try_into()?)
        })
    };
    (0..count).map(change).map(|change| change.expect("sound").expect("new")).collect()
}

/// The plan for these changes, and how many times one was applied.
fn planned<'a>(changes: impl Iterator<Item = &'a Change>) -> (Plan, usize) {
    let document = SessionId::of(group(), DAY, PartOfDay::Morning.ordinal(), 0).into();
    let place = Place { stream: group().into(), document, kind: Kind::Session };
    let device = author().device;
    let incoming: Vec<Incoming<'_>> = changes
        .map(|change| Incoming {
            bytes: change.bytes(),
            schema: SCHEMA,
            device,
            standing: Standing::Assigned,
            authority: &Authority::Manager,
        })
        .collect();
    APPLIED.set(0);
    let plan = plan_with(counted, Document::genesis(place.kind), place, None, &incoming);
    (plan, APPLIED.get())
}

#[test]
fn each_change_is_applied_once_in_whatever_order_they_came() {
    let changes = chain(100);
    let (forward, once) = planned(changes.iter());
    assert_eq!((forward.outcomes, once), (vec![Outcome::Accepted; 100], 100));
    let (backward, once) = planned(changes.iter().rev());
    assert_eq!((backward.outcomes, once), (vec![Outcome::Accepted; 100], 100));
    let snapshot = |after: Option<After>| after.expect("they are taken").document.heads();
    assert_eq!(snapshot(forward.after), snapshot(backward.after));
}

#[test]
fn what_waits_for_something_to_build_on_is_not_applied() {
    let changes = chain(100);
    let (plan, applied) = planned(changes.iter().take(1).chain(changes.iter().skip(2)));
    assert_eq!((&plan.outcomes[0], applied), (&Outcome::Accepted, 1));
    assert_eq!(plan.outcomes[1..], vec![Outcome::Quarantined(Reason::MissingDependency); 98]);
}
