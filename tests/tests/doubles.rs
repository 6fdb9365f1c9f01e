//! One meeting with two records: found, marked as doubles, counted once, taken back; over REST and on tablets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;
use std::thread;

use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use server::access::Role;
use server::on_each;
use server::store::schema::{days, possible_doubles, settings};
use server::store::{Conn, StoreError};
use sync_core::id::{GroupId, Id, SessionId};
use sync_core::record::Session;
use sync_core::record::session::{Attendance, PartOfDay, Theme};
use tablet::device::Device;
use tablet::recording::Details;
use tests::recount::{Count, check_streams};
use tests::village::{day, marks, people_join, record};
use tests::{Database, TestApp, Village};

fn sync(tablet: &mut Device) {
    tablet.sync(&mut ()).expect("a sync");
}

fn came(people: &[usize]) -> Details {
    Details { attendance: marks(people, Attendance::Present), ..Details::default() }
}

fn path(session: SessionId) -> String {
    format!("/v1/sessions/{session}/double")
}

fn double(of: Option<SessionId>) -> Value {
    json!({"of": of, "reason": "Recorded again under the right day."})
}

/// The ids of a list.
fn ids(items: &[Value]) -> BTreeSet<String> {
    items.iter().filter_map(|item| item["id"].as_str()).map(str::to_owned).collect()
}

#[test]
fn a_meeting_with_two_records_is_found_marked_and_counted_once_and_the_mark_is_taken_back() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 5);
        sync(&mut jeanne);
        sync(&mut paul);
        let wrong = record(&mut jeanne, village.group, day(3, 4), came(&[1, 2, 3, 4, 5]));
        let right = record(&mut paul, village.group, day(3, 5), came(&[1, 2, 3, 4]));
        let before = record(&mut paul, village.group, day(2, 26), came(&[1, 2, 3, 4]));
        sync(&mut jeanne);
        sync(&mut paul);

        let manager = &village.manager;
        let listed = |query: &str| ids(&manager.all(&format!("/v1/sessions?{query}")));
        let set = |all: &[SessionId]| all.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(listed("possible_double=true"), set(&[wrong, right]));
        assert_eq!(listed("possible_double=false"), set(&[before]));
        let read = |session: SessionId| manager.get(&format!("/v1/sessions/{session}")).ok();
        assert_eq!(read(wrong)["possible_doubles"], json!([right]));
        assert_eq!(read(right)["possible_doubles"], json!([wrong]));
        let totals = village.aggregates("by=month");
        assert_eq!(Count::of_answer(&totals), Count::registered(3, 13, 5));
        let doubts = |totals: &Value| {
            ["doubles", "possible_doubles", "date_doubts"].map(|name| totals["doubts"][name].clone())
        };
        assert_eq!(doubts(&totals), [0, 2, 0]);

        app.clock.advance(5);
        manager.post(&path(wrong), &double(Some(right))).ok();
        let totals = village.aggregates("by=month");
        assert_eq!(Count::of_answer(&totals), Count::registered(2, 8, 4));
        assert_eq!(doubts(&totals), [1, 0, 0]);
        assert_eq!((listed("double=true"), listed("double=false")), (set(&[wrong]), set(&[right, before])));
        let marked = read(wrong);
        assert_eq!((&marked["double_of"], &marked["counts"]), (&json!(right), &json!(false)));
        assert_eq!(marked["attendance"].as_array().map(Vec::len), Some(5), "it stays readable");
        let told = manager.get(&format!("/v1/sessions/{wrong}/history")).ok();
        let last = told["items"].as_array().and_then(|all| all.last()).expect("a change");
        assert_eq!(last["reason"], "Recorded again under the right day.");
        assert_eq!(last["sets"][0], json!({"field": "double_of", "from": [], "to": [right]}));
        for tablet in [&mut jeanne, &mut paul] {
            sync(tablet);
            let read: Session = tablet.tablet().read(wrong).expect("the session");
            assert_eq!(read.double_of, Some(right));
        }
        let held = Count::of_tablets([&jeanne, &paul], &[village.group]);
        assert_eq!(held, Count::of_answer(&village.aggregates("")));

        // He knows better, and takes it back on his tablet.
        paul.mark_double(wrong, None).expect("taken back");
        sync(&mut paul);
        assert_eq!(village.aggregates("")["total"]["sessions"], 3);
        assert_eq!(listed("possible_double=true"), set(&[wrong, right]));
        paul.mark_double(right, Some(wrong)).expect("the other way round");
        sync(&mut paul);
        assert_eq!(Count::of_answer(&village.aggregates("")), Count::registered(2, 9, 5));
        check_streams(app.store());
    });
}

