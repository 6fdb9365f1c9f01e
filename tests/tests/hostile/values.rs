//! Values that a record or a store has no place for.

use automerge::ROOT;
use automerge::transaction::Transactable as _;
use sync_core::id::IncidentId;
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::incident::{Incident, IncidentType, Severity};
use tests::{Database, Stranger, Village};

use super::*;

#[test]
fn what_is_recorded_once_is_not_deleted() {
    let mut document = Document::genesis(Kind::Incident);
    let first = document
        .edit::<Incident>(author(), NOW, |incident| {
            incident.session().set(SessionId::of(group(), DAY, 0, 0))?;
            incident.kind().set(IncidentType::SuicideRisk)?;
            incident.severity().set(Severity::High)
        })
        .expect("sound")
        .expect("new");
    let gone = forge::raw(&document, forger(), |tx| tx.delete(ROOT, "severity"));
    let id = IncidentId::from_uuid(uuid::Uuid::from_u128(5));
    let place = Place { stream: group().into(), document: id.into(), kind: Kind::Incident };
    let plan = planned(place, None, &[first.bytes(), &gone]);
    let Outcome::Quarantined(Reason::Invalid(field, _)) = &plan.outcomes[1] else {
        panic!("{:?}", plan.outcomes)
    };
    assert_eq!(field, "severity");
    let Some(after) = plan.after else { panic!("the first is sound") };
    assert_eq!(after.document.heads(), [first.hash()]);
}

/// A key of a map reaches the reason, hence a column of text, and PostgreSQL has no place for NUL in one.
#[test]
fn a_key_with_a_nul_waits_with_a_reason_that_can_be_written_down() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let mut document = Document::genesis(Kind::Session);
        let first = tablet.edit(&mut document, village.group, 5);
        let (kind, id, _) = tablet.session(village.group, 5);
        let nul = tablet.raw(&document, |tx| {
            let map = forge::map_of(tx, "attendance");
            tx.put(&map, "a\0b", "present")
        });
        let changes = [(kind, id, first.bytes().to_vec()), (kind, id, nul), tablet.session(village.group, 6)];
        let found = tablet.hand_in(&app, village.group.into(), &changes);
        let [Outcome::Accepted, Outcome::Quarantined(reason), Outcome::Accepted] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(reason.code(), "invalid");
        assert!(!reason.to_string().contains(char::is_control), "{reason:?}");
        assert_eq!(village.manager.all("/v1/quarantine").len(), 1);
    });
}
