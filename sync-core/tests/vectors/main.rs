//! `api-spec/` held to the code: its vectors, its grammar and the tables of its page. Run with `IHURIRO_BLESS=1` to
//! rewrite what is made here, and read the difference before you commit it: it is what every other client will see.

mod carried;
mod dictionary;
mod exchange;
mod files;
mod foreign;
mod grammar;
mod page;
mod scene;
mod shown;
mod view;

use serde_json::{Value, json};
use sync_core::change::{Change, Digest};
use sync_core::cursor::Fingerprint;
use sync_core::document::Document;
use sync_core::id::{AdoptionId, LessonId, OrganisationId, ParticipantId, SessionId, SharedLessonId};
use sync_core::record::session::PartOfDay;
use sync_core::record::{Kind, SCHEMA};
use sync_core::time::Date;

use scene::{AUTHORS, CLAUDINE, STORE_SEED, Scene, batch, epoch, group, session, store_key, stream};
use view::hex;

#[test]
fn keys() {
    let keys = AUTHORS.map(|author| {
        json!({
            "name": author.name,
            "device": author.device(),
            "seed": hex(&author.seed),
            "public_key": hex(author.key().verifying_key().as_bytes()),
        })
    });
    let store = json!({
        "epoch": epoch(),
        "receipt_seed": hex(&STORE_SEED),
        "receipt_key": hex(store_key().verifying_key().as_bytes()),
    });
    files::hold_json("vectors/keys.json", &json!({ "test_only": true, "tablets": keys, "store": store }));
}

#[test]
fn genesis() {
    let each = |kind: &Kind| {
        let document = Document::genesis(*kind);
        json!({
            "kind": kind.code(),
            "number": view::number(*kind),
            "schema": SCHEMA,
            "hash": document.heads()[0].to_string(),
            "change": hex(&page::genesis_change(*kind)),
            "tombstone": {
                "hash": Change::tombstone(*kind).hash().to_string(),
                "change": hex(Change::tombstone(*kind).bytes()),
            },
        })
    };
    files::hold_json("vectors/genesis.json", &Kind::ALL.iter().map(each).collect::<Vec<Value>>().into());
}

#[test]
fn session_ids() {
    let days = [Date::constant(2026, 3, 5), Date::constant(2024, 2, 29), Date::constant(2026, 12, 31)];
    let mut ids = Vec::new();
    for day in days {
        for part in PartOfDay::ALL {
            ids.push(json!({
                "group": group(),
                "date": day,
                "part": part,
                "nth": 0,
                "name": format!("{day}/{}", part.ordinal()),
                "session": SessionId::of(group(), day, part.ordinal(), 0),
            }));
        }
        ids.push(json!({
            "group": group(),
            "date": day,
            "part": PartOfDay::Evening,
            "nth": 2,
            "name": format!("{day}/2/2"),
            "session": SessionId::of(group(), day, PartOfDay::Evening.ordinal(), 2),
        }));
    }
    files::hold_json("vectors/session-ids.json", &ids.into());
}

#[test]
fn participant_ids() {
    let id = |code: &str| json!({ "group": group(), "code": code, "participant": ParticipantId::of(group(), code) });
    files::hold_json("vectors/participant-ids.json", &json!([id("P01"), id("P02"), id("ABC1234")]));
}

#[test]
fn lesson_ids() {
    let id = |lesson: &str, organisation: &str| {
        let (lesson, organisation): (LessonId, OrganisationId) = (scene::id(lesson), scene::id(organisation));
        let shared = SharedLessonId::of(lesson);
        json!({
            "lesson": lesson,
            "shared_lesson": shared,
            "organisation": organisation,
            "adoption": AdoptionId::of(organisation, shared),
        })
    };
    let made = [
        id("018f3f6e-7d2c-7000-8000-000000000a01", "018f3f6e-7d2c-7000-8000-000000000b01"),
        id("018f3f6e-7d2c-7000-8000-000000000a01", "018f3f6e-7d2c-7000-8000-000000000b02"),
        id("018f3f6e-7d2c-7000-8000-000000000a02", "018f3f6e-7d2c-7000-8000-000000000b01"),
    ];
    files::hold_json("vectors/lesson-ids.json", &json!(made));
}

#[test]
fn story() {
    let scene = Scene::play();
    let steps: Vec<Value> = scene
        .steps
        .iter()
        .map(|step| {
            let change = &step.change;
            json!({
                "what": step.what,
                "stream": stream(),
                "kind": step.kind.code(),
                "document": step.document,
                "schema": SCHEMA,
                "device": change.actor().device,
                "incarnation": change.actor().incarnation,
                "seq": change.seq(),
                "time": change.at().seconds(),
                "deps": change.deps().map(|hash| hash.to_string()).collect::<Vec<_>>(),
                "hash": change.hash().to_string(),
                "digest": hex(Digest::of(change.bytes()).as_bytes()),
                "change": hex(change.bytes()),
            })
        })
        .collect();
    let mut documents: Vec<Value> = scene
        .documents
        .iter()
        .map(|(id, document)| json!({ "document": id, "then": shown::document(document) }))
        .collect();
    // The meeting as both recorded it, before anybody settled anything: after the first five changes.
    let unsettled = Scene::unsettled(&scene.steps);
    documents.push(json!({ "document": session(), "after": 5, "then": shown::document(&unsettled) }));
    files::hold_json("vectors/story.json", &json!({ "changes": steps, "documents": documents }));
}

#[test]
fn signed_batch() {
    let scene = Scene::play();
    let (statement, signed, envelope) = scene.batch(CLAUDINE, batch(1), &[3, 5]);
    let made = json!({
        "device": CLAUDINE.device(),
        "statement": view::statement(&statement),
        "payload": view::signed(&signed)["payload"],
        "to_be_signed": hex(&page::to_be_signed("ihuriro batch 1", &signed.payload)),
        "signed": hex(&signed.to_bytes()),
        "envelope": view::envelope(&envelope),
        "bytes": hex(&minicbor::to_vec(&envelope).expect("CBOR")),
    });
    files::hold_json("vectors/batch.json", &made);
}

#[test]
fn exchange() {
    files::hold_json("vectors/exchange.json", &exchange::vector(&Scene::play()));
}

#[test]
fn bundle() {
    files::hold_json("vectors/bundle.json", &carried::vector(&Scene::play()));
}

#[test]
fn fingerprints() {
    let scene = Scene::play();
    let parts: Vec<Value> = scene
        .documents
        .iter()
        .map(|(id, document)| {
            let heads = document.heads();
            json!({
                "document": id,
                "heads": heads.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "part": view::fingerprint(Fingerprint::of(*id, &heads)),
            })
        })
        .collect();
    // Both of the session's heads before they were brought together, the greater one first.
    let mut heads: Vec<_> = scene.steps[3..5].iter().map(|step| step.change.hash()).collect();
    heads.sort_unstable();
    heads.reverse();
    let two = json!({
        "document": scene.steps[3].document,
        "heads": heads.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "part": view::fingerprint(Fingerprint::of(scene.steps[3].document, &heads)),
    });
    let made = json!({
        "empty": view::fingerprint(Fingerprint::default()),
        "parts": parts,
        "stream": view::fingerprint(exchange::fingerprint_of(&scene)),
        "two_heads_in_any_order": two,
    });
    files::hold_json("vectors/fingerprints.json", &made);
}
