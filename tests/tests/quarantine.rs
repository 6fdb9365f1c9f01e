//! What was set apart, for people: they find it, look inside, release it or reject it.

use std::sync::Barrier;

use automerge::ReadDoc as _;
use automerge::transaction::Transactable as _;
use serde_json::{Value, json};
use server::access::Role;
use sync_core::change::{Actor, Change};
use sync_core::document::Document;
use sync_core::form::EditError;
use sync_core::id::{DeviceId, DocumentId, Id, SessionId, StreamId};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::incident::{Incident, IncidentType};
use sync_core::record::participant::{Exit, ParticipantEdit};
use sync_core::record::session::{Attendance, Theme};
use sync_core::record::{AgeBand, Kind, Participant, Session as Meeting, Sex};
use tablet::recording::Details;
use tests::app::START;
use tests::recount::check_streams;
use tests::village::{day, marks, people_join, record};
use tests::{Database, Session, Stranger, TestApp, Village};

const LIST: &str = "/v1/quarantine";

fn release(person: &Session, id: &str) -> tests::app::Answer {
    person.post(&format!("{LIST}/{id}/release"), &json!({}))
}

fn reject(person: &Session, id: &str, reason: &str) -> tests::app::Answer {
    person.post(&format!("{LIST}/{id}/reject"), &json!({"reason": reason}))
}

fn look(person: &Session, id: &str) -> Value {
    person.get(&format!("{LIST}/{id}")).ok()
}

fn id_of(item: &Value) -> String {
    item["id"].as_str().expect("an id").to_owned()
}

/// A session as a stranger records it, and a later edit of it, that adds a theme.
fn two_steps(tablet: &Stranger, village: &Village, date: i8) -> (DocumentId, Change, Change) {
    let mut document = Document::genesis(Kind::Session);
    let first = tablet.edit(&mut document, village.group, date);
    let actor = Actor { device: tablet.device, incarnation: 0 };
    let second = document
        .edit::<Meeting>(actor, START, |session| session.themes().insert(&Theme::Trauma))
        .expect("a sound edit")
        .expect("something new");
    (SessionId::of(village.group, day(3, date), 0).into(), first, second)
}

fn of_session(id: DocumentId, change: &Change) -> (Kind, DocumentId, Vec<u8>) {
    (Kind::Session, id, change.bytes().to_vec())
}

#[test]
fn what_somebody_recorded_who_was_taken_off_is_released_by_the_manager_and_counts() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let user = village.facilitator(&app, "jeanne");
        village.assign(user, village.group);
        let mut hers = village.tablet(&app, user);
        let mut his = village.facilitator_with_tablet(&app, "eric");
        hers.sync(&mut ()).expect("a sync");
        people_join(&mut hers, village.group, 3);
        hers.sync(&mut ()).expect("a sync");
        let details = Details {
            minutes: Some(90.try_into().expect("in range")),
            attendance: marks(&[1, 2], Attendance::Present),
            ..Details::default()
        };
        let session = record(&mut hers, village.group, day(3, 5), details);
        village.unassign(user, village.group);
        let report = hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.apart.len(), report.dropped), (1, 1), "{report:?}");
        assert_eq!(village.aggregates("")["total"]["sessions"], 0);

        let waiting = village.manager.all(LIST);
        let [item] = &waiting[..] else { panic!("{waiting:?}") };
        assert_eq!(item["recorded_by"], "jeanne.aegis");
        assert_eq!(item["organisation_id"], village.organisation.to_string());
        assert_eq!(item["device_name"], "a tablet");
        assert_eq!(item["record_id"], session.to_string());
        assert_eq!((&item["reason"], &item["kind"]), (&json!("not-assigned"), &json!("session")));
        assert_eq!(item["received_at"], "2026-03-05T08:00:00Z");
        let id = id_of(item);

        let inside = look(&village.manager, &id);
        assert_eq!(inside["would_be"], "accepted", "{inside}");
        assert_eq!(inside["record"]["minutes"], "90");
        let minutes = json!({"field": "minutes", "to": "90"});
        assert!(inside["changes"].as_array().is_some_and(|all| all.contains(&minutes)), "{inside}");

        app.clock.advance(5);
        let released = release(&village.manager, &id).ok();
        assert_eq!((&released["outcome"], &released["others"]), (&json!("accepted"), &json!(0)));
        let waived = json!({"by": "manager.aegis", "at": "2026-03-05T08:05:00Z"});
        assert_eq!(
            (&released["change"]["waived"], &released["change"]["state"]),
            (&waived, &json!("released"))
        );
        assert!(village.manager.all(LIST).is_empty());
        assert_eq!(village.manager.all(&format!("{LIST}?state=released")).len(), 1);
        assert_eq!(village.aggregates("")["total"], json!({"sessions": 1, "attendances": 2, "people": 2}));
        check_streams(app.store());

        his.sync(&mut ()).expect("a sync");
        let seen: Meeting = his.tablet().read(session).expect("on the other tablet");
        assert_eq!(seen.attendance.len(), 2);
        for late in [release(&village.manager, &id), reject(&village.manager, &id, "Too late.")] {
            assert_eq!(late.problem(), (409, "already-decided"));
            assert_eq!(late.body["state"], "released");
        }
        // Whoever comes back gets the group with it.
        village.assign(user, village.group);
        let report = hers.sync(&mut ()).expect("a sync").report;
        assert_eq!((report.unreadable, hers.tablet().apart().len()), (0, 0), "{report:?}");
        assert_eq!(hers.tablet().read::<Meeting>(session).expect("back"), seen);
    });
}

