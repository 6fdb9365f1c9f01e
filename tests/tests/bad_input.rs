//! Bad input gets a clear answer and changes nothing, on the tablet or in the store.

use std::io::{Read, Write};
use std::net::TcpStream;

use sync_core::batch::SigningKey;
use sync_core::change::{Actor, Change, Digest};
use sync_core::document::Document;
use sync_core::id::{DeviceId, DocumentId, Id, SessionId, StreamId};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::group::{Group, GroupKind};
use sync_core::record::session::{Session, Theme};
use sync_core::record::{Kind, Modality};
use sync_core::time::Millis;
use sync_core::wire::{Answer, CONTENT_TYPE, Coding, MAX_BODY, close};
use tests::app::{START, TestApp};
use tests::recount::contents;
use tests::stranger::{outcomes, post, sync};
use tests::village::{AREA, day};
use tests::{Database, Stranger, Village};

#[test]
fn a_request_that_is_not_one_is_refused_whole() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let other = Stranger::enrolled(&app, &village, "paul");
        let stream = StreamId::from(village.group);
        let before = contents(app.store());
        let sound = {
            let batch = tablet.batch(stream, &[tablet.session(village.group, 5)]);
            let request = tablet.request(vec![batch]);
            tablet.signed(&request)
        };
        let refused = |(status, slug, _): (u16, String, Vec<u8>), expected: (u16, &str)| {
            assert_eq!((status, slug.as_str()), expected);
            assert_eq!(contents(app.store()), before, "{slug}");
        };

        refused(sync(&app, b"not CBOR at all"), (400, "not-cbor"));
        refused(sync(&app, &sound[..sound.len() / 2]), (400, "not-cbor"));
        let packed = close(Coding::Zstd, &sound);
        refused(post(&app, &packed[..packed.len() / 2], "zstd", CONTENT_TYPE), (400, "cut-off"));
        refused(post(&app, &packed, "zstd", "application/cbor"), (415, "not-a-sync"));
        refused(post(&app, &packed, "br", CONTENT_TYPE), (415, "not-a-sync"));
        refused(sync(&app, &vec![0; 9 * 1024 * 1024]), (413, "too-large"));

        let mut future = tablet.request(Vec::new());
        future.protocol = 99;
        refused(sync(&app, &tablet.signed(&future)), (400, "unknown-protocol"));

        let unknown = Stranger {
            device: DeviceId::from_uuid(uuid::Uuid::new_v4()),
            key: SigningKey::from_bytes(&rand::random()),
            user: tablet.user,
            epoch: tablet.epoch,
            number: 0,
        };
        let request = tablet.request(Vec::new());
        refused(sync(&app, &unknown.signed(&request)), (401, "device-unknown"));
        // Another device's signature, over the request or over a batch in it.
        let forged = Stranger {
            device: tablet.device,
            user: tablet.user,
            key: other.key.clone(),
            epoch: tablet.epoch,
            number: 0,
        };
        refused(sync(&app, &forged.signed(&request)), (401, "signature-invalid"));
        let theirs = other.batch(stream, &[other.session(village.group, 6)]);
        let request = tablet.request(vec![theirs]);
        refused(sync(&app, &tablet.signed(&request)), (403, "foreign-batch"));
        let mut swapped = tablet.batch(stream, &[tablet.session(village.group, 6)]);
        swapped.changes[0] = tablet.session(village.group, 7).2.into();
        let request = tablet.request(vec![swapped]);
        refused(sync(&app, &tablet.signed(&request)), (403, "foreign-batch"));

        // Nothing of all that stands in the way of a sound request, which counts once.
        let request = tablet.request(vec![tablet.batch(stream, &[tablet.session(village.group, 5)])]);
        let sound = tablet.signed(&request);
        assert_eq!(outcomes(&app, &sound), [Outcome::Accepted]);
        let (status, slug, body) = sync(&app, &sound);
        assert_eq!((status, slug.as_str()), (409, "request-seen"));
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("a problem");
        assert_eq!(problem["last"], request.number);
    });
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_has_come() {
    let app = TestApp::on(&Database::sqlite());
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).expect("the service listens");
    let head = format!(
        "POST /v1/sync HTTP/1.1\r\nhost: localhost\r\ncontent-type: {CONTENT_TYPE}\r\ncontent-length: {}\r\n\r\n",
        10 * MAX_BODY
    );
    stream.write_all(head.as_bytes()).expect("the service reads");
    // The service may hang up on us while we still send: that is its right.
    for _ in 0..(2 * MAX_BODY / 65_536) {
        if stream.write_all(&[0; 65_536]).is_err() {
            break;
        }
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[test]
fn a_bad_change_waits_with_its_reason_and_holds_back_no_other() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let elsewhere = village.group("Icyizere", "space_for_peace");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let stream = StreamId::from(village.group);
        let good = |date: i8| tablet.session(village.group, date);

        // A session that says it is another group's.
        let (kind, id, bytes) = tablet.session(elsewhere, 6);
        let foreign = (kind, id, bytes);
        // A session whose minutes can't be: written past the editor, as another program might.
        let invalid = {
            let (_, id, first) = good(7);
            let mut raw =
                automerge::Automerge::load(&Document::genesis(Kind::Session).save()).expect("a genesis");
            raw.apply_changes([automerge::Change::from_bytes(first).expect("a change")]).expect("applies");
            let actor = Actor { device: tablet.device, incarnation: 7 };
            raw.set_actor(actor.into());
            raw.transact::<_, _, automerge::AutomergeError>(|tx| {
                use automerge::transaction::Transactable as _;
                tx.put(automerge::ROOT, "minutes", 100_000)
            })
            .expect("a change");
            let change = raw.get_last_local_change().expect("a change");
            (Kind::Session, id, change.raw_bytes().to_vec())
        };
        let unreadable = (Kind::Session, good(8).1, b"not a change".to_vec());
        let batch = tablet.batch(stream, &[good(5), foreign, good(7), invalid, unreadable, good(9), good(5)]);
        let away = tablet.batch(elsewhere.into(), &[tablet.session(elsewhere, 5)]);
        let request = tablet.request(vec![batch, away]);
        let found = outcomes(&app, &tablet.signed(&request));
        let reason = |outcome: &Outcome| match outcome {
            Outcome::Quarantined(Reason::Invalid(field, _)) => format!("invalid {field}"),
            Outcome::Quarantined(reason) => reason.code().to_owned(),
            other => format!("{other:?}"),
        };
        let found: Vec<String> = found.iter().map(reason).collect();
        assert_eq!(
            found,
            [
                "Accepted",
                "invalid group",
                "Accepted",
                "invalid minutes",
                "unreadable",
                "Accepted",
                "Duplicate",
                "not-assigned"
            ]
        );
        let sessions = village.manager.all("/v1/sessions");
        assert_eq!(sessions.len(), 3, "the good ones, each once");
    });
}

