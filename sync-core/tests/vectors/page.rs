//! The parts of `sync.md` that come from the code: genesis, limits, the worked example.

use std::fmt::Write as _;

use automerge::{Automerge, ObjId, ObjType, ReadDoc as _, ScalarValue, Value};
use minicbor::Encoder;
use sync_core::batch::Purpose;
use sync_core::document::Document;
use sync_core::limits::{
    LAST_REQUEST, MAX_AHEAD, MAX_BATCHES, MAX_BODY, MAX_CARRIED, MAX_CHANGE, MAX_CHANGE_EXPANDED,
    MAX_DOCUMENT, MAX_DOCUMENT_AUTHORS, MAX_DOCUMENT_CHANGES, MAX_DOCUMENT_EXPANDED, MAX_DOCUMENT_OPERATIONS,
    MAX_ENTRIES, MAX_EXPANDED, MAX_OPERATIONS, MAX_QUARANTINED, MAX_QUARANTINED_BYTES, MAX_REQUEST_CHANGES,
    MAX_REQUEST_OPENED, MAX_REQUEST_OPERATIONS, MAX_REQUEST_STORED, MAX_REQUEST_WORK, MAX_VALUES_OF_ONE,
    PAGE,
};
use sync_core::record::{Kind, SCHEMA};
use sync_core::wire::{CONTENT_TYPE, PROTOCOL};

use crate::exchange;
use crate::files;
use crate::scene::{CLAUDINE, Scene};
use crate::view::{self, hex};

const PAGE_FILE: &str = "sync.md";

fn opened(kind: Kind) -> Automerge {
    Automerge::load(&Document::genesis(kind).save()).expect("a sound document")
}

/// The genesis change, as a change chunk.
pub(crate) fn genesis_change(kind: Kind) -> Vec<u8> {
    let changes = opened(kind).get_changes(&[]);
    assert_eq!(changes.len(), 1);
    changes[0].raw_bytes().to_vec()
}

/// RFC 9052, section 4.4, apart from the code that signs.
pub(crate) fn to_be_signed(context: &str, payload: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    let wrote = (|| {
        e.array(4)?
            .str("Signature1")?
            .bytes(&[0xa1, 0x01, 0x27])?
            .bytes(context.as_bytes())?
            .bytes(payload)?
            .ok()
    })();
    wrote.expect("writing to a Vec can't fail");
    e.into_writer()
}

/// What genesis puts at the root, in the order of its operations.
fn operations(kind: Kind) -> Vec<String> {
    let document = opened(kind);
    let mut puts = Vec::new();
    for key in document.keys(automerge::ROOT) {
        let (value, id) = document.get(automerge::ROOT, &key).expect("a map").expect("listed");
        let ObjId::Id(counter, ..) = id else { panic!("only the root has no number") };
        let value = match value {
            Value::Object(ObjType::Map) => "map".to_owned(),
            Value::Object(ObjType::Text) => "text".to_owned(),
            Value::Scalar(scalar) => match scalar.as_ref() {
                ScalarValue::Str(text) => format!("{text:?}"),
                ScalarValue::Int(number) => format!("int {number}"),
                other => panic!("genesis puts no {other:?}"),
            },
            other => panic!("genesis makes no {other:?}"),
        };
        puts.push((counter, format!("`{key}` = {value}")));
    }
    puts.sort();
    puts.into_iter().map(|(_, put)| put).collect()
}

#[test]
fn genesis_of_each_kind() {
    let mut made = String::from("| No. | Kind | Operations, in order | Hash |\n|---|---|---|---|\n");
    for kind in Kind::ALL {
        let hash = Document::genesis(*kind).heads()[0];
        let puts = operations(*kind).join(", ");
        writeln!(made, "| {} | {kind} | {puts} | `{hash}` |", view::number(*kind)).expect("a String grows");
    }
    files::hold_part(PAGE_FILE, "genesis", &made);
}

