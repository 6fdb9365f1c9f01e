//! How often a password may be tried.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::json;
use server::access::Role;
use server::on_each;
use server::store::schema::{known_addresses, sign_in_limits};
use server::store::{Conn, Store, StoreError};
use tests::app::PASSWORD;
use tests::process::{Service, budget_of_passwords};
use tests::program::ihuriro;
use tests::{Database, TestApp};

use super::Client;

const HOME: &str = "203.0.113.7";

/// A service that believes who is told by loopback, with somebody who has signed in from home.
fn service(database: &Database) -> TestApp {
    let app = behind_a_proxy(database);
    let village = app.organisation("aegis");
    app.user("uwase", Role::Facilitator, Some(village));
    assert_eq!(Client::at(&app, HOME).sign_in("uwase").status, 200);
    app
}

fn behind_a_proxy(database: &Database) -> TestApp {
    TestApp::with(database, |settings| {
        settings.proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
}

/// What became of each attempt, by status.
type Ended = BTreeMap<u16, usize>;

/// So many wrong passwords in turn from so many addresses, four at a time.
fn guesses(url: &str, login: &str, count: usize, addresses: usize) -> Ended {
    let guess = |part: usize| -> Ended {
        let mut ended = Ended::new();
        let mut client = Client::of(url, "");
        for number in (part..count).step_by(4) {
            let from = number % addresses;
            client.address = format!("198.18.{}.{}", from / 250, from % 250);
            *ended.entry(client.guess(login).status).or_default() += 1;
        }
        ended
    };
    let mut all = Ended::new();
    std::thread::scope(|scope| {
        let parts = [0, 1, 2, 3].map(|part| scope.spawn(move || guess(part)));
        for part in parts {
            for (status, count) in part.join().expect("no panic") {
                *all.entry(status).or_default() += count;
            }
        }
    });
    all
}

/// How many rows signing in has left behind: limits, known addresses.
fn rows(store: &Store) -> (i64, i64) {
    let read = |tx: &mut Conn<'_>| -> Result<(i64, i64), StoreError> {
        on_each!(tx, |c| Ok((
            sign_in_limits::table.count().get_result(c)?,
            known_addresses::table.count().get_result(c)?,
        )))
    };
    store.read_blocking("rows", read).expect("the store answers")
}

#[test]
fn ten_thousand_wrong_passwords_from_a_thousand_addresses_keep_nobody_out() {
    Database::each(|database| {
        let app = service(database);
        let ended = guesses(&app.url, "uwase", 10_000, 1_000);

        let hashed = ended.get(&401).copied().unwrap_or_default();
        let (limits, _) = rows(app.store());
        println!("{ended:?}: {hashed} of 10,000 reached a hash; {limits} rows");
        assert_eq!(ended.values().sum::<usize>(), 10_000);
        assert_eq!(ended.get(&429).copied().unwrap_or_default() + hashed, 10_000, "{ended:?}");
        assert_eq!(hashed, 30, "as many as the account has from elsewhere");
        assert!(limits <= 2 * 30 + 3, "{limits} rows: only what reached a hash is counted");

        // From home at once, and from anywhere within the minute that Retry-After says.
        assert_eq!(Client::at(&app, HOME).sign_in("uwase").status, 200);
        let elsewhere = Client::at(&app, "192.0.2.1");
        let refused = elsewhere.sign_in("uwase");
        assert_eq!(refused.problem(), (429, "too-many-attempts"));
        let wait: i64 = refused.retry_after.expect("it says when").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        app.clock.advance(1);
        assert_eq!(elsewhere.sign_in("uwase").status, 200);

        // An hour later nothing is left of it but from where she has signed in.
        app.clock.advance(60);
        app.run(server::access::tidy(app.store(), app.clock.now())).expect("it is tidied up");
        assert_eq!(rows(app.store()), (0, 2));
    });
}

/// In a process of its own, so that the memory is that of the service and of nothing else.
#[test]
fn ten_thousand_wrong_passwords_take_little_memory() {
    let database = Database::sqlite();
    let program = ihuriro().expect("the program");
    let words = ["--trust-proxy", "127.0.0.0/8"];
    let service = Service::start_with(&program, &database.url, &words).expect("it starts");
    // What the first password takes for good, the pages of the program among it, is not counted.
    guesses(&service.url, "mugisha", 4, 4);
    let (ended, cost) = service.cost_of(|| guesses(&service.url, "uwase", 10_000, 1_000));
    println!("{ended:?}: {cost:?}");
    assert_eq!(ended.values().sum::<usize>(), 10_000);
    // Its clock is the machine's: an attempt more for each minute that this takes.
    assert!(ended[&401] < 60, "{ended:?}");
    assert!(cost.memory < budget_of_passwords(), "{cost:?}");
}

#[test]
fn a_device_signs_in_whatever_others_try_from_its_own_address() {
    let app = behind_a_proxy(&Database::sqlite());
    let organisation = app.organisation("aegis");
    for login in ["uwase", "mugisha"] {
        app.user(login, Role::Facilitator, Some(organisation));
    }
    let carrier = Client::at(&app, HOME);
    let first = carrier.sign_in("uwase").ok();
    let with = |login: &str, token: &str| {
        let body = json!({"login": login, "password": PASSWORD, "device_token": token});
        carrier.post("/v1/login", &body)
    };
    let token = first["device_token"].as_str().expect("a token").to_owned();

    // Somebody behind the same address of the carrier uses up all its attempts at her account.
    let tried: Vec<u16> = (0..12).map(|_| carrier.guess("uwase").status).collect();
    assert_eq!(tried.iter().filter(|status| **status == 401).count(), 10, "{tried:?}");
    assert_eq!(carrier.sign_in("uwase").problem(), (429, "too-many-attempts"));
    assert_eq!(with("uwase", "invented").status, 429);
    assert_eq!(with("uwase", &token).status, 200);
    // A colleague behind it signs in, too. Her token is none of his.
    assert_eq!(carrier.sign_in("mugisha").status, 200);
    for _ in 0..10 {
        assert_eq!(carrier.guess("mugisha").status, 401);
    }
    assert_eq!(with("mugisha", &token).status, 429);
    // It is for half a year.
    app.clock.advance(181 * 24 * 60);
    for _ in 0..10 {
        assert_eq!(carrier.guess("uwase").status, 401);
    }
    assert_eq!(with("uwase", &token).status, 429);
}

#[test]
fn the_right_password_uses_no_attempt_up() {
    let app = service(&Database::sqlite());
    let elsewhere = Client::at(&app, "192.0.2.1");
    for _ in 0..40 {
        assert_eq!(elsewhere.sign_in("uwase").status, 200);
    }
    assert_eq!(elsewhere.guess("uwase").status, 401);
}

#[test]
fn a_login_that_does_not_exist_is_limited_like_one_that_does() {
    let app = service(&Database::sqlite());
    let said = |login: &str| -> Vec<_> {
        let client = Client::at(&app, "192.0.2.2");
        (0..12)
            .map(|_| {
                let answer = client.guess(login);
                (answer.status, answer.retry_after.clone(), answer.body["detail"].clone())
            })
            .collect()
    };
    assert_eq!(said("uwase"), said("nobody"));
}

#[test]
fn an_address_from_which_very_much_failed_gets_fewer_attempts_for_each_account_but_some() {
    let app = service(&Database::sqlite());
    let bad = Client::at(&app, "192.0.2.3");
    for number in 0..100 {
        assert_eq!(bad.guess(&format!("nobody{number}")).status, 401);
    }
    let tried: Vec<u16> = (0..4).map(|_| bad.guess("nobody").status).collect();
    assert_eq!(tried, [401, 401, 429, 429]);
    assert_eq!(bad.sign_in("uwase").status, 200, "an address alone keeps nobody out");
}

#[test]
fn the_store_holds_no_address() {
    Database::each(|database| {
        let app = service(database);
        Client::at(&app, HOME).guess("uwase");
        type Names = Vec<Vec<u8>>;
        let read = |tx: &mut Conn<'_>| -> Result<(Names, Names), StoreError> {
            on_each!(tx, |c| Ok((
                sign_in_limits::table.select(sign_in_limits::name).load(c)?,
                known_addresses::table.select(known_addresses::hash).load(c)?,
            )))
        };
        let (limits, known) = app.store().read_blocking("rows", read).expect("the store answers");
        assert_eq!((limits.len(), known.len()), (3, 1));
        // Keyed hashes, of 32 bytes each: another store names the same address otherwise.
        assert!(limits.iter().chain(&known).all(|name| name.len() == 32));
        let other = service(&database.another());
        let (_, elsewhere) = other.store().read_blocking("rows", read).expect("the store answers");
        assert_ne!(known, elsewhere);
    });
}
