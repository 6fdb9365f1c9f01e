//! Tablets whose clocks are wrong: nothing rests on them, and people see by how much they were off.

use std::collections::BTreeSet;

use automerge::ROOT;
use automerge::transaction::Transactable as _;
use jiff::ToSpan as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use server::access::Role;
use sync_core::conflict::Conflict;
use sync_core::document::Document;
use sync_core::id::{GroupId, Id as _, SessionId};
use sync_core::quarantine::Outcome;
use sync_core::record::participant::{ConsentMethod, Purpose};
use sync_core::record::session::{Attendance, Minutes, PartOfDay, SessionState};
use sync_core::record::{Group, Kind, Session};
use sync_core::time::Millis;
use tablet::device::Device;
use tablet::recording::{Consent, Details, NewParticipant, NewSession};
use tests::app::START;
use tests::recount::{Count, check_streams};
use tests::village::{AREA, day, marks, people_join, record};
use tests::{Database, Stranger, TestApp, Village};

fn sync(tablet: &mut Device) {
    tablet.sync(&mut ()).expect("a sync");
}

fn minutes(number: i64) -> Option<Minutes> {
    Some(number.try_into().expect("in range"))
}

#[test]
fn tablets_whose_clocks_are_years_off_and_go_back_merge_like_any_others() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let mut village = Village::of(&app, "aegis");
        let mut tablets = ["jeanne", "paul", "eric"].map(|name| village.facilitator_with_tablet(&app, name));
        people_join(&mut tablets[0], village.group, 3);
        for _ in 0..2 {
            tablets.iter_mut().for_each(sync);
        }
        for round in 0..6_i8 {
            app.clock.advance(24 * 60);
            for (number, tablet) in tablets.iter_mut().enumerate() {
                // Decades behind, decades ahead, both going back; and one that jumps to and fro.
                let days = [-70 * 365 - 100 * i64::from(round), 40 * 365 - 30 * i64::from(round), 0][number];
                let jump = if number == 2 { 400 - 800 * i64::from(round % 2) } else { 0 };
                tablet.clock().set(START.plus_days(days + jump));
                let details = Details {
                    minutes: minutes(60 + 10 * number as i64),
                    attendance: marks(&[1 + number], Attendance::Present),
                    summary: Some(format!("{number} in round {round}.")),
                    ..Details::default()
                };
                record(tablet, village.group, day(3, 1 + round % 3), details);
                if (usize::from(round.unsigned_abs()) + number).is_multiple_of(2) {
                    sync(tablet);
                }
            }
        }
        for _ in 0..2 {
            tablets.iter_mut().for_each(sync);
        }
        let held = |tablet: &Device| -> Vec<(Session, Vec<Conflict>)> {
            let all = tablet.tablet().all::<Session>(village.group.into());
            let clashes = |id| tablet.tablet().conflicts(id).expect("a session");
            all.into_iter().map(|(id, session)| (session, clashes(id))).collect()
        };
        let all = held(&tablets[0]);
        assert_eq!(all.len(), 3);
        for (session, _) in &all {
            let told = |number: usize| session.summary.matches(&format!("{number} in round")).count();
            assert_eq!(((0..3).map(told).collect::<Vec<_>>(), session.attendance.len()), (vec![2; 3], 3));
        }
        assert!(tablets.iter().all(|tablet| held(tablet) == all));
        // The service's own clock went on by days, for which no access token is good.
        village.manager = app.login("manager.aegis");
        let totals = Count::of_answer(&village.aggregates(""));
        assert_eq!(totals.lasting(0), Count::registered(3, 9, 3));
        assert_eq!(totals, Count::of_tablets(&tablets, &[village.group]));
        assert!(village.manager.all("/v1/quarantine").is_empty(), "nothing was quarantined");
        check_streams(app.store());
    });
}

