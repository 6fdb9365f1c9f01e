//! Sessions: moved, void, verified and returned.

use super::*;
use sync_core::change::Actor;
use sync_core::document::Document;
use sync_core::quarantine::Outcome;
use sync_core::record::Kind;
use sync_core::record::session::{Minutes, PartOfDay, SessionState};
use tests::Stranger;
use tests::app::START;

fn moved_to(who: &Session, session: SessionId, date: Option<&str>) -> Answer {
    let body = json!({"date": date, "reason": "The tablet's clock was wrong."});
    who.post(&format!("/v1/sessions/{session}/move"), &body)
}

fn id_of(answer: Answer) -> SessionId {
    answer.ok()["session_id"].as_str().expect("an id").parse().expect("an id")
}

fn state(who: &Session, session: SessionId, state: &str) -> Answer {
    let body = json!({"state": state, "reason": "Who came?"});
    who.post(&format!("/v1/sessions/{session}/state"), &body)
}

#[test]
fn a_meeting_under_a_wrong_day_is_moved_and_moved_back() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let details = Details {
            minutes: Some(Minutes::try_from(90).expect("in range")),
            summary: Some("We sang.".to_owned()),
            ..came(&[1, 2, 3])
        };
        let wrong = record(&mut cast.jeanne, cast.village.group, day(3, 3), details);
        cast.settle();
        let right = id_of(moved_to(&cast.odette, wrong, Some("2026-03-04")));
        assert_eq!(right, SessionId::of(cast.village.group, day(3, 4), 0, 0));
        assert_eq!(cast.total(), (1, 3));
        let (old, new) = (cast.read(wrong), cast.read(right));
        assert_eq!((&old["moved_to"], &old["counts"]), (&json!(right), &json!(false)));
        assert_eq!((&new["moved_from"], &new["counts"]), (&json!(wrong), &json!(true)));
        assert_eq!((&new["minutes"], new["attended"].as_i64()), (&json!(90), Some(3)));
        assert_eq!(new["summary"].as_str().map(str::trim), Some("We sang."));
        assert_eq!(cast.listed("moved=true"), [wrong.to_string()]);
        let path = format!("/v1/sessions/{wrong}");
        let told = (String::from("The tablet's clock was wrong."), vec!["moved_to".to_owned()]);
        assert_eq!(last_change(&cast.odette, &path), told);
        cast.reconcile();
        assert_eq!(meeting(&cast.paul, wrong).moved_to, Some(right), "the other tablet hears of it");

        // That day's own meeting is a record of its own.
        let own = record(&mut cast.paul, cast.village.group, day(3, 3), came(&[4]));
        assert_eq!(own, SessionId::of(cast.village.group, day(3, 3), 0, 1));
        cast.reconcile();
        assert_eq!(cast.total(), (2, 4));

        let refused = |answer: Answer| (answer.status, answer.problem().1.to_owned());
        let conflict = |slug: &str| (409, slug.to_owned());
        assert_eq!(refused(moved_to(&cast.odette, wrong, Some("2026-03-06"))), conflict("already-moved"));
        assert_eq!(refused(moved_to(&cast.odette, own, Some("2026-03-04"))), conflict("already-recorded"));
        assert_eq!(refused(moved_to(&cast.odette, own, None)), conflict("not-moved"));
        assert_eq!(
            refused(moved_to(&cast.odette, own, Some("2026-03-03"))),
            (422, "invalid-fields".to_owned())
        );
        assert_eq!(moved_to(&cast.odette, own, Some("1 March")).body["errors"][0]["field"], "date");
        let mistyped = moved_to(&cast.odette, own, Some("2027-03-05"));
        let about = &mistyped.body["errors"][0];
        assert_eq!(
            (mistyped.problem(), &about["field"]),
            ((422, "invalid-fields"), &json!("date")),
            "{about}"
        );
        let facilitator = cast.app.login("jeanne.aegis");
        assert_eq!(moved_to(&facilitator, own, Some("2026-03-09")).problem(), (403, "role-not-allowed"));

        // Taken back: the first counts again, and what it was moved to does not.
        assert_eq!(id_of(moved_to(&cast.odette, wrong, None)), wrong);
        assert_eq!(cast.total(), (2, 4));
        assert_eq!((&cast.read(wrong)["counts"], &cast.read(right)["counts"]), (&json!(true), &json!(false)));
        // Both say the same, and only one counts: nobody is asked whether they are one meeting. Two of one morning may be.
        let alike: BTreeSet<String> = cast.listed("possible_double=true").into_iter().collect();
        assert_eq!(alike, [wrong, own].map(|id| id.to_string()).into());
        assert_eq!(cast.read(wrong)["possible_doubles"], json!([own]));
        assert_eq!(cast.read(right)["possible_doubles"], json!([]));
        for days in ["", "from=2026-03-01&to=2026-03-30"] {
            assert_eq!(cast.village.aggregates(days)["doubts"]["possible_doubles"], 2, "{days}");
        }
        cast.reconcile();
        // Once more, elsewhere: the day that it was moved to at first has a record that holds nothing now.
        let again = id_of(moved_to(&cast.odette, wrong, Some("2026-03-04")));
        assert_eq!(again, SessionId::of(cast.village.group, day(3, 4), 0, 1));
        // What is recorded there meanwhile would count nowhere.
        cast.settle();
        record(&mut cast.jeanne, cast.village.group, day(3, 4), came(&[5]));
        cast.settle();
        assert_eq!(refused(moved_to(&cast.odette, wrong, None)), conflict("recorded-since"));
        assert_eq!(cast.total(), (2, 5));
        cast.reconcile();
    });
}

