//! Conflicts as information: listed over all records, settled over REST with a reason, told in the history.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde_json::{Value, json};
use server::access::Role;
use server::on_each;
use server::store::schema::{conflict_claims, conflicts, sessions, settings};
use server::store::{Conn, StoreError};
use sync_core::id::SessionId;
use sync_core::record::Session;
use sync_core::record::session::{Attendance, Minutes, Theme};
use tablet::device::Device;
use tablet::recording::Details;
use tests::app::START;
use tests::recount::check_streams;
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

fn minutes(number: i64) -> Option<Minutes> {
    Some(number.try_into().expect("in range"))
}

fn sync(tablet: &mut Device) {
    tablet.sync(&mut ()).expect("a sync");
}

/// Jeanne and Paul record one meeting, each on their own tablet: 90 and 75 minutes, P01 present and late.
fn clash(app: &TestApp, village: &Village, date: sync_core::time::Date) -> (Device, Device, SessionId) {
    let mut jeanne = village.facilitator_with_tablet(app, "jeanne");
    let mut paul = village.facilitator_with_tablet(app, "paul");
    people_join(&mut jeanne, village.group, 2);
    sync(&mut jeanne);
    sync(&mut paul);
    let session = meet(&mut jeanne, &mut paul, village, date);
    (jeanne, paul, session)
}

fn meet(jeanne: &mut Device, paul: &mut Device, village: &Village, date: sync_core::time::Date) -> SessionId {
    let hers = Details {
        minutes: minutes(90),
        themes: BTreeSet::from([Theme::Grief]),
        attendance: marks(&[1], Attendance::Present),
        ..Details::default()
    };
    let his =
        Details { minutes: minutes(75), attendance: marks(&[1], Attendance::Late), ..Details::default() };
    let session = record(jeanne, village.group, date, hers);
    assert_eq!(record(paul, village.group, date, his), session);
    sync(jeanne);
    sync(paul);
    sync(jeanne);
    session
}

fn resolution(session: SessionId, field: &str, value: &str) -> Value {
    json!({"record": session, "field": field, "value": value, "reason": "The register says so."})
}

/// The values of a conflict as (value, by, tablet), sorted.
fn values<'a>(conflict: &'a Value) -> Vec<(&'a str, &'a str, &'a str)> {
    let all = conflict["values"].as_array().expect("values");
    let text = |value: &'a Value, name: &str| value[name].as_str().unwrap_or_default();
    let mut all: Vec<_> =
        all.iter().map(|value| (text(value, "value"), text(value, "by"), text(value, "tablet"))).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_conflict_is_listed_with_who_and_when_and_settled_over_rest_for_every_tablet() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let (mut jeanne, mut paul, session) = clash(&app, &village, day(3, 5));
        let manager = &village.manager;

        let open = manager.all("/v1/conflicts");
        let fields: BTreeSet<&str> =
            open.iter().map(|one| one["field"].as_str().unwrap_or_default()).collect();
        let marked = open.iter().filter_map(|one| one["field"].as_str()).find(|field| field.contains('/'));
        let marked = marked.expect("a mark clashes too").to_owned();
        assert_eq!(fields, BTreeSet::from(["minutes", marked.as_str()]));
        let length = open.iter().find(|one| one["field"] == "minutes").expect("listed");
        assert_eq!(values(length), [("75", "paul.aegis", "a tablet"), ("90", "jeanne.aegis", "a tablet")]);
        let now = server::clock::timestamp(START).to_string();
        for value in length["values"].as_array().expect("values") {
            assert_eq!((&value["at"], &value["received_at"]), (&json!(now), &json!(now)));
        }
        assert_eq!((&length["record"], &length["record_id"]), (&json!("session"), &json!(session)));
        assert_eq!((&length["group_id"], &length["date"]), (&json!(village.group), &json!("2026-03-05")));

        let bad = manager.post("/v1/conflicts/resolve", &resolution(session, "minutes", "7200"));
        assert_eq!(
            (bad.problem(), &bad.body["errors"][0]["field"]),
            ((422, "invalid-fields"), &json!("value"))
        );
        let mut silent = resolution(session, "minutes", "90");
        silent["reason"] = json!(" ");
        let silent = manager.post("/v1/conflicts/resolve", &silent);
        assert_eq!(silent.body["errors"][0]["field"], "reason", "{}", silent.body);
        let never = manager.post("/v1/conflicts/resolve", &resolution(session, "phase", "trust"));
        assert_eq!(never.problem(), (409, "conflict-settled"), "nobody disagrees about it");
        let facilitator = app.login("jeanne.aegis");
        let refused = facilitator.post("/v1/conflicts/resolve", &resolution(session, "minutes", "90"));
        assert_eq!(refused.problem(), (403, "role-not-allowed"));
        assert_eq!(facilitator.all("/v1/conflicts").len(), 2, "yet she sees what is of her group");

        app.clock.advance(5);
        manager.post("/v1/conflicts/resolve", &resolution(session, "minutes", "80")).ok();
        let supervisor = app.user("supervisor.aegis", Role::Supervisor, Some(village.organisation));
        let supervising = app.login("supervisor.aegis");
        let unseen = supervising.post("/v1/conflicts/resolve", &resolution(session, &marked, "late"));
        assert_eq!(unseen.problem(), (404, "no-such-record"), "not assigned");
        village.assign(supervisor, village.group);
        supervising.post("/v1/conflicts/resolve", &resolution(session, &marked, "late")).ok();
        let again = manager.post("/v1/conflicts/resolve", &resolution(session, "minutes", "90"));
        assert_eq!(again.problem(), (409, "conflict-settled"));

        for tablet in [&mut jeanne, &mut paul] {
            sync(tablet);
            assert_eq!(tablet.tablet().conflicts(session).expect("the session"), []);
            let read: Session = tablet.tablet().read(session).expect("the session");
            assert_eq!(read.minutes.map(i64::from), Some(80));
            assert!(read.attendance.values().all(|mark| *mark == Attendance::Late));
        }
        assert!(manager.all("/v1/conflicts").is_empty());
        let listed = manager.all("/v1/sessions").remove(0);
        assert_eq!((&listed["conflicts"], &listed["was_in_conflict"]), (&json!(0), &json!(true)));
        assert_eq!(manager.all("/v1/groups")[0]["was_in_conflict"], false);
        check_streams(app.store());
    });
}