#[test]
fn what_cannot_be_a_double_is_refused_in_words() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, other) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut kevin = other.facilitator_with_tablet(&app, "kevin");
        let [one, two, three] =
            [3, 4, 5].map(|date| record(&mut jeanne, village.group, day(3, date), Details::default()));
        let second = village.group("Icyizere", "space_for_peace");
        village.assign(jeanne.tablet().user(), second);
        sync(&mut jeanne);
        let elsewhere = record(&mut jeanne, second, day(3, 5), Details::default());
        let foreign = record(&mut kevin, other.group, day(3, 5), Details::default());
        sync(&mut jeanne);
        sync(&mut kevin);

        let manager = &village.manager;
        let refused = |session: SessionId, of: Option<SessionId>| {
            let answer = manager.post(&path(session), &double(of));
            (answer.status, answer.problem().1.to_owned(), answer.body["errors"][0]["field"].clone())
        };
        let field = |of: SessionId| {
            let (status, slug, field) = refused(one, Some(of));
            assert_eq!((status, slug.as_str(), field), (422, "invalid-fields", json!("of")));
        };
        field(one);
        field(elsewhere);
        field(foreign);
        field(SessionId::from_uuid(uuid::Uuid::from_u128(5)));
        assert_eq!(refused(one, None).1, "no-double");
        assert_eq!(refused(foreign, Some(one)).1, "no-such-session");
        let silent = manager.post(&path(one), &json!({"of": two, "reason": ""}));
        assert_eq!(silent.body["errors"][0]["field"], "reason");
        assert_eq!(manager.post(&path(one), &json!({"reason": "I forgot."})).status, 422, "of what?");

        manager.post(&path(one), &double(Some(two))).ok();
        assert_eq!(
            (refused(one, Some(two)).0, refused(one, Some(three)).1.as_str()),
            (409, "already-a-double")
        );
        assert_eq!((refused(two, Some(one)).0, refused(three, Some(one)).1.as_str()), (409, "of-a-double"));
        manager.post(&path(two), &double(Some(three))).ok();
        assert_eq!(village.aggregates("")["total"]["sessions"], 2, "of a chain the end counts");

        let facilitator = app.login("jeanne.aegis");
        assert_eq!(facilitator.post(&path(one), &double(None)).problem(), (403, "role-not-allowed"));
        let supervisor = app.user("supervisor.aegis", Role::Supervisor, Some(village.organisation));
        let supervising = app.login("supervisor.aegis");
        assert_eq!(supervising.post(&path(one), &double(None)).problem(), (404, "no-such-session"));
        village.assign(supervisor, village.group);
        supervising.post(&path(one), &double(None)).ok();
        sync(&mut jeanne);
        let refused = jeanne.mark_double(one, Some(two)).expect_err("refused").to_string();
        assert!(refused.contains("name the one that counts"), "{refused}");
        let refused = jeanne.mark_double(one, Some(elsewhere)).expect_err("refused").to_string();
        assert!(refused.contains("another group"), "{refused}");
        let refused = jeanne.mark_double(one, None).expect_err("refused").to_string();
        assert!(refused.contains("not marked"), "{refused}");
    });
}

#[test]
fn of_two_who_mark_one_session_at_once_one_hears_of_the_other() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let [one, two, three] =
            [3, 4, 5].map(|date| record(&mut jeanne, village.group, day(3, date), Details::default()));
        sync(&mut jeanne);
        app.user("second.aegis", Role::Manager, Some(village.organisation));
        let second = app.login("second.aegis");
        let start = Barrier::new(2);
        let answers: Vec<(u16, String)> = thread::scope(|threads| {
            let all = [(&village.manager, two), (&second, three)].map(|(who, of)| {
                let start = &start;
                threads.spawn(move || {
                    start.wait();
                    let answer = who.post(&path(one), &double(Some(of)));
                    (answer.status, answer.problem().1.to_owned())
                })
            });
            all.into_iter().map(|one| one.join().expect("no panic")).collect()
        });
        let lost: Vec<_> = answers.iter().filter(|answer| answer.0 != 204).collect();
        assert_eq!(lost, [&(409, "already-a-double".to_owned())], "{answers:?}");
        let held = if answers[0].0 == 204 { two } else { three };
        assert_eq!(village.manager.get(&format!("/v1/sessions/{one}")).ok()["double_of"], json!(held));
        check_streams(app.store());
    });
}

/// The classes that marks tie together, whichever way they point.
fn classes(all: &[SessionId], marked: &BTreeMap<SessionId, SessionId>) -> usize {
    let mut class: BTreeMap<SessionId, usize> = all.iter().copied().zip(0..).collect();
    for (one, of) in marked {
        let (Some(from), Some(to)) = (class.get(one).copied(), class.get(of).copied()) else { continue };
        class.values_mut().filter(|number| **number == from).for_each(|number| *number = to);
    }
    class.values().collect::<BTreeSet<_>>().len()
}