#[test]
fn a_meeting_that_never_was_counts_nowhere_until_that_is_taken_back() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let first = record(&mut cast.jeanne, cast.village.group, day(3, 3), came(&[1, 2]));
        cast.settle();
        void(&cast.odette, first, true).ok();
        assert_eq!(cast.total(), (0, 0));
        let read = cast.read(first);
        assert_eq!((&read["void"], &read["counts"]), (&json!("Recorded by mistake."), &json!(false)));
        assert_eq!(cast.listed("void=true"), [first.to_string()]);
        assert_eq!(void(&cast.odette, first, true).problem(), (409, "already-void"));

        // Paul has not heard of it, and goes on in the record that he has; somebody should look at that.
        let told = record(&mut cast.paul, cast.village.group, day(3, 3), came(&[3]));
        assert_eq!(told, first);
        sync(&mut cast.paul);
        assert_eq!(cast.read(first)["recorded_since"], true);
        assert_eq!(cast.listed("recorded_since=true"), [first.to_string()]);
        cast.settle();
        assert!(meeting(&cast.jeanne, first).void.is_some(), "the tablets hear of it");
        let second = record(&mut cast.jeanne, cast.village.group, day(3, 3), came(&[4]));
        assert_eq!(second, SessionId::of(cast.village.group, day(3, 3), 0, 1));
        cast.reconcile();
        assert_eq!(cast.total(), (1, 1));

        void(&cast.village.manager, first, false).ok();
        assert_eq!(void(&cast.odette, first, false).problem(), (409, "not-void"));
        assert_eq!(cast.total(), (2, 4));
        assert_eq!(cast.read(first)["recorded_since"], false);
        assert_eq!(cast.read(first)["possible_doubles"], json!([second]), "two records of one part of a day");
        cast.reconcile();
    });
}

#[test]
fn void_and_its_taking_back_at_once_is_a_clash_and_counts() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let session = record(&mut cast.jeanne, cast.village.group, day(3, 3), came(&[1]));
        cast.settle();
        void(&cast.odette, session, true).ok();
        cast.settle();
        // Jeanne recorded it, so she may take it back; at the same moment the manager says again why it is void.
        let stream = cast.village.group.into();
        cast.jeanne.edit::<Meeting>(stream, session, |edit| edit.void().clear()).expect("an edit");
        void(&cast.odette, session, false).ok();
        void(&cast.odette, session, true).ok();
        cast.settle();
        let read = cast.read(session);
        assert!(read.get("void").is_none() && read["counts"] == true, "{read}");
        assert_eq!(read["clashes"][0]["field"], "void");
        cast.reconcile();
        let settled =
            json!({"record": session, "field": "void", "value": "It never was.", "reason": "I asked both."});
        cast.odette.post("/v1/conflicts/resolve", &settled).ok();
        assert_eq!(cast.total(), (0, 0));
        cast.reconcile();
    });
}

