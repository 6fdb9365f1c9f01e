//! A record stands on the maps and texts that it began with, and a field has few values: whatever else a change says, it waits,
//! with the field named, and what others recorded stays in view.

use automerge::transaction::{Transactable as _, Transaction};
use automerge::{AutomergeError, ObjType, ROOT};
use hostile_bytes::bombs;
use sync_core::id::{ParticipantId, UserId};
use sync_core::limits::{MAX_ENTRIES, MAX_VALUES_OF_ONE};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::session::Attendance;

use super::*;

type Write = Box<dyn FnOnce(&mut Transaction<'_>) -> Result<(), AutomergeError>>;

fn somebody() -> ParticipantId {
    ParticipantId::from_uuid(uuid::Uuid::from_u128(500))
}

/// A session with a mark, a theme and a word of summary.
fn with_a_mark() -> Document {
    let (mut document, _) = begun();
    document
        .edit::<Session>(author(), NOW, |session| {
            session.minutes().set(60.try_into()?)?;
            session.facilitators_present().insert(&UserId::from_uuid(uuid::Uuid::from_u128(3)))?;
            session.attendance().put(&somebody(), Attendance::Present)?;
            session.summary().append("A song.")
        })
        .expect("sound")
        .expect("new");
    document
}

fn in_map(
    name: &'static str,
    write: impl FnOnce(&mut Transaction<'_>, automerge::ObjId) -> Result<(), AutomergeError> + 'static,
) -> Write {
    Box::new(move |tx| {
        let map = forge::map_of(tx, name);
        write(tx, map)
    })
}

/// What no change may say, each with the field that its reason names.
fn refused() -> Vec<(String, Write)> {
    let mark = || somebody().to_string();
    let entry = |what: &str| format!("attendance/{what}");
    vec![
        ("attendance".into(), Box::new(|tx| tx.put_object(ROOT, "attendance", ObjType::Map).map(drop))),
        ("attendance".into(), Box::new(|tx| tx.put(ROOT, "attendance", "none"))),
        ("attendance".into(), Box::new(|tx| tx.delete(ROOT, "attendance"))),
        ("summary".into(), Box::new(|tx| tx.put_object(ROOT, "summary", ObjType::Text).map(drop))),
        ("summary".into(), Box::new(|tx| tx.put(ROOT, "summary", "A song."))),
        ("summary".into(), Box::new(|tx| tx.delete(ROOT, "summary"))),
        ("record".into(), Box::new(|tx| tx.put(ROOT, "record", "group"))),
        ("record".into(), Box::new(|tx| tx.delete(ROOT, "record"))),
        ("schema".into(), Box::new(|tx| tx.put(ROOT, "schema", 9_i64))),
        ("minutes".into(), Box::new(|tx| tx.delete(ROOT, "minutes"))),
        ("minutes".into(), Box::new(|tx| tx.put_object(ROOT, "minutes", ObjType::Map).map(drop))),
        ("x".into(), Box::new(|tx| tx.put_object(ROOT, "x", ObjType::List).map(drop))),
        ("x".into(), Box::new(|tx| tx.put_object(ROOT, "x", ObjType::Text).map(drop))),
        (entry(&mark()), in_map("attendance", move |tx, map| tx.delete(&map, mark()))),
        (
            entry(&mark()),
            in_map("attendance", move |tx, map| tx.put_object(&map, mark(), ObjType::Map).map(drop)),
        ),
        (
            "x".into(),
            Box::new(|tx| {
                let list = tx.put_object(ROOT, "x", ObjType::List)?;
                tx.insert(&list, 0, 1_i64)
            }),
        ),
        ("summary".into(), in_map("summary", |tx, text| tx.put(&text, 0, "B"))),
        ("summary".into(), in_map("summary", |tx, text| tx.insert(&text, 0, 7_i64))),
        ("summary".into(), in_map("summary", |tx, text| tx.insert_object(&text, 0, ObjType::Map).map(drop))),
    ]
}

fn invalid(outcome: &Outcome) -> &str {
    let Outcome::Quarantined(Reason::Invalid(field, _)) = outcome else { panic!("{outcome:?}") };
    field
}

#[test]
fn a_map_or_text_is_the_one_that_the_record_began_with_and_nothing_is_deleted() {
    let document = with_a_mark();
    let stored = document.save();
    for (number, (field, write)) in refused().into_iter().enumerate() {
        let change = forge::raw(&document, forger(), write);
        let plan = planned(place(), Some(&stored), &[&change]);
        assert_eq!(invalid(&plan.outcomes[0]), field, "{number}");
        assert!(plan.after.is_none(), "{number}");
    }
}

/// No store takes such a change, but a colleague's file may hold one.
#[test]
fn what_somebody_puts_in_the_place_of_a_map_hides_nothing() {
    let before = with_a_mark();
    for write in [
        (|tx| tx.put_object(ROOT, "attendance", ObjType::Map).map(drop)) as fn(&mut Transaction<'_>) -> _,
        |tx| tx.put(ROOT, "attendance", "none"),
        |tx| tx.delete(ROOT, "attendance"),
    ] {
        let mut document = before.clone();
        let change = Change::parse(&forge::raw(&document, forger(), write)).expect("it parses");
        document.apply([&change]).expect("it merges");
        let read = |document: &Document| document.read::<Session>().expect("it reads").attendance;
        assert_eq!(read(&document).get(&somebody()), Some(&Attendance::Present));
        // And it is written there: whoever reads it later reads it from the same map.
        let edit = document.edit::<Session>(author(), NOW, |session| {
            session.attendance().put(&somebody(), Attendance::Late)
        });
        assert!(matches!(edit, Ok(Some(_))), "{edit:?}");
        assert_eq!(read(&document).get(&somebody()), Some(&Attendance::Late));
    }
}

/// As [`bombs::values`], which says it sixty thousand times.
#[test]
fn a_change_gives_a_field_one_value() {
    let document = with_a_mark();
    let stored = document.save();
    for times in [2, 60_000] {
        let change = bombs::values(&document, forger(), times);
        let plan = planned(place(), Some(&stored), &[&change]);
        assert_eq!(invalid(&plan.outcomes[0]), "minutes", "{times}");
    }
    // Said twice, the second time in the place of the first, it is one.
    let twice = forge::raw(&document, forger(), |tx| {
        tx.put(ROOT, "minutes", 70_i64)?;
        tx.put(ROOT, "minutes", 80_i64)
    });
    let plan = planned(place(), Some(&stored), &[&twice]);
    assert_eq!(plan.outcomes, [Outcome::Accepted]);
}

/// So many lives, none of which saw another.
fn lives(
    document: &Document,
    count: usize,
    write: impl Fn(&mut Transaction<'_>, usize) -> Result<(), AutomergeError>,
) -> Vec<Vec<u8>> {
    let life = |number: usize| Actor { incarnation: 10 + number as u32, ..author() };
    (0..count).map(|number| forge::raw(document, life(number), |tx| write(tx, number))).collect()
}

#[test]
fn one_device_has_few_values_of_a_field_at_the_same_time() {
    let document = with_a_mark();
    let stored = document.save();
    let changes =
        lives(&document, MAX_VALUES_OF_ONE + 2, |tx, number| tx.put(ROOT, "minutes", 1 + number as i64));
    let changes: Vec<&[u8]> = changes.iter().map(Vec::as_slice).collect();
    let plan = planned(place(), Some(&stored), &changes);
    let (taken, refused) = plan.outcomes.split_at(MAX_VALUES_OF_ONE);
    assert_eq!(taken, vec![Outcome::Accepted; MAX_VALUES_OF_ONE]);
    assert!(refused.iter().all(|outcome| invalid(outcome) == "minutes"), "{refused:?}");

    // Whoever has seen them settles it, and may go on.
    let mut after = plan.after.expect("some are taken").document;
    let settled = after.edit::<Session>(author(), NOW, |session| session.minutes().set(90.try_into()?));
    let settled = settled.expect("sound").expect("new");
    let after =
        planned(place(), Some(&stored), &[&changes[..MAX_VALUES_OF_ONE], &[settled.bytes()]].concat());
    assert_eq!(after.outcomes.last(), Some(&Outcome::Accepted));
}

#[test]
fn a_map_has_no_more_values_than_it_may_have_entries() {
    let document = with_a_mark();
    let stored = document.save();
    // One more than half of them, said by two lives, and by a third.
    let many = MAX_ENTRIES / 2 - 1;
    let changes = lives(&document, 3, |tx, life| {
        let map = forge::map_of(tx, "attendance");
        let value = if life == 0 { "present" } else { "late" };
        (0..many).try_for_each(|one| tx.put(&map, uuid::Uuid::from_u128(one as u128).to_string(), value))
    });
    let changes: Vec<&[u8]> = changes.iter().map(Vec::as_slice).collect();
    let plan = planned(place(), Some(&stored), &changes);
    assert_eq!(plan.outcomes[..2], [Outcome::Accepted, Outcome::Accepted]);
    assert_eq!(invalid(&plan.outcomes[2]), "attendance");
}
