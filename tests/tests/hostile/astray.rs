//! A record in a stream in which its kind does not live, or about somebody of another group.

use sync_core::id::{IncidentId, OrganisationId, ParticipantId, ReferralId};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::incident::{Incident, IncidentType};
use sync_core::record::referral::{Referral, ServiceKind};
use sync_core::record::{Home, Lesson};
use tests::app::START;
use tests::village::people_join;
use tests::{Database, Stranger, Village};

use super::*;

fn invalid(outcome: &Outcome) -> &str {
    let Outcome::Quarantined(Reason::Invalid(field, _)) = outcome else { panic!("{outcome:?}") };
    field
}

fn referral(tablet: &Stranger, participant: ParticipantId, number: u128) -> (Kind, DocumentId, Vec<u8>) {
    let mut document = Document::genesis(Kind::Referral);
    let change =
        document.edit::<Referral>(Actor { device: tablet.device, incarnation: 0 }, START, |referral| {
            referral.participant().set(participant)?;
            referral.to().set(ServiceKind::HealthCentre)
        });
    let id = ReferralId::from_uuid(uuid::Uuid::from_u128(number));
    (Kind::Referral, id.into(), change.expect("sound").expect("new").bytes().to_vec())
}

fn incident(tablet: &Stranger, session: SessionId, number: u128) -> (Kind, DocumentId, Vec<u8>) {
    let mut document = Document::genesis(Kind::Incident);
    let change =
        document.edit::<Incident>(Actor { device: tablet.device, incarnation: 0 }, START, |incident| {
            incident.session().set(session)?;
            incident.kind().set(IncidentType::Threat)
        });
    let id = IncidentId::from_uuid(uuid::Uuid::from_u128(number));
    (Kind::Incident, id.into(), change.expect("sound").expect("new").bytes().to_vec())
}

#[test]
fn every_kind_lives_in_one_kind_of_stream() {
    assert_eq!(Kind::ALL.iter().filter(|kind| kind.lives_in() == Home::Group).count(), 6);
    let own = OrganisationId::from_uuid(uuid::Uuid::from_u128(7));
    let mut document = Document::genesis(Kind::Lesson);
    let written = document.edit::<Lesson>(author(), NOW, |lesson| {
        lesson.organisation().set(own)?;
        lesson.title().set("Begin with a song".parse()?)
    });
    let lesson = written.expect("sound").expect("new");
    let of = |stream| Place {
        stream,
        document: DocumentId::from_uuid(uuid::Uuid::from_u128(5)),
        kind: Kind::Lesson,
    };
    let to_all = planned(of(StreamId::PARTNERSHIP), None, &[lesson.bytes()]);
    assert_eq!(invalid(&to_all.outcomes[0]), "document", "what is not published in the stream of all");
    let astray = planned(of(group().into()), None, &[lesson.bytes()]);
    assert_eq!(invalid(&astray.outcomes[0]), "organisation", "a lesson in the stream of a group");
    let home = planned(of(own.into()), None, &[lesson.bytes()]);
    assert_eq!(home.outcomes, [Outcome::Accepted]);
}

/// An id of an organisation would fit a group: a session of it could stand in its stream, and be nobody's to see.
#[test]
fn the_stream_of_an_organisation_takes_no_record_of_a_group() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let own = GroupId::from_uuid(village.organisation.uuid());
        let mut document = Document::genesis(Kind::Session);
        let author = Actor { device: tablet.device, incarnation: 0 };
        let written = document.edit::<Session>(author, NOW, |session| {
            session.group().set(own)?;
            session.date().set(DAY)?;
            session.part().set(PartOfDay::Morning)
        });
        let change = written.expect("sound").expect("new").bytes().to_vec();
        let id = SessionId::of(own, DAY, PartOfDay::Morning.ordinal(), 0);
        let outcomes = tablet.hand_in(&app, own.into(), &[(Kind::Session, id.into(), change)]);
        assert_eq!(outcomes, [Outcome::Quarantined(Reason::NotAssigned)]);
        // It is nobody's to let in: no keeper decides about a meeting of a group that there is not.
        let waits = &village.manager.all("/v1/quarantine")[0];
        let release = format!("/v1/quarantine/{}/release", waits["id"].as_str().expect("an id"));
        assert_eq!(
            village.manager.post(&release, &serde_json::json!({})).problem(),
            (403, "role-not-allowed")
        );
    });
}

#[test]
fn what_a_record_is_about_is_of_the_same_group() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let elsewhere = village.group("Icyizere", "space_for_peace");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut paul, village.group, 1);
        paul.sync(&mut ()).expect("a sync");
        let here =
            village.manager.all("/v1/participants")[0]["id"].as_str().expect("an id").parse().expect("an id");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        village.assign(tablet.user, elsewhere);
        let (kind, session, bytes) = tablet.session(village.group, 5);
        assert_eq!(
            tablet.hand_in(&app, village.group.into(), &[(kind, session, bytes)]),
            [Outcome::Accepted]
        );

        let unknown = ParticipantId::from_uuid(uuid::Uuid::from_u128(404));
        let meeting = SessionId::from(session);
        let sound =
            [referral(&tablet, here, 1), incident(&tablet, meeting, 2), referral(&tablet, unknown, 3)];
        let found = tablet.hand_in(&app, village.group.into(), &sound);
        assert_eq!(found, vec![Outcome::Accepted; 3], "somebody not known yet may arrive later");

        let astray = [
            referral(&tablet, here, 11),
            incident(&tablet, meeting, 12),
            // A session is no participant, wherever it is.
            referral(&tablet, session.into(), 13),
            referral(&tablet, unknown, 14),
        ];
        let found = tablet.hand_in(&app, elsewhere.into(), &astray);
        assert_eq!(invalid(&found[0]), "participant");
        assert_eq!(invalid(&found[1]), "session");
        assert_eq!(invalid(&found[2]), "participant");
        assert_eq!(found[3], Outcome::Accepted);
        assert_eq!(village.manager.all("/v1/quarantine").len(), 3, "nothing of it is lost");
    });
}

/// Whoever guesses ids must not learn which of them there are.
#[test]
fn of_another_organisation_nothing_is_told() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (victim, attacker) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut paul = victim.facilitator_with_tablet(&app, "paul");
        people_join(&mut paul, victim.group, 1);
        paul.sync(&mut ()).expect("a sync");
        let there =
            victim.manager.all("/v1/participants")[0]["id"].as_str().expect("an id").parse().expect("an id");
        let mut mallory = Stranger::enrolled(&app, &attacker, "mallory");
        let unknown = ParticipantId::from_uuid(uuid::Uuid::from_u128(404));
        let both = [referral(&mallory, there, 1), referral(&mallory, unknown, 2)];
        let found = mallory.hand_in(&app, attacker.group.into(), &both);
        assert_eq!(found[0], found[1]);
    });
}