/// Both see a mistake in one word, and each puts it right: Automerge has both corrections, one in the other.
#[test]
fn what_two_wrote_into_one_place_of_a_text_is_listed_and_settled() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let (mut jeanne, mut paul, session) = clash(&app, &village, day(3, 5));
        let says = |summary: &str| Details { summary: Some(summary.to_owned()), ..Details::default() };
        jeanne.edit_session(session, &says("Rain.\nThe Peple sang.\n")).expect("an edit");
        sync(&mut jeanne);
        sync(&mut paul);
        for tablet in [&mut jeanne, &mut paul] {
            tablet.edit_session(session, &says("Rain.\nThe People sang.\n")).expect("an edit");
            sync(tablet);
        }
        sync(&mut jeanne);

        let open = village.manager.all("/v1/conflicts");
        let text = open.iter().find(|one| one["field"] == "summary").expect("listed");
        assert_eq!(text["reads"], "The Peoople sang.", "the line concerned, as it was merged");
        let both = "The People sang.";
        assert_eq!(values(text), [(both, "jeanne.aegis", "a tablet"), (both, "paul.aegis", "a tablet")]);
        let on_tablet = jeanne.tablet().conflicts(session).expect("the session");
        assert!(on_tablet.iter().any(|one| one.field == "summary" && one.shown() == "The Peoople sang."));
        let read = village.manager.get(&format!("/v1/sessions/{session}")).ok();
        assert_eq!((&read["conflicts"], &read["was_in_conflict"]), (&json!(3), &json!(true)));

        let mut seen = resolution(session, "summary", both);
        seen["conflict"] = text["id"].clone();
        let long = resolution(session, "summary", &"x".repeat(20_001));
        let long = village.manager.post("/v1/conflicts/resolve", &long);
        assert_eq!(
            (long.problem(), &long.body["errors"][0]["field"]),
            ((422, "invalid-fields"), &json!("value"))
        );
        village.manager.post("/v1/conflicts/resolve", &seen).ok();
        let again = village.manager.post("/v1/conflicts/resolve", &seen);
        assert_eq!(again.problem(), (409, "conflict-settled"));
        for tablet in [&mut jeanne, &mut paul] {
            sync(tablet);
            let read: Session = tablet.tablet().read(session).expect("the session");
            assert_eq!(read.summary, "Rain.\nThe People sang.\n");
        }
        let told = village.manager.get(&format!("/v1/sessions/{session}/history")).ok();
        let last = told["items"].as_array().and_then(|items| items.last()).expect("a change");
        assert_eq!(last["reason"], "The register says so.");
        assert_eq!(last["sets"], json!([{"field": "summary", "from": ["The Peoople sang."], "to": [both]}]));

        // On a tablet it is settled with a reason as well.
        let why = "We were both there.".parse().expect("a line");
        jeanne.settle(session, ("minutes", "80"), &why).expect("settled");
        sync(&mut jeanne);
        assert_eq!(village.manager.all("/v1/conflicts").len(), 1, "the mark is left");
        check_streams(app.store());
    });
}

