//! What the store takes of a program that knows no table, and what it does not.

use automerge::transaction::Transactable as _;
use hostile_bytes::forge::map_of;
use sync_core::change::Actor;
use sync_core::document::Document;
use sync_core::form::{Edit, EditError};
use sync_core::id::{DocumentId, Id};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::{Kind, Kinded, Screening};
use tests::Stranger;
use tests::app::START;

use super::*;

fn new_id(number: u128) -> DocumentId {
    DocumentId::from_uuid(uuid::Uuid::from_u128(number))
}

fn change<R: Kinded>(
    stranger: &Stranger,
    work: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
) -> Vec<u8> {
    let actor = Actor { device: stranger.device, incarnation: 0 };
    let change = Document::genesis(R::KIND).edit::<R>(actor, START, work);
    change.expect("a sound edit").expect("something new").bytes().to_vec()
}

#[test]
fn a_referral_that_was_sent_without_consent_waits() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let referral = scene.refer(1, Urgency::Soon, day(3, 1), &[]);
        scene.hers.sync(&mut ()).expect("a sync");
        let mut stranger = Stranger::enrolled(&scene.app, &scene.village, "paul");
        let document = scene.hers.tablet().document(referral).expect("it is there");
        // Past the editor, which refuses it.
        let bytes = stranger.raw(&document, |transaction| {
            transaction.put(map_of(transaction, "events"), "sent/2026-03-02", true)
        });
        let outcomes = stranger.hand_in(
            &scene.app,
            scene.village.group.into(),
            &[(Kind::Referral, referral.into(), bytes)],
        );
        let [Outcome::Quarantined(Reason::Invalid(field, _))] = &outcomes[..] else { panic!("{outcomes:?}") };
        assert_eq!(field, "events");
        assert_eq!(scene.supervisor.get(&format!("/v1/referrals/{referral}")).ok()["state"], "proposed");
    });
}

/// Quarantined, it would help nobody: the score is out there already.
#[test]
fn a_score_out_of_range_is_taken_and_doubted() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let mut stranger = Stranger::enrolled(&scene.app, &scene.village, "paul");
        let person = scene.person(1);
        let score = |score: i64, max: i64| {
            change::<Screening>(&stranger, |it| {
                it.participant().set(person)?;
                it.instrument().set(Instrument::Phq9)?;
                it.timepoint().set(Timepoint::End)?;
                it.score().set(score.try_into()?)?;
                it.max().set(max.try_into()?)
            })
        };
        let changes =
            [(Kind::Screening, new_id(1), score(28, 30)), (Kind::Screening, new_id(2), score(27, 27))];
        let outcomes = stranger.hand_in(&scene.app, scene.village.group.into(), &changes);
        assert_eq!(outcomes, [Outcome::Accepted, Outcome::Accepted]);
        let doubt = |id: DocumentId| {
            scene.officer.get(&format!("/v1/screenings/{id}")).ok().get("score_doubt").cloned()
        };
        assert_eq!(doubt(new_id(1)), Some(json!("PHQ-9 goes from 0 to 27, and this score is out of 30.")));
        assert_eq!(doubt(new_id(2)), None);
    });
}
