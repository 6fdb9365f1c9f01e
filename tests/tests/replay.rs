//! What fuzzing starts from and all that it ever found, through the same functions, with no more than the stable compiler.
//! `IHURIRO_BLESS=1 cargo test --workspace --test weighed replay::` writes the seeds again, from `api-spec/vectors`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use hostile_bytes::bombs;
use hostile_bytes::chunk::Chunk;
use hostile_bytes::forge;
use hostile_bytes::judge;
use hostile_bytes::sequence::Sequence;
use serde_json::Value;
use sync_core::agreement;
use sync_core::batch::Envelope;
use sync_core::bundle::{BUNDLE, Bundle, Part, Sealed, Settled, Settlement};
use sync_core::cbor;
use sync_core::change::{Actor, Change, Digest};
use sync_core::cursor::Mark;
use sync_core::document::Document;
use sync_core::id::{DeviceId, EpochId, Id, StreamId};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::{Kind, Place};
use sync_core::wire::{Coding, close};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn vector(name: &str) -> Value {
    let path = folder("../api-spec/vectors").join(name);
    serde_json::from_str(&fs::read_to_string(path).expect("a vector")).expect("JSON")
}

fn hex(value: &Value) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(value.as_str().expect("hex").as_bytes()).expect("hex")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list").iter()
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    value.as_str().expect("an id").parse().expect("an id")
}

fn body(change: &[u8]) -> Vec<u8> {
    Chunk::open(change).expect("a change").body()
}

fn author() -> Actor {
    Actor { device: DeviceId::from_uuid(uuid::Uuid::from_u128(1)), incarnation: 0 }
}

/// The changes of the vectors, document by document.
fn sequences() -> Vec<Sequence> {
    let mut found: BTreeMap<Place, Vec<Vec<u8>>> = BTreeMap::new();
    for file in ["story.json", "foreign.json"] {
        for one in list(&vector(file)["changes"]) {
            let kind = Kind::ALL.iter().find(|kind| one["kind"] == kind.code()).expect("a kind");
            let place = Place { stream: id(&one["stream"]), document: id(&one["document"]), kind: *kind };
            found.entry(place).or_default().push(hex(&one["change"]));
        }
    }
    found.into_iter().map(|(place, changes)| Sequence { place, changes }).collect()
}

/// Changes that claim more than they may, or numbers that are not theirs.
fn forgeries() -> [Vec<u8>; 3] {
    let long = forge::long(&Document::genesis(Kind::Session), author(), 10_000);
    let numbered = forge::renumbered(&long, None, Some(u64::from(u32::MAX) - 1));
    [forge::lengthened(&long, 10_000, 1 << 40), numbered, long]
}

fn changes() -> Vec<Vec<u8>> {
    let sound = sequences().into_iter().flat_map(|one| one.changes);
    let bombs = bombs::changes(&Document::genesis(Kind::Session), author());
    let bombs = bombs.into_iter().map(|(_, change)| change);
    sound.chain(forgeries()).chain(bombs).map(|change| body(&change)).collect()
}

fn merges() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = sequences().iter().map(Sequence::pack).collect();
    let mut forged = sequences().swap_remove(0);
    forged.changes.extend(forgeries().into_iter().skip(1));
    seeds.push(forged.pack());
    // A body of a sequence has its length in two bytes.
    let bombs = bombs::changes(&Document::genesis(Kind::Session), author());
    let small = bombs.into_iter().map(|(_, change)| change).filter(|change| change.len() < 60_000);
    forged.changes = small.take(12).collect();
    seeds.push(forged.pack());
    seeds
}

fn snapshots() -> Vec<Vec<u8>> {
    let saved = |one: Sequence| {
        let changes: Vec<Change> =
            one.changes.iter().map(|bytes| Change::parse(bytes).expect("sound")).collect();
        let mut document = Document::genesis(one.place.kind);
        document.apply(&changes).expect("the vectors apply");
        let saved = document.save();
        let mut body = &saved[9..];
        hostile_bytes::leb::take(&mut body).expect("its length");
        [&[one.place.kind as u8], body].concat()
    };
    let bombs = bombs::documents().into_iter();
    let bombs = bombs.map(|(_, body)| [&[Kind::Session as u8], &body[..]].concat());
    sequences().into_iter().map(saved).chain(bombs).collect()
}

