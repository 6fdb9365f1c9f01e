//! Records that several tablets write at once, in every order.

use std::collections::BTreeSet;

use proptest::prelude::*;
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
    let document = SessionId::of(group(), sync_core::time::Date::constant(2026, 3, 5), 0).into();
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

#[test]
fn two_recordings_of_one_meeting_become_one() {
    let (mut ours, mut theirs) = two_recordings();
    ours.apply(&theirs.changes()).expect("merges");
    theirs.apply(&ours.changes()).expect("merges");
    assert_eq!(ours.heads(), theirs.heads());
    let session: Session = ours.read().expect("a sound record");
    assert_eq!(session, theirs.read().expect("a sound record"));
    assert_eq!(session.attendance.len(), 3);
    assert_eq!(session.themes.len(), 2);
    let mut lines: Vec<&str> = session.summary.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["Two people spoke of forgiving.", "We opened with a song."],
        "each on a line of its own"
    );
}

#[test]
fn what_both_set_differently_is_shown_with_who_and_when_and_can_be_settled() {
    let (mut ours, theirs) = two_recordings();
    ours.apply(&theirs.changes()).expect("merges");
    let found = conflicts(&ours);
    let fields: Vec<_> = found.iter().map(|conflict| conflict.field.clone()).collect();
    assert_eq!(fields, ["minutes".to_owned(), format!("attendance/{}", person(2))], "equal values agree");
    let shown = ours.read::<Session>().expect("a sound record").minutes.expect("was set").to_string();
    assert_eq!(
        found[0].claims.last().map(|claim| &claim.value),
        Some(&shown),
        "the last claim is the one shown"
    );
    let who: Vec<_> = found[0].claims.iter().map(|claim| claim.device).collect();
    assert!(who.contains(&device(1)) && who.contains(&device(2)));
    assert_eq!(found[0].claims[0].at, NOW);

    edit(&mut ours, 1, |session| {
        session.minutes().set(shown.parse::<i64>().expect("a number").try_into().expect("in range"))?;
        session.attendance().put(&person(2), Attendance::Late)
    });
    assert_eq!(conflicts(&ours), []);
}

/// Automerge writes a value that is the winner already by taking out the others alone: then the one who replaced it would be
/// alone with their value.
#[test]
fn who_settles_for_the_shown_value_is_heard_beside_who_replaces_it_at_the_same_time() {
    let (mut ours, mut theirs) = two_recordings();
    ours.apply(&theirs.changes()).expect("merges");
    let shown = conflicts(&ours)[0].claims.last().expect("shown").clone();
    assert_eq!((shown.value.as_str(), shown.device), ("75", device(2)));
    let marked = format!("attendance/{}", person(2));
    let grounds = "the register says so".parse().expect("a line");
    edit(&mut ours, 1, |session| session.minutes().set(75.try_into().expect("in range")));
    settle(&mut ours, actor(1), NOW, (&marked, "late"), &grounds).expect("settled");
    assert_eq!((conflicts(&ours), was_in_conflict(&ours)), (vec![], true));
    edit(&mut theirs, 2, |session| {
        session.minutes().set(60.try_into().expect("in range"))?;
        session.attendance().put(&person(2), Attendance::Excused)
    });
    ours.apply(&theirs.changes()).expect("merges");
    let values = |conflict: &Conflict| {
        conflict.claims.iter().map(|claim| claim.value.clone()).collect::<BTreeSet<_>>()
    };
    let clashes: Vec<_> = conflicts(&ours).iter().map(|one| (one.field.clone(), values(one))).collect();
    let both = |one: &str, other: &str| BTreeSet::from([one.to_owned(), other.to_owned()]);
    assert_eq!(clashes, [("minutes".to_owned(), both("60", "75")), (marked, both("excused", "late"))]);
}

#[test]
fn an_edit_that_changes_nothing_writes_nothing() {
    let (mut ours, _) = two_recordings();
    let again = ours.edit::<Session>(actor(1), NOW, |session| {
        session.minutes().set(90.try_into().expect("in range"))?;
        session.themes().remove(&Theme::Livelihood)?;
        session.summary().write("We opened with a song.\n")
    });
    assert!(again.expect("a sound edit").is_none());
}

#[test]
fn a_status_only_moves_forward_and_what_is_recorded_once_stays() {
    let (mut ours, _) = two_recordings();
    edit(&mut ours, 1, |session| session.state().set(SessionState::Verified));
    let back = ours.edit::<Session>(actor(1), NOW, |session| session.state().set(SessionState::Draft));
    assert!(matches!(back, Err(EditError::Backward { field: "state" })), "{back:?}");
    let moved = ours.edit::<Session>(actor(1), NOW, |session| {
        session.group().set(GroupId::from_uuid(uuid::Uuid::from_u128(78)))
    });
    assert!(matches!(moved, Err(EditError::AlreadySet { field: "group" })), "{moved:?}");
}