#[test]
fn the_history_tells_every_change_from_what_to_what_and_why() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, other) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let (mut jeanne, _, session) = clash(&app, &village, day(3, 5));
        app.clock.advance(5);
        village.manager.post("/v1/conflicts/resolve", &resolution(session, "minutes", "75")).ok();
        sync(&mut jeanne);
        let more = Details { summary: Some("One more line.".into()), ..Details::default() };
        jeanne.edit_session(session, &more).expect("an edit");
        sync(&mut jeanne);

        let path = format!("/v1/sessions/{session}/history");
        let told = village.manager.get(&path).ok();
        let items = told["items"].as_array().expect("a list");
        assert_eq!((items.len(), told.get("next")), (4, None), "{told}");
        let who: Vec<&str> = items.iter().filter_map(|item| item["by"].as_str()).collect();
        assert_eq!(who, ["jeanne.aegis", "paul.aegis", "manager.aegis", "jeanne.aegis"]);
        let set = |item: &Value, field: &str| -> Value {
            let all = item["sets"].as_array().expect("a list");
            all.iter().find(|set| set["field"] == field).cloned().unwrap_or_default()
        };
        let was = |from: &[&str], to: &[&str], field: &str| json!({"field": field, "from": from, "to": to});
        assert_eq!(set(&items[0], "minutes"), was(&[], &["90"], "minutes"));
        assert_eq!(set(&items[1], "minutes"), was(&[], &["75"], "minutes"), "he knew nothing of hers");
        assert_eq!(set(&items[2], "minutes"), was(&["75", "90"], &["75"], "minutes"));
        assert_eq!(set(&items[3], "summary"), was(&[], &["One more line."], "summary"));
        assert_eq!((&items[2]["reason"], items[0].get("reason")), (&json!("The register says so."), None));
        assert_eq!((&items[1]["tablet"], items[2].get("tablet")), (&json!("a tablet"), None));
        let later = server::clock::timestamp(START.plus_minutes(5)).to_string();
        assert_eq!((&items[2]["at"], &items[2]["received_at"]), (&json!(later), &json!(later)));

        let first = village.manager.get(&format!("{path}?limit=3")).ok();
        assert_eq!(first["items"].as_array().map(Vec::len), Some(3));
        let rest = village
            .manager
            .get(&format!("{path}?limit=3&after={}", first["next"].as_str().expect("a cursor")))
            .ok();
        assert_eq!((&rest["items"][0], rest.get("next")), (&items[3], None));

        let group = village.manager.get(&format!("/v1/groups/{}/history", village.group)).ok();
        assert_eq!(set(&group["items"][0], "name"), was(&[], &["Twiyubake"], "name"));
        let person = village.manager.all("/v1/participants").remove(0)["id"].clone();
        let person = format!("/v1/participants/{}/history", person.as_str().expect("an id"));
        assert_eq!(village.manager.get(&person).ok()["items"].as_array().map(Vec::len), Some(1));

        let stranger = &other.manager;
        assert_eq!(stranger.get(&path).problem(), (404, "no-such-session"));
        assert_eq!(stranger.get(&person).problem(), (404, "no-such-participant"));
        let groups = format!("/v1/groups/{}/history", village.group);
        assert_eq!(stranger.get(&groups).problem(), (404, "no-such-group"));
        let crossed = format!("/v1/groups/{session}/history");
        assert_eq!(village.manager.get(&crossed).problem(), (404, "no-such-group"), "a session is no group");
        assert!(stranger.all("/v1/conflicts").is_empty());
        let foreign = stranger.post("/v1/conflicts/resolve", &resolution(session, "minutes", "90"));
        assert_eq!(foreign.problem(), (404, "no-such-record"));
    });
}

