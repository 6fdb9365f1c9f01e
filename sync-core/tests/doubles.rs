//! Two records of one meeting: which look so, and which of them counts.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sync_core::authority::Authority;
use sync_core::change::Actor;
use sync_core::document::Document;
use sync_core::double::{LONGEST_CIRCLE, Traits, counted, counts, days, mark};
use sync_core::id::{DeviceId, GroupId, Id, ParticipantId, SessionId};
use sync_core::merge::{Incoming, Standing, plan};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::session::{Attendance, PartOfDay, Phase, Session, SessionState, Theme};
use sync_core::record::{Kind, Place, SCHEMA};
use sync_core::time::{Date, Millis};

fn actor() -> Actor {
    Actor { device: DeviceId::from_uuid(uuid::Uuid::from_u128(1)), incarnation: 0 }
}

fn group() -> GroupId {
    GroupId::from_uuid(uuid::Uuid::from_u128(77))
}

fn session(number: u128) -> SessionId {
    SessionId::from_uuid(uuid::Uuid::from_u128(number))
}

/// A morning to which these people came, the first `count` of them.
fn met(date: &str, count: u128) -> Session {
    let mut document = Document::genesis(Kind::Session);
    let written = document.edit::<Session>(actor(), Millis(0), |session| {
        session.group().set(group())?;
        session.date().set(date.parse().expect("a day"))?;
        session.part().set(PartOfDay::Morning)?;
        for person in 0..count {
            let person = ParticipantId::from_uuid(uuid::Uuid::from_u128(person));
            session.attendance().put(&person, Attendance::Present)?;
        }
        Ok(())
    });
    written.expect("a sound record");
    document.read().expect("a sound record")
}

fn look_alike(one: &Session, other: &Session) -> bool {
    sync_core::double::look_alike(&Traits::of(one), &Traits::of(other))
}

#[test]
fn days_as_one_writes_by_mistake_and_people_who_agree_look_alike() {
    let on = |date: &str| look_alike(&met("2026-03-05", 10), &met(date, 10));
    for mistaken in ["2026-03-04", "2026-03-07", "2026-05-03", "2025-03-05", "2016-03-05", "2026-03-05"] {
        assert!(on(mistaken), "{mistaken}");
    }
    for another in ["2026-03-08", "2026-03-12", "2026-02-05", "2025-03-06", "2026-02-26"] {
        assert!(!on(another), "a weekly group meets on {another} too");
    }
    let with = |count: u128| look_alike(&met("2026-03-05", 10), &met("2026-03-06", count));
    assert_eq!((with(8), with(7)), (true, false), "four in five");
    assert!(!look_alike(&met("2026-03-05", 0), &met("2026-03-06", 0)), "nothing to compare");
    assert!(
        look_alike(&met("2026-03-05", 0), &met("2026-03-05", 9)),
        "there is one meeting in one part of a day"
    );
}

#[test]
fn what_contradicts_was_looked_at_or_is_of_another_group_does_not_look_alike() {
    let but = |change: &dyn Fn(&mut Session)| {
        let (mut one, mut other) = (met("2026-03-05", 10), met("2026-03-06", 10));
        one.phase = Some(Phase::Trust);
        one.themes = BTreeSet::from([Theme::Grief, Theme::Trauma]);
        one.state = SessionState::Verified;
        change(&mut other);
        assert_eq!(look_alike(&one, &other), look_alike(&other, &one), "either way round");
        look_alike(&one, &other)
    };
    assert!(but(&|_| ()));
    assert!(
        but(&|other| other.themes = BTreeSet::from([Theme::Trauma, Theme::Livelihood])),
        "one is the same"
    );
    assert!(but(&|other| other.minutes = 45.try_into().ok()), "people rarely write the same length");
    assert!(!but(&|other| other.phase = Some(Phase::Care)));
    assert!(!but(&|other| other.themes = BTreeSet::from([Theme::Livelihood])));
    assert!(!but(&|other| other.double_of = Some(session(9))));
    assert!(!but(&|other| other.state = SessionState::Verified), "somebody said that both took place");
    assert!(!but(&|other| other.group = GroupId::from_uuid(uuid::Uuid::from_u128(78))));
}

#[test]
fn open_circles_are_compared_by_their_heads() {
    let counted = |date: &str, heads: i64| {
        let mut session = met(date, 0);
        session
            .headcount
            .insert("female/16_24".parse().expect("a cell"), heads.try_into().expect("in range"));
        session
    };
    assert!(look_alike(&counted("2026-03-05", 12), &counted("2026-03-06", 12)));
    assert!(!look_alike(&counted("2026-03-05", 12), &counted("2026-03-06", 13)));
}