#[test]
fn a_withdrawal_of_consent_wins_over_what_is_said_at_the_same_time() {
    let mut ours = Document::genesis(Kind::Participant);
    ours.edit::<Participant>(actor(1), NOW, |participant| {
        participant.group().set(group())?;
        participant.code().set("P07".parse()?)?;
        participant.consent_date().set(sync_core::time::Date::constant(2026, 1, 8))
    })
    .expect("a sound edit");
    let mut theirs = ours.clone();
    ours.edit::<Participant>(actor(1), NOW, |one| {
        one.consent_withdrawn().set(sync_core::time::Date::constant(2026, 2, 1))
    })
    .expect("a sound edit");
    theirs
        .edit::<Participant>(actor(2), NOW, |one| {
            one.consent_date().set(sync_core::time::Date::constant(2026, 2, 3))
        })
        .expect("a sound edit");
    ours.apply(&theirs.changes()).expect("merges");
    assert!(!ours.read::<Participant>().expect("a sound record").consents());
}

#[test]
fn what_the_data_dictionary_names_can_be_recorded() {
    use sync_core::record::incident::{Action, Incident, IncidentType, Severity};
    let mut document = Document::genesis(Kind::Incident);
    document
        .edit::<Incident>(actor(1), NOW, |incident| {
            incident.session().set(sync_core::id::SessionId::from_uuid(uuid::Uuid::from_u128(5)))?;
            incident.kind().set(IncidentType::TraumaCrisis)?;
            incident.severity().set(Severity::High)?;
            incident.action().insert(&Action::PsychologicalFirstAid)
        })
        .expect("a sound edit");
    let changed = document.edit::<Incident>(actor(1), NOW, |incident| incident.severity().set(Severity::Low));
    assert!(matches!(changed, Err(EditError::AlreadySet { field: "severity" })), "{changed:?}");
    assert_eq!(document.read::<Incident>().expect("a sound record").kind, IncidentType::TraumaCrisis);
}

#[test]
fn one_person_has_one_spelling() {
    let mut document = Document::genesis(Kind::Session);
    let first = edit(&mut document, 1, begin);
    let mut raw = automerge::Automerge::load(&document.save()).expect("a document");
    raw.set_actor(actor(1).into());
    raw.transact::<_, _, automerge::AutomergeError>(|tx| {
        use automerge::ReadDoc as _;
        use automerge::transaction::Transactable as _;
        let (_, marks) = tx.get(automerge::ROOT, "attendance")?.expect("the map of genesis");
        tx.put(&marks, person(1).to_string().to_uppercase(), "present")
    })
    .expect("a change");
    let shouted = raw.get_last_local_change().expect("a change");
    let outcomes = offer(None, &[first.bytes(), shouted.raw_bytes()], |_| ());
    assert!(
        matches!(&outcomes[1], Outcome::Quarantined(Reason::Invalid(field, _)) if field.starts_with("attendance/")),
        "{outcomes:?}"
    );
}

#[test]
fn what_a_newer_version_wrote_stays_in_the_document() {
    use automerge::ReadDoc as _;
    use automerge::transaction::Transactable as _;
    let (mut ours, _) = two_recordings();
    let mut newer = automerge::Automerge::load(&ours.save()).expect("a document");
    newer.set_actor(actor(2).into());
    newer
        .transact::<_, _, automerge::AutomergeError>(|tx| tx.put(automerge::ROOT, "weather", "rain"))
        .expect("a change");
    let change = newer.get_last_local_change().expect("a change");
    ours.apply([&Change::parse(change.raw_bytes()).expect("a change")]).expect("merges");
    edit(&mut ours, 1, |session| session.themes().insert(&Theme::Trauma));
    let again = automerge::Automerge::load(&ours.save()).expect("a document");
    let (weather, _) = again.get(automerge::ROOT, "weather").expect("a map").expect("it stayed");
    assert_eq!(weather.as_str(), Some("rain"));
}

