//! What a sync of realistic meetings is made of, part by part: how long merging one takes, reading it, and carrying five. Whole syncs
//! are measured by `src/bin/bench.rs`.
//!
//! `cargo bench --profile dist -p tests --bench parts`

use std::hint::black_box;

use automerge::Automerge;
use criterion::{Criterion, criterion_group, criterion_main};
use server::projection::Rows;
use sync_core::authority::Authority;
use sync_core::batch::{Purpose, Signed, SigningKey};
use sync_core::cbor;
use sync_core::change::Change;
use sync_core::document::Document;
use sync_core::id::{DeviceId, EpochId, GroupId, Id, SessionId, UserId};
use sync_core::merge::{Incoming, Standing, plan};
use sync_core::record::{Kind, Place, SCHEMA, Session};
use sync_core::time::Millis;
use sync_core::wire::{Coding, Request, close, open};
use tests::Stranger;
use tests::bench::Workload;
use uuid::Uuid;

fn device() -> DeviceId {
    DeviceId::from_uuid(Uuid::from_u128(1))
}

fn circle() -> GroupId {
    GroupId::from_uuid(Uuid::from_u128(2))
}

/// The first change of a meeting.
fn written(number: usize) -> Vec<u8> {
    Workload::REALISTIC.written(device(), circle(), number, number)
}

fn merged(change: &[u8]) -> Document {
    let change = Change::parse(change).expect("a change");
    let mut document = Document::genesis(Kind::Session);
    document.apply([&change]).expect("it builds on what is there");
    document
}

fn place(document: &Document) -> Place {
    let session: Session = document.read().expect("a session");
    let id = SessionId::of(circle(), session.date, session.part.ordinal(), 0);
    Place { stream: circle().into(), kind: Kind::Session, document: id.into() }
}

fn merge(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("merge");
    let bytes = written(1);
    let document = merged(&bytes);
    let (place, snapshot) = (place(&document), document.save());

    let genesis = Automerge::load(&Document::genesis(Kind::Session).save()).expect("a document");
    group.bench_function("Automerge alone: parse, copy, apply, save", |bench| {
        bench.iter(|| {
            let change = automerge::Change::from_bytes(bytes.clone()).expect("a change");
            let mut document = genesis.clone();
            document.apply_changes([change]).expect("it builds on what is there");
            document.save()
        });
    });
    group.bench_function("plan of a first change", |bench| {
        let authority = Authority::Facilitator { devices: [device()].into() };
        bench.iter(|| {
            let (bytes, device, authority) = (bytes.as_slice(), device(), &authority);
            let incoming =
                Incoming { bytes, schema: SCHEMA, device, standing: Standing::Assigned, authority };
            let plan = plan(place, None, &[incoming]).expect("nothing is damaged");
            assert!(plan.after.is_some());
            plan
        });
    });
    group.bench_function("parse", |bench| bench.iter(|| Change::parse(black_box(&bytes))));
    group.bench_function("save", |bench| bench.iter(|| document.save()));
    group.bench_function("open", |bench| bench.iter(|| Document::load(Kind::Session, black_box(&snapshot))));
}

fn hydrate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hydrate");
    let snapshot = merged(&written(1)).save();
    // What stands in a document is read once, so each round has one of its own.
    let fresh = || Document::load(Kind::Session, &snapshot).expect("a document");
    group.bench_function("record", |bench| {
        bench.iter_batched_ref(fresh, |document| document.record(), criterion::BatchSize::SmallInput);
    });
    group.bench_function("record and its rows", |bench| {
        bench.iter_batched_ref(
            fresh,
            |document| {
                let record = document.record().expect("a record");
                Rows::of(place(document), document, &record)
            },
            criterion::BatchSize::SmallInput,
        );
    });
}

fn wire(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire");
    let mut tablet = Stranger {
        device: device(),
        user: UserId::from_uuid(Uuid::from_u128(3)),
        key: SigningKey::from_bytes(&[7; 32]),
        epoch: EpochId::from_uuid(Uuid::from_u128(4)),
        number: 0,
        now: Millis(1_800_000_000_000),
    };
    let changes: Vec<_> = (1..=5)
        .map(|number| {
            let bytes = written(number);
            (Kind::Session, place(&merged(&bytes)).document, bytes)
        })
        .collect();
    let batch = tablet.batch(circle().into(), &changes);
    let request = tablet.request(vec![batch]);
    let (encoded, signed) = (cbor::to_bytes(&request), tablet.signed(&request));
    let closed = close(Coding::Zstd, &signed);
    let key = tablet.key.verifying_key();
    group.bench_function("encode", |bench| bench.iter(|| cbor::to_bytes(&request)));
    group.bench_function("decode", |bench| bench.iter(|| cbor::from_bytes::<Request>(black_box(&encoded))));
    group.bench_function("check a signature", |bench| {
        let signed = Signed::from_bytes(&signed).expect("it is signed");
        bench.iter(|| signed.verify(Purpose::Request, &key));
    });
    group.bench_function("close", |bench| bench.iter(|| close(Coding::Zstd, black_box(&signed))));
    group.bench_function("open", |bench| bench.iter(|| open(Coding::Zstd, black_box(&closed), 1 << 20)));
}

criterion_group!(benches, merge, hydrate, wire);
criterion_main!(benches);