#[test]
fn what_builds_on_work_that_waits_goes_on_with_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        village.unassign(tablet.user, village.group);
        let stream = StreamId::from(village.group);
        let (session, first, second) = two_steps(&tablet, &village, 5);
        let both = [of_session(session, &first), of_session(session, &second)];
        let apart = Outcome::Quarantined(Reason::NotAssigned);
        assert_eq!(tablet.hand_in(&app, stream, &both), [apart.clone(), apart.clone()]);

        let waiting = village.manager.all(LIST);
        let inside: Vec<Value> = waiting.iter().map(|item| look(&village.manager, &id_of(item))).collect();
        let find = |would_be: &str| {
            let found = inside.iter().find(|one| one["would_be"] == would_be);
            id_of(found.unwrap_or_else(|| panic!("{inside:?}")))
        };
        let (begins, builds) = (find("accepted"), find("missing-dependency"));

        let early = release(&village.manager, &builds).ok();
        assert_eq!(early["outcome"], "quarantined");
        assert_eq!(early["change"]["reason"], "missing-dependency");
        assert_eq!(
            (&early["change"]["state"], &early["change"]["waived"]["by"]),
            (&json!("waiting"), &json!("manager.aegis"))
        );
        // What somebody answers for is not forgotten when the tablet hands it in again.
        let waits = Outcome::Quarantined(Reason::MissingDependency);
        assert_eq!(tablet.hand_in(&app, stream, &both), [apart, waits]);

        let released = release(&village.manager, &begins).ok();
        assert_eq!((&released["outcome"], &released["others"]), (&json!("accepted"), &json!(1)));
        assert!(village.manager.all(LIST).is_empty());
        let read = village.manager.get(&format!("/v1/sessions/{session}")).ok();
        assert_eq!(read["themes"], json!(["grief", "trauma"]));
        // Handed in once more, because the answer was lost: it is there, and nothing waits.
        assert_eq!(tablet.hand_in(&app, stream, &both), [Outcome::Duplicate, Outcome::Duplicate]);
        assert!(village.manager.all(LIST).is_empty());
        check_streams(app.store());
    });
}

#[test]
fn what_is_rejected_is_kept_and_stays_out() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        village.unassign(tablet.user, village.group);
        let stream = StreamId::from(village.group);
        let change = tablet.session(village.group, 5);
        tablet.hand_in(&app, stream, std::slice::from_ref(&change));
        let id = id_of(&village.manager.all(LIST)[0]);

        assert_eq!(reject(&village.manager, &id, " ").problem(), (422, "invalid-fields"));
        assert_eq!(reject(&village.manager, &id, &"x".repeat(501)).problem(), (422, "invalid-fields"));
        let why = "Recorded twice; the other one is right.";
        let rejected = reject(&village.manager, &id, why).ok();
        let expected = json!({"by": "manager.aegis", "at": "2026-03-05T08:00:00Z", "because": why});
        assert_eq!((&rejected["state"], &rejected["rejected"]), (&json!("rejected"), &expected));
        assert!(village.manager.all(LIST).is_empty());
        assert_eq!(village.manager.all(&format!("{LIST}?state=rejected"))[0]["rejected"], expected);
        assert_eq!(look(&village.manager, &id)["record"]["date"], "2026-03-05", "it is kept");
        assert_eq!(release(&village.manager, &id).problem(), (409, "already-decided"));

        // Also once its author is assigned again, and hands it in again.
        village.assign(tablet.user, village.group);
        let again = tablet.hand_in(&app, stream, &[change, tablet.session(village.group, 6)]);
        assert_eq!(again, [Outcome::Quarantined(Reason::NotAssigned), Outcome::Accepted]);
        assert_eq!(village.manager.all("/v1/sessions").len(), 1);
        assert_eq!(village.manager.all(&format!("{LIST}?state=rejected")).len(), 1);
    });
}