#[test]
fn a_tablet_can_not_begin_a_group_of_another_organisation() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (village, other) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let mut document = Document::genesis(Kind::Group);
        let actor = Actor { device: tablet.device, incarnation: 0 };
        let change = document
            .edit::<Group>(actor, START, |group| {
                group.organisation().set(other.organisation)?;
                group.name().set("Not theirs".parse()?)?;
                group.kind().set(GroupKind::HealingSpace)?;
                group.modality().set(Modality::Sociotherapy)?;
                group.area().set(AREA.parse()?)
            })
            .expect("a sound record")
            .expect("something new");
        let id = DocumentId::from_uuid(uuid::Uuid::new_v4());
        let batch = tablet.batch(village.group.into(), &[(Kind::Group, id, change.bytes().to_vec())]);
        let request = tablet.request(vec![batch]);
        let found = outcomes(&app, &tablet.signed(&request));
        assert!(
            matches!(&found[..], [Outcome::Quarantined(Reason::Invalid(field, _))] if field == "group"),
            "{found:?}"
        );
        assert_eq!(other.manager.all("/v1/groups").len(), 1);
    });
}

#[test]
fn what_builds_on_work_that_has_not_arrived_goes_on_by_itself() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let stream = StreamId::from(village.group);
        let mut document = Document::genesis(Kind::Session);
        let first = tablet.edit(&mut document, village.group, 5);
        let actor = Actor { device: tablet.device, incarnation: 0 };
        let second = document
            .edit::<Session>(actor, Millis(START.0 + 1), |session| session.themes().insert(&Theme::Trauma))
            .expect("a sound edit")
            .expect("something new");
        let id: DocumentId = SessionId::of(village.group, day(3, 5), 0).into();

        let early = tablet.batch(stream, &[(Kind::Session, id, second.bytes().to_vec())]);
        let request = tablet.request(vec![early]);
        let waits = Outcome::Quarantined(Reason::MissingDependency);
        assert_eq!(outcomes(&app, &tablet.signed(&request)), [waits]);
        let late = tablet.batch(stream, &[(Kind::Session, id, first.bytes().to_vec())]);
        let request = tablet.request(vec![late]);
        assert_eq!(outcomes(&app, &tablet.signed(&request)), [Outcome::Accepted]);
        let read = village.manager.get(&format!("/v1/sessions/{id}")).ok();
        assert_eq!(read["themes"], serde_json::json!(["grief", "trauma"]));
    });
}

