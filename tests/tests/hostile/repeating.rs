//! The same again, or nothing at all, however often: the store keeps no more for it, and a tablet that counts wrong goes on.

use diesel::prelude::*;
use server::on_each;
use server::store::schema::batches;
use server::store::{Conn, StoreError};
use sync_core::batch::Envelope;
use sync_core::limits::{LAST_REQUEST, MAX_AHEAD, MAX_BATCHES, MAX_CARRIED};
use sync_core::quarantine::{Outcome, Reason};
use tests::stranger::{outcomes, sync};
use tests::{Database, Stranger, Village};

use super::*;

/// How many statements the store keeps.
fn statements(app: &TestApp) -> i64 {
    let count = |tx: &mut Conn<'_>| -> Result<i64, StoreError> {
        on_each!(tx, |c| batches::table.count().get_result(c))
    };
    app.store().read_blocking("test", count).expect("the store answers")
}

fn hand_in(app: &TestApp, tablet: &mut Stranger, batches: Vec<Envelope>) -> Vec<Outcome> {
    let request = tablet.request(batches);
    outcomes(app, &tablet.signed(&request))
}

#[test]
fn a_batch_that_brings_nothing_new_leaves_nothing_behind() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let stream = village.group.into();
        for _ in 0..3 {
            let empty = (0..MAX_BATCHES).map(|_| tablet.batch(stream, &[])).collect();
            assert_eq!(hand_in(&app, &mut tablet, empty), []);
        }
        assert_eq!(statements(&app), 0);

        let spoilt = (Kind::Session, tablet.session(village.group, 6).1, b"not a change".to_vec());
        let changes = [tablet.session(village.group, 5), spoilt];
        let unreadable = || Outcome::Quarantined(Reason::Unreadable);
        let first = tablet.batch(stream, &changes);
        assert_eq!(hand_in(&app, &mut tablet, vec![first.clone()]), [Outcome::Accepted, unreadable()]);
        assert_eq!(statements(&app), 1);
        // The same statement again, twice in one request; and the same changes under another one.
        for _ in 0..3 {
            let again = vec![first.clone(), first.clone(), tablet.batch(stream, &changes)];
            let found = hand_in(&app, &mut tablet, again);
            assert_eq!(found, vec![[Outcome::Duplicate, unreadable()].to_vec(); 3].concat());
        }
        assert_eq!(statements(&app), 1);
        assert_eq!(village.manager.all("/v1/quarantine").len(), 1);
    });
}

#[test]
fn a_batch_id_stands_for_one_statement() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let stream = village.group.into();
        let first = tablet.batch(stream, &[tablet.session(village.group, 5)]);
        assert_eq!(hand_in(&app, &mut tablet, vec![first.clone()]), [Outcome::Accepted]);
        let reused = tablet.batch_with_id(
            first.open().expect("sound").1.batch,
            stream,
            &[tablet.session(village.group, 6)],
        );
        let request = tablet.request(vec![reused.clone()]);
        let (status, slug, body) = sync(&app, &tablet.signed(&request));
        assert_eq!((status, slug.as_str()), (409, "batch-reused"));
        assert!(String::from_utf8_lossy(&body).contains("another statement"));
        // Also where both come in one request.
        let id = sync_core::id::BatchId::from_uuid(uuid::Uuid::from_u128(77));
        let both =
            [5, 6].map(|date| tablet.batch_with_id(id, stream, &[tablet.session(village.group, date)]));
        let request = tablet.request(both.to_vec());
        assert_eq!(sync(&app, &tablet.signed(&request)).0, 409);
        assert_eq!(statements(&app), 1);
    });
}

#[test]
fn a_request_has_only_so_many_batches_and_things_that_are_carried() {
    let app = TestApp::on(&Database::sqlite());
    let village = Village::of(&app, "aegis");
    let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
    let batches = (0..=MAX_BATCHES).map(|_| tablet.batch(village.group.into(), &[])).collect();
    let request = tablet.request(batches);
    assert_eq!(sync(&app, &tablet.signed(&request)).0, 413);
    let mut request = tablet.request(Vec::new());
    request.carried = vec![b"sealed".to_vec().into(); MAX_CARRIED + 1];
    assert_eq!(sync(&app, &tablet.signed(&request)).0, 413);
}

#[test]
fn a_number_out_of_reach_is_not_taken_and_the_tablet_goes_on() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        assert_eq!(hand_in(&app, &mut tablet, Vec::new()), []);
        for number in [i64::MAX as u64, u64::MAX, LAST_REQUEST + 1, LAST_REQUEST, 1 + MAX_AHEAD + 1] {
            let request = sync_core::wire::Request { number, ..tablet.request(Vec::new()) };
            let (status, slug, body) = sync(&app, &tablet.signed(&request));
            assert_eq!((status, slug.as_str()), (409, "request-too-far"), "{number}");
            let problem: serde_json::Value = serde_json::from_slice(&body).expect("a problem");
            assert_eq!(problem["last"], 1, "{number}");
        }
        tablet.number = 1 + MAX_AHEAD - 1;
        assert_eq!(hand_in(&app, &mut tablet, Vec::new()), [], "as far as may be");
        let changes = [tablet.session(village.group, 5)];
        assert_eq!(tablet.hand_in(&app, village.group.into(), &changes), [Outcome::Accepted]);
    });
}
