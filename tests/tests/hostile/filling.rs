//! What waits is looked at by people, one by one: no tablet can bury it under what nobody can use.

use std::collections::BTreeMap;
use std::time::Duration;

use sync_core::limits::MAX_QUARANTINED;
use sync_core::quarantine::{Outcome, Reason};
use tests::recount::contents;
use tests::stranger::sync;
use tests::{Database, Stranger, Village};

use super::budget::Scene;
use super::*;

/// So many changes that are none, no two alike.
fn spoilt(tablet: &Stranger, group: GroupId, from: usize, count: usize) -> Vec<(Kind, DocumentId, Vec<u8>)> {
    let (kind, id, _) = tablet.session(group, 5);
    (from..from + count).map(|number| (kind, id, format!("not a change: {number}").into_bytes())).collect()
}

#[test]
fn what_of_a_tablet_is_quarantined_in_a_day_is_limited_and_what_is_sound_goes_on() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let (group, stream) = (village.group, village.group.into());
        let mut mallory = Stranger::enrolled(&app, &village, "mallory");
        let mut jeanne = Stranger::enrolled(&app, &village, "jeanne");
        let unreadable = || Outcome::Quarantined(Reason::Unreadable);

        let most = spoilt(&mallory, group, 0, MAX_QUARANTINED);
        assert_eq!(mallory.hand_in(&app, stream, &most), vec![unreadable(); MAX_QUARANTINED]);
        app.clock.advance(60);

        // One more is refused, with all that came with it.
        let before = contents(app.store());
        let mut more = spoilt(&mallory, group, MAX_QUARANTINED, 1);
        more.push(mallory.session(group, 5));
        let request = mallory.batch(stream, &more);
        let request = mallory.request(vec![request]);
        let answer = ureq::post(format!("{}/v1/sync", app.url))
            .config()
            .http_status_as_error(false)
            .build()
            .header("content-type", sync_core::wire::CONTENT_TYPE)
            .send(mallory.signed(&request))
            .expect("the service answers");
        assert_eq!(answer.status().as_u16(), 429);
        assert_eq!(answer.headers()["retry-after"], "82801");
        assert_eq!(contents(app.store()), before);

        // What is sound is taken, of that tablet and of others; and so is what is not, of others.
        let sound = [mallory.session(group, 5)];
        assert_eq!(mallory.hand_in(&app, stream, &sound), [Outcome::Accepted]);
        let theirs =
            [spoilt(&jeanne, group, MAX_QUARANTINED + 1, 1), vec![jeanne.session(group, 6)]].concat();
        assert_eq!(jeanne.hand_in(&app, stream, &theirs), [unreadable(), Outcome::Accepted]);

        // A day later it may go on.
        app.clock.advance(23 * 60 + 1);
        let batch = mallory.batch(stream, &more);
        let request = mallory.request(vec![batch]);
        assert_eq!(sync(&app, &mallory.signed(&request)).0, 200);
    });
}

/// Whoever says that a change is another one re-keyed has the store look for that one among all that waits in the record.
#[test]
#[cfg(target_os = "linux")]
fn what_waits_in_a_record_is_not_read_for_whoever_claims_to_stand_for_it() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let (device, user, group) = (scene.tablet.device, scene.tablet.user, scene.group);
        // Two records: of one nearly as much waits as may.
        let [empty, full] = [5, 6].map(|day| {
            let mut document = Document::genesis(Kind::Session);
            let first = scene.tablet.edit(&mut document, group, day).bytes().to_vec();
            let (kind, id, _) = scene.tablet.session(group, day);
            scene.takes(&[(kind, id, first)]);
            (document, id)
        });
        let text = |(document, id): &(Document, DocumentId), life, letters| {
            (Kind::Session, *id, forge::text(document, Actor { device, incarnation: life }, letters))
        };
        let waits: Vec<_> = (0..1_900).map(|life| text(&full, 100 + life, 100)).collect();
        scene.village.unassign(user, group);
        for some in waits.chunks(100) {
            let outcomes = scene.costs(some).0.expect("taken");
            assert!(outcomes.iter().all(|one| *one == Outcome::Quarantined(Reason::NotAssigned)));
        }
        scene.village.assign(user, group);
        // Claims to stand for what is not there.
        let mut claims = |record: &(Document, DocumentId)| -> Duration {
            let claim = |life| {
                let (kind, id, original) = text(record, life, 5);
                let original = Change::parse(&original).expect("sound");
                (kind, id, original.rekeyed(&BTreeMap::new()).expect("re-keyed").bytes().to_vec())
            };
            (10..40).map(|life| scene.takes(&[claim(life)]).cpu).sum()
        };
        let (yardstick, cost) = (claims(&empty), claims(&full));
        assert!(cost < yardstick * 2, "{cost:?}, where nothing waits {yardstick:?}");
    });
}