#[test]
fn limits() {
    let rows = [
        ("protocol", PROTOCOL.to_string(), "the version of this page, first place of request and answer"),
        ("schema", SCHEMA.to_string(), "the version of the data dictionary below"),
        ("content type", format!("`{CONTENT_TYPE}`"), "of requests and answers"),
        ("body", format!("{MAX_BODY} bytes"), "of a request as it travels, compressed"),
        ("expanded body", format!("{MAX_EXPANDED} bytes"), "of a request or an answer once decompressed"),
        (
            "page",
            format!("{PAGE} bytes"),
            "of changes in one request or one answer, except that one larger change goes alone",
        ),
        ("batches", MAX_BATCHES.to_string(), "in one request; a request with more is refused"),
        ("carried", MAX_CARRIED.to_string(), "things in one request; a request with more is refused"),
        (
            "request number",
            format!("{MAX_AHEAD} beyond the last that was taken, and {LAST_REQUEST}"),
            "beyond that it is refused (`request-too-far`), and not taken",
        ),
        (
            "changes of a request",
            MAX_REQUEST_CHANGES.to_string(),
            "a request with more is refused (`too-large`): send less at a time. Of what is carried, what goes beyond is not \
             taken; so with the next three",
        ),
        (
            "operations of a request",
            MAX_REQUEST_OPERATIONS.to_string(),
            "that its changes say they hold, all together",
        ),
        (
            "records of a request",
            format!("{MAX_REQUEST_OPENED} operations, {MAX_REQUEST_STORED} bytes"),
            "that the store has of the records that it changes",
        ),
        (
            "work of a request",
            MAX_REQUEST_WORK.to_string(),
            "for each record: its changes in the request, times the operations of the record and of all of these. A change that \
             comes alone is always within it",
        ),
        ("change", format!("{MAX_CHANGE} bytes"), "larger ones wait as `too-large`"),
        (
            "document",
            format!("{MAX_DOCUMENT} bytes"),
            "compacted, as `Automerge.save` writes it; a change that would pass it waits as `too-large`",
        ),
        ("operations of a change", MAX_OPERATIONS.to_string(), "more wait as `too-large`"),
        ("operations of a document", MAX_DOCUMENT_OPERATIONS.to_string(), "with its history; as above"),
        (
            "a change, expanded",
            format!("{MAX_CHANGE_EXPANDED} bytes"),
            "its keys, values, authors, hashes and its message, each as often as a run repeats it; more waits as `too-large`",
        ),
        (
            "a document, expanded",
            format!("{MAX_DOCUMENT_EXPANDED} bytes"),
            "with its history; also what its columns inflate to",
        ),
        ("changes of a document", MAX_DOCUMENT_CHANGES.to_string(), "more wait as `too-large`"),
        ("authors of a document", MAX_DOCUMENT_AUTHORS.to_string(), "each life of a device is one; as above"),
        (
            "entries of a map",
            MAX_ENTRIES.to_string(),
            "each as often as it has values at the same time; a change that would pass it waits as `invalid`",
        ),
        (
            "values of one device",
            MAX_VALUES_OF_ONE.to_string(),
            "of one field or entry at the same time, over all its lives; as above",
        ),
        (
            "quarantined in a day",
            format!("{MAX_QUARANTINED} changes, {MAX_QUARANTINED_BYTES} bytes"),
            "of one tablet, in 24 hours, and not merged since; a request that would pass it is refused (`too-much-quarantined`)",
        ),
    ];
    let mut made = String::from("| What | Value | Note |\n|---|---|---|\n");
    for (what, value, note) in rows {
        writeln!(made, "| {what} | {value} | {note} |").expect("a String grows");
    }
    files::hold_part(PAGE_FILE, "limits", &made);
}

/// Hex in lines that fit a page.
fn lines(bytes: &[u8]) -> String {
    bytes.chunks(40).map(|chunk| hex(chunk) + "\n").collect()
}

#[test]
fn worked_example() {
    let scene = Scene::play();
    let mut made = String::new();
    let (_, request) = exchange::requests(&scene).swap_remove(0);
    let payload = minicbor::to_vec(&request).expect("CBOR");
    let signed = CLAUDINE.sign(Purpose::Request, payload.clone());
    let device = CLAUDINE.device();
    let (_, answer) = exchange::answers(&scene).swap_remove(2);
    let answer = minicbor::to_vec(&answer).expect("CBOR");
    for (title, bytes) in [
        ("Claudine's tablet, the device id", device.as_bytes().as_slice()),
        ("her seed, as in `vectors/keys.json`", &CLAUDINE.seed),
        ("request 1: no cursors, no batches, nothing purged, a budget of 262,144", &payload),
        ("what is signed", &to_be_signed("ihuriro request 1", &payload)),
        ("the body, before content coding", &signed.to_bytes()),
        ("an answer with every reason to wait, a stream to drop and a change that was rejected", &answer),
    ] {
        write!(made, "{title}\n\n```\n{}```\n\n", lines(bytes)).expect("a String grows");
    }
    files::hold_part(PAGE_FILE, "example", &made);
}
