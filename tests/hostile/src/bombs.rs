//! Few bytes that cost much, where nobody looks at what they come to before it is expanded: changes for a document, and whole
//! documents. All have checksums that hold.

use automerge::ROOT;
use automerge::transaction::Transactable as _;
use sync_core::change::Actor;
use sync_core::document::Document;

use crate::chunk::{Chunk, framed_document};
use crate::forge::raw;
use crate::leb;

/// The numbers of the columns of a change (Automerge binary format, "Operation columns").
const KEY: u64 = 0x15;
const INSERT: u64 = 0x34;
const ACTION: u64 = 0x42;
const VALUE_METADATA: u64 = 0x56;
const OVERWRITES: u64 = 0x70;
const OVERWRITES_AUTHOR: u64 = 0x71;
const OVERWRITES_NUMBER: u64 = 0x73;
const MARK_NAME: u64 = 0xa5;

const MAKE_MAP: u64 = 0;
const PUT: u64 = 1;

/// Bytes that cost much, and a word for them.
pub type Bomb = (&'static str, Vec<u8>);

/// One number, so many times over.
fn run(times: u64, value: u64) -> Vec<u8> {
    [leb::signed(times), leb::unsigned(value)].concat()
}

/// One string, so many times over.
fn repeated(times: u64, text: &[u8]) -> Vec<u8> {
    [run(times, text.len() as u64), text.to_vec()].concat()
}

/// A change of one operation, to be made into others.
fn plain(on: &Document, actor: Actor) -> Chunk {
    let change = raw(on, actor, |tx| tx.put(ROOT, "minutes", 719_i64));
    Chunk::open(&change).expect("our own change")
}

/// So many operations at the root, all alike: the same key, no value.
fn alike(on: &Document, actor: Actor, times: u64, action: u64, key: &[u8]) -> Chunk {
    let columns = vec![
        (KEY, repeated(times, key)),
        (INSERT, leb::unsigned(times)),
        (ACTION, run(times, action)),
        (VALUE_METADATA, run(times, 0)),
        (OVERWRITES, run(times, 0)),
    ];
    Chunk { columns, ..plain(on, actor) }
}

fn with_column(mut chunk: Chunk, column: u64, data: Vec<u8>) -> Chunk {
    chunk.columns.retain(|(there, _)| *there != column);
    chunk.columns.push((column, data));
    chunk.columns.sort_by_key(|(column, _)| *column);
    chunk
}

/// So many operations whose key is one run of a key so long. Of 60,000 and 190,000 it is 420 bytes on the wire, which took
/// 11 GB and 75 s.
pub fn keys(on: &Document, actor: Actor, times: u64, long: usize) -> Vec<u8> {
    alike(on, actor, times, PUT, &vec![b'k'; long]).close()
}

/// So many values of one field at the same time: all were taken, shown, and read with every edit.
pub fn values(on: &Document, actor: Actor, times: u64) -> Vec<u8> {
    let minutes =
        with_column(alike(on, actor, times, PUT, b"minutes"), VALUE_METADATA, run(times, 1 << 4 | 4));
    // Integers of one byte each.
    with_column(minutes, VALUE_METADATA + 1, vec![60; times as usize]).close()
}

/// Changes for a document, each of which costs much by itself.
pub fn changes(on: &Document, actor: Actor) -> Vec<Bomb> {
    const MANY: u64 = 60_000;
    const LONG: usize = 20_000;
    let puts = |times: u64| alike(on, actor, times, PUT, b"x");
    let authors = |count: usize| {
        let mut chunk = puts(1);
        // Time and message as they are, then authors of no bytes.
        chunk.about = [&[0, 0], leb::unsigned(count as u64).as_slice(), &vec![0; count]].concat();
        chunk.close()
    };
    let overwriting = {
        let chunk = with_column(puts(MANY), OVERWRITES, run(MANY, 1_000));
        let chunk = with_column(chunk, OVERWRITES_AUTHOR, run(MANY * 1_000, 0));
        with_column(chunk, OVERWRITES_NUMBER, run(MANY * 1_000, 1)).close()
    };
    let lengthy = with_column(puts(MANY), VALUE_METADATA, run(MANY, (LONG as u64) << 4 | 6)).close();
    let marked = with_column(puts(MANY), MARK_NAME, repeated(MANY, &vec![b'm'; LONG])).close();
    let columns = {
        let mut chunk = puts(1);
        chunk.columns.extend((0x1000..0x1000 + 8_000).map(|id| (id << 4 | 2, run(1, 1))));
        chunk.close()
    };
    let message = {
        let mut chunk = puts(1);
        chunk.about = [&[0], leb::unsigned(LONG as u64).as_slice(), &vec![b'{'; LONG], &[0]].concat();
        chunk.close()
    };
    vec![
        ("one key, repeated", keys(on, actor, MANY, LONG)),
        ("a short key, repeated", keys(on, actor, MANY, 1_000)),
        ("the name of a mark, repeated", marked),
        ("values longer than their bytes", lengthy),
        ("what each operation overwrites", overwriting),
        ("authors of no bytes", authors(50_000)),
        ("columns that nobody knows", columns),
        ("a message that is no JSON", message),
        ("values of one field", values(on, actor, MANY)),
        ("maps, all alike", alike(on, actor, MANY, MAKE_MAP, b"x").close()),
        ("deletions of what is not there", alike(on, actor, MANY, 3, b"x").close()),
        ("a trillion operations", puts(1 << 40).close()),
    ]
}

/// Bodies of whole documents that claim much: what follows the frame.
pub fn documents() -> Vec<Bomb> {
    /// Of a document the numbers of two columns of operations, deflated or not.
    const DEFLATED: u64 = 8;
    const ACTOR_OF_ID: u64 = 0x21;
    /// Of a change: its author, how many it builds on.
    const AUTHOR: u64 = 0x01;
    const BUILDS_ON: u64 = 0x40;
    let columns = |columns: &[(u64, Vec<u8>)]| {
        let mut listed = leb::unsigned(columns.len() as u64);
        for (column, data) in columns {
            listed.extend(leb::unsigned(*column));
            listed.extend(leb::unsigned(data.len() as u64));
        }
        listed
    };
    let body = |authors: usize, changes: &[(u64, Vec<u8>)], operations: &[(u64, Vec<u8>)]| {
        let mut body = leb::unsigned(authors as u64);
        for author in 0..authors {
            body.extend([4]);
            body.extend((author as u32).to_be_bytes());
        }
        body.push(0); // no heads
        body.extend(columns(changes));
        body.extend(columns(operations));
        body.extend(changes.iter().chain(operations).flat_map(|(_, data)| data));
        body
    };
    let keys = |times: u64, long: usize| {
        vec![(ACTOR_OF_ID, run(times, 0)), (KEY, repeated(times, &vec![b'k'; long]))]
    };
    let inflates = vec![(ACTOR_OF_ID | DEFLATED, deflated_zeros(16 * 1024 * 1024))];
    vec![
        ("a key, repeated in a document", body(1, &[], &keys(100_000, 20_000))),
        ("operations of a document", body(1, &[], &keys(1 << 40, 1))),
        ("a column that inflates", body(1, &[], &inflates)),
        ("authors and changes", body(5_000, &[(AUTHOR, run(100_000, 1)), (BUILDS_ON, run(100_000, 0))], &[])),
        ("what changes build on", body(1, &[(AUTHOR, run(9, 0)), (BUILDS_ON, run(9, u64::MAX >> 1))], &[])),
    ]
}

/// The same as chunks, with checksums that hold.
pub fn whole_documents() -> Vec<Bomb> {
    documents().into_iter().map(|(name, body)| (name, framed_document(&body))).collect()
}

/// Zeros, deflated to a thousandth.
fn deflated_zeros(count: usize) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 64 * 1024];
    for _ in 0..count / zeros.len() {
        encoder.write_all(&zeros).expect("a Vec grows");
    }
    encoder.finish().expect("a Vec grows")
}