fn batch() -> Envelope {
    let batch = &vector("batch.json")["envelope"];
    Envelope {
        statement: hex(&batch["statement"]).into(),
        changes: list(&batch["changes"]).map(|change| hex(change).into()).collect(),
    }
}

fn envelopes() -> Vec<Vec<u8>> {
    let mut swapped = batch();
    swapped.changes.reverse();
    vec![cbor::to_bytes(&batch()), cbor::to_bytes(&swapped)]
}

fn bodies() -> Vec<Vec<u8>> {
    let exchange = vector("exchange.json");
    let plain = list(&exchange["requests"]).chain(list(&exchange["answers"])).map(|one| hex(&one["body"]));
    plain
        .flat_map(|plain| [[&[0], &plain[..]].concat(), [&[2], &close(Coding::Zstd, &plain)[..]].concat()])
        .collect()
}

fn bundles() -> Vec<Vec<u8>> {
    let sealed = Sealed {
        stream: StreamId::from_uuid(uuid::Uuid::from_u128(7)),
        batch: Some(batch()),
        documents: Vec::new(),
    };
    let part = Part { for_store: true, sealed: b"something sealed".to_vec().into() };
    let bundle = Bundle { version: BUNDLE, parts: vec![part], receipts: vec![b"words".to_vec().into()] };
    let outcome = Outcome::Quarantined(Reason::Invalid("minutes".into(), String::new()));
    let document = sequences()[0].place.document;
    let settlement = Settlement {
        device: author().device,
        epoch: EpochId::from_uuid(uuid::Uuid::from_u128(9)),
        settled: vec![Settled { document, digest: Digest::of(b"a change"), outcome }],
    };
    let marks = |count: u8| (0..count).map(|number| Mark::from_bytes([number; 32])).collect::<Vec<_>>();
    let asked = agreement::begin(&marks(30));
    let answered = agreement::answer(&marks(40), &asked, sync_core::limits::PAGE).expect("our own message");
    vec![bundle.to_bytes(), sealed.to_bytes(), cbor::to_bytes(&settlement), asked, answered]
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "change" => changes(),
        "envelope" => envelopes(),
        "wire" => bodies(),
        "bundle" => bundles(),
        "merge" => merges(),
        "snapshot" => snapshots(),
        other => panic!("{other} has no seeds"),
    }
}

#[test]
fn what_fuzzing_starts_from_is_what_the_vectors_say() {
    for (target, _) in judge::ALL {
        let corpus = folder("fuzz/corpus").join(target);
        for (number, seed) in seeds(target).iter().enumerate() {
            let path = corpus.join(format!("seed-{number:02}"));
            if std::env::var_os("IHURIRO_BLESS").is_some_and(|value| value == "1") {
                fs::create_dir_all(&corpus).expect("a folder");
                fs::write(&path, seed).expect("a seed");
            }
            let kept = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(kept == *seed, "{target}, seed {number} is not what the vectors make now; bless it");
        }
    }
}

#[test]
fn what_was_ever_found_holds_now() {
    for (target, judge) in judge::ALL {
        for kept in ["fuzz/corpus", "fuzz/findings"] {
            let files = fs::read_dir(folder(kept).join(target)).into_iter().flatten();
            for file in files {
                let path = file.expect("a file").path();
                println!("{}", path.display());
                judge::hold(judge, &fs::read(&path).expect("its bytes"));
            }
        }
    }
}

/// Of the seeds, each sequence is one that is merged: fuzzing starts from the depth, not from what is refused at the door.
#[test]
fn a_sequence_comes_back_as_it_was_packed() {
    for sequence in sequences() {
        let again = Sequence::unpack(&sequence.pack()).expect("a sequence");
        assert_eq!((again.place, again.changes), (sequence.place, sequence.changes));
    }
}
