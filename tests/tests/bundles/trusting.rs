//! What a file may claim, and what a tablet believes of it.

use sync_core::id::{DocumentId, StreamId};
use sync_core::record::Service;
use sync_core::record::referral::ServiceKind;

use super::*;

#[test]
fn only_the_servers_own_words_make_a_tablet_let_go() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 1);
        let one = jeanne.tablet().outbox().next().expect("it waits").clone();
        let mut card = Card::new();
        let file = card.from(&jeanne);
        let bytes = fs::read(&file).expect("the file");

        // A receipt by somebody else's key.
        let digest = sync_core::change::Digest::of(&one.change);
        let settled = vec![Settled { document: one.document, digest, outcome: Outcome::Accepted }];
        let epoch = EpochId::from_uuid(Uuid::nil());
        let words = Settlement { device: jeanne.tablet().device(), epoch, settled };
        let payload = sync_core::cbor::to_bytes(&words);
        let key = SigningKey::from_bytes(&[9; 32]);
        let forged = Signed::sign(Purpose::Receipt, DeviceId::from_uuid(epoch.uuid()), &key, payload);
        let receipts = vec![forged.to_bytes().into()];
        let bundle = Bundle { version: BUNDLE, parts: Vec::new(), receipts };
        fs::write(&file, bundle.to_bytes()).expect("a file");
        jeanne.import(&file).expect("a bundle");
        assert_eq!(jeanne.tablet().outbox().len(), 1, "she keeps her work");

        // Bytes that were changed on their way are carried to no effect, and said to be so.
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        let mut bundle = Bundle::from_bytes(&bytes).expect("a bundle");
        for part in &mut bundle.parts {
            let last = part.sealed.len() - 1;
            part.sealed[last] ^= 1;
        }
        fs::write(&file, bundle.to_bytes()).expect("a file");
        paul.import(&file).expect("a bundle");
        let report = paul.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.carried, report.refused), (0, 1));
        assert_eq!(paul.tablet().carried(), 0);
        fs::write(&file, &bytes[..bytes.len() / 2]).expect("a file");
        assert!(matches!(paul.import(&file), Err(RelayError::NotABundle(_))));
    });
}

/// A part for whoever holds the group, as one of them might make it.
fn for_colleagues(tablet: &Device, content: &Sealed) -> Part {
    let key = group_keys(tablet.tablet()).pop().expect("a group's key");
    let readers = [sealing::recipient_of(&key.identity).expect("a key")];
    Part { for_store: false, sealed: sealing::seal(&content.to_bytes(), &readers).expect("sealed").into() }
}

fn write(file: &Path, parts: Vec<Part>) {
    let bundle = Bundle { version: BUNDLE, parts, receipts: Vec::new() };
    fs::write(file, bundle.to_bytes()).expect("a file");
}

#[test]
fn a_colleague_can_not_put_words_into_a_tablets_own_mouth() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        let his = Actor { device: paul.tablet().device(), incarnation: 0 };
        let mut document = Document::genesis(Kind::Session);
        let forged = document.edit::<Session>(his, START, |session| {
            session.group().set(village.group)?;
            session.date().set(day(3, 5))?;
            session.part().set(PartOfDay::Morning)
        });
        forged.expect("a sound edit").expect("something new");
        let id = SessionId::of(village.group, day(3, 5), 0, 0);
        let whole = Whole { kind: Kind::Session, document: id.into(), snapshot: document.save().into() };
        let content = Sealed { stream: village.group.into(), batch: None, documents: vec![whole] };
        let mut card = Card::new();
        let file = card.from(&jeanne);
        write(&file, vec![for_colleagues(&jeanne, &content)]);

        assert_eq!(paul.import(&file).expect("a bundle").received, 0);
        assert!(paul.tablet().all::<Session>(village.group.into()).is_empty());
        assert_eq!(paul.sync(&mut ()).expect("a sync").report.accepted, 0, "nor does he sign for it");
        assert_eq!(village.aggregates("")["total"]["sessions"], 0);
    });
}

/// Every tablet has the key of what all members of the partnership read: whoever seals a file with it could send people to a number of their own.
#[test]
fn what_the_store_alone_writes_is_taken_from_no_file() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        let hers = Actor { device: jeanne.tablet().device(), incarnation: 0 };
        let mut document = Document::genesis(Kind::Service);
        let forged = document.edit::<Service>(hers, START, |service| {
            service.name().set("Nyamata health centre".parse()?)?;
            service.kind().set(ServiceKind::HealthCentre)?;
            service.area().set("5201".parse()?)?;
            service.phone().set("0788 666 666".parse()?)
        });
        forged.expect("a sound edit").expect("something new");
        let id = DocumentId::from_uuid(Uuid::from_u128(7));
        let whole = Whole { kind: Kind::Service, document: id, snapshot: document.save().into() };
        let content = Sealed { stream: StreamId::PARTNERSHIP, batch: None, documents: vec![whole] };
        let keys = jeanne.tablet().stream_keys();
        let key = keys.iter().find(|key| key.stream == StreamId::PARTNERSHIP).expect("every tablet has it");
        let readers = [sealing::recipient_of(&key.identity).expect("a key")];
        let sealed = sealing::seal(&content.to_bytes(), &readers).expect("sealed").into();
        let mut card = Card::new();
        let file = card.from(&jeanne);
        write(&file, vec![Part { for_store: false, sealed }]);
        assert_eq!(paul.import(&file).expect("a bundle").received, 0);
        assert_eq!(paul.services(), []);
    });
}