#[test]
fn facilitators_make_void_what_they_recorded_and_nothing_else() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let stream = cast.village.group.into();
        let hers = record(&mut cast.jeanne, cast.village.group, day(3, 3), came(&[1]));
        cast.settle();
        let void = |tablet: &mut Device| {
            let reason = "It never was.".parse().expect("a line");
            tablet.edit_because::<Meeting>(stream, hers, &reason, |edit| edit.void().set(reason.clone()))
        };
        void(&mut cast.paul).expect("an edit");
        let report = cast.paul.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.accepted, report.quarantined.len()), (0, 1));
        assert_eq!(cast.total(), (1, 1));
        // His supervisor looks, and answers for it.
        let waiting = cast.odette.all("/v1/quarantine").remove(0);
        assert_eq!((&waiting["reason"], &waiting["field"]), (&json!("invalid"), &json!("void")), "{waiting}");
        let id = waiting["id"].as_str().expect("an id");
        assert_eq!(cast.odette.get(&format!("/v1/quarantine/{id}")).ok()["would_be"], "accepted");
        cast.odette.post(&format!("/v1/quarantine/{id}/release"), &json!({})).ok();
        assert_eq!(cast.total(), (0, 0));
        cast.settle();
        // She takes it back, since she recorded it.
        cast.jeanne.edit::<Meeting>(stream, hers, |edit| edit.void().clear()).expect("an edit");
        cast.reconcile();
        assert_eq!(cast.total(), (1, 1));
        void(&mut cast.jeanne).expect("an edit");
        let report = cast.jeanne.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.accepted, report.quarantined.len()), (1, 0));
        assert_eq!(last_change(&cast.odette, &format!("/v1/sessions/{hers}")).0, "It never was.");
        assert_eq!(cast.total(), (0, 0));
    });
}

#[test]
fn a_session_is_verified_changed_since_and_returned_with_a_note() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let stream = cast.village.group.into();
        let session = record(&mut cast.jeanne, cast.village.group, day(3, 3), came(&[1]));
        cast.settle();
        // A facilitator's tablet can't say it.
        let verifies =
            cast.paul.edit::<Meeting>(stream, session, |edit| edit.state().set(SessionState::Verified));
        assert!(verifies.expect("an edit"));
        let report = cast.paul.sync(&mut ()).expect("a sync").report;
        assert_eq!(report.quarantined.len(), 1);
        assert_eq!(cast.read(session)["state"], "draft");
        let facilitator = cast.app.login("paul.aegis");
        assert_eq!(state(&facilitator, session, "verified").problem(), (403, "role-not-allowed"));

        state(&cast.odette, session, "verified").ok();
        let read = cast.read(session);
        assert_eq!((&read["state"], &read["changed_since_verified"]), (&json!("verified"), &json!(false)));
        sync(&mut cast.jeanne);
        assert_eq!(meeting(&cast.jeanne, session).state, SessionState::Verified);
        let more = Details { attendance: marks(&[2], Attendance::Late), ..Details::default() };
        cast.jeanne.edit_session(session, &more).expect("an edit");
        sync(&mut cast.jeanne);
        assert_eq!(cast.read(session)["changed_since_verified"], true);
        assert_eq!(cast.listed("changed_since_verified=true"), [session.to_string()]);
        // Whoever looks again verifies it as it is now.
        state(&cast.odette, session, "verified").ok();
        assert_eq!(cast.read(session)["changed_since_verified"], false);

        state(&cast.odette, session, "draft").ok();
        let read = cast.read(session);
        assert_eq!((&read["state"], &read["returned"]), (&json!("draft"), &json!("Who came?")));
        assert_eq!(cast.listed("returned=true"), [session.to_string()]);
        assert_eq!(cast.listed("state=draft"), [session.to_string()]);
        assert_eq!(cast.listed("state=verified"), Vec::<String>::new());
        assert_eq!(cast.odette.get("/v1/sessions?state=verifed").problem(), (422, "invalid-fields"));
        let told = last_change(&cast.odette, &format!("/v1/sessions/{session}"));
        assert_eq!(told, ("Who came?".to_owned(), vec!["state".to_owned(), "returned".to_owned()]));
        sync(&mut cast.jeanne);
        let returned = meeting(&cast.jeanne, session);
        assert_eq!(returned.returned.map(|note| note.to_string()).as_deref(), Some("Who came?"));
        let submit = Details { state: Some(SessionState::Submitted), ..Details::default() };
        cast.jeanne.edit_session(session, &submit).expect("an edit");
        sync(&mut cast.jeanne);
        state(&cast.odette, session, "verified").ok();
        let read = cast.read(session);
        assert!(read.get("returned").is_none() && read["changed_since_verified"] == false, "{read}");
        assert_eq!(state(&cast.odette, session, "lost").body["errors"][0]["field"], "state");
        void(&cast.odette, session, true).ok();
        assert_eq!(state(&cast.odette, session, "verified").problem(), (409, "set-aside"));
    });
}