/// Hands changes to `plan` as device 1, assigned, unless said otherwise.
fn offer(stored: Option<&[u8]>, changes: &[&[u8]], with: impl Fn(&mut Incoming<'_>)) -> Vec<Outcome> {
    let incoming: Vec<Incoming<'_>> = changes
        .iter()
        .map(|bytes| {
            let mut one = Incoming { bytes, schema: SCHEMA, device: device(1), standing: Standing::Assigned };
            with(&mut one);
            one
        })
        .collect();
    plan(place(), stored, &incoming).expect("sound store").outcomes
}

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
                standing: Standing::Assigned,
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
    fn spoilt_bytes_are_set_apart(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
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

#[test]
fn a_conflict_is_settled_in_words_by_a_change_that_says_why() {
    let (mut ours, theirs) = two_recordings();
    ours.apply(&theirs.changes()).expect("both stand");
    let grounds = "the register says so".parse().expect("a line");
    let marked = format!("attendance/{}", person(2));
    let refused = settle(&mut ours, actor(9), NOW, ("minutes", "many"), &grounds);
    assert!(matches!(refused, Err(NotSettled::Edit(_))), "{refused:?}");
    let beyond = settle(&mut ours, actor(9), NOW, ("minutes", "7200"), &grounds);
    assert!(matches!(beyond, Err(NotSettled::Edit(_))), "{beyond:?}");
    let unknown = settle(&mut ours, actor(9), NOW, ("themes/grief", "true"), &grounds);
    assert!(matches!(unknown, Err(NotSettled::Agreed(_))), "a set has no conflicts");

    let fields: Vec<String> = conflicts(&ours).into_iter().map(|conflict| conflict.field).collect();
    assert_eq!(fields, ["minutes".to_owned(), marked.clone()]);
    settle(&mut ours, actor(9), NOW, ("minutes", "80"), &grounds).expect("a third value");
    let change = settle(&mut ours, actor(9), NOW, (&marked, "late"), &grounds).expect("settled");
    assert_eq!(conflicts(&ours), []);
    let again = settle(&mut ours, actor(9), NOW, ("minutes", "80"), &grounds);
    assert!(matches!(again, Err(NotSettled::Agreed(_))));
    let session: Session = ours.read().expect("it stands");
    assert_eq!(
        (session.minutes.map(i64::from), session.attendance[&person(2)]),
        (Some(80), Attendance::Late)
    );
    assert_eq!(Change::parse(change.bytes()).expect("a change").grounds(), Some(grounds));
}

#[test]
fn the_history_tells_what_each_author_saw_and_made_of_it() {
    let (mut ours, theirs) = two_recordings();
    assert!(!was_in_conflict(&ours));
    ours.apply(&theirs.changes()).expect("both stand");
    assert!(was_in_conflict(&ours));
    let grounds = "we asked both".parse().expect("a line");
    settle(&mut ours, actor(9), NOW, ("minutes", "75"), &grounds).expect("settled");
    settle(&mut ours, actor(9), NOW, (&format!("attendance/{}", person(2)), ""), &grounds)
        .expect("taken back");
    edit(&mut ours, 1, |session| {
        session.summary().append("One more line.")?;
        session.themes().remove(&Theme::Grief)
    });
    assert_eq!(conflicts(&ours), []);
    assert!(was_in_conflict(&ours), "settled, yet it was one");
    let again = Document::load(Kind::Session, &ours.save()).expect("it opens");
    assert!(was_in_conflict(&again), "the document itself says so");

    let steps: Vec<_> =
        again.changes().iter().map(|change| step(&again, &change.hash()).expect("a step")).collect();
    let told = |who: u128, field: &str| -> Vec<(Vec<String>, Vec<String>)> {
        let by = steps.iter().filter(|step| step.actor == actor(who)).flat_map(|step| &step.turns);
        by.filter(|turn| turn.field == field).map(|turn| (turn.from.clone(), turn.to.clone())).collect()
    };
    let turn = |from: &[&str], to: &[&str]| {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        (owned(from), owned(to))
    };
    assert_eq!(told(1, "minutes"), [turn(&[], &["90"])]);
    assert_eq!(told(2, "minutes"), [turn(&[], &["75"])], "neither knew of the other");
    assert_eq!(told(9, "minutes"), [turn(&["75", "90"], &["75"])]);
    assert_eq!(told(9, &format!("attendance/{}", person(2))), [turn(&["absent", "late"], &[])]);
    assert_eq!(told(1, "themes/grief").last(), Some(&turn(&["true"], &["false"])));
    assert_eq!(told(1, "summary").last(), Some(&turn(&[], &["One more line."])));
    let why: Vec<_> = steps.iter().filter_map(|step| step.grounds.as_ref()).collect();
    assert_eq!(why, [&grounds, &grounds]);
    assert_eq!(step(&ours, &ChangeHash::from_bytes([0; 32])), None);
}