#[test]
fn of_two_people_who_decide_at_once_one_wins_and_the_others_hear_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        village.unassign(tablet.user, village.group);
        for date in [5, 6, 7] {
            let change = tablet.session(village.group, date);
            tablet.hand_in(&app, village.group.into(), &[change]);
        }
        for item in village.manager.all(LIST) {
            let (id, start) = (id_of(&item), Barrier::new(6));
            let answers: Vec<_> = std::thread::scope(|threads| {
                let ask = |number: usize| {
                    let (id, start, manager) = (&id, &start, &village.manager);
                    threads.spawn(move || {
                        start.wait();
                        if number.is_multiple_of(2) {
                            release(manager, id)
                        } else {
                            reject(manager, id, "No.")
                        }
                    })
                };
                let asked: Vec<_> = (0..6).map(ask).collect();
                asked.into_iter().map(|one| one.join().expect("an answer")).collect()
            });
            let won = answers.iter().filter(|answer| answer.status == 200).count();
            let lost = answers.iter().filter(|answer| answer.problem() == (409, "already-decided")).count();
            assert_eq!((won, lost), (1, 5), "{answers:?}");
        }
        let count = |state: &str| village.manager.all(&format!("{LIST}?state={state}")).len();
        assert_eq!(count("released") + count("rejected"), 3);
        assert_eq!(village.manager.all("/v1/sessions").len(), count("released"));
        check_streams(app.store());
    });
}

#[test]
fn what_can_not_be_merged_stays_with_its_reason() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let (session, first, _) = two_steps(&tablet, &village, 5);
        // Written past the editor, as another program might.
        let past = |incarnation: u32, write: &dyn Fn(&mut automerge::transaction::Transaction<'_>)| {
            let mut raw =
                automerge::Automerge::load(&Document::genesis(Kind::Session).save()).expect("a genesis");
            raw.apply_changes([automerge::Change::from_bytes(first.bytes().to_vec()).expect("a change")])
                .expect("applies");
            raw.set_actor(Actor { device: tablet.device, incarnation }.into());
            let mut transaction = raw.transaction();
            write(&mut transaction);
            transaction.commit();
            raw.get_last_local_change().expect("a change").raw_bytes().to_vec()
        };
        let invalid = past(7, &|tx| tx.put(automerge::ROOT, "minutes", 100_000).expect("put"));
        // The name of an entry may hold anything, and ends up in the reason.
        let odd = past(8, &|tx| {
            let (_, attendance) =
                tx.get(automerge::ROOT, "attendance").expect("got").expect("of the genesis");
            tx.put(&attendance, "no\0body", "present").expect("put");
        });
        let elsewhere = DocumentId::from(SessionId::of(village.group, day(3, 6), 0));
        let handed = [
            of_session(session, &first),
            (Kind::Session, session, invalid),
            (Kind::Session, session, odd),
            (Kind::Session, elsewhere, b"not a change".to_vec()),
        ];
        let outcomes = tablet.hand_in(&app, village.group.into(), &handed);
        assert_eq!(outcomes[0], Outcome::Accepted, "{outcomes:?}");

        let ask = |reason: &str, field: Value| {
            let all = village.manager.all(&format!("{LIST}?reason={reason}"));
            let found = all.iter().find(|item| item["field"] == field).cloned();
            found.unwrap_or_else(|| panic!("{field}: {all:?}"))
        };
        let invalid = ask("invalid", json!("minutes"));
        let odd = ask("invalid", json!("attendance/nobody"));
        let unreadable = ask("unreadable", Value::Null);
        assert!(invalid["detail"].as_str().is_some_and(|words| words.starts_with("with it, minutes must")));
        let inside = look(&village.manager, &id_of(&invalid));
        assert_eq!(
            (&inside["would_be"], &inside["record"]["minutes"]),
            (&json!("invalid"), &json!("100000"))
        );
        let inside = look(&village.manager, &id_of(&unreadable));
        assert_eq!((&inside["would_be"], &inside["changes"]), (&json!("unreadable"), &json!([])));
        assert!(inside.get("record").is_none() && inside.get("recorded_at").is_none(), "{inside}");
        for item in [&invalid, &odd, &unreadable] {
            let stays = release(&village.manager, &id_of(item)).ok();
            assert_eq!(stays["outcome"], "quarantined");
            assert_eq!(stays["change"]["reason"], item["reason"]);
            assert_eq!(stays["change"]["state"], "waiting");
        }
        assert_eq!(
            village.manager.get(&format!("{LIST}?reason=odd&state=lost")).problem(),
            (422, "invalid-fields")
        );
        check_streams(app.store());
    });
}