/// Tablets mark what they like, not knowing of each other: pairs that name each other, chains, circles, what is not there,
/// what is another group's.
#[test]
fn whatever_is_marked_at_once_totals_count_each_meeting_once_as_the_tablets_do() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablets = ["jeanne", "paul", "eric"].map(|name| village.facilitator_with_tablet(&app, name));
        for seed in 0..6 {
            println!("seed {seed}");
            let mut random = StdRng::seed_from_u64(seed);
            let group: GroupId = village.group(&format!("Group {seed}"), "sociotherapy");
            let elsewhere = SessionId::of(village.group, day(3, 1), 0, 0);
            for tablet in &mut tablets {
                village.assign(tablet.tablet().user(), group);
                sync(tablet);
            }
            let all: Vec<SessionId> = (1..=9)
                .map(|date| record(&mut tablets[0], group, day(3, date), Details::default()))
                .collect();
            record(&mut tablets[0], village.group, day(3, 1), Details::default());
            tablets.iter_mut().for_each(sync);
            let mut marked = BTreeMap::new();
            for one in &all {
                let of = match random.random_range(0..12) {
                    0..=1 => continue,
                    2 => SessionId::from_uuid(uuid::Uuid::from_u128(random.random())),
                    3 => elsewhere,
                    _ => all[random.random_range(0..all.len())],
                };
                if of != *one {
                    let tablet = &mut tablets[random.random_range(0..3)];
                    let mark = tablet.edit::<Session>(group.into(), *one, |edit| edit.double_of().set(of));
                    assert!(mark.expect("an edit"));
                    marked.insert(*one, of);
                }
            }
            for _ in 0..2 {
                tablets.iter_mut().for_each(sync);
            }
            let answer = village.aggregates(&format!("group={group}"));
            let count = Count::of_answer(&answer);
            assert_eq!(count.sessions as usize, classes(&all, &marked), "{marked:?}");
            for tablet in &tablets {
                assert_eq!(Count::of_tablets([tablet], &[group]), count);
            }
            let left_out = village.manager.all(&format!("/v1/sessions?group={group}&double=true"));
            assert_eq!(left_out.len(), all.len() - count.sessions as usize);
            assert!(left_out.iter().all(|one| one["counts"] == false));
            assert_eq!(answer["doubts"]["doubles"], left_out.len());
        }
    });
}

#[test]
fn what_looks_alike_follows_either_record_and_is_computed_again() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        people_join(&mut jeanne, village.group, 5);
        sync(&mut jeanne);
        sync(&mut paul);
        let manager = &village.manager;
        let found = || ids(&manager.all("/v1/sessions?possible_double=true")).len();
        for round in 0..4 {
            // At the same moment, each to a document of its own.
            let start = Barrier::new(2);
            thread::scope(|threads| {
                for (tablet, part) in [(&mut jeanne, PartOfDay::Morning), (&mut paul, PartOfDay::Evening)] {
                    let (start, group) = (&start, village.group);
                    threads.spawn(move || {
                        let details = came(&[1, 2, 3, 4, 5]);
                        let date = day(3, 1 + 7 * round);
                        let new = tablet::recording::NewSession { date, part, details };
                        tablet.record_session(group, new).expect("a meeting is recorded");
                        start.wait();
                        sync(tablet);
                    });
                }
            });
            assert_eq!(found(), 2 + 2 * round as usize);
        }
        sync(&mut jeanne);
        let session = SessionId::of(village.group, day(3, 1), PartOfDay::Morning.ordinal(), 0);
        let other = SessionId::of(village.group, day(3, 1), PartOfDay::Evening.ordinal(), 0);
        let mut told = |session: SessionId, details: Details| {
            jeanne.edit_session(session, &details).expect("an edit");
            sync(&mut jeanne);
            found()
        };
        let absent = Details { attendance: marks(&[1, 2], Attendance::Absent), ..Details::default() };
        assert_eq!(told(session, absent.clone()), 6, "the first changes");
        assert_eq!(told(other, absent), 8, "the second changes");
        let of = |theme: Theme| Details { themes: BTreeSet::from([theme]), ..Details::default() };
        assert_eq!((told(session, of(Theme::Grief)), told(other, of(Theme::Livelihood))), (8, 6));
        let before = manager.all("/v1/sessions");
        // As a store looks that the version before wrote.
        let forget = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
            on_each!(tx, |c| {
                diesel::delete(possible_doubles::table).execute(c)?;
                diesel::update(days::table).set(days::begins_at.eq(i64::MAX)).execute(c)?;
                diesel::delete(settings::table.find("projection")).execute(c)
            })
        };
        app.store().write_blocking("test", forget).expect("forgotten");
        assert_eq!(found(), 0);
        let again = TestApp::on(database);
        assert_eq!(manager.at(&again.url).all("/v1/sessions"), before);
    });
}
