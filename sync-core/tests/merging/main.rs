//! Records that several tablets write at once, in every order.

mod editing;
mod clashing;
mod texts;
mod planning;
mod authority;
mod copies;

use std::collections::BTreeSet;

use proptest::prelude::*;
use sync_core::authority::Authority;
use sync_core::change::{Actor, Change, ChangeHash};
use sync_core::conflict::{Conflict, NotSettled, conflicts, settle};
use sync_core::document::Document;
use sync_core::form::EditError;
use sync_core::history::{step, was_in_conflict};
use sync_core::id::{DeviceId, GroupId, Id, ParticipantId, SessionId, StreamId};
use sync_core::merge::{Incoming, Standing, plan};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::participant::Participant;
use sync_core::record::session::{Attendance, PartOfDay, Session, SessionEdit, SessionState, Theme};
use sync_core::record::{Kind, Place, SCHEMA};
use sync_core::time::Millis;

fn device(number: u128) -> DeviceId {
    DeviceId::from_uuid(uuid::Uuid::from_u128(number))
}

fn actor(number: u128) -> Actor {
    Actor { device: device(number), incarnation: 0 }
}

fn group() -> GroupId {
    GroupId::from_uuid(uuid::Uuid::from_u128(77))
}

fn person(number: u128) -> ParticipantId {
    ParticipantId::from_uuid(uuid::Uuid::from_u128(1000 + number))
}

/// The session of the group on 5 March.
fn place() -> Place {
    let document = SessionId::of(group(), sync_core::time::Date::constant(2026, 3, 5), 0, 0).into();
    Place { stream: StreamId::from(group()), document, kind: Kind::Session }
}

const NOW: Millis = Millis(1_772_700_000_000);

fn begin(session: &mut SessionEdit<'_>) -> Result<(), EditError> {
    session.group().set(group())?;
    session.date().set(sync_core::time::Date::constant(2026, 3, 5))?;
    session.part().set(PartOfDay::Morning)
}

