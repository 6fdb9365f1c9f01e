//! A client that says whatever a test wants.

use automerge::AutomergeError;
use automerge::transaction::Transaction;
use hostile_bytes::forge::raw;
use sync_core::batch::{Envelope, Item, Purpose, Signed, SigningKey, Statement};
use sync_core::change::{Actor, Change, Digest};
use sync_core::document::Document;
use sync_core::id::{BatchId, DeviceId, DocumentId, EpochId, GroupId, Id, SessionId, StreamId, UserId};
use sync_core::quarantine::Outcome;
use sync_core::record::session::{PartOfDay, Session, Theme};
use sync_core::record::{Kind, SCHEMA};
use sync_core::time::Millis;
use sync_core::wire::{Answer, CONTENT_TYPE, Coding, PROTOCOL, Request, close};

use crate::app::{START, TestApp};
use crate::village::{Village, day};

/// A tablet made by hand, that says whatever a test wants.
#[derive(Debug)]
pub struct Stranger {
    pub device: DeviceId,
    /// Whose it is.
    pub user: UserId,
    pub key: SigningKey,
    pub epoch: EpochId,
    pub number: u64,
    /// What its clock says.
    pub now: Millis,
}

impl Stranger {
    /// Enrolled for a facilitator of the village's group.
    pub fn enrolled(app: &TestApp, village: &Village, name: &str) -> Self {
        let user = village.facilitator(app, name);
        village.assign(user, village.group);
        let key = SigningKey::from_bytes(&rand::random());
        let public = data_encoding::BASE64URL_NOPAD.encode(key.verifying_key().as_bytes());
        let code = village.enrolment_code(user);
        let body = serde_json::json!({"code": code, "public_key": public, "device_name": "by hand"});
        let answer = village.manager.post("/v1/enrol", &body).ok();
        let id = |field: &str| answer[field].as_str().expect("an id").to_owned();
        let device = id("device_id").parse().expect("an id");
        Self { device, user, key, epoch: id("epoch").parse().expect("an id"), number: 0, now: START }
    }

    pub fn request(&mut self, batches: Vec<Envelope>) -> Request {
        self.number += 1;
        Request {
            protocol: PROTOCOL,
            epoch: self.epoch,
            number: self.number,
            incarnation: 0,
            cursors: Vec::new(),
            batches,
            purged: Vec::new(),
            carried: Vec::new(),
            budget: 100_000,
            waiting: Vec::new(),
            about: None,
            kinds: None,
            neighbours: None,
        }
    }

    pub fn signed(&self, request: &Request) -> Vec<u8> {
        let payload = minicbor::to_vec(request).expect("it encodes");
        Signed::sign(Purpose::Request, self.device, &self.key, payload).to_bytes()
    }

    /// A batch of changes for documents of a stream, signed by this tablet.
    pub fn batch(&self, stream: StreamId, changes: &[(Kind, DocumentId, Vec<u8>)]) -> Envelope {
        self.batch_with_id(BatchId::from_uuid(uuid::Uuid::new_v4()), stream, changes)
    }

    /// The same under an id of the test's own.
    pub fn batch_with_id(
        &self,
        batch: BatchId,
        stream: StreamId,
        changes: &[(Kind, DocumentId, Vec<u8>)],
    ) -> Envelope {
        let item = |(kind, document, bytes): &(Kind, DocumentId, Vec<u8>)| Item {
            stream,
            kind: *kind,
            document: *document,
            schema: SCHEMA,
            digest: Digest::of(bytes),
        };
        let statement = Statement { batch, at: self.now, items: changes.iter().map(item).collect() };
        let payload = minicbor::to_vec(&statement).expect("it encodes");
        Envelope {
            statement: Signed::sign(Purpose::Batch, self.device, &self.key, payload).to_bytes().into(),
            changes: changes.iter().map(|(_, _, bytes)| bytes.clone().into()).collect(),
        }
    }

    /// Hands changes in, all in one batch; gives their outcomes.
    pub fn hand_in(
        &mut self,
        app: &TestApp,
        stream: StreamId,
        changes: &[(Kind, DocumentId, Vec<u8>)],
    ) -> Vec<Outcome> {
        let batch = self.batch(stream, changes);
        let request = self.request(vec![batch]);
        outcomes(app, &self.signed(&request))
    }

    /// A sound session of a group.
    pub fn session(&self, group: GroupId, date: i8) -> (Kind, DocumentId, Vec<u8>) {
        let mut document = Document::genesis(Kind::Session);
        let change = self.edit(&mut document, group, date);
        let id = SessionId::of(group, day(3, date), PartOfDay::Morning.ordinal(), 0);
        (Kind::Session, id.into(), change.bytes().to_vec())
    }

    /// Records the group's meeting of a morning of March.
    pub fn edit(&self, document: &mut Document, group: GroupId, date: i8) -> Change {
        let actor = Actor { device: self.device, incarnation: 0 };
        let change = document.edit::<Session>(actor, START, |session| {
            session.group().set(group)?;
            session.date().set(day(3, date))?;
            session.part().set(PartOfDay::Morning)?;
            session.themes().insert(&Theme::Grief)
        });
        change.expect("a sound edit").expect("something new")
    }

    /// A change of this tablet, in a life of its own, written past the editor.
    pub fn raw(
        &self,
        on: &Document,
        write: impl FnOnce(&mut Transaction<'_>) -> Result<(), AutomergeError>,
    ) -> Vec<u8> {
        raw(on, Actor { device: self.device, incarnation: 7 }, write)
    }
}

/// Posts bytes; gives status, and the last part of a problem's type or the answer.
pub fn post(app: &TestApp, body: &[u8], coding: &str, kind: &str) -> (u16, String, Vec<u8>) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = ureq::http::Request::post(format!("{}/v1/sync", app.url))
        .header("content-type", kind)
        .header("content-encoding", coding)
        .body(body)
        .expect("a sound request");
    let mut response = agent.run(request).expect("the service answers");
    let status = response.status().as_u16();
    let body = response.body_mut().read_to_vec().expect("a body");
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let slug = problem["type"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
    (status, slug, body)
}

/// Posts a body as a tablet does.
pub fn sync(app: &TestApp, body: &[u8]) -> (u16, String, Vec<u8>) {
    post(app, &close(Coding::Zstd, body), "zstd", CONTENT_TYPE)
}

/// The outcomes of a request that was taken.
pub fn outcomes(app: &TestApp, body: &[u8]) -> Vec<Outcome> {
    let (status, slug, body) = sync(app, body);
    assert_eq!((status, slug.as_str()), (200, ""));
    let answer: Answer = minicbor::decode(&body).expect("an answer");
    answer.outcomes.into_iter().flat_map(|batch| batch.outcomes).collect()
}
