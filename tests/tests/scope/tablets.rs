//! Tablets are lost and replaced, and what each of them holds is known.

use super::*;

fn revoke(person: &Session, device: DeviceId) -> Value {
    person.post(&format!("/v1/devices/{device}/revoke"), &json!({})).ok()
}

#[test]
fn a_lost_tablet_is_sent_nothing_and_what_it_hands_in_waits() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let mut his = scene.village.facilitator_with_tablet(&scene.app, "eric");
        let (device, before) = (scene.hers.tablet().device(), key_of(&his));
        record(&mut his, scene.village.group, day(3, 6), Details::default());
        let revoked = revoke(&scene.village.manager, device);
        assert_eq!(revoked["revoked_at"], "2026-03-05T08:05:00Z");
        let held = scene.village.groups_on(device);
        assert_eq!((held.len(), held[0].get("told_at")), (1, None), "it has not come since: {held:?}");
        // She still leads the group, and her colleague goes on with a key that the tablet never gets.
        scene.she_hands_in_and_drops();
        his.sync(&mut ()).expect("a sync");
        assert_eq!(scene.has(&his), (3, 2));
        assert!(key_of(&his) > before);
        let facilitators = scene.village.read(scene.village.group)["facilitators"].clone();
        assert_eq!(facilitators.as_array().map(Vec::len), Some(2));
        scene.hers.sync(&mut ()).expect("a sync");
        scene.nothing_is_left();
    });
}

#[test]
fn a_tablet_that_replaces_another_gets_all_and_the_old_one_still_hands_in() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        revoke(&scene.village.manager, scene.hers.tablet().device());
        let kept = TempDir::new().expect("a folder");
        let code = scene.village.enrolment_code(scene.jeanne);
        let folder = kept.path().join("next");
        let mut next =
            Device::enrol(&folder, PASSPHRASE, &scene.app.url, &code, "the next", Clock::fixed(START))
                .expect("a tablet is enrolled");
        next.sync(&mut ()).expect("a sync");
        assert_eq!(scene.has(&next), (3, 0));
        scene.she_hands_in_and_drops();
        next.sync(&mut ()).expect("a sync");
        assert_eq!(scene.has(&next), (3, 1));
        let names: Vec<Value> = scene.village.tablets_with(scene.village.group);
        let dropped = |name: &str| {
            let one = names.iter().find(|one| one["device_name"] == name).expect("a tablet");
            one.get("dropped_at").is_some()
        };
        assert_eq!((dropped("a tablet"), dropped("the next")), (true, false));
    });
}

#[test]
fn a_receipt_counts_once_and_only_for_what_the_tablet_had() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let other = village.group("Tuzamurane", "dialogue_club");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let jeanne = tablet.user;
        let mut say = |purged: &[GroupId]| {
            let mut request = tablet.request(Vec::new());
            request.purged = purged.iter().map(|group| StreamId::from(*group)).collect();
            let body = tablet.signed(&request);
            let (status, slug, _) = tests::stranger::sync(&app, &body);
            assert_eq!((status, slug.as_str()), (200, ""));
        };
        say(&[]);
        say(&[other]);
        assert_eq!(village.tablets_with(other), Vec::<Value>::new());
        village.unassign(jeanne, village.group);
        say(&[village.group, village.group, other]);
        app.clock.advance(5);
        say(&[village.group, other]);
        let receipts = village.tablets_with(village.group);
        let [receipt] = &receipts[..] else { panic!("{receipts:?}") };
        assert_eq!(receipt["dropped_at"], "2026-03-05T08:00:00Z");
        assert_eq!(village.tablets_with(other), Vec::<Value>::new());
    });
}

#[test]
fn what_a_tablet_was_sent_is_known_and_asked_back_though_the_answer_was_lost() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let user = village.facilitator(&app, "jeanne");
        village.assign(user, village.group);
        let mut hers = village.tablet(&app, user);
        let sync = |tablet: &mut Device, faults: &[Option<Fault>]| {
            let mut network = Network::to(&app.url).failing(faults.iter().copied());
            tablet.sync_over(&mut network, &mut ()).is_ok()
        };
        // For all that the service knows, it arrived.
        assert!(!sync(&mut hers, &[Some(Fault::LoseAnswer)]));
        assert_eq!(village.tablets_with(village.group).len(), 1);
        village.unassign(user, village.group);
        assert!(!sync(&mut hers, &[Some(Fault::LoseAnswer)]), "that it was told is lost too");
        app.clock.advance(5);
        assert!(
            !sync(&mut hers, &[None, Some(Fault::LoseAnswer)]),
            "the receipt arrived, unknown to the tablet"
        );
        app.clock.advance(5);
        assert!(sync(&mut hers, &[]));
        let receipts = village.tablets_with(village.group);
        let [receipt] = &receipts[..] else { panic!("{receipts:?}") };
        assert_eq!(
            (&receipt["told_at"], &receipt["dropped_at"]),
            (&json!("2026-03-05T08:00:00Z"), &json!("2026-03-05T08:05:00Z"))
        );
    });
}

#[test]
fn a_revoked_tablet_writes_nothing_by_hand_either() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let stream = StreamId::from(village.group);
        revoke(&village.manager, tablet.device);
        let change = tablet.session(village.group, 5);
        assert_eq!(change.0, Kind::Session);
        let outcomes = tablet.hand_in(&app, stream, &[change]);
        assert_eq!(outcomes, [Outcome::Quarantined(Reason::NotAssigned)]);
        let body = tablet.request(Vec::new());
        let (_, _, answer) = tests::stranger::sync(&app, &tablet.signed(&body));
        let answer: sync_core::wire::Answer = minicbor::decode(&answer).expect("an answer");
        assert_eq!((answer.pages, answer.keys, answer.people), (vec![], vec![], vec![]));
    });
}