#[test]
fn conflicts_are_filtered_and_paged_and_a_value_that_was_not_seen_is_not_settled_away() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let (mut jeanne, mut paul, first) = clash(&app, &village, day(3, 5));
        for date in 6..10 {
            meet(&mut jeanne, &mut paul, &village, day(3, date));
        }
        let manager = &village.manager;
        let count = |query: &str| manager.all(&format!("/v1/conflicts?{query}")).len();
        assert_eq!(count(""), 10, "two a meeting, over two pages");
        let ids: BTreeSet<String> =
            manager.all("/v1/conflicts").iter().map(|one| one["id"].to_string()).collect();
        assert_eq!(ids.len(), 10);
        assert_eq!((count("from=2026-03-06"), count("from=2026-03-06&to=2026-03-07")), (8, 4));
        assert_eq!((count("record=session"), count("record=participant"), count("area=52")), (10, 0, 10));
        assert_eq!((count("area=11"), count(&format!("group={}", village.group))), (0, 10));
        let nothing = manager.get("/v1/conflicts?record=incident&area=99");
        assert_eq!(nothing.problem(), (422, "invalid-fields"));

        let of_first = |field: &str| {
            let all = manager.get(&format!("/v1/sessions/{first}")).ok();
            let clashes = all["clashes"].as_array().expect("a list").clone();
            clashes.into_iter().find(|clash| clash["field"] == field).unwrap_or_default()
        };
        let seen = of_first("minutes");
        // Both have seen the clash, and each settles it, not knowing of the other.
        for (tablet, number) in [(&mut jeanne, 60), (&mut paul, 70)] {
            let settled = Details { minutes: minutes(number), ..Details::default() };
            tablet.edit_session(first, &settled).expect("an edit");
        }
        sync(&mut jeanne);
        sync(&mut paul);
        let now = of_first("minutes");
        assert_eq!(values(&now).iter().map(|value| value.0).collect::<Vec<_>>(), ["60", "70"]);
        assert_ne!(seen["id"], now["id"]);
        let mut stale = resolution(first, "minutes", "90");
        stale["conflict"] = seen["id"].clone();
        assert_eq!(manager.post("/v1/conflicts/resolve", &stale).problem(), (409, "conflict-changed"));
        stale["conflict"] = now["id"].clone();
        manager.post("/v1/conflicts/resolve", &stale).ok();
        assert_eq!(of_first("minutes"), Value::Null);
        assert_eq!(count(""), 9);
    });
}

#[test]
fn of_two_who_settle_one_conflict_at_once_one_hears_that_it_is_settled() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let (_, _, session) = clash(&app, &village, day(3, 5));
        app.user("second.aegis", Role::Manager, Some(village.organisation));
        let second = app.login("second.aegis");
        let start = std::sync::Barrier::new(2);
        let answers: Vec<(u16, String)> = std::thread::scope(|threads| {
            let all: Vec<_> = [(&village.manager, "90"), (&second, "75")]
                .into_iter()
                .map(|(who, value)| {
                    let start = &start;
                    threads.spawn(move || {
                        start.wait();
                        let answer =
                            who.post("/v1/conflicts/resolve", &resolution(session, "minutes", value));
                        let (status, slug) = answer.problem();
                        (status, slug.to_owned())
                    })
                })
                .collect();
            all.into_iter().map(|one| one.join().expect("no panic")).collect()
        });
        let lost: Vec<_> = answers.iter().filter(|answer| answer.0 != 204).collect();
        assert_eq!(lost, [&(409, "conflict-settled".to_owned())], "{answers:?}");
        let read = village.manager.get(&format!("/v1/sessions/{session}")).ok();
        let held = if answers[0].0 == 204 { 90 } else { 75 };
        assert_eq!((&read["minutes"], &read["conflicts"]), (&json!(held), &json!(1)));
        check_streams(app.store());
    });
}

#[test]
fn rows_of_an_earlier_version_are_computed_again_when_the_service_starts() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        clash(&app, &village, day(3, 5));
        let before = (village.manager.all("/v1/conflicts"), village.manager.all("/v1/sessions"));
        // As a store looks that the first version wrote.
        let forget = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
            on_each!(tx, |c| {
                diesel::delete(conflict_claims::table).execute(c)?;
                diesel::delete(conflicts::table).execute(c)?;
                diesel::update(sessions::table).set(sessions::was_in_conflict.eq(false)).execute(c)?;
                diesel::delete(settings::table.find("projection")).execute(c)
            })
        };
        app.store().write_blocking("test", forget).expect("forgotten");
        assert!(village.manager.all("/v1/conflicts").is_empty());
        let again = TestApp::on(database);
        let manager = village.manager.at(&again.url);
        assert_eq!((manager.all("/v1/conflicts"), manager.all("/v1/sessions")), before);
    });
}