#[test]
fn a_value_is_shown_with_how_far_the_clock_was_off_that_wrote_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        jeanne.clock().set(START.plus_minutes(-180));
        paul.clock().set(START.plus_minutes(2));
        let of = |number: i64| Details { minutes: minutes(number), ..Details::default() };
        let session = record(&mut jeanne, village.group, day(3, 5), of(90));
        record(&mut paul, village.group, day(3, 5), of(75));
        sync(&mut jeanne);
        sync(&mut paul);

        let open = village.manager.all("/v1/conflicts").remove(0);
        let of_value = |value: &str| {
            let all = open["values"].as_array().expect("values");
            all.iter().find(|one| one["value"] == value).cloned().unwrap_or_default()
        };
        let now = server::clock::timestamp(START).to_string();
        let then = server::clock::timestamp(START.plus_minutes(-180)).to_string();
        let shown = |value: &Value| {
            (value["at"].clone(), value["received_at"].clone(), value["clock_off_by_seconds"].clone())
        };
        assert_eq!(shown(&of_value("90")), (json!(then), json!(now), json!(10_800)), "behind");
        assert_eq!(of_value("75")["clock_off_by_seconds"], -120, "ahead");

        let settled =
            json!({"record": session, "field": "minutes", "value": "80", "reason": "We asked both."});
        village.manager.post("/v1/conflicts/resolve", &settled).ok();
        let told = village.manager.get(&format!("/v1/sessions/{session}/history")).ok();
        let off: Vec<Option<&Value>> = told["items"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|item| item.get("clock_off_by_seconds"))
            .collect();
        assert_eq!(off, [Some(&json!(10_800)), Some(&json!(-120)), None], "the last was written at the web");
        assert_eq!(shown(&told["items"][0]), (json!(then), json!(now), json!(10_800)));
    });
}

#[test]
fn a_day_from_a_wrong_clock_is_flagged_and_never_refused() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let mut village = Village::of(&app, "aegis");
        let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
        let mut recorded = |date, clock: i64| {
            tablet.clock().set(START.plus_minutes(clock));
            let session = record(&mut tablet, village.group, date, Details::default());
            let report = tablet.sync(&mut ()).expect("a sync").report;
            assert_eq!((report.accepted, report.quarantined.len()), (1, 0), "never refused");
            session
        };
        const DAY: i64 = 24 * 60;
        let behind = recorded(day(3, 2), -3 * DAY);
        let ahead = recorded(day(3, 1), DAY + 1);
        let within = recorded(day(2, 12), -DAY);
        let tomorrow = recorded(day(3, 6), 0);
        let today = recorded(day(3, 5), 0);
        // At half past midnight in Rwanda it is still the day before in UTC.
        let night = DAY + 14 * 60 + 30;
        app.clock.advance(night);
        let after_midnight = recorded(day(3, 7), night);
        for (date, clock) in [(5, i64::MIN), (19, i64::MAX)] {
            tablet.clock().set(Millis(clock));
            record(&mut tablet, village.group, day(2, date), Details::default());
            sync(&mut tablet);
        }
        village.manager = app.login("manager.aegis");

        let manager = &village.manager;
        let doubt = |session: SessionId| {
            let read = manager.get(&format!("/v1/sessions/{session}")).ok();
            read["date_doubt"].as_str().unwrap_or_default().to_owned()
        };
        assert!(doubt(behind).contains("3 days behind"), "{}", doubt(behind));
        assert!(doubt(ahead).contains("more than a day ahead"), "{}", doubt(ahead));
        assert!(doubt(tomorrow).contains("had not begun"), "{}", doubt(tomorrow));
        for sound in [within, today, after_midnight] {
            assert_eq!(doubt(sound), "");
        }
        let count = |query: &str| manager.all(&format!("/v1/sessions?{query}")).len();
        assert_eq!((count("date_doubt=true"), count("date_doubt=false"), count("")), (5, 3, 8));
        let totals = village.aggregates("");
        assert_eq!((&totals["doubts"]["date_doubts"], &totals["total"]["sessions"]), (&json!(5), &json!(8)));

        // A supervisor who asked which day it was, and verifies it on her tablet, ends the doubt.
        let odette = app.user("odette.aegis", Role::Supervisor, Some(village.organisation));
        village.assign(odette, village.group);
        let mut odette = village.tablet(&app, odette);
        sync(&mut odette);
        let verified = odette
            .edit::<Session>(village.group.into(), behind, |edit| edit.state().set(SessionState::Verified));
        assert!(verified.expect("an edit"));
        sync(&mut odette);
        assert_eq!((doubt(behind), count("date_doubt=true")), (String::new(), 4));
    });
}