#[test]
fn a_token_that_is_foreign_or_expired_opens_nothing() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        assert_eq!(village.manager.get("/v1/groups").status, 200);
        let foreign = TestApp::on(&Database::sqlite());
        let abroad = Village::of(&foreign, "aegis").manager.at(&app.url);
        assert_eq!(abroad.get("/v1/groups").status, 401);
        app.clock.advance(16);
        assert_eq!(village.manager.get("/v1/groups").status, 401);
        let bad = village.manager.at(&app.url).with_token("not.a.token").get("/v1/aggregates");
        assert_eq!(bad.status, 401);

        let manager = app.login("manager.aegis");
        let group = serde_json::json!({"name": "X", "kind": "circle", "modality": "sociotherapy", "area": "99999999"});
        let refused = manager.post("/v1/groups", &group);
        assert_eq!(refused.problem(), (422, "invalid-fields"));
        let fields: Vec<_> =
            refused.body["errors"].as_array().expect("errors").iter().map(|e| e["field"].clone()).collect();
        assert_eq!(fields, ["kind", "area"]);
    });
}

/// A change written past the editor, as another program might.
fn raw(
    tablet: &Stranger,
    on: &Document,
    incarnation: u32,
    write: impl FnOnce(&mut automerge::transaction::Transaction<'_>) -> Result<(), automerge::AutomergeError>,
) -> Vec<u8> {
    let mut raw = automerge::Automerge::load(&on.save()).expect("a document");
    raw.set_actor(Actor { device: tablet.device, incarnation }.into());
    raw.transact::<_, _, automerge::AutomergeError>(|tx| write(tx)).expect("a change");
    raw.get_last_local_change().expect("a change").raw_bytes().to_vec()
}

fn map_of(
    tx: &automerge::transaction::Transaction<'_>,
    name: &str,
) -> Result<automerge::ObjId, automerge::AutomergeError> {
    use automerge::ReadDoc as _;
    Ok(tx.get(automerge::ROOT, name)?.expect("of genesis").1)
}

#[test]
fn hostile_a_key_with_a_nul_holds_back_nothing() {
    use automerge::transaction::Transactable as _;
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let mut document = Document::genesis(Kind::Session);
        let first = tablet.edit(&mut document, village.group, 5);
        let (kind, id, _) = tablet.session(village.group, 5);
        let nul = raw(&tablet, &document, 7, |tx| {
            let map = map_of(tx, "attendance")?;
            tx.put(&map, "a\0b", "present")
        });
        let batch = tablet.batch(
            village.group.into(),
            &[(kind, id, first.bytes().to_vec()), (kind, id, nul), tablet.session(village.group, 6)],
        );
        let request = tablet.request(vec![batch]);
        let (status, slug, _) = sync(&app, &tablet.signed(&request));
        assert_eq!((status, slug.as_str()), (200, ""), "{}", database.url);
    });
}

#[test]
fn hostile_one_document_in_two_streams_holds_back_nothing() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let elsewhere = village.group("Icyizere", "space_for_peace");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let user = village.manager.get(&format!("/v1/groups/{}/assignments", village.group)).ok();
        let user: sync_core::id::UserId = user[0]["user_id"].as_str().expect("id").parse().expect("id");
        village.assign(user, elsewhere);
        let (kind, id, here) = tablet.session(village.group, 5);
        let (_, _, there) = tablet.session(elsewhere, 5);
        let one = tablet.batch(village.group.into(), &[(kind, id, here), tablet.session(village.group, 6)]);
        let other = tablet.batch(elsewhere.into(), &[(kind, id, there)]);
        let request = tablet.request(vec![one, other]);
        let started = std::time::Instant::now();
        let (status, slug, _) = sync(&app, &tablet.signed(&request));
        assert_eq!((status, slug.as_str()), (200, ""), "after {:?}", started.elapsed());
    });
}