/// So that it stays bounded what is read beside each.
#[test]
fn nobody_is_asked_about_more_than_people_have() {
    let numbered = |date: &str, nth: i64| {
        let mut session = met(date, 10);
        session.nth = nth.try_into().ok();
        session
    };
    let of_crowds = |count: u128| look_alike(&met("2026-03-05", count), &met("2026-03-06", count));
    assert_eq!((of_crowds(100), of_crowds(101)), (true, false));
    let of_many = |nth: i64| look_alike(&met("2026-03-05", 10), &numbered("2026-03-06", nth));
    assert_eq!((of_many(1), of_many(2)), (true, false));
    assert!(
        look_alike(&met("2026-03-05", 300), &numbered("2026-03-05", 9)),
        "one meeting in one part of a day"
    );
}

#[test]
fn the_store_takes_no_session_that_is_its_own_double() {
    let mut document = Document::genesis(Kind::Session);
    let date = Date::constant(2026, 3, 5);
    let id = SessionId::of(group(), date, 0, 0);
    let begun = document.edit::<Session>(actor(), Millis(0), |session| {
        session.group().set(group())?;
        session.date().set(date)?;
        session.part().set(PartOfDay::Morning)
    });
    let begun = begun.expect("a sound edit").expect("something new");
    let grounds = "recorded twice".parse().expect("a line");
    let marked =
        mark(&mut document, actor(), Millis(0), Some(id), &grounds).expect("an edit").expect("a change");
    assert_eq!(marked.grounds(), Some(grounds));
    let offer = |bytes| Incoming {
        bytes,
        schema: SCHEMA,
        device: actor().device,
        standing: Standing::Assigned,
        authority: &Authority::Manager,
    };
    let place = Place { stream: group().into(), document: id.into(), kind: Kind::Session };
    let plan = plan(place, None, &[offer(begun.bytes()), offer(marked.bytes())]).expect("a sound store");
    assert_eq!(plan.outcomes[0], Outcome::Accepted);
    assert!(
        matches!(&plan.outcomes[1], Outcome::Quarantined(Reason::Invalid(field, _)) if field == "double_of"),
        "{:?}",
        plan.outcomes
    );
}

#[test]
fn a_circle_beyond_all_sense_ends() {
    let circle = |length: u128| {
        let next = move |id: SessionId| Some(session((id.uuid().as_u128() + 1) % length));
        (0..length).filter(|id| counts(session(*id), next)).count()
    };
    let longest = LONGEST_CIRCLE as u128;
    assert_eq!((circle(1), circle(2), circle(longest), circle(longest + 1)), (1, 1, 1, 0));
}

/// Sessions of which some are marked: as the double of one that is there, of one that is not, or of another group's.
fn marked() -> impl Strategy<Value = BTreeMap<SessionId, Session>> {
    let one = (proptest::option::weighted(0.7, 0..14_u128), 0..8_u8);
    proptest::collection::vec(one, 1..12).prop_map(|all| {
        let of = |(number, (of, elsewhere)): (u128, (Option<u128>, u8))| {
            let mut one = met("2026-03-05", 0);
            one.double_of = of.map(session);
            if elsewhere == 0 {
                one.group = GroupId::from_uuid(uuid::Uuid::from_u128(78));
            }
            (session(number), one)
        };
        (0..).zip(all).map(of).collect()
    })
}

/// The classes of sessions that marks tie together, whichever way they point.
fn classes(sessions: &BTreeMap<SessionId, Session>) -> BTreeSet<BTreeSet<SessionId>> {
    let mut class: BTreeMap<SessionId, BTreeSet<SessionId>> =
        sessions.keys().map(|id| (*id, BTreeSet::from([*id]))).collect();
    for (id, one) in sessions {
        let Some(of) = one.double_of else { continue };
        if sessions.get(&of).is_some_and(|other| other.group == one.group) {
            let both: BTreeSet<SessionId> = class[id].union(&class[&of]).copied().collect();
            for member in &both {
                class.insert(*member, both.clone());
            }
        }
    }
    class.into_values().collect()
}

proptest! {
    /// Whatever is marked, by however many people at once: of each meeting one record counts.
    #[test]
    fn of_each_class_of_doubles_one_counts(sessions in marked()) {
        let counted = counted(&sessions);
        let classes = classes(&sessions);
        prop_assert_eq!(counted.len(), classes.len());
        for class in classes {
            prop_assert_eq!(class.intersection(&counted).count(), 1, "{:?}", class);
        }
    }

    /// If one day can stand for another by mistake, so can the other for it.
    #[test]
    fn mistakes_go_both_ways(year in 1900..2100_i16, month in 1..=12_i8, day in 1..=31_i8) {
        let Ok(date) = Date::new(year, month, day) else { return Ok(()) };
        for other in days(date) {
            prop_assert!(days(other).contains(&date), "{} and {}", date, other);
        }
    }
}
