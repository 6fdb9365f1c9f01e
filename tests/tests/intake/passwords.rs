//! Passwords: each takes 19 MiB and a moment to check, and whoever guesses sends many.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tests::process::{Service, budget_of_passwords};
use tests::program::ihuriro;
use tests::{Database, TestApp};

use super::*;

/// Each time for another login: of one, few are let through to be checked.
fn guess(url: &str) -> Heard {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let body = format!(r#"{{"login":"nobody{number}","password":"not this one"}}"#);
    let length = format!("content-length: {}\r\nconnection: close", body.len());
    let mut raw = Raw::begin(url, "/v1/login", "application/json", &length);
    raw.send(body.as_bytes());
    raw.heard()
}

/// Guesses so many times, so many at once.
fn guesses(url: &str, count: usize, at_once: usize) -> Vec<Heard> {
    let heard = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                for _ in 0..count / at_once {
                    let one = guess(url);
                    heard.lock().expect("no panic").push(one);
                }
            });
        }
    });
    heard.into_inner().expect("no panic")
}

#[test]
fn many_wrong_passwords_at_once_take_little_memory_and_give_it_back() {
    let database = Database::sqlite();
    let service = Service::start(&ihuriro().expect("the program"), &database.url).expect("it starts");
    let ask = || {
        let mut raw = Raw::to(&service.url);
        raw.send(b"GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        raw.heard();
        service.mebibytes("RssAnon")
    };
    let idle = ask();
    let (heard, cost) = service.cost_of(|| guesses(&service.url, 128, 64));
    assert!(heard.iter().all(|heard| heard.problem() == (401, "login-refused")));
    assert!(cost.memory < budget_of_passwords(), "{cost:?}");
    // The allocator gives memory back when somebody asks it for some again, but for what one password takes and some threads.
    let after = std::iter::repeat_with(ask).take(200).find(|now| *now < idle + 32);
    println!("128 wrong passwords, 64 at once: {cost:?}, {idle} MiB before, {after:?} after");
    assert!(after.is_some(), "{} MiB afterwards", service.mebibytes("RssAnon"));
}

#[test]
fn whoever_comes_when_too_many_sign_in_is_asked_to_come_back() {
    let app = TestApp::on(&Database::sqlite());
    let heard = guesses(&app.url, 200, 200);
    let (busy, refused): (Vec<_>, Vec<_>) = heard.iter().partition(|heard| heard.problem().0 == 503);
    assert!(!busy.is_empty() && !refused.is_empty(), "{} and {}", busy.len(), refused.len());
    for heard in busy {
        assert_eq!(heard.problem(), (503, "busy"));
        assert!(heard.0.to_lowercase().contains("retry-after: 5"), "{}", heard.0);
    }
    assert!(refused.iter().all(|heard| heard.problem() == (401, "login-refused")));
    assert_eq!(guess(&app.url).problem(), (401, "login-refused"), "and then it goes on");
}
