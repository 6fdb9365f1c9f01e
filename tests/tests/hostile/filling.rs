//! What waits is looked at by people, one by one: no tablet can bury it under what nobody can use.

use sync_core::limits::MAX_QUARANTINED;
use sync_core::quarantine::{Outcome, Reason};
use tests::recount::contents;
use tests::stranger::sync;
use tests::{Database, Stranger, Village};

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
