//! Changes from elsewhere: which are taken, and why others wait.

use super::*;

#[test]
fn one_bad_change_does_not_hold_back_the_others() {
    let mut document = Document::genesis(Kind::Session);
    let first = edit(&mut document, 1, begin);
    let mut other = document.clone();
    let second = edit(&mut document, 1, |session| session.themes().insert(&Theme::Grief));
    let mut spoilt = second.bytes().to_vec();
    let last = spoilt.len() - 1;
    spoilt[last] ^= 0xff;
    let outcomes =
        offer(None, &[second.bytes(), &spoilt, b"not a change", first.bytes(), first.bytes()], |_| ());
    let unreadable = Outcome::Quarantined(Reason::Unreadable);
    assert_eq!(
        outcomes,
        [Outcome::Accepted, unreadable.clone(), unreadable, Outcome::Accepted, Outcome::Duplicate],
        "in any order, each by itself"
    );

    // Another life of the same tablet wrote a change with the same number.
    let clone = edit(&mut other, 1, |session| session.themes().insert(&Theme::Trauma));
    let stored = document.save();
    assert_eq!(offer(Some(&stored), &[clone.bytes()], |_| ()), [Outcome::Quarantined(Reason::Rekeyed)]);
    assert_eq!(offer(Some(&stored), &[second.bytes()], |_| ()), [Outcome::Duplicate]);
}

#[test]
fn what_cannot_be_taken_waits_with_a_reason() {
    let mut document = Document::genesis(Kind::Session);
    let first = edit(&mut document, 1, begin);
    let second = edit(&mut document, 1, |session| session.themes().insert(&Theme::Grief));
    let reason = |outcomes: Vec<Outcome>| match outcomes.into_iter().next() {
        Some(Outcome::Quarantined(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(offer(None, &[second.bytes()], |_| ())), Reason::MissingDependency);
    assert_eq!(
        reason(offer(None, &[first.bytes()], |one| one.standing = Standing::Stranger)),
        Reason::NotAssigned
    );
    assert_eq!(reason(offer(None, &[first.bytes()], |one| one.schema = SCHEMA + 1)), Reason::UnknownSchema);
    let brought = |standing| {
        offer(None, &[first.bytes()], |one| {
            one.device = device(9);
            one.standing = standing;
        })
    };
    assert_eq!(reason(brought(Standing::Assigned)), Reason::Unvouched);
    assert_eq!(brought(Standing::Waived), [Outcome::Accepted]);
    assert_eq!(reason(offer(None, &[&[0; 300_000]], |_| ())), Reason::TooLarge);
}

#[test]
fn a_deflated_change_is_refused_before_it_is_expanded() {
    let mut deflated = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 2, 3];
    deflated.extend([1, 2, 3]);
    assert_eq!(Change::parse(&deflated).map(|_| ()), Err(sync_core::change::Unreadable::Compressed));
}