#[test]
fn a_day_that_can_hardly_be_is_flagged_whatever_the_clocks_say() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let mut village = Village::of(&app, "aegis");
        let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
        // A group that does not say when it began, begun today.
        let body = json!({"name": "Ijwi", "kind": "dialogue_circle", "modality": "peace_club", "area": AREA});
        let silent = village.manager.post("/v1/groups", &body).ok();
        let silent: GroupId = silent["id"].as_str().expect("an id").parse().expect("an id");
        village.assign(tablet.tablet().user(), silent);
        sync(&mut tablet);
        let on = |text: &str| sync_core::time::day(text).expect("a day");
        let mut recorded =
            |group, date: &str| (date.to_owned(), record(&mut tablet, group, on(date), Details::default()));
        let early = ["0000-01-01", "1994-04-07", "2025-03-05", "2026-01-04"]
            .map(|date| recorded(village.group, date));
        let yesterday = recorded(silent, "2026-03-04");
        let sound = [recorded(village.group, "2026-01-05"), recorded(silent, "2026-03-05")];
        // Written for tomorrow, and handed in the day after: the service can't see by its own clock that it was early.
        let tomorrow = recorded(village.group, "2026-03-06");
        app.clock.advance(2 * 24 * 60);
        tablet.clock().set(START.plus_days(2));
        sync(&mut tablet);
        village.manager = app.login("manager.aegis");

        let manager = &village.manager;
        let doubt = |session: SessionId| {
            let read = manager.get(&format!("/v1/sessions/{session}")).ok();
            read["date_doubt"].as_str().unwrap_or_default().to_owned()
        };
        for (date, session) in &early {
            assert_eq!(doubt(*session), "The group began on 5 January 2026. Ask which day it was.", "{date}");
        }
        assert!(
            doubt(yesterday.1).contains("was entered on 5 March 2026, and nobody said when it began"),
            "{}",
            doubt(yesterday.1)
        );
        assert!(doubt(tomorrow.1).contains("had not begun when it was written"), "{}", doubt(tomorrow.1));
        for (date, session) in &sound {
            assert_eq!(doubt(*session), "", "{date}");
        }
        let listed = |query: &str| manager.all(&format!("/v1/sessions?{query}"));
        assert_eq!((listed("date_doubt=true").len(), listed("date_doubt=false").len()), (6, 2));
        assert_eq!(village.aggregates("")["doubts"]["date_doubts"], 6);

        // Whoever knows that the group had met before says when it began.
        let edited =
            tablet.edit::<Group>(silent.into(), silent, |edit| edit.starts_on().set(on("2026-02-01")));
        assert!(edited.expect("an edit"));
        sync(&mut tablet);
        assert_eq!(doubt(yesterday.1), "");
    });
}

#[test]
fn a_day_is_refused_in_all_forms_but_one() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let forms = [
            "2026-10-01T23:30-05:00",
            "1%20October%2023:30%20-05:00",
            "20261001",
            "-000001-01-01",
            "2026-W40-4",
        ];
        for (number, form) in forms.into_iter().enumerate() {
            for path in ["sessions", "aggregates", "groups"] {
                let answer = village.manager.get(&format!("/v1/{path}?from={form}"));
                assert_eq!(answer.problem(), (422, "invalid-fields"), "{path} from {form}");
            }
            let form = form.replace("%20", " ");
            let body = json!({"name": "A", "kind": "healing_space", "modality": "peace_club", "area": AREA, "starts_on": form});
            assert_eq!(
                village.manager.post("/v1/groups", &body).body["errors"][0]["field"],
                "starts_on",
                "{form}"
            );
            // In a record too: whatever a client writes, nobody can store another form.
            let mut document = Document::genesis(Kind::Session);
            let mut mallory = Stranger::enrolled(&app, &village, &format!("mallory{number}"));
            let first = mallory.edit(&mut document, village.group, 5);
            let (kind, id, _) = mallory.session(village.group, 5);
            let wrong = mallory.raw(&document, |tx| tx.put(ROOT, "date", form.as_str()));
            let changes = [(kind, id, first.bytes().to_vec()), (kind, id, wrong)];
            let found = mallory.hand_in(&app, village.group.into(), &changes);
            assert!(matches!(found[1], Outcome::Quarantined(_)), "{form}: {found:?}");
        }
    });
}