/// Somebody who leads one group can say nothing of another, though their colleague holds both.
#[test]
fn what_is_said_of_a_group_is_sealed_with_that_groups_key() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let odette = village.facilitator_with_tablet(&app, "odette");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        let other = village.group("Urumuri", "sociotherapy");
        village.assign(paul.tablet().user(), other);
        paul.sync(&mut ()).expect("a sync");
        let hers = Actor { device: odette.tablet().device(), incarnation: 0 };
        let of = |group: GroupId| {
            let mut document = Document::genesis(Kind::Session);
            let written = document.edit::<Session>(hers, START, |session| {
                session.group().set(group)?;
                session.date().set(day(3, 5))?;
                session.part().set(PartOfDay::Morning)
            });
            written.expect("a sound edit").expect("something new");
            let id = SessionId::of(group, day(3, 5), 0, 0);
            let whole = Whole { kind: Kind::Session, document: id.into(), snapshot: document.save().into() };
            for_colleagues(&odette, &Sealed { stream: group.into(), batch: None, documents: vec![whole] })
        };
        let mut card = Card::new();
        let file = card.from(&odette);
        write(&file, vec![of(other), of(village.group)]);

        assert_eq!(paul.import(&file).expect("a bundle").received, 1);
        assert!(paul.tablet().all::<Session>(other.into()).is_empty());
        assert_eq!(paul.tablet().all::<Session>(village.group.into()).len(), 1);
    });
}

#[test]
fn what_is_too_large_to_hand_in_is_not_carried() {
    let database = Database::sqlite();
    let app = TestApp::on(&database);
    let village = Village::of(&app, "aegis");
    let mut paul = village.facilitator_with_tablet(&app, "paul");
    let mut card = Card::new();
    let file = card.from(&paul);
    let part = |size: usize| Part { for_store: true, sealed: vec![0; size].into() };
    write(&file, vec![part(1024 * 1024 + 1), part(1024 * 1024)]);
    let report = paul.import(&file).expect("a bundle");
    assert_eq!((report.refused, report.carried), (1, 1), "{report:?}");
    let report = paul.sync(&mut ()).expect("a sync").report;
    assert_eq!((report.refused, paul.tablet().carried()), (1, 0), "nor does it hold up a sync: {report:?}");
}

#[test]
fn parts_of_a_bundle_may_come_in_any_order() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        let session = record(&mut jeanne, village.group, day(3, 5), minutes(60));
        jeanne.sync(&mut ()).expect("a sync");
        jeanne.edit_session(session, &minutes(90)).expect("an edit");
        // What waits builds on what Paul has not: that comes with how the group stands.
        let mut card = Card::new();
        let file = card.from(&jeanne);
        let Bundle { parts, .. } = Bundle::from_bytes(&fs::read(&file).expect("the file")).expect("a bundle");
        let kinds: Vec<bool> = parts.iter().map(|part| part.for_store).collect();
        assert_eq!(kinds, [true, false], "and stands last in the file");
        assert_eq!(paul.import(&file).expect("a bundle").unreadable, 0);
        write(&file, parts.into_iter().rev().collect());
        let mut eric = village.facilitator_with_tablet(&app, "eric");
        assert_eq!(eric.import(&file).expect("a bundle").unreadable, 0);
        for tablet in [&paul, &eric] {
            let read: Session = tablet.tablet().read(session).expect("the session");
            assert_eq!(read.minutes, minutes(90).minutes);
        }
    });
}

/// Two copies of one tablet number their changes alike. What a colleague heard of the one has no place beside what the store
/// took of the other.
#[test]
fn what_a_copied_tablet_told_a_colleague_gives_way_to_what_the_store_has() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        let folder = village.put_away(jeanne);
        let copy = village.copy_of(&folder);
        let (mut jeanne, mut copied) = (village.take_out(&folder), village.take_out(&copy));
        let session = record(&mut jeanne, village.group, day(3, 5), minutes(60));
        assert_eq!(record(&mut copied, village.group, day(3, 5), minutes(90)), session);
        let mut card = Card::new();
        let file = card.from(&jeanne);
        assert!(paul.import(&file).expect("a bundle").received > 0);
        // He builds on it before he hears of the other.
        paul.edit_session(session, &Details { phase: Some(Phase::Trust), ..Details::default() })
            .expect("an edit");

        assert_eq!(copied.sync(&mut ()).expect("a sync").report.accepted, 1);
        for turn in 0..3 {
            for tablet in [&mut paul, &mut jeanne, &mut copied] {
                let report = tablet.sync(&mut ()).expect("a sync").report;
                assert_eq!(report.unreadable, 0, "{report:?}");
                assert!(turn < 2 || report.repaired.is_empty(), "{report:?}");
            }
        }
        for tablet in [&paul, &jeanne, &copied] {
            assert_eq!(tablet.tablet().outbox().len(), 0);
            let read: Session = tablet.tablet().read(session).expect("the session");
            assert_eq!((read.minutes, read.phase), (minutes(90).minutes, None));
        }
        // What gave way is kept, with what was built on it.
        assert_eq!(village.manager.all("/v1/quarantine").len(), 2);
        check_streams(app.store());
    });
}
