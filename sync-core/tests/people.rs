//! Who counts for whom: people under two codes, two people under one code, meetings that are void or moved.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sync_core::change::Actor;
use sync_core::document::Document;
use sync_core::double::counted;
use sync_core::id::{DeviceId, GroupId, Id, ParticipantId, SessionId};
use sync_core::moving::{NotMoved, Slot, target};
use sync_core::person::{counts_as, in_doubt, marked, marks, people, stand_for};
use sync_core::record::session::{Attendance, PartOfDay};
use sync_core::record::{Kind, Participant, Record, Session};
use sync_core::time::{Date, Millis};

const DAY: Date = Date::constant(2026, 3, 5);

fn actor(device: u128) -> Actor {
    Actor { device: device_of(device), incarnation: 0 }
}

fn device_of(number: u128) -> DeviceId {
    DeviceId::from_uuid(uuid::Uuid::from_u128(number))
}

fn group() -> GroupId {
    GroupId::from_uuid(uuid::Uuid::from_u128(77))
}

fn person(number: u128) -> ParticipantId {
    ParticipantId::from_uuid(uuid::Uuid::from_u128(number))
}

/// A tablet registers P01, and knows of nobody else.
fn registered(device: u128) -> Document {
    let mut document = Document::genesis(Kind::Participant);
    let wrote = document.edit::<Participant>(actor(device), Millis(0), |one| {
        one.group().set(group())?;
        one.code().set("P01".parse()?)
    });
    wrote.expect("a sound record");
    document
}

fn read(document: &Document) -> Participant {
    document.read().expect("a sound record")
}

/// The session of a slot, as somebody begins it.
fn begun(slot: &Slot) -> Session {
    let mut document = Document::genesis(Kind::Session);
    document.edit::<Session>(actor(1), Millis(0), |edit| slot.begin(edit)).expect("a sound record");
    document.read().expect("a sound record")
}

type Sessions = BTreeMap<SessionId, Session>;

fn slot(sessions: &Sessions, date: Date) -> Slot {
    Slot::of(group(), date, PartOfDay::Morning, |id| sessions.get(&id).cloned().map(Record::from))
}

/// Records a meeting where it belongs.
fn record(sessions: &mut Sessions, date: Date) -> SessionId {
    let slot = slot(sessions, date);
    sessions.entry(slot.id).or_insert_with(|| begun(&slot));
    slot.id
}

/// Moves a meeting; gives the record that it is moved to.
fn moved(sessions: &mut Sessions, id: SessionId, date: Date) -> SessionId {
    let to =
        target(&sessions[&id], date, PartOfDay::Morning, |id| sessions.get(&id).cloned().map(Record::from));
    let to = to.expect("it can be moved");
    let mut there = begun(&to);
    there.moved_from = Some(id);
    sessions.insert(to.id, there);
    sessions.get_mut(&id).expect("there").moved_to = Some(to.id);
    to.id
}

#[test]
fn of_one_code_on_two_tablets_people_are_asked_until_somebody_says() {
    let mut document = registered(1);
    let alone = in_doubt(&document.begun_by(), &read(&document));
    assert!(alone.is_empty(), "one tablet is no doubt");
    document.apply(&registered(2).changes()).expect("merges");
    let both = BTreeSet::from([device_of(1), device_of(2)]);
    assert_eq!(in_doubt(&document.begun_by(), &read(&document)), both);

    let mut one = read(&document);
    one.confirmed = BTreeSet::from([device_of(1)]);
    assert_eq!(in_doubt(&both, &one), both, "not all are confirmed");
    one.confirmed = both.clone();
    assert!(in_doubt(&both, &one).is_empty(), "one person");
    let third = BTreeSet::from([device_of(1), device_of(2), device_of(3)]);
    assert_eq!(in_doubt(&third, &one), third, "a third tablet turns up");

    let mut split = read(&document);
    split.split.insert(device_of(2), "P09".parse().expect("a code"));
    assert!(in_doubt(&both, &split).is_empty(), "two people");
    assert_eq!(in_doubt(&third, &split), BTreeSet::from([device_of(1), device_of(3)]));
}