#[test]
fn days_of_consent_are_flagged_too() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = village.facilitator_with_tablet(&app, "jeanne");
        let on = |text: &str| sync_core::time::day(text).expect("a day");
        let mut joined = |code: &str, given: &str, withdrawn: Option<&str>| {
            let consent = Consent {
                purpose: Purpose::Participation,
                method: ConsentMethod::Oral,
                date: on(given),
                guardian: None,
            };
            let mut person = NewParticipant::of(code.parse().expect("a pseudonym"));
            person.details.consent = Some(consent);
            person.details.withdrawn = withdrawn.map(on);
            tablet.add_participant(village.group, person).expect("a person joins");
        };
        joined("P01", "2025-12-20", None);
        joined("P02", "1994-04-07", None);
        joined("P03", "2025-02-05", None);
        joined("P04", "2026-03-06", None);
        joined("P05", "2026-02-01", Some("2026-01-31"));
        joined("P06", "2026-02-01", Some("2026-03-02"));
        sync(&mut tablet);
        assert_eq!(village.aggregates("")["doubts"]["consent_date_doubts"], 4);
        let all = village.manager.all("/v1/participants");
        let said = |code: &str| {
            let one = all.iter().find(|one| one["code"] == code).expect("listed");
            one["date_doubt"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!((said("P01"), said("P06")), (String::new(), String::new()));
        assert_eq!(said("P02"), "Consent on 7 April 1994: No group met before 2005.");
        assert!(said("P03").contains("written 393 days after"), "{}", said("P03"));
        assert!(said("P04").contains("had not begun"), "{}", said("P04"));
        assert!(
            said("P05").contains("Withdrawal on 31 January 2026: It is before the consent"),
            "{}",
            said("P05")
        );
        let codes = |query: &str| -> Vec<String> {
            let all = village.manager.all(&format!("/v1/participants?{query}"));
            all.iter().map(|one| one["code"].as_str().expect("a code").to_owned()).collect()
        };
        assert_eq!(codes("date_doubt=true"), ["P02", "P03", "P04", "P05"]);
        assert_eq!(codes("date_doubt=false"), ["P01", "P06"]);
        assert!(codes("date_doubt=true&one_or_two=true").is_empty());
    });
}

/// For an hour the clock of the service is `days` ahead; two tablets that are right hand in, and one that is wrong.
fn an_hour_of_a_wrong_clock(database: &Database, days: i64, tablets: usize) {
    let app = TestApp::on(database);
    let mut village = Village::of(&app, "aegis");
    let mut all: Vec<Device> =
        ["jeanne", "paul"].iter().map(|name| village.facilitator_with_tablet(&app, name)).collect();
    let mut wrong = village.facilitator_with_tablet(&app, "eric");
    people_join(&mut all[0], village.group, 1);
    sync(&mut all[0]);
    app.clock.advance(days * 24 * 60);
    let mut recorded = Vec::new();
    for (number, tablet) in all.iter_mut().enumerate().take(tablets) {
        recorded.push(record(tablet, village.group, day(3, 1 + number as i8), Details::default()));
        sync(tablet);
        app.clock.advance(20);
    }
    // The clock is put right. The next sync of whoever tells.
    app.clock.advance(-days * 24 * 60 + 20);
    all.iter_mut().for_each(|tablet| tablet.clock().set(START.plus_minutes(60)));
    let later = record(&mut all[1], village.group, day(3, 4), Details::default());
    sync(&mut all[1]);
    wrong.clock().set(START.plus_days(-30));
    let off = record(&mut wrong, village.group, day(2, 3), Details::default());
    sync(&mut wrong);
    village.manager = app.login("manager.aegis");
    let doubt = |session: SessionId| {
        let read = village.manager.get(&format!("/v1/sessions/{session}")).ok();
        read["date_doubt"].as_str().unwrap_or_default().to_owned()
    };
    for session in &recorded {
        let told = doubt(*session);
        assert!(
            told.contains("its own clock") && told.contains("not known"),
            "{days} days, {tablets}: {told}"
        );
        let told = village.manager.get(&format!("/v1/sessions/{session}/history")).ok();
        assert_eq!(told["items"][0].get("clock_off_by_seconds"), None, "blames nobody");
    }
    assert_eq!(doubt(later), "", "{days} days, {tablets}");
    let told = doubt(off);
    assert!(told.contains("30 days behind"), "a tablet that is wrong is still said to be: {told}");
    let listed = village.manager.all("/v1/sessions?date_doubt=true").len();
    assert_eq!(listed, recorded.len() + 1);
}