#[test]
fn hostile_an_insider_can_not_take_the_id_of_a_meeting_to_come() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let (victim, attacker) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut squatter = Stranger::enrolled(&app, &attacker, "mallory");
        let mut jeanne = Stranger::enrolled(&app, &victim, "jeanne");
        // Whoever knows the id of a group of another organisation knows the ids of its meetings.
        let (kind, id, honest) = jeanne.session(victim.group, 9);
        let (_, _, bytes) = squatter.session(attacker.group, 9);
        let batch = squatter.batch(attacker.group.into(), &[(kind, id, bytes)]);
        let request = squatter.request(vec![batch]);
        println!("the squatter: {:?}", outcomes(&app, &squatter.signed(&request)));
        let batch = jeanne.batch(victim.group.into(), &[(kind, id, honest)]);
        let request = jeanne.request(vec![batch]);
        assert_eq!(outcomes(&app, &jeanne.signed(&request)), [Outcome::Accepted]);
    });
}

#[test]
fn hostile_marks_of_a_stranger_show_nothing_of_them() {
    use automerge::transaction::Transactable as _;
    Database::each(|database| {
        let app = TestApp::on(database);
        let (victim, attacker) = (Village::of(&app, "aegis"), Village::of(&app, "interpeace"));
        let mut paul = victim.facilitator_with_tablet(&app, "paul");
        tests::village::people_join(&mut paul, victim.group, 1);
        paul.sync(&mut ()).expect("a sync");
        let person = victim.manager.all("/v1/participants")[0]["id"].as_str().expect("an id").to_owned();
        assert_eq!(attacker.manager.get(&format!("/v1/participants/{person}")).status, 404);

        let mut mallory = Stranger::enrolled(&app, &attacker, "mallory");
        let mut document = Document::genesis(Kind::Session);
        let first = mallory.edit(&mut document, attacker.group, 9);
        let (kind, id, _) = mallory.session(attacker.group, 9);
        let mark = raw(&mallory, &document, 7, |tx| {
            let map = map_of(tx, "attendance")?;
            tx.put(&map, person.as_str(), "present")
        });
        let batch =
            mallory.batch(attacker.group.into(), &[(kind, id, first.bytes().to_vec()), (kind, id, mark)]);
        let request = mallory.request(vec![batch]);
        println!("{:?}", outcomes(&app, &mallory.signed(&request)));
        let shown = attacker.manager.get(&format!("/v1/sessions/{id}")).ok();
        let totals = attacker.aggregates("by=sex,age_band");
        println!("{}\n{}", shown["attendance"], totals["rows"]);
        assert!(shown["attendance"][0]["code"].is_null(), "{}", shown["attendance"]);
    });
}

#[test]
fn hostile_a_session_with_very_many_marks_is_answered() {
    use automerge::transaction::Transactable as _;
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let mut document = Document::genesis(Kind::Session);
        let first = tablet.edit(&mut document, village.group, 5);
        let (kind, id, _) = tablet.session(village.group, 5);
        let mut changes = vec![(kind, id, first.bytes().to_vec())];
        for part in 0..5_u128 {
            let marks = raw(&tablet, &document, 7 + part as u32, |tx| {
                let map = map_of(tx, "attendance")?;
                for number in 0..5000_u128 {
                    tx.put(&map, uuid::Uuid::from_u128(part * 10_000 + number).to_string(), "present")?;
                }
                Ok(())
            });
            assert!(marks.len() < sync_core::change::MAX_CHANGE);
            changes.push((kind, id, marks));
        }
        let started = std::time::Instant::now();
        let batch = tablet.batch(village.group.into(), &changes);
        let request = tablet.request(vec![batch]);
        let (status, slug, body) = sync(&app, &tablet.signed(&request));
        let answer: Option<Answer> = minicbor::decode(&body).ok();
        println!("{status} {slug} after {:?}: {:?}", started.elapsed(), answer.map(|it| it.outcomes));
        assert_eq!(status, 200, "{}", database.url);
    });
}