#[test]
fn each_sees_what_waits_for_their_own_groups() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, other) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let second = village.group("Icyizere", "space_for_peace");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        village.unassign(tablet.user, village.group);
        let sessions: Vec<_> = (5..14).map(|date| tablet.session(village.group, date)).collect();
        tablet.hand_in(&app, village.group.into(), &sessions);
        app.clock.advance(1);
        let change = tablet.session(second, 5);
        tablet.hand_in(&app, second.into(), &[change]);
        let nowhere = StreamId::from_uuid(uuid::Uuid::from_u128(7));
        let change = tablet.session(village.group, 20);
        tablet.hand_in(&app, nowhere, &[change]);

        let all = village.manager.all(LIST);
        assert_eq!(all.len(), 10, "page by page, each once");
        assert_eq!(all[0]["group_id"], second.to_string(), "the newest first");
        let mut ids: Vec<String> = all.iter().map(id_of).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 10);
        assert_eq!(village.manager.all(&format!("{LIST}?group={second}")).len(), 1);
        assert_eq!(village.manager.all(&format!("{LIST}?reason=invalid")).len(), 0);

        // A supervisor sees what waits for the groups assigned to them, a facilitator and another organisation nothing.
        let supervisor = app.user("odette.aegis", Role::Supervisor, Some(village.organisation));
        village.assign(supervisor, second);
        let odette = app.login("odette.aegis");
        assert_eq!(odette.all(LIST).len(), 1);
        let (hers, not_hers) = (id_of(&all[0]), id_of(&all[1]));
        assert_eq!(look(&odette, &hers)["would_be"], "accepted");
        let admin = {
            app.user("admin", Role::Administrator, None);
            app.login("admin")
        };
        for person in [&odette, &other.manager] {
            let tried = [
                person.get(&format!("{LIST}/{not_hers}")),
                release(person, &not_hers),
                reject(person, &not_hers, "Not mine."),
            ];
            assert!(tried.iter().all(|one| one.problem() == (404, "no-such-change")), "{tried:?}");
        }
        assert_eq!(reject(&admin, &hers, "Not mine.").problem(), (404, "no-such-change"));
        assert!(other.manager.all(LIST).is_empty());
        let jeanne = app.login("jeanne.aegis");
        assert_eq!(jeanne.get(LIST).problem(), (403, "role-not-allowed"));
        assert_eq!(release(&jeanne, &hers).problem(), (403, "role-not-allowed"));
        assert_eq!(release(&odette, &hers).ok()["outcome"], "accepted");

        // What names no group that there is belongs to administrators, who see no more than that it is there.
        let strays = admin.all(LIST);
        let [stray] = &strays[..] else { panic!("{strays:?}") };
        let keys: Vec<&String> = stray.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["bytes", "detail", "id", "reason", "received_at", "state"]);
        assert_eq!(admin.get(&format!("{LIST}/{}", id_of(stray))).problem(), (403, "role-not-allowed"));
        assert_eq!(release(&admin, &id_of(stray)).problem(), (403, "role-not-allowed"));
        assert_eq!(reject(&admin, &id_of(stray), "No such group.").ok()["state"], "rejected");
    });
}

