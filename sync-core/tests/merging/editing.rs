//! What an edit may say, and what it writes.

use super::*;

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