#[test]
fn a_service_whose_own_clock_was_wrong_for_an_hour_blames_no_tablet() {
    for (days, tablets) in [(400, 1), (400, 2), (-400, 1), (-400, 2), (20_000, 1)] {
        Database::each(|database| an_hour_of_a_wrong_clock(database, days, tablets));
    }
}

/// A tablet may have handed in work for a group that the service does not have, of which nothing is to be counted again.
#[test]
fn a_group_that_there_is_not_holds_nobody_up_when_a_clock_is_put_right() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut stranger = Stranger::enrolled(&app, &village, "jeanne");
        app.clock.advance(400 * 24 * 60);
        let elsewhere = GroupId::from_uuid(uuid::Uuid::from_u128(7));
        let lost = stranger.session(elsewhere, 3);
        let outcomes = stranger.hand_in(&app, elsewhere.into(), &[lost]);
        assert!(matches!(&outcomes[..], [Outcome::Quarantined(_)]), "{outcomes:?}");
        app.clock.advance(-400 * 24 * 60);
        let sound = stranger.session(village.group, 4);
        assert_eq!(stranger.hand_in(&app, village.group.into(), &[sound]), [Outcome::Accepted]);
        check_streams(app.store());
    });
}

/// The condition that finds days in doubt and the function that says why are two spellings of one rule.
#[test]
fn whatever_the_clocks_what_is_listed_as_doubtful_is_said_to_be_and_nothing_else() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let mut village = Village::of(&app, "aegis");
        let jeanne = village.facilitator_with_tablet(&app, "jeanne");
        // Supervisors verify.
        let odette = app.user("odette.aegis", Role::Supervisor, Some(village.organisation));
        village.assign(odette, village.group);
        let mut tablets = [jeanne, village.tablet(&app, odette)];
        sync(&mut tablets[1]);
        let mut random = StdRng::seed_from_u64(8);
        let days = [-700_000, -8_000, -400, -301, -300, -299, -60, -2, -1, 0, 0, 0, 1, 2, 400];
        let offs = [0, 0, 0, 0, 24 * 60 - 1, 24 * 60, 24 * 60 + 1, -24 * 60, -300 * 24 * 60, 9_000 * 24 * 60];
        let mut pick = |all: &[i64]| all[random.random_range(0..all.len())];
        let today = day(3, 5);
        for _ in 0..60 {
            let (ahead, off) = (pick(&[0, 0, 0, 3 * 24 * 60, -90 * 24 * 60]), pick(&offs));
            let verifies = pick(&[0, 0, 0, 0, 1]) > 0;
            let tablet = &mut tablets[usize::from(verifies || pick(&[0, 1]) > 0)];
            tablet.clock().set(match pick(&[0, 0, 0, 0, 0, 0, 0, 1, 2]) {
                0 => START.plus_minutes(off),
                1 => Millis(i64::MIN),
                _ => Millis(i64::MAX),
            });
            let date = today.checked_add(pick(&days).days()).expect("a day");
            let part = PartOfDay::ALL[usize::from(pick(&[0, 1]) > 0)];
            let new = NewSession { date, part, details: Details::default() };
            let session = tablet.record_session(village.group, new).expect("a meeting").session;
            if verifies {
                tablet
                    .edit::<Session>(village.group.into(), session, |edit| {
                        edit.state().set(SessionState::Verified)
                    })
                    .expect("an edit");
            }
            app.clock.advance(ahead);
            sync(tablet);
            app.clock.advance(-ahead);
        }
        village.manager = app.login("manager.aegis");
        let all = village.manager.all("/v1/sessions");
        let id = |one: &Value| one["id"].as_str().expect("an id").to_owned();
        let said: BTreeSet<_> = all.iter().filter(|one| one["date_doubt"].is_string()).map(id).collect();
        let listed: BTreeSet<_> =
            village.manager.all("/v1/sessions?date_doubt=true").iter().map(id).collect();
        assert_eq!(said, listed);
        assert!(said.len() > 10 && said.len() < all.len(), "{} of {}", said.len(), all.len());
        assert_eq!(village.aggregates("")["doubts"]["date_doubts"], said.len());
    });
}