#[test]
fn hostile_a_supervisor_sees_only_the_groups_assigned_to_them() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let jeanne = village.facilitator(&app, "jeanne");
        village.assign(jeanne, village.group);
        app.user("sup", server::access::Role::Supervisor, Some(village.organisation));
        let supervisor = app.login("sup");
        assert_eq!(supervisor.all("/v1/groups").len(), 0);
        let answer = supervisor.post(&format!("/v1/users/{jeanne}/enrolment-codes"), &serde_json::json!({}));
        app.user("root", server::access::Role::Administrator, None);
        let root =
            app.login("root").post(&format!("/v1/users/{jeanne}/enrolment-codes"), &serde_json::json!({}));
        println!("supervisor {} administrator {}", answer.status, root.status);
        let Some(code) = answer.body["code"].as_str() else { return };
        let folder = tempfile::tempdir().expect("a folder");
        let mut tablet = tablet::device::Device::enrol(
            &folder.path().join("x"),
            "akabanga ka tablet",
            &app.url,
            code,
            "mine",
            tablet::clock::Clock::fixed(START),
        )
        .expect("enrols");
        tablet.sync(&mut ()).expect("syncs");
        assert_eq!(tablet.tablet().groups(), [], "the supervisor reads what only jeanne may");
    });
}

#[test]
fn hostile_who_comes_back_to_a_group_does_not_clash_with_what_they_left_waiting() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let user = jeanne.tablet().user();
        let about = |minutes: i64| tablet::recording::Details {
            minutes: Some(minutes.try_into().expect("in range")),
            ..Default::default()
        };
        let session = tests::village::record(&mut jeanne, village.group, day(3, 5), about(60));
        village.unassign(user, village.group);
        let done = jeanne.sync(&mut ()).expect("a sync");
        println!("taken off: {:?}", done.report.apart);
        village.assign(user, village.group);
        jeanne.sync(&mut ()).expect("a sync");
        tests::village::record(&mut jeanne, village.group, day(3, 5), about(90));
        let new = jeanne.tablet().outbox().next().expect("one waits").clone();
        let new = Change::parse(&new.change).expect("a change");
        jeanne.sync(&mut ()).expect("a sync");
        // What waits at the server, by its own words.
        type Row = (Vec<u8>, String);
        let rows: Vec<Row> = app
            .store()
            .read_blocking::<_, server::store::StoreError, _>("test", |tx| {
                use diesel::prelude::*;
                use server::store::schema::quarantine;
                server::on_each!(tx, |c| quarantine::table
                    .select((quarantine::bytes, quarantine::reason))
                    .load(c))
            })
            .expect("rows");
        for (bytes, reason) in rows {
            let waits = Change::parse(&bytes).expect("a change");
            assert_ne!(
                (waits.actor(), waits.seq()),
                (new.actor(), new.seq()),
                "{reason}: releasing it can only end as re-keyed; session {session}"
            );
        }
    });
}

#[test]
fn hostile_an_erased_person_is_shown_nowhere() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        tests::village::people_join(&mut paul, village.group, 1);
        let details = tablet::recording::Details {
            attendance: tests::village::marks(&[1], sync_core::record::session::Attendance::Present),
            ..Default::default()
        };
        let session = tests::village::record(&mut paul, village.group, day(3, 5), details);
        paul.sync(&mut ()).expect("a sync");
        let person = village.manager.all("/v1/participants")[0]["id"].as_str().expect("an id").to_owned();
        let person: DocumentId = person.parse().expect("an id");
        // Erased, by a client that can say so.
        let mut mallory = Stranger::enrolled(&app, &village, "second");
        let held: Vec<u8> = app
            .store()
            .read_blocking::<_, server::store::StoreError, _>("test", move |tx| {
                Ok(server::ledger::load(tx, person)?.expect("stored").snapshot)
            })
            .expect("a document");
        let document = Document::load(Kind::Participant, &held).expect("opens");
        let erase = raw(&mallory, &document, 7, |tx| {
            use automerge::transaction::Transactable as _;
            tx.put(automerge::ROOT, "erased", "2026-03-06")
        });
        let batch = mallory.batch(village.group.into(), &[(Kind::Participant, person, erase)]);
        let request = mallory.request(vec![batch]);
        assert_eq!(outcomes(&app, &mallory.signed(&request)), [Outcome::Accepted]);
        assert_eq!(village.manager.get(&format!("/v1/participants/{person}")).status, 404);
        let shown = village.manager.get(&format!("/v1/sessions/{session}")).ok();
        assert!(shown["attendance"][0]["code"].is_null(), "{}", shown["attendance"]);
    });
}