#[test]
fn a_mark_belongs_to_whom_the_tablet_meant() {
    let mut one = read(&registered(1));
    let p01 = one.natural_id();
    one.split.insert(device_of(2), "P09".parse().expect("a code"));
    assert_eq!(marked(p01, Some(&one), device_of(1)), p01);
    assert_eq!(marked(p01, Some(&one), device_of(2)), ParticipantId::of(group(), "P09"));
    assert_eq!(marked(p01, None, device_of(2)), p01, "no record, nothing said");

    let mut hers = Document::genesis(Kind::Session);
    let mut his = hers.clone();
    for (document, device, mark) in [(&mut hers, 1, Attendance::Present), (&mut his, 2, Attendance::Absent)] {
        let wrote = document.edit::<Session>(actor(device), Millis(0), |session| {
            slot(&Sessions::new(), DAY).begin(session)?;
            session.attendance().put(&p01, mark)
        });
        wrote.expect("a sound record");
    }
    hers.apply(&his.changes()).expect("merges");
    let found: BTreeSet<(DeviceId, Attendance)> =
        marks(&hers).into_iter().map(|one| (one.device, one.mark)).collect();
    let both = [(device_of(1), Attendance::Present), (device_of(2), Attendance::Absent)];
    assert_eq!(found, BTreeSet::from(both));
    let shown: Vec<Attendance> =
        marks(&hers).into_iter().filter(|one| one.shown).map(|one| one.mark).collect();
    assert_eq!(shown, [hers.read::<Session>().expect("sound").attendance[&p01]]);
}

#[test]
fn the_next_record_of_a_day_stands_under_the_next_number() {
    let mut all = Sessions::new();
    let first = record(&mut all, DAY);
    assert_eq!(first, SessionId::of(group(), DAY, 0, 0));
    assert_eq!(record(&mut all, DAY), first, "it goes on where it stands");
    all.get_mut(&first).expect("there").void = Some("of another group".parse().expect("a line"));
    assert_eq!(slot(&all, DAY).latest(), Some(first), "what there is of that day");
    let second = record(&mut all, DAY);
    assert_eq!((second, all[&second].number()), (SessionId::of(group(), DAY, 0, 1), 1));
    assert_eq!(counted(&all), BTreeSet::from([second]));
    all.get_mut(&first).expect("there").void = None;
    assert_eq!(record(&mut all, DAY), first, "taken back, it is the first again");
    assert_eq!(counted(&all), BTreeSet::from([first, second]), "and people see both");
}

#[test]
fn a_meeting_that_is_moved_counts_once_and_back_again() {
    let mut all = Sessions::new();
    let wrong = record(&mut all, DAY);
    let sixth = Date::constant(2026, 3, 6);
    let right = moved(&mut all, wrong, sixth);
    assert_eq!(counted(&all), BTreeSet::from([right]));
    assert_eq!(target(&all[&wrong], sixth, PartOfDay::Evening, |_| None), Err(NotMoved::Moved));
    let other = record(&mut all, DAY);
    assert_eq!(counted(&all), BTreeSet::from([right, other]), "the day has its own meeting");
    let read = |id: SessionId| all.get(&id).cloned().map(Record::from);
    let onto = target(&all[&right], DAY, PartOfDay::Morning, read);
    assert_eq!(onto, Err(NotMoved::Recorded));

    // Before the first says so, or without it, one of the two counts.
    let (mut half, mut alone) = (all.clone(), all.clone());
    half.get_mut(&wrong).expect("there").moved_to = None;
    assert_eq!(counted(&half), BTreeSet::from([wrong, other]));
    alone.remove(&wrong);
    assert_eq!(counted(&alone), BTreeSet::from([right, other]));
    alone = all.clone();
    alone.remove(&right);
    assert_eq!(counted(&alone), BTreeSet::from([wrong, other]));

    // Somebody else moved it at the same time: of the two the one that is shown counts.
    let seventh = slot(&all, Date::constant(2026, 3, 7));
    let mut third = begun(&seventh);
    third.moved_from = Some(wrong);
    all.insert(seventh.id, third);
    assert_eq!(counted(&all), BTreeSet::from([right, other]));
    all.get_mut(&wrong).expect("there").moved_to = Some(seventh.id);
    assert_eq!(counted(&all), BTreeSet::from([seventh.id, other]));

    // Taken back, what it was moved to holds nothing of its own: that day's next record is another.
    all.get_mut(&wrong).expect("there").moved_to = None;
    assert_eq!(counted(&all), BTreeSet::from([wrong, other]));
    assert_eq!(slot(&all, sixth).nth.map(i64::from), Some(1));
}

