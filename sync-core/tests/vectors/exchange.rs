//! Requests and answers of the story: a first sync, one with work in it, and one with everything that an answer can say.

use serde_json::{Value, json};
use sync_core::agreement;
use sync_core::batch::Purpose;
use sync_core::change::Digest;
use sync_core::cursor::{Ask, Cursor, Fingerprint, Mark};
use sync_core::document::Document;
use sync_core::id::{DocumentId, StreamId};
use sync_core::neighbour::Neighbour;
use sync_core::quarantine::{Outcome, Reason, Rejection};
use sync_core::record::SCHEMA;
use sync_core::wire::{
    About, Answer, Entry, Outcomes, PROTOCOL, Page, Person, Receipt, Rejected, Released, Request, StreamKey,
    TabletStanding, Tells,
};

use crate::carried;
use crate::scene::{Author, CLAUDINE, EMMANUEL, MANAGER, NOW, Scene, batch, epoch, id, stream};
use crate::view::{self, hex};

/// The sum over some documents.
pub(crate) fn fingerprint_of(scene: &Scene) -> Fingerprint {
    let none = Fingerprint::default();
    scene
        .documents
        .iter()
        .fold(none, |sum, (id, document)| sum.replace(none, Fingerprint::of(*id, &document.heads())))
}

fn request(number: u64) -> Request {
    Request {
        protocol: PROTOCOL,
        epoch: epoch(),
        number,
        incarnation: 0,
        cursors: Vec::new(),
        batches: Vec::new(),
        purged: Vec::new(),
        budget: sync_core::limits::PAGE as u32,
        carried: Vec::new(),
        waiting: Vec::new(),
        about: None,
        kinds: None,
        neighbours: None,
    }
}

fn answer() -> Answer {
    Answer {
        protocol: PROTOCOL,
        epoch: epoch(),
        now: NOW.plus_minutes(120),
        outcomes: Vec::new(),
        pages: Vec::new(),
        dropped: Vec::new(),
        people: Vec::new(),
        receipts: Vec::new(),
        keys: Vec::new(),
        rejected: Vec::new(),
        standing: None,
        released: Vec::new(),
        neighbours: None,
    }
}

fn entries(scene: &Scene, steps: &[usize]) -> Vec<Entry> {
    let step = |at: &usize| {
        let step = &scene.steps[*at];
        let change = step.change.bytes().to_vec().into();
        Entry { kind: step.kind, document: step.document, schema: SCHEMA, change }
    };
    steps.iter().map(step).collect()
}

fn person(author: Author) -> Person {
    Person { device: author.device(), name: author.name.into() }
}

fn marks(documents: &[(DocumentId, Document)]) -> Vec<Mark> {
    documents.iter().map(|(id, document)| Mark::of(*id, &document.heads())).collect()
}

/// A page of whole documents that reaches the end.
fn documents(
    scene: &Scene,
    at: u64,
    more: bool,
    message: &[u8],
    documents: &[(DocumentId, Document)],
) -> Page {
    let documents = documents.iter().map(|(id, document)| carried::whole(*id, document)).collect();
    let tells = Tells::Documents { at, more, message: message.to_vec().into(), documents };
    Page { stream: stream(), fingerprint: Some(fingerprint_of(scene)), tells }
}

/// A stream that Claudine may read no longer.
fn gone() -> StreamId {
    id("018f3f6e-7d2c-7000-8000-00000000dead")
}

/// Of a change that Claudine recorded.
fn digest(scene: &Scene) -> Digest {
    Digest::of(scene.steps[3].change.bytes())
}

pub(crate) fn requests(scene: &Scene) -> Vec<(&'static str, Request)> {
    let working = Request {
        cursors: vec![Cursor { stream: stream(), ask: Ask::After(3), key: 1 }],
        batches: vec![scene.batch(CLAUDINE, batch(1), &[3, 5]).2],
        ..request(2)
    };
    let last = Request {
        cursors: vec![Cursor {
            stream: stream(),
            ask: Ask::Copy { at: 6, after: scene.documents[0].0 },
            key: 0,
        }],
        purged: vec![gone()],
        incarnation: 3_405_691_582,
        carried: vec![b"something sealed".to_vec().into()],
        waiting: vec![digest(scene)],
        about: Some(About {
            program: "ihuriro 0.1.0".to_owned(),
            unsent: 2,
            key: Some(b"the key of a folder, sealed".to_vec().into()),
        }),
        ..request(300)
    };
    let message = agreement::begin(&marks(&scene.documents[1..]));
    let asking = Ask::Agree { message: message.into(), wanted: Vec::new() };
    let asking = Request { cursors: vec![Cursor { stream: stream(), ask: asking, key: 2 }], ..request(301) };
    let wanted = Ask::Agree { message: Vec::new().into(), wanted: marks(&scene.documents[..1]) };
    let wanting = Request { cursors: vec![Cursor { stream: stream(), ask: wanted, key: 2 }], ..request(302) };
    vec![
        ("the first, with nothing to say", request(1)),
        ("a cursor and a batch of two changes", working),
        (
            "a new life, a receipt, a copy that goes on, a change that is asked after, and the tablet about itself",
            last,
        ),
        ("what differs, where the tablet lacks a document", asking),
        ("the document that differs is wanted", wanting),
        (
            "how many kinds of record the tablet's program knows",
            Request { kinds: Some(Request::KINDS), ..request(303) },
        ),
        (
            "when the tablet last heard of its neighbours",
            Request { kinds: Some(Request::KINDS), neighbours: Some(NOW), ..request(304) },
        ),
    ]
}

