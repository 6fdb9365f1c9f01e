//! What the bodies of many clients cost in memory, of the service as a process.

use std::time::Duration;

use sync_core::wire::{Coding, close};
use tests::Database;
use tests::process::Service;
use tests::program::ihuriro;

use super::*;

const CLIENTS: usize = 150;
const LENGTH: usize = 2_000_000;
/// Beside what a service takes that does nothing, in MiB: what it may hold of bodies, and what is on its way from the sockets to them, half a
/// megabyte for each connection.
const MOST: u64 = 128 + 80;

#[test]
fn bodies_that_are_never_done_take_no_more_memory_than_there_is_for_them() {
    let database = Database::sqlite();
    let service = Service::start(&ihuriro().expect("the program"), &database.url).expect("it starts");
    let mut asks = Raw::to(&service.url);
    asks.send(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    assert_eq!(asks.heard().problem().0, 200);
    let idle = service.mebibytes("VmHWM");
    let almost = vec![0; LENGTH - 1];
    let clients: Vec<Raw> = (0..CLIENTS)
        .map(|_| {
            let mut raw = Raw::sync(&service.url, LENGTH);
            raw.send(&almost);
            raw
        })
        .collect();
    // Whoever asks now is answered, and bodies that are small go on being taken once there is room.
    let mut asks = Raw::to(&service.url);
    asks.send(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    assert_eq!(asks.heard().problem().0, 200);
    // Until all that is sent has come, and nothing moves any longer.
    let (mut peak, mut still) = (0, 0);
    while still < 20 {
        std::thread::sleep(Duration::from_millis(50));
        let now = service.mebibytes("VmHWM");
        still = if now == peak { still + 1 } else { 0 };
        peak = now;
    }
    println!("{CLIENTS} bodies of {LENGTH} bytes but one: {peak} MiB, {idle} before");
    assert!(peak < idle + MOST, "{peak} MiB, {idle} before");
    drop(clients);
}

/// Some kilobytes that would become a quarter of a gigabyte each: at any address, of anybody, they are refused before they do.
#[test]
fn bodies_that_would_expand_to_much_are_refused_before_they_do() {
    let database = Database::sqlite();
    let service = Service::start(&ihuriro().expect("the program"), &database.url).expect("it starts");
    let zeros = vec![b' '; 256 * 1024 * 1024];
    for coding in [Coding::Zstd, Coding::Gzip] {
        let bomb = close(coding, &zeros);
        for (path, kind) in [
            ("/v1/login", "application/json"),
            ("/v1/sync", "application/json"),
            ("/v1/sync", CONTENT_TYPE),
            ("/v1/imports/people", "text/csv"),
            ("/v1/frameworks/form", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ] {
            let length =
                format!("content-encoding: {coding}\r\nconnection: close\r\ncontent-length: {}", bomb.len());
            let (heard, cost) = service.cost_of(|| {
                let mut raw = Raw::begin(&service.url, path, kind, &length);
                raw.send(&bomb);
                raw.heard()
            });
            println!("{path} as {kind}, {} bytes of {coding}: {cost:?}", bomb.len());
            assert_eq!(heard.problem().0, 413, "{path}, {coding}: {}", heard.0);
            assert!(cost.memory < 48 << 20, "{path}, {coding}: {cost:?}");
            assert!(cost.cpu < Duration::from_secs(1), "{path}, {coding}: {cost:?}");
        }
    }
}