#[test]
fn hostile_whoever_is_taken_off_a_group_can_not_prevent_it() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        let id: DocumentId = village.group.into();
        let held: Vec<u8> = app
            .store()
            .read_blocking::<_, server::store::StoreError, _>("test", move |tx| {
                Ok(server::ledger::load(tx, id)?.expect("stored").snapshot)
            })
            .expect("a document");
        let document = Document::load(Kind::Group, &held).expect("opens");
        let put = raw(&tablet, &document, 7, |tx| {
            use automerge::transaction::Transactable as _;
            tx.put(automerge::ROOT, "planned_sessions", 20_i64)
        });
        let last = renumbered(&put, u64::from(u32::MAX) - 1);
        let batch = tablet.batch(village.group.into(), &[(Kind::Group, id, last)]);
        let request = tablet.request(vec![batch]);
        println!("{:?}", outcomes(&app, &tablet.signed(&request)));
        let there = village.manager.get(&format!("/v1/groups/{}/assignments", village.group)).ok();
        let user = there[0]["user_id"].as_str().expect("an id").to_owned();
        let answer = village.manager.delete(&format!("/v1/groups/{}/assignments/{user}", village.group));
        assert_eq!(answer.status, 204, "{}", answer.body);
    });
}

#[test]
fn hostile_one_change_does_not_stop_everybody_elses_sync() {
    use automerge::transaction::Transactable as _;
    let app = TestApp::on(&Database::sqlite());
    let village = Village::of(&app, "aegis");
    let mut paul = village.facilitator_with_tablet(&app, "paul");
    let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
    let mut document = Document::genesis(Kind::Session);
    let first = tablet.edit(&mut document, village.group, 5);
    let (kind, id, _) = tablet.session(village.group, 5);
    // Two million operations in 150 bytes, under a key that no version knows.
    let bomb = raw(&tablet, &document, 7, |tx| {
        let list = tx.put_object(automerge::ROOT, "x", automerge::ObjType::List)?;
        tx.splice(&list, 0, 0, std::iter::repeat_n(automerge::ScalarValue::Null, 2_000_000))
    });
    println!("{} bytes", bomb.len());
    let batch = tablet.batch(village.group.into(), &[(kind, id, first.bytes().to_vec()), (kind, id, bomb)]);
    let request = tablet.request(vec![batch]);
    let body = tablet.signed(&request);
    std::thread::scope(|scope| {
        let sent = scope.spawn(|| {
            let started = std::time::Instant::now();
            let answer = sync(&app, &body);
            println!("the bomb: {} {} after {:?}", answer.0, answer.1, started.elapsed());
        });
        std::thread::sleep(std::time::Duration::from_millis(300));
        let started = std::time::Instant::now();
        let synced = paul.sync(&mut ());
        println!("somebody else: {:?} after {:?}", synced.as_ref().map(|_| ()), started.elapsed());
        sent.join().expect("sent");
        assert!(started.elapsed() < std::time::Duration::from_secs(3), "{:?}", started.elapsed());
    });
}

/// The same change with the number of its first operation replaced.
fn renumbered(change: &[u8], start: u64) -> Vec<u8> {
    let leb = |mut number: u64| {
        let mut bytes = Vec::new();
        while number > 0x7f {
            bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    let read = |at: &mut usize| {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = change[*at];
            *at += 1;
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return number;
            }
        }
    };
    let mut at = 9;
    read(&mut at);
    let body = at;
    let deps = read(&mut at) as usize;
    at += 32 * deps;
    let actor = read(&mut at) as usize;
    at += actor;
    read(&mut at);
    let mut out = change[body..at].to_vec();
    read(&mut at);
    out.extend(leb(start));
    out.extend(&change[at..]);
    let mut hashed = vec![1];
    hashed.extend(leb(out.len() as u64));
    hashed.extend(out);
    let sum = Digest::of(&hashed);
    [&[0x85, 0x6f, 0x4a, 0x83], &sum.as_bytes()[..4], &hashed].concat()
}