pub(crate) fn answers(scene: &Scene) -> Vec<(&'static str, Answer)> {
    let page = Page {
        stream: stream(),
        fingerprint: None,
        tells: Tells::Changes { from: 0, to: 2, entries: entries(scene, &[0, 1]) },
    };
    let first = Answer { pages: vec![page], people: vec![person(MANAGER)], ..answer() };
    let whole = Page {
        stream: stream(),
        fingerprint: Some(fingerprint_of(scene)),
        tells: Tells::Changes { from: 3, to: 6, entries: entries(scene, &[4]) },
    };
    let second = Answer {
        outcomes: vec![Outcomes { batch: batch(1), outcomes: vec![Outcome::Accepted, Outcome::Duplicate] }],
        pages: vec![whole],
        people: vec![person(EMMANUEL)],
        ..answer()
    };
    let reasons = [
        Reason::NotAssigned,
        Reason::Unreadable,
        Reason::Invalid("minutes".into(), "must be a whole number from 1 to 720".into()),
        Reason::Rekeyed,
        Reason::MissingDependency,
        Reason::UnknownSchema,
        Reason::TooLarge,
        Reason::Unvouched,
        Reason::Erased,
    ];
    let waiting = reasons.into_iter().map(Outcome::Quarantined).collect();
    let rejection =
        Rejection { by: MANAGER.name.into(), because: "Recorded twice; the other one is right.".into() };
    let last = Answer {
        outcomes: vec![Outcomes { batch: batch(2), outcomes: waiting }],
        dropped: vec![gone()],
        receipts: vec![Receipt::Taken(carried::receipt(scene).to_bytes().into()), Receipt::Refused],
        keys: vec![StreamKey { stream: stream(), number: 2, identity: "AGE-SECRET-KEY-1…".into() }],
        rejected: vec![Rejected { document: scene.steps[3].document, digest: digest(scene), rejection }],
        standing: Some(TabletStanding { revoked: true, has_key: true, lease: 30 }),
        released: vec![Released { document: scene.steps[2].document, digest: digest(scene) }],
        ..answer()
    };
    let copy = documents(scene, 6, false, &[], &scene.documents[1..]);
    let message = agreement::begin(&marks(&scene.documents[1..]));
    let reply =
        agreement::answer(&marks(&scene.documents), &message, sync_core::limits::PAGE).expect("a message");
    let lost = Page { stream: gone(), fingerprint: None, tells: Tells::Lost };
    let copied = Answer { pages: vec![copy], people: vec![person(CLAUDINE)], ..answer() };
    let differs = Answer { pages: vec![documents(scene, 6, false, &reply, &[]), lost], ..answer() };
    let differing =
        Answer { pages: vec![documents(scene, 6, false, &[], &scene.documents[..1])], ..answer() };
    let neighbour = Neighbour {
        group: id(&stream().to_string()),
        overlaps: true,
        organisation: "Never Again Rwanda".into(),
        contact: Some("huye@nar.example".into()),
        modality: "sociotherapy".into(),
        pillar: Some("community_healing".into()),
        cohort: None,
        area: "52010101".into(),
        from: Some("2026-03-05".into()),
        to: None,
    };
    let beside = Neighbour {
        overlaps: false,
        contact: None,
        cohort: Some("youth".into()),
        to: Some("2026-09-30".into()),
        ..neighbour.clone()
    };
    let near = Answer { neighbours: Some(vec![neighbour, beside]), ..answer() };
    vec![
        ("a page that does not reach the end", first),
        ("outcomes, and the rest of the stream", second),
        ("every reason to wait, a stream to drop, and a change that was rejected", last),
        ("the rest of a copy", copied),
        ("what differs, and a stream in which the store can't go on from the cursor", differs),
        ("the document that was wanted", differing),
        ("what other partners do near to the tablet's group", near),
    ]
}

pub(crate) fn vector(scene: &Scene) -> Value {
    let requests: Vec<Value> = requests(scene)
        .iter()
        .map(|(what, request)| {
            let payload = minicbor::to_vec(request).expect("CBOR");
            let body = CLAUDINE.sign(Purpose::Request, payload.clone()).to_bytes();
            json!({
                "what": what,
                "device": CLAUDINE.device(),
                "view": view::request(request),
                "payload": hex(&payload),
                "body": hex(&body),
            })
        })
        .collect();
    let answers: Vec<Value> = answers(scene)
        .iter()
        .map(|(what, answer)| {
            json!({
                "what": what,
                "view": view::answer(answer),
                "body": hex(&minicbor::to_vec(answer).expect("CBOR")),
            })
        })
        .collect();
    json!({ "requests": requests, "answers": answers })
}