fn edit(
    document: &mut Document,
    who: u128,
    edit: impl FnOnce(&mut SessionEdit<'_>) -> Result<(), EditError>,
) -> Change {
    document.edit::<Session>(actor(who), NOW, edit).expect("a sound edit").expect("something changed")
}

/// Two tablets that each recorded the same meeting, never having met.
fn two_recordings() -> (Document, Document) {
    let (mut ours, mut theirs) = (Document::genesis(Kind::Session), Document::genesis(Kind::Session));
    edit(&mut ours, 1, |session| {
        begin(session)?;
        session.minutes().set(90.try_into().expect("in range"))?;
        session.attendance().put(&person(1), Attendance::Present)?;
        session.attendance().put(&person(2), Attendance::Absent)?;
        session.themes().insert(&Theme::Grief)?;
        session.summary().append("We opened with a song.")
    });
    edit(&mut theirs, 2, |session| {
        begin(session)?;
        session.minutes().set(75.try_into().expect("in range"))?;
        session.attendance().put(&person(2), Attendance::Late)?;
        session.attendance().put(&person(3), Attendance::Present)?;
        session.themes().insert(&Theme::Forgiveness)?;
        session.summary().append("Two people spoke of forgiving.")
    });
    (ours, theirs)
}

/// Hands changes to `plan` as device 1, assigned, unless said otherwise.
fn offer(stored: Option<&[u8]>, changes: &[&[u8]], with: impl Fn(&mut Incoming<'_>)) -> Vec<Outcome> {
    let incoming: Vec<Incoming<'_>> = changes
        .iter()
        .map(|bytes| {
            let mut one = Incoming {
                bytes,
                schema: SCHEMA,
                device: device(1),
                standing: Standing::Assigned,
                authority: &Authority::Manager,
            };
            with(&mut one);
            one
        })
        .collect();
    plan(place(), stored, &incoming).expect("sound store").outcomes
}

/// One step of one of three tablets.
#[derive(Debug, Clone)]
enum Step {
    Minutes(i64),
    Mark(u128, usize),
    Theme(usize, bool),
    Write(String),
    State(usize),
    /// Takes in what another tablet has so far.
    Hear(usize),
}

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let step = prop_oneof![
        (1..=720_i64).prop_map(Step::Minutes),
        (0..4_u128, 0..4_usize).prop_map(|(who, mark)| Step::Mark(who, mark)),
        (0..Theme::ALL.len(), any::<bool>()).prop_map(|(theme, on)| Step::Theme(theme, on)),
        "[a-z]{0,12}".prop_map(Step::Write),
        (0..SessionState::ALL.len()).prop_map(Step::State),
        (0..3_usize).prop_map(Step::Hear),
    ];
    proptest::collection::vec((0..3_usize, step), 0..40)
}

fn run(steps: &[(usize, Step)]) -> Vec<Document> {
    let mut tablets: Vec<Document> = (0..3).map(|_| Document::genesis(Kind::Session)).collect();
    for (who, tablet) in tablets.iter_mut().enumerate() {
        edit(tablet, who as u128, begin);
    }
    for (who, step) in steps {
        if let Step::Hear(other) = step {
            let heard = tablets[*other].changes();
            tablets[*who].apply(&heard).expect("merges");
            continue;
        }
        let done = tablets[*who].edit::<Session>(actor(*who as u128), NOW, |session| match step {
            Step::Minutes(minutes) => session.minutes().set((*minutes).try_into()?),
            Step::Mark(person_number, mark) => {
                session.attendance().put(&person(*person_number), Attendance::ALL[*mark])
            }
            Step::Theme(theme, true) => session.themes().insert(&Theme::ALL[*theme]),
            Step::Theme(theme, false) => session.themes().remove(&Theme::ALL[*theme]),
            Step::Write(text) => session.summary().append(text),
            Step::State(state) => session.state().set(SessionState::ALL[*state]),
            Step::Hear(_) => Ok(()),
        });
        assert!(matches!(done, Ok(_) | Err(EditError::Backward { .. })), "{done:?}");
    }
    tablets
}

/// Automerge itself takes such a change, and gives it back with the right checksum.
#[test]
fn a_change_with_a_wrong_checksum_is_quarantined() {
    let mut document = Document::genesis(Kind::Session);
    let first = edit(&mut document, 1, begin);
    for place in 4..8 {
        let mut spoilt = first.bytes().to_vec();
        spoilt[place] ^= 1;
        let outcomes = offer(None, &[&spoilt, first.bytes()], |_| ());
        assert_eq!(outcomes, [Outcome::Quarantined(Reason::Unreadable), Outcome::Accepted], "byte {place}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever three tablets write and hear from each other, the store accepts all of it in whatever order it comes, and
    /// everybody ends with the same record.
    #[test]
    fn all_orders_lead_to_one_record(steps in steps(), order in any::<u64>()) {
        let mut tablets = run(&steps);
        let mut arriving: Vec<(usize, Change)> = tablets
            .iter()
            .enumerate()
            .flat_map(|(who, tablet)| tablet.changes().into_iter().map(move |change| (who, change)))
            .filter(|(who, change)| change.actor() == actor(*who as u128))
            .collect();
        let mut state = order | 1;
        arriving.sort_by_cached_key(|_| { state = state.wrapping_mul(6364136223846793005).wrapping_add(1); state >> 33 });
        let incoming: Vec<Incoming<'_>> = arriving
            .iter()
            .map(|(who, change)| Incoming {
                bytes: change.bytes(),
                schema: SCHEMA,
                device: device(*who as u128),
                standing: Standing::Assigned, authority: &Authority::Manager
            })
            .collect();
        let plan = plan(place(), None, &incoming).expect("sound store");
        prop_assert!(plan.outcomes.iter().all(|outcome| *outcome == Outcome::Accepted), "{:?}", plan.outcomes);
        let store = plan.after.expect("three beginnings at least").document;
        for tablet in &mut tablets {
            tablet.apply(&store.changes()).expect("merges");
            prop_assert_eq!(tablet.heads(), store.heads());
            prop_assert_eq!(tablet.read::<Session>().expect("sound"), store.read::<Session>().expect("sound"));
            prop_assert_eq!(conflicts(tablet), conflicts(&store));
        }
    }

    /// Bytes that nobody vouches for never panic out of `plan`, and never hold back a good change.
    #[test]
    fn spoilt_bytes_are_quarantined(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut document = Document::genesis(Kind::Session);
        let first = edit(&mut document, 1, begin);
        let second = edit(&mut document, 1, |session| session.themes().insert(&Theme::Grief));
        let mut spoilt = second.bytes().to_vec();
        let place = at.index(spoilt.len());
        prop_assume!(spoilt[place] != byte);
        spoilt[place] = byte;
        // With the checksum made good again, what is inside reaches Automerge.
        let sum: [u8; 32] = { use sha2::Digest as _; sha2::Sha256::digest(&spoilt[8..]).into() };
        if place >= 8 { spoilt[4..8].copy_from_slice(&sum[..4]); }
        let outcomes = offer(None, &[first.bytes(), &spoilt, second.bytes()], |_| ());
        prop_assert_eq!(&outcomes[0], &Outcome::Accepted);
        prop_assert!(matches!(outcomes[2], Outcome::Accepted | Outcome::Quarantined(Reason::Rekeyed)), "{:?}", outcomes);
    }
}