#[test]
fn what_a_tablet_that_had_not_heard_recorded_goes_where_it_counts() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let group = cast.village.group;
        let wrong = record(&mut cast.jeanne, group, day(3, 3), came(&[1, 2]));
        cast.settle();
        let right = id_of(moved_to(&cast.odette, wrong, Some("2026-03-04")));
        let split = |cast: &Cast, body: Value| {
            let mut body = body;
            body["reason"] = json!("Paul had not heard.");
            cast.odette.post(&format!("/v1/sessions/{wrong}/split"), &body)
        };
        assert_eq!(split(&cast, json!({})).problem(), (409, "nothing-since"));

        // Paul corrects the meeting of the fourth, still under the third.
        let more = Details {
            minutes: Some(Minutes::try_from(75).expect("in range")),
            summary: Some("We prayed.".to_owned()),
            ..came(&[3])
        };
        record(&mut cast.paul, group, day(3, 3), more);
        sync(&mut cast.paul);
        let paul = cast.paul.tablet().device();
        let read = cast.read(wrong);
        assert_eq!(
            (&read["recorded_since"], &read["recorded_since_by"][0]["device"]),
            (&json!(true), &json!(paul))
        );
        assert_eq!(read["recorded_since_by"][0]["by"], "paul.aegis");
        assert_eq!(cast.total(), (1, 2));
        let jeanne = cast.jeanne.tablet().device();
        assert_eq!(split(&cast, json!({"device": jeanne})).problem(), (409, "nothing-since"));
        assert_eq!(id_of(split(&cast, json!({"device": paul, "date": "2026-03-04"}))), right);
        assert_eq!(cast.total(), (1, 3));
        assert_eq!(cast.read(wrong)["recorded_since"], false);
        let read = cast.read(right);
        assert!(
            read["minutes"] == 75 && read["summary"].as_str().is_some_and(|text| text.contains("prayed")),
            "{read}"
        );
        assert_eq!(last_change(&cast.odette, &format!("/v1/sessions/{right}")).0, "Paul had not heard.");
        cast.reconcile();

        // Another tablet that had not heard records the meeting that there was on the third.
        let eric = cast.village.facilitator_with_tablet(&cast.app, "eric");
        let mut eric = eric;
        void(&cast.odette, right, true).ok();
        record(&mut eric, group, day(3, 4), came(&[4]));
        sync(&mut eric);
        assert_eq!(cast.listed("recorded_since=true"), [right.to_string()]);
        let body = json!({"device": eric.tablet().device(), "reason": "It was another meeting."});
        let own = id_of(cast.odette.post(&format!("/v1/sessions/{right}/split"), &body));
        assert_eq!(own, SessionId::of(group, day(3, 4), 0, 1));
        assert_eq!(cast.total(), (1, 1));
        assert!(cast.listed("recorded_since=true").is_empty());
        cast.reconcile();
    });
}

/// Paul goes on in the record that a move made, not knowing that the move was taken back.
#[test]
fn what_is_recorded_where_a_move_was_taken_back_is_told_and_carried_over() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let group = cast.village.group;
        let first = record(&mut cast.jeanne, group, day(3, 3), came(&[1, 2]));
        cast.settle();
        let made = id_of(moved_to(&cast.odette, first, Some("2026-03-04")));
        cast.settle();
        assert_eq!(id_of(moved_to(&cast.odette, first, None)), first);
        let more = Details { minutes: Some(Minutes::try_from(75).expect("in range")), ..came(&[3]) };
        assert_eq!(record(&mut cast.paul, group, day(3, 4), more), made);
        sync(&mut cast.paul);

        let read = cast.read(made);
        assert_eq!((&read["counts"], &read["recorded_since"]), (&json!(false), &json!(true)), "{read}");
        assert_eq!(read["recorded_since_by"][0]["by"], "paul.aegis");
        assert_eq!(cast.listed("recorded_since=true"), [made.to_string()]);
        assert_eq!(cast.odette.get("/v1/aggregates").ok()["doubts"]["recorded_since"], 1);
        cast.settle();
        assert_eq!(cast.jeanne.tablet().recorded_since(made).len(), 1, "a tablet tells it, too");
        cast.reconcile();

        let carried = json!({"date": "2026-03-03", "reason": "Paul had not heard that it was the third."});
        assert_eq!(id_of(cast.odette.post(&format!("/v1/sessions/{made}/split"), &carried)), first);
        assert_eq!((cast.total(), cast.read(first)["minutes"].clone()), ((1, 3), json!(75)));
        assert_eq!(cast.read(made)["recorded_since"], false);
        assert!(cast.listed("recorded_since=true").is_empty());
        cast.settle();
        assert!(cast.jeanne.tablet().recorded_since(made).is_empty());
        cast.reconcile();
    });
}

