//! Bodies that are too large, too slow, or too many.

use std::time::Duration;

use sync_core::limits::MAX_BODY;
use tests::{Database, TestApp};

use super::*;

const JSON: &str = "application/json";

/// A service in which time is short: in each fifth of a second a kilobyte must come, and all within two.
fn hurried() -> (Database, TestApp) {
    let database = Database::sqlite();
    let app = TestApp::with(&database, |settings| {
        settings.intake.window = Duration::from_millis(200);
        settings.intake.least = 1024;
        settings.intake.deadline = Duration::from_secs(2);
    });
    (database, app)
}

#[test]
fn what_is_declared_too_large_is_refused_before_a_byte_of_it_has_come() {
    let app = TestApp::on(&Database::sqlite());
    assert_eq!(Raw::sync(&app.url, MAX_BODY + 1).heard().problem(), (413, "too-large"));
    for path in ["/v1/login", "/v1/groups", "/v1/conflicts/resolve"] {
        let raw = Raw::begin(&app.url, path, JSON, "content-length: 262145");
        assert_eq!(raw.heard().problem(), (413, "body-too-large"), "{path}");
    }
}

#[test]
fn what_turns_out_too_large_is_refused_when_it_does() {
    let app = TestApp::on(&Database::sqlite());
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    for (path, kind, chunks) in [("/v1/sync", CONTENT_TYPE, 33), ("/v1/login", JSON, 5)] {
        let mut raw = Raw::begin(&app.url, path, kind, "transfer-encoding: chunked");
        (0..chunks).for_each(|_| raw.send(&chunk));
        assert_eq!(raw.heard().problem().0, 413, "{path}");
    }
}

#[test]
fn what_comes_too_slowly_is_refused_and_hung_up_on() {
    let (_database, app) = hurried();
    for (path, kind) in [("/v1/sync", CONTENT_TYPE), ("/v1/login", JSON), ("/v1/logout", JSON)] {
        for length in ["content-length: 2000", "transfer-encoding: chunked"] {
            let mut raw = Raw::begin(&app.url, path, kind, length);
            raw.send(b"1\r\n \r\n");
            assert_eq!(raw.heard().problem(), (408, "body-too-slow"), "{path} {length}");
        }
    }
}

/// Fast enough in each window, and yet never done.
#[test]
fn what_never_ends_is_refused_at_the_deadline() {
    let (_database, app) = hurried();
    let mut raw = Raw::begin(&app.url, "/v1/sync", CONTENT_TYPE, "transfer-encoding: chunked");
    let mut sending = Raw(raw.0.try_clone().expect("a socket"));
    let sender = std::thread::spawn(move || {
        let chunk = [b"200\r\n".as_slice(), &[b' '; 0x200], b"\r\n"].concat();
        // Until it hangs up; about ten kilobytes a second would be enough.
        while sending.0.write_all(&chunk).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    raw.0.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
    let mut answer = [0; 12];
    raw.0.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 408");
    drop(raw);
    sender.join().expect("it was hung up on");
}

/// Nobody reads a body there, and nobody waits for it either.
#[test]
fn a_body_sent_to_nowhere_is_not_waited_for() {
    let (_database, app) = hurried();
    for length in ["content-length: 2000", "transfer-encoding: chunked"] {
        let raw = Raw::begin(&app.url, "/v2/nowhere", JSON, length);
        assert_eq!(raw.heard().problem(), (404, "no-such-address"), "{length}");
    }
}

#[test]
fn a_body_that_comes_in_pieces_is_taken() {
    let (_database, app) = hurried();
    let body = br#"{"login":"nobody","password":"umuganda wa mbere"}"#;
    let mut raw = Raw::begin(
        &app.url,
        "/v1/login",
        JSON,
        &format!("content-length: {}\r\nconnection: close", body.len()),
    );
    body.chunks(7).for_each(|piece| raw.send(piece));
    assert_eq!(raw.heard().problem(), (401, "login-refused"));
}

#[test]
fn beyond_what_is_held_at_once_others_are_asked_to_come_back() {
    let database = Database::sqlite();
    let app = TestApp::with(&database, |settings| settings.intake.held = 400_000);
    let small = || {
        let mut raw = Raw::sync(&app.url, 100_000);
        raw.send(&[0; 100_000]);
        raw.send(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        raw.heard()
    };
    // It takes the service a moment to read the large one. Until then it may be that one which is too much, beside a small one: then
    // none of the small ones is, and it comes again.
    let try_it = || {
        let mut large = Raw::sync(&app.url, 300_000);
        large.send(&[0; 250_000]);
        let heard = std::iter::repeat_with(small).take(100).find(|heard| heard.problem().0 == 503);
        heard.map(|heard| (heard, large))
    };
    let (heard, large) =
        std::iter::repeat_with(try_it).take(50).flatten().next().expect("it is full at last");
    assert_eq!(heard.problem(), (503, "busy"));
    assert!(heard.0.to_lowercase().contains("retry-after: 5"), "{}", heard.0);
    drop(large);
    let heard = std::iter::repeat_with(small)
        .take(1_000)
        .find(|heard| heard.problem().0 != 503)
        .expect("there is room again");
    assert_eq!(heard.problem(), (400, "not-cbor"), "{}", heard.0);
}

#[test]
fn whoever_comes_when_all_connections_are_taken_waits_for_one() {
    let database = Database::sqlite();
    let app = TestApp::with(&database, |settings| {
        settings.workers = Some(1);
        settings.connections = 4;
    });
    let health =
        |raw: &mut Raw| raw.send(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let mut idle: Vec<Raw> = (0..4).map(|_| Raw::to(&app.url)).collect();
    for raw in &mut idle {
        raw.send(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n");
        raw.0.read_exact(&mut [0; 12]).expect("an answer");
    }
    let mut fifth = Raw::to(&app.url);
    health(&mut fifth);
    fifth.0.set_read_timeout(Some(Duration::from_millis(300))).expect("a socket");
    assert!(fifth.0.read(&mut [0; 1]).is_err(), "nobody answers the fifth");
    fifth.0.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
    idle.pop();
    assert_eq!(fifth.heard().problem().0, 200);
}
