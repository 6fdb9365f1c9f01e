//! Bad input gets a clear answer and changes nothing, on the tablet or in the store.

use std::io::{Read, Write};
use std::net::TcpStream;

use automerge::transaction::Transactable as _;
use sync_core::batch::SigningKey;
use sync_core::change::{Actor, Change};
use sync_core::document::Document;
use sync_core::id::{DeviceId, DocumentId, Id, SessionId, StreamId};
use sync_core::limits::MAX_BODY;
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::Kind;
use sync_core::record::session::{Session, Theme};
use sync_core::time::Millis;
use sync_core::wire::{CONTENT_TYPE, Coding, close};
use tests::app::{START, TestApp};
use tests::recount::contents;
use tests::stranger::{outcomes, post, sync};
use tests::village::day;
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
            now: tests::app::START,
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
            now: tests::app::START,
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
fn an_answer_that_can_not_be_coded_as_asked_is_said_to_be_none() {
    let app = TestApp::on(&Database::sqlite());
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    for path in ["/v1/groups", "/health"] {
        let refuses = agent.get(format!("{}{path}", app.url)).header("accept-encoding", "br, identity;q=0");
        let mut answer = refuses.call().expect("the service answers");
        assert_eq!(answer.status().as_u16(), 406, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let body = answer.body_mut().read_to_string().expect("a text");
        assert!(body.contains("/problems/no-such-coding"), "{body}");
    }
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
            let mut document = Document::genesis(Kind::Session);
            document.apply([&Change::parse(&first).expect("a change")]).expect("applies");
            let bytes = tablet.raw(&document, |tx| tx.put(automerge::ROOT, "minutes", 100_000));
            (Kind::Session, id, bytes)
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
        let id: DocumentId = SessionId::of(village.group, day(3, 5), 0, 0).into();

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