#[test]
fn a_double_of_what_is_void_counts_itself() {
    let mut all = Sessions::new();
    let (one, other) = (record(&mut all, DAY), record(&mut all, Date::constant(2026, 3, 6)));
    all.get_mut(&one).expect("there").double_of = Some(other);
    assert_eq!(counted(&all), BTreeSet::from([other]));
    all.get_mut(&other).expect("there").void = Some("it never was".parse().expect("a line"));
    assert_eq!(counted(&all), BTreeSet::from([one]));
}

/// Participants of whom some are said to be others: there, not there, of another group, void.
fn said_to_be() -> impl Strategy<Value = BTreeMap<ParticipantId, Participant>> {
    let one = (proptest::option::weighted(0.7, 0..14_u128), 0..8_u8);
    proptest::collection::vec(one, 1..12).prop_map(|all| {
        let of = |(number, (of, odd)): (u128, (Option<u128>, u8))| {
            let mut one = read(&registered(1));
            one.same_as = of.filter(|of| *of != number).map(person);
            match odd {
                0 => one.group = GroupId::from_uuid(uuid::Uuid::from_u128(78)),
                1 => one.void = Some("by mistake".parse().expect("a line")),
                _ => {}
            }
            (person(number), one)
        };
        (0..).zip(all).map(of).collect()
    })
}

proptest! {
    /// Whatever is said, by however many people at once: all whom it ties together count as one of them, who counts as themselves.
    #[test]
    fn each_class_counts_as_one_of_it(all in said_to_be()) {
        let counts = people(&all);
        prop_assert_eq!(counts.len(), all.len());
        for (id, one) in &all {
            let whom = counts[id];
            prop_assert_eq!(counts[&whom], whom, "who counts counts as themselves");
            let other = one.same_as.filter(|of| all.get(of).is_some_and(|o| o.group == one.group && o.void.is_none()));
            match other {
                Some(other) => prop_assert_eq!(whom, counts[&other], "as whom they are said to be"),
                None => prop_assert_eq!(whom, *id),
            }
        }
    }

    /// One walk through all finds for each what a walk from each finds.
    #[test]
    fn all_at_once_are_found_as_one_by_one(said in proptest::collection::btree_map(0..30_u128, 0..30_u128, 0..30)) {
        let said: BTreeMap<ParticipantId, ParticipantId> =
            said.into_iter().map(|(one, other)| (person(one), person(other))).collect();
        for (id, found) in stand_for(&said) {
            prop_assert_eq!(found, counts_as(id, |id| said.get(&id).copied()));
        }
    }

    /// Of a circle the least id counts, also for those who lead into it.
    #[test]
    fn of_a_circle_the_least_counts(length in 1..40_u128, tail in 0..10_u128) {
        let next = move |id: ParticipantId| {
            let number = id.uuid().as_u128();
            Some(person(if number < 100 { (number + 1) % length } else if number == 100 { length - 1 } else { number - 1 }))
        };
        prop_assert_eq!(counts_as(person(100 + tail), next), person(0));
        prop_assert_eq!(counts_as(person(length / 2), next), person(0));
    }
}