/// Each wrote as much as one person may, not knowing of the other.
#[test]
fn a_meeting_of_which_two_wrote_more_than_one_may_is_moved_with_all_of_it() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let (group, wrong) = (cast.village.group, day(3, 5));
        for (tablet, letter) in [(&mut cast.jeanne, "a"), (&mut cast.paul, "b")] {
            let details = Details { summary: Some(letter.repeat(15_000)), ..Details::default() };
            record(tablet, group, wrong, details);
        }
        cast.settle();
        let session = SessionId::of(group, wrong, 0, 0);
        let moved = id_of(moved_to(&cast.odette, session, Some("2026-03-04")));
        let long = |words: &str| ["a", "b"].iter().all(|letter| words.contains(&letter.repeat(15_000)));
        assert!(long(cast.read(moved)["summary"].as_str().expect("words")));
        cast.settle();
        assert!(long(&meeting(&cast.jeanne, moved).summary), "on a tablet, too");

        // A tablet moves it as well.
        let to = cast.jeanne.move_session(
            moved,
            day(3, 3),
            PartOfDay::Morning,
            &"Earlier".parse().expect("a reason"),
        );
        let to = to.expect("it moves");
        cast.settle();
        assert!(long(&meeting(&cast.paul, to).summary));
    });
}

/// Of a move a tablet hands in two changes, of two records; one of them may come first, or be quarantined.
#[test]
fn a_move_whose_other_record_has_not_come_is_taken_back() {
    Database::each(|database| {
        let cast = Cast::on(database);
        let group = cast.village.group;
        let mut tablet = Stranger::enrolled(&cast.app, &cast.village, "claire");
        let mut document = Document::genesis(Kind::Session);
        let first = tablet.edit(&mut document, group, 5);
        let actor = Actor { device: tablet.device, incarnation: 0 };
        let to = SessionId::of(group, day(3, 4), 0, 0);
        let moves = document.edit::<Meeting>(actor, START, |session| session.moved_to().set(to));
        let moves = moves.expect("sound").expect("new");
        let session = SessionId::of(group, day(3, 5), 0, 0);
        let changes = [first, moves].map(|change| (Kind::Session, session.into(), change.bytes().to_vec()));
        assert_eq!(tablet.hand_in(&cast.app, group.into(), &changes), [Outcome::Accepted, Outcome::Accepted]);

        assert_eq!(id_of(moved_to(&cast.odette, session, None)), session);
        let read = cast.read(session);
        assert_eq!((read.get("moved_to"), &read["counts"]), (None, &json!(true)));
    });
}

#[test]
fn who_was_absent_so_often_is_listed() {
    Database::each(|database| {
        let mut cast = Cast::on(database);
        let absent =
            |who: &[usize]| Details { attendance: marks(who, Attendance::Absent), ..Details::default() };
        for (date, who) in [(1, &[1, 2, 3][..]), (2, &[1, 2]), (3, &[1])] {
            record(&mut cast.jeanne, cast.village.group, day(3, date), absent(who));
        }
        let mistake = record(&mut cast.paul, cast.village.group, day(2, 12), absent(&[1, 2, 3]));
        cast.settle();
        let codes = |cast: &Cast, at_least: u32| -> Vec<(String, i64)> {
            let all = cast.odette.all(&format!("/v1/participants?absences={at_least}"));
            let told = |one: &Value| {
                (
                    one["code"].as_str().expect("a code").to_owned(),
                    one["absences"].as_i64().expect("a number"),
                )
            };
            all.iter().map(told).collect()
        };
        let of = |all: &[(&str, i64)]| -> Vec<(String, i64)> {
            all.iter().map(|(code, absences)| ((*code).to_owned(), *absences)).collect()
        };
        assert_eq!(codes(&cast, 3), of(&[("P01", 4), ("P02", 3)]));
        // What was recorded by mistake counts nowhere.
        let void = json!({"void": true, "reason": "It was another group."});
        assert_eq!(cast.odette.post(&format!("/v1/records/{mistake}/void"), &void).status, 204);
        assert_eq!(codes(&cast, 3), of(&[("P01", 3)]));
        assert_eq!(codes(&cast, 2), of(&[("P01", 3), ("P02", 2)]));
    });
}
