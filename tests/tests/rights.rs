//! What people may ask for: everything that is held on them.

use diesel::prelude::*;
use serde_json::Value;
use server::access::Role;
use server::on_each;
use server::store::schema::documents;
use server::store::{Conn, StoreError};
use sync_core::change::Actor;
use sync_core::document::Document;
use sync_core::id::{DocumentId, Id, ParticipantId};
use sync_core::record::Kind;
use sync_core::record::referral::{Referral, ServiceKind};
use sync_core::record::session::Attendance;
use tablet::recording::Details;
use tests::app::START;
use tests::village::{day, marks, people_join, record};
use tests::{Database, Stranger, TestApp, Village};

#[test]
fn everything_that_is_held_on_somebody_is_told_to_whoever_may_see_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 12);
        let said = |attendance, summary: &str| Details {
            attendance,
            summary: Some(summary.into()),
            ..Details::default()
        };
        let present = marks(&[1, 12], Attendance::Present);
        record(
            &mut jeanne,
            village.group,
            day(3, 4),
            said(present, "We sang.\nP01 told of the harvest, P12 listened."),
        );
        record(
            &mut jeanne,
            village.group,
            day(3, 5),
            said(marks(&[1], Attendance::Excused), "P012 is nobody."),
        );
        jeanne.sync(&mut ()).expect("a sync");
        // A colleague notes the same, and writes of a second record that it is of one of these meetings.
        let mut eric = village.facilitator_with_tablet(&app, "eric");
        eric.sync(&mut ()).expect("a sync");
        let again = Details { attendance: marks(&[1], Attendance::Present), ..Details::default() };
        record(&mut eric, village.group, day(3, 4), again.clone());
        let void = record(&mut eric, village.group, day(3, 3), again);
        eric.sync(&mut ()).expect("a sync");
        let body = serde_json::json!({"void": true, "reason": "It was the day after."});
        village.manager.post(&format!("/v1/records/{void}/void"), &body).ok();
        let person = ParticipantId::of(village.group, "P01");
        refer(&app, &village, person);

        let path = format!("/v1/participants/{person}/held");
        let held = village.manager.get(&path).ok();
        assert_eq!((&held["code"], &held["group"]), (&Value::from("P01"), &Value::from("Twiyubake")));
        assert_eq!(held["record"]["code"], "P01");
        let meetings = held["meetings"].as_array().expect("a list");
        let told: Vec<_> = meetings.iter().map(|one| [&one["date"], &one["mark"], &one["counts"]]).collect();
        let meeting = |date: &str, mark: &str, counts: bool| [date.into(), mark.into(), Value::from(counts)];
        let known = [
            meeting("2026-03-03", "present", false),
            meeting("2026-03-04", "present", true),
            meeting("2026-03-05", "excused", true),
        ];
        assert_eq!(told, known.each_ref().map(|one| one.each_ref()), "what two noted alike is told once");
        let mentions = held["mentions"].as_array().expect("a list");
        assert_eq!(mentions.len(), 1, "a code is a word: {mentions:?}");
        assert_eq!(mentions[0]["line"], "P01 told of the harvest, P12 listened.");
        // Not every manager sees that there is a referral; whoever leads the group does.
        assert!(held["sensitive"] == Value::Array(Vec::new()) && held.get("withheld").is_some(), "{held}");
        let theirs = app.login("jeanne.aegis").get(&path).ok();
        assert_eq!(theirs["sensitive"][0]["record"]["to"], "health_centre");
        assert!(theirs.get("withheld").is_none(), "{theirs}");

        let elsewhere = Village::of(&app, "nar");
        assert_eq!(elsewhere.manager.get(&path).problem(), (404, "no-such-participant"));
        app.user("donor", Role::Donor, None);
        assert_eq!(app.login("donor").get(&path).problem(), (403, "role-not-allowed"));
        let page = village.manager.page(&path);
        assert!(page.contains("<h1>P01</h1>") && page.contains("told of the harvest"), "{page}");
    });
}

fn refer(app: &TestApp, village: &Village, person: ParticipantId) {
    let mut tablet = Stranger::enrolled(app, village, "paul");
    let change = Document::genesis(Kind::Referral).edit::<Referral>(
        Actor { device: tablet.device, incarnation: 0 },
        START,
        |referral| {
            referral.participant().set(person)?;
            referral.to().set(ServiceKind::HealthCentre)
        },
    );
    let bytes = change.expect("a sound edit").expect("something new").bytes().to_vec();
    let id = DocumentId::from_uuid(uuid::Uuid::from_u128(9));
    tablet.hand_in(app, village.group.into(), &[(Kind::Referral, id, bytes)]);
}

/// A facilitator could fill a group with records that take long to open. One answer opens as much as one record may hold, and says what it
/// left out.
#[test]
fn what_is_held_is_looked_through_within_a_budget() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        people_join(&mut jeanne, village.group, 1);
        for date in 1..=4 {
            let said = Details { summary: Some("P01 spoke.".into()), ..Details::default() };
            record(&mut jeanne, village.group, day(3, date), said);
        }
        jeanne.sync(&mut ()).expect("a sync");
        let path = format!("/v1/participants/{}/held", ParticipantId::of(village.group, "P01"));
        let told = |held: &Value| (held["mentions"].as_array().map(Vec::len), held["left_out"].as_u64());
        assert_eq!(told(&village.manager.get(&path).ok()), (Some(4), Some(0)));
        // As if each held a little less than half of what one may.
        let heavy = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
            let sessions = documents::table.filter(documents::kind.eq(Kind::Session.code()));
            on_each!(tx, |c| diesel::update(sessions).set(documents::operations.eq(45_000)).execute(c))
        };
        assert_eq!(app.store().write_blocking("test", heavy).expect("the store obeys"), 4);
        assert_eq!(told(&village.manager.get(&path).ok()), (Some(2), Some(2)));
        assert!(village.manager.page(&path).contains("2 records were too large"));
    });
}
