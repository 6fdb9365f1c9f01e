//! Few bytes that say much: they are refused by what they say, before anybody walks through it.

use sync_core::change::Unreadable;
use sync_core::id::DocumentId;
use sync_core::limits::{MAX_DOCUMENT_OPERATIONS, MAX_ENTRIES, MAX_OPERATIONS};
use sync_core::quarantine::{Outcome, Reason};
use tests::stranger::outcomes;
use tests::{Database, Stranger, Village};

use super::*;

/// A change of exactly so many operations.
fn of_operations(document: &Document, incarnation: u32, operations: u64) -> Vec<u8> {
    forge::text(document, Actor { incarnation, ..author() }, operations as usize)
}

#[test]
fn a_change_of_as_many_operations_as_are_allowed_is_taken_and_one_more_is_not() {
    let (document, _) = begun();
    let stored = document.save();
    let allowed = of_operations(&document, 1, MAX_OPERATIONS);
    let plan = planned(place(), Some(&stored), &[&allowed]);
    assert_eq!(plan.outcomes, [Outcome::Accepted]);
    let after = plan.after.expect("it is taken");
    assert!(after.document.opens_from(&after.snapshot));

    let more = of_operations(&document, 1, MAX_OPERATIONS + 1);
    let plan = planned(place(), Some(&stored), &[&more]);
    assert_eq!(plan.outcomes, [Outcome::Quarantined(Reason::TooLarge)]);
    assert!(plan.after.is_none());
}

/// Only what looks at the runs before Automerge does can call it too large: Automerge would walk through all of it.
#[test]
fn a_change_that_says_it_has_a_trillion_operations_is_not_walked_through() {
    let (document, _) = begun();
    let small = forge::long(&document, forger(), 10_000);
    for more in [1_u64 << 17, 1 << 20, 1 << 40, 1 << 61] {
        let bomb = forge::lengthened(&small, 10_000, more);
        assert_eq!(Change::parse(&bomb).err(), Some(Unreadable::TooLarge), "{more} more");
    }
}

#[test]
fn changes_that_are_allowed_one_by_one_can_not_fill_a_record() {
    let (document, _) = begun();
    let most = MAX_DOCUMENT_OPERATIONS / MAX_OPERATIONS;
    let changes: Vec<Vec<u8>> =
        (0..=most).map(|number| of_operations(&document, 1 + number as u32, MAX_OPERATIONS)).collect();
    let mut stored = document.save();
    for (number, change) in changes.iter().enumerate() {
        let plan = planned(place(), Some(&stored), &[change]);
        if number as u64 == most {
            assert_eq!(plan.outcomes, [Outcome::Quarantined(Reason::TooLarge)]);
        } else {
            assert_eq!(plan.outcomes, [Outcome::Accepted], "change {number}");
            stored = plan.after.expect("it is taken").snapshot;
        }
    }
}

#[test]
fn whoever_edits_a_full_record_hears_that_it_is_full() {
    let (mut document, _) = begun();
    let mut fill = |incarnation: u32, operations: u64| {
        let change = of_operations(&document, incarnation, operations);
        document.apply([&Change::parse(&change).expect("sound")]).expect("it builds on what is there");
    };
    fill(1, MAX_OPERATIONS);
    fill(2, MAX_DOCUMENT_OPERATIONS - MAX_OPERATIONS);
    let heads = document.heads();
    let edit = document.edit::<Session>(author(), NOW, |session| session.minutes().set(90.try_into()?));
    assert!(matches!(edit, Err(EditError::Full)), "{edit:?}");
    assert_eq!(document.heads(), heads);
}

#[test]
fn a_change_that_says_too_much_waits_and_everybody_else_goes_on() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let mut document = Document::genesis(Kind::Session);
        let first = tablet.edit(&mut document, village.group, 5);
        let (kind, id, _) = tablet.session(village.group, 5);
        let bomb = forge::text(&document, Actor { device: tablet.device, incarnation: 7 }, 200_000);
        let changes =
            [(kind, id, first.bytes().to_vec()), (kind, id, bomb), tablet.session(village.group, 6)];
        assert_eq!(
            tablet.hand_in(&app, village.group.into(), &changes),
            [Outcome::Accepted, Outcome::Quarantined(Reason::TooLarge), Outcome::Accepted]
        );
        paul.sync(&mut ()).expect("somebody else syncs");
        assert_eq!(paul.tablet().all::<Session>(village.group.into()).len(), 2);
    });
}

#[test]
fn of_very_many_marks_a_record_takes_as_many_as_its_map_may_have() {
    use automerge::transaction::Transactable as _;
    const PART: u128 = 900;
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let mut document = Document::genesis(Kind::Session);
        let first = tablet.edit(&mut document, village.group, 5);
        let (kind, id, _) = tablet.session(village.group, 5);
        let mut changes = vec![(kind, id, first.bytes().to_vec())];
        for part in 0..3_u128 {
            let author = Actor { device: tablet.device, incarnation: 7 + part as u32 };
            let marks = forge::raw(&document, author, |tx| {
                let map = forge::map_of(tx, "attendance");
                (0..PART).try_for_each(|number| {
                    tx.put(&map, uuid::Uuid::from_u128(part * PART + number).to_string(), "present")
                })
            });
            changes.push((kind, id, marks));
        }
        let found = tablet.hand_in(&app, village.group.into(), &changes);
        assert_eq!(found[..3], [Outcome::Accepted, Outcome::Accepted, Outcome::Accepted]);
        let Outcome::Quarantined(Reason::Invalid(field, why)) = &found[3] else { panic!("{:?}", found[3]) };
        assert_eq!((field.as_str(), why.contains(&MAX_ENTRIES.to_string())), ("attendance", true));
        let shown = village.manager.get(&format!("/v1/sessions/{id}")).ok();
        assert_eq!(shown["attendance"].as_array().map(Vec::len), Some(2 * PART as usize));
    });
}

#[test]
fn one_change_that_can_not_be_read_holds_back_none_of_five_hundred() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let mut document = Document::genesis(Kind::Session);
        let (kind, id, _) = tablet.session(village.group, 5);
        let mut changes = vec![(kind, id, tablet.edit(&mut document, village.group, 5).bytes().to_vec())];
        for minutes in 1..500_i64 {
            let actor = Actor { device: tablet.device, incarnation: 0 };
            let change = document
                .edit::<Session>(actor, NOW, |session| session.minutes().set(minutes.try_into()?))
                .expect("sound")
                .expect("new");
            changes.push((kind, id, change.bytes().to_vec()));
        }
        let other: DocumentId = tablet.session(village.group, 6).1;
        changes.insert(250, (kind, other, b"not a change".to_vec()));
        let batch = tablet.batch(village.group.into(), &changes);
        let request = tablet.request(vec![batch]);
        let mut found = outcomes(&app, &tablet.signed(&request));
        assert_eq!(found.remove(250), Outcome::Quarantined(Reason::Unreadable));
        assert_eq!(found, vec![Outcome::Accepted; 500]);
        let shown = village.manager.get(&format!("/v1/sessions/{id}")).ok();
        assert_eq!(shown["minutes"], 499);
    });
}
