//! Automerge counts a record's operations up to 2^32, and stops the process that goes on: no change may use the numbers up.

use automerge::ROOT;
use automerge::transaction::Transactable as _;
use sync_core::id::{OrganisationId, UserId};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::Modality;
use sync_core::record::group::{Group, GroupKind};
use tests::{Database, Stranger, Village};

use super::*;

const LAST: u64 = u32::MAX as u64;

#[test]
fn a_change_that_leaves_out_numbers_waits_and_the_record_can_still_be_edited() {
    let (document, first) = begun();
    let put = forge::raw(&document, forger(), |tx| tx.put(ROOT, "minutes", 50_i64));
    for (seq, start) in [
        (None, Some(1)),
        (None, Some(1_000_000)),
        (None, Some(i32::MAX as u64)),
        (None, Some(LAST - 1)),
        (None, Some(LAST)),
        (Some(7), None),
        (Some(LAST), None),
        (Some(u64::MAX), None),
    ] {
        let odd = forge::renumbered(&put, seq, start);
        let plan = planned(place(), None, &[first.bytes(), &odd]);
        let unreadable = Outcome::Quarantined(Reason::Unreadable);
        assert_eq!(plan.outcomes, [Outcome::Accepted, unreadable], "seq {seq:?} start {start:?}");
        let mut after = plan.after.expect("the first is sound");
        assert!(after.document.opens_from(&after.snapshot), "seq {seq:?} start {start:?}");
        let song =
            after.document.edit::<Session>(author(), NOW, |session| session.summary().append("A song."));
        assert!(matches!(song, Ok(Some(_))), "seq {seq:?} start {start:?}: {song:?}");
    }
}

#[test]
fn a_group_can_be_edited_whatever_numbers_somebody_sent() {
    let mut document = Document::genesis(Kind::Group);
    let first = document
        .edit::<Group>(author(), NOW, |group| {
            group.organisation().set(OrganisationId::from_uuid(uuid::Uuid::from_u128(3)))?;
            group.name().set("Twiyubake".parse()?)?;
            group.kind().set(GroupKind::HealingSpace)?;
            group.modality().set(Modality::Sociotherapy)?;
            group.area().set("52010101".parse()?)
        })
        .expect("sound")
        .expect("new");
    let put = forge::raw(&document, forger(), |tx| tx.put(ROOT, "planned_sessions", 15_i64));
    let last = forge::renumbered(&put, None, Some(LAST - 1));
    let place = Place { stream: group().into(), document: group().into(), kind: Kind::Group };
    let plan = planned(place, None, &[first.bytes(), &last]);
    assert_eq!(plan.outcomes, [Outcome::Accepted, Outcome::Quarantined(Reason::Unreadable)]);
    let mut document = plan.after.expect("the first is sound").document;
    for number in 0..4 {
        let user = UserId::from_uuid(uuid::Uuid::from_u128(number));
        let edit = document.edit::<Group>(author(), NOW, |group| group.facilitators().insert(&user));
        assert!(matches!(edit, Ok(Some(_))), "{edit:?}");
    }
}

#[test]
fn whoever_is_taken_off_a_group_can_not_prevent_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let document = held(&app, Kind::Group, village.group.into());
        let put = tablet.raw(&document, |tx| tx.put(ROOT, "planned_sessions", 20_i64));
        let last = (Kind::Group, village.group.into(), forge::renumbered(&put, None, Some(LAST - 1)));
        let found = tablet.hand_in(&app, village.group.into(), &[last]);
        assert_eq!(found, [Outcome::Quarantined(Reason::Unreadable)]);
        let user = tablet.user;
        let answer = village.manager.delete(&format!("/v1/groups/{}/assignments/{user}", village.group));
        assert_eq!(answer.status, 204, "{}", answer.body);
    });
}
