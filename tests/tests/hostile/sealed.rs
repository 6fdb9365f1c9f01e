//! What is carried is sealed, and anybody may have sealed it: opening it costs little, whatever it is.

use std::fs;

use age::x25519;
use minicbor::bytes::ByteVec;
use sync_core::limits::{MAX_CARRIED, MAX_EXPANDED};
use sync_core::wire::{Answer, Receipt};
use tests::stranger::sync;
use tests::{Database, Stranger, Village};

use super::*;

/// Nanoseconds of a processor that this thread had.
fn worked() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux says it");
    text.split_whitespace().next().and_then(|first| first.parse().ok()).expect("a number")
}

/// A header of very many short lines, each of which the library would read all before it again for.
fn long_header(bytes: usize) -> Vec<u8> {
    let mut header = b"age-encryption.org/v1\n".to_vec();
    while header.len() < bytes {
        header.extend_from_slice(b"-> a\n\n");
    }
    header
}

/// As many stanzas as are looked at, each of which must be tried with the key.
fn many_readers() -> Vec<u8> {
    let readers: Vec<String> = (0..7).map(|_| x25519::Identity::generate().to_public().to_string()).collect();
    sealing::seal(b"for others", &readers).expect("sealed")
}

#[test]
fn what_can_not_be_opened_costs_next_to_nothing_to_try() {
    let keys: Vec<String> = (0..10).map(|_| sealing::new_identity()).collect();
    for (name, sealed) in [
        ("16 KB of lines", long_header(16 * 1024)),
        ("2 MB of lines", long_header(2 * 1024 * 1024)),
        ("a line of 2 MB", [b"age-encryption.org/v1\n-> ".as_slice(), &vec![b'a'; 2 * 1024 * 1024]].concat()),
        ("seven readers", many_readers()),
    ] {
        let before = worked();
        assert!(sealing::open(&sealed, &keys, MAX_EXPANDED).is_err(), "{name}");
        let cost = (worked() - before) / 1_000_000;
        println!("{name}: {cost} ms");
        assert!(cost < 200, "{name}: {cost} ms");
    }
}

#[test]
fn a_request_full_of_what_can_not_be_opened_is_answered_and_holds_up_nobody() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut mallory = Stranger::enrolled(&app, &village, "mallory");
        let key = app.store().read_blocking("test", server::store::keys::seal).expect("a key");
        let reader = [sealing::recipient_of(&key).expect("a key")];
        // Two that are for the store and expand as far as one may: together, farther than a request may.
        let wide = zstd_of(&vec![0; MAX_EXPANDED]);
        let wide = sealing::seal(&wide, &reader).expect("sealed");
        let mut carried: Vec<ByteVec> = vec![wide.clone().into(), wide.into(), long_header(2_000_000).into()];
        carried.extend((carried.len()..MAX_CARRIED).map(|_| ByteVec::from(long_header(16 * 1024))));
        let mut request = mallory.request(Vec::new());
        request.carried = carried;
        let (status, slug, body) = sync(&app, &mallory.signed(&request));
        assert_eq!((status, slug.as_str()), (200, ""));
        let answer: Answer = minicbor::decode(&body).expect("an answer");
        assert_eq!(answer.receipts, vec![Receipt::Refused; MAX_CARRIED]);
    });
}

fn zstd_of(bytes: &[u8]) -> Vec<u8> {
    sync_core::wire::close(sync_core::wire::Coding::Zstd, bytes)
}