#[test]
fn looking_inside_shows_no_record_of_another_group_and_nothing_sensitive() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, other) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut theirs = Stranger::enrolled(&app, &other, "kevin");
        let (session, first, second) = two_steps(&theirs, &other, 5);
        theirs.hand_in(&app, other.group.into(), &[of_session(session, &first)]);
        // The other organisation's record, handed in as if it were this village's.
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let mut document = Document::genesis(Kind::Session);
        document.apply([&first]).expect("applies");
        let actor = |device: DeviceId| Actor { device, incarnation: 0 };
        let foreign = document
            .edit::<Meeting>(actor(tablet.device), START, |session| session.themes().insert(&Theme::SelfCare))
            .expect("a sound edit")
            .expect("something new");
        let outcomes = tablet.hand_in(&app, village.group.into(), &[of_session(session, &foreign)]);
        assert!(
            matches!(&outcomes[0], Outcome::Quarantined(Reason::Invalid(field, _)) if field == "document")
        );
        let id = id_of(&village.manager.all(LIST)[0]);
        let inside = look(&village.manager, &id);
        assert!(inside.get("record").is_none() && inside["changes"] == json!([]), "{inside}");
        assert_eq!(release(&village.manager, &id).ok()["outcome"], "quarantined");
        assert_eq!(
            theirs.hand_in(&app, other.group.into(), &[of_session(session, &second)]),
            [Outcome::Accepted]
        );

        // An incident: what it says is for those who are assigned.
        village.unassign(tablet.user, village.group);
        let mut document = Document::genesis(Kind::Incident);
        let incident = document
            .edit::<Incident>(actor(tablet.device), START, |incident| {
                incident.session().set(SessionId::of(village.group, day(3, 5), 0))?;
                incident.kind().set(IncidentType::Threat)
            })
            .expect("a sound edit")
            .expect("something new");
        let handed =
            (Kind::Incident, DocumentId::from_uuid(uuid::Uuid::from_u128(8)), incident.bytes().to_vec());
        tablet.hand_in(&app, village.group.into(), &[handed]);
        let id = id_of(&village.manager.all(&format!("{LIST}?reason=not-assigned"))[0]);
        let inside = look(&village.manager, &id);
        assert!(inside.get("record").is_none() && inside.get("hidden").is_some(), "{inside}");
        let supervisor = app.user("odette.aegis", Role::Supervisor, Some(village.organisation));
        village.assign(supervisor, village.group);
        assert_eq!(look(&app.login("odette.aegis"), &id)["record"]["kind"], "threat");
    });
}

#[test]
fn looking_inside_shows_nothing_of_somebody_who_is_erased() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let stream = StreamId::from(village.group);
        let actor = Actor { device: tablet.device, incarnation: 0 };
        let mut document = Document::genesis(Kind::Participant);
        let mut step = |edit: &dyn Fn(&mut ParticipantEdit<'_>) -> Result<(), EditError>| {
            let change = document.edit::<Participant>(actor, START, edit);
            let change = change.expect("a sound edit").expect("something new");
            (Kind::Participant, DocumentId::from_uuid(uuid::Uuid::from_u128(9)), change.bytes().to_vec())
        };
        let joins = step(&|person| {
            person.group().set(village.group)?;
            person.code().set("P01".parse()?)?;
            person.sex().set(Sex::Female)
        });
        let moves = step(&|person| person.exit().set(Exit::Moved));
        let goes = step(&|person| person.erased().set(day(3, 6)));
        let returns = step(&|person| person.age_band().set(AgeBand::From60));
        assert_eq!(tablet.hand_in(&app, stream, &[joins]), [Outcome::Accepted]);
        village.unassign(tablet.user, village.group);
        tablet.hand_in(&app, stream, &[moves]);
        let moved = id_of(&village.manager.all(LIST)[0]);
        assert_eq!(look(&village.manager, &moved)["record"]["code"], "P01");
        release(&village.manager, &moved).ok();

        village.assign(tablet.user, village.group);
        assert_eq!(tablet.hand_in(&app, stream, &[goes]), [Outcome::Accepted]);
        village.unassign(tablet.user, village.group);
        tablet.hand_in(&app, stream, &[returns]);
        let inside = look(&village.manager, &id_of(&village.manager.all(LIST)[0]));
        assert_eq!(
            (&inside["hidden"], &inside["changes"]),
            (&json!("The participant is erased."), &json!([]))
        );
        assert!(inside.get("record").is_none(), "{inside}");
    });
}
