//! Codes of an authenticator app.

use diesel::prelude::*;
use serde_json::{Value, json};
use server::access::Gate;
use server::access::Role;
use server::access::second_factor::{self, Secret};
use server::http::{SecondFactor, ServeError, Settings, serve};
use server::on_each;
use server::register::users::find_by_login;
use server::store::schema::{recovery_codes, second_factors};
use server::store::{Conn, StoreError};
use sync_core::id::UserId;
use sync_core::time::Millis;
use tests::app::{Answer, PASSWORD};
use tests::{Database, Session, TestApp, Village};
use tokio::runtime::Runtime;

use super::Client;

fn with_code(app: &TestApp, login: &str, code: Option<&str>) -> Answer {
    from("", app, login, code)
}

fn from(address: &str, app: &TestApp, login: &str, code: Option<&str>) -> Answer {
    let mut body = json!({"login": login, "password": PASSWORD});
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    Client::at(app, address).post("/v1/login", &body)
}

fn session(app: &TestApp, answer: Answer) -> Session {
    app.session(answer.ok()["access_token"].as_str().expect("a token"))
}

/// Enrols an app as of an hour ago, whose codes are all to be used; gives its secret and the recovery codes.
fn enrolled(app: &TestApp, login: &str) -> (Secret, Vec<String>) {
    let before = Millis(app.clock.now().0 - 3_600_000);
    let enrol = |tx: &mut Conn<'_>| -> Result<_, StoreError> {
        let user: UserId = find_by_login(tx, login)?.expect("a person").id;
        let gate = Gate::read(tx)?;
        let secret = second_factor::begin(tx, &gate, user)?;
        let confirmed = second_factor::confirm(tx, &gate, user, &secret.code_at(before), before)?;
        let second_factor::Confirmed::RecoveryCodes(codes) = confirmed else { panic!("{confirmed:?}") };
        Ok((secret, codes))
    };
    app.store().write_blocking("test", enrol).expect("it is enrolled")
}

/// What an app shows that read this secret, by other means than the service's.
pub(super) fn shown(secret: &str, now: Millis) -> String {
    let bytes = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).expect("base 32");
    let totp = totp_rs::Builder::new()
        .with_secret(<[u8; 20]>::try_from(bytes).expect("twenty bytes"))
        .build()
        .expect("a secret");
    totp.generate(u64::try_from(now.seconds()).expect("after 1970")).to_string()
}

#[test]
fn who_answers_for_others_enrols_an_app_before_anything_else() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let organisation = app.organisation("aegis");
        for role in [Role::Manager, Role::Secretariat, Role::Donor, Role::Administrator] {
            let login = role.code();
            app.user(login, role, role.in_organisation().then_some(organisation));
            let first = session(&app, with_code(&app, login, None));
            let other = session(&app, with_code(&app, login, None));
            for path in ["/v1/me", "/v1/me/permissions", "/v1/areas"] {
                assert_eq!(first.get(path).problem(), (403, "second-factor-must-enrol"), "{login} {path}");
            }
            let nothing = first.post("/v1/me/second-factor/confirm", &json!({"code": "123456"}));
            assert_eq!(nothing.problem(), (409, "no-second-factor"));

            let begun = first.post("/v1/me/second-factor", &json!({})).ok();
            let secret = begun["secret"].as_str().expect("a secret");
            assert!(begun["uri"].as_str().expect("a URI").contains(secret));
            assert!(begun["qr"].as_str().expect("a picture").contains("<svg"));
            let confirm = |code: &str| first.post("/v1/me/second-factor/confirm", &json!({"code": code}));
            let shows = shown(secret, app.clock.now());
            let wrong = if shows == "000000" { "000001" } else { "000000" };
            assert_eq!(confirm(wrong).problem(), (422, "invalid-fields"));
            let codes = confirm(&shows).ok();
            assert_eq!(codes["recovery_codes"].as_array().map(Vec::len), Some(10));
            assert_eq!(first.get("/v1/me").status, 200, "the login goes on");
            assert_eq!(
                other.get("/v1/me").problem(),
                (401, "login-ended"),
                "one that began without does not"
            );

            assert_eq!(with_code(&app, login, None).problem(), (401, "code-needed"));
            assert_eq!(with_code(&app, login, Some(&shows)).problem(), (401, "code-refused"), "it was used");
            app.clock.advance(1);
            let next = shown(secret, app.clock.now());
            assert_eq!(with_code(&app, login, Some(&next)).status, 200);
        }
        app.user("uwase", Role::Facilitator, Some(organisation));
        assert_eq!(session(&app, with_code(&app, "uwase", None)).get("/v1/me").status, 200);
    });
}

#[test]
fn a_code_is_taken_once_also_of_two_at_the_same_moment() {
    Database::each(|database| {
        let app = TestApp::on(database);
        app.user("admin", Role::Administrator, None);
        let (secret, recovery) = enrolled(&app, "admin");
        let now = app.clock.now();
        for code in [secret.code_at(now), recovery[0].to_lowercase()] {
            let statuses: Vec<u16> = std::thread::scope(|scope| {
                let each: Vec<_> =
                    (0..4).map(|_| scope.spawn(|| with_code(&app, "admin", Some(&code)).status)).collect();
                each.into_iter().map(|one| one.join().expect("no panic")).collect()
            });
            assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
            app.clock.advance(120);
        }
        // Nor one of before, and one step of drift is taken, two are not.
        let now = app.clock.now();
        let at = |steps: i64| secret.code_at(Millis(now.0 + steps * 30_000));
        assert_eq!(with_code(&app, "admin", Some(&at(2))).problem(), (401, "code-refused"));
        assert_eq!(with_code(&app, "admin", Some(&at(1))).status, 200);
        assert_eq!(with_code(&app, "admin", Some(&at(0))).problem(), (401, "code-refused"));
    });
}

#[test]
fn codes_are_limited_as_passwords_are_and_keep_nobody_out_elsewhere() {
    let app = TestApp::with(&Database::sqlite(), |settings| {
        settings.proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    });
    app.user("admin", Role::Administrator, None);
    let (secret, _) = enrolled(&app, "admin");
    let home = "203.0.113.7";
    assert_eq!(from(home, &app, "admin", Some(&secret.code_at(app.clock.now()))).status, 200);
    app.clock.advance(1);
    let now = app.clock.now();
    let all = [-1, 0, 1].map(|steps| secret.code_at(Millis(now.0 + steps * 30_000)));
    let wrong =
        ["000000", "000001", "000002", "000003"].into_iter().find(|code| !all.contains(&(*code).into()));

    // Somebody has seen the password, and guesses codes from many addresses.
    let tried: Vec<u16> =
        (0..12).map(|number| from(&format!("198.51.100.{number}"), &app, "admin", wrong).status).collect();
    assert_eq!(tried, [[401; 5].as_slice(), &[429; 7]].concat());
    assert_eq!(from(home, &app, "admin", Some(&all[1])).status, 200, "from home at once");
}

#[test]
fn an_app_is_replaced_with_a_code_and_taken_away_by_whoever_answers_for_the_person() {
    let app = TestApp::on(&Database::sqlite());
    let village = Village::of(&app, "aegis");
    app.user("admin", Role::Administrator, None);
    let manager = app.login("manager.aegis");
    assert_eq!(manager.post("/v1/me/second-factor", &json!({})).problem(), (422, "invalid-fields"));
    let (_, recovery) = enrolled(&app, "manager.aegis");
    let begun = manager.post("/v1/me/second-factor", &json!({"code": recovery[0]})).ok();
    // Until it is confirmed, the old one holds.
    assert_eq!(with_code(&app, "manager.aegis", Some(&recovery[1])).status, 200);
    let code = shown(begun["secret"].as_str().expect("a secret"), app.clock.now());
    manager.post("/v1/me/second-factor/confirm", &json!({"code": code})).ok();
    assert_eq!(with_code(&app, "manager.aegis", Some(&recovery[2])).problem(), (401, "code-refused"));

    let me: Value = manager.get("/v1/me").ok();
    let path = format!("/v1/users/{}/second-factor", me["id"].as_str().expect("an id"));
    assert_eq!(manager.delete(&path).problem(), (403, "role-not-allowed"));
    let admin = app.login("admin");
    let own = admin.get("/v1/me").ok();
    let own = format!("/v1/users/{}/second-factor", own["id"].as_str().expect("an id"));
    assert_eq!(admin.delete(&own).problem(), (409, "oneself"));
    assert_eq!(admin.delete(&path).status, 200);
    assert_eq!(manager.get("/v1/me").problem(), (401, "login-ended"));
    let again = session(&app, with_code(&app, "manager.aegis", None));
    assert_eq!(again.get("/v1/me").problem(), (403, "second-factor-must-enrol"));
    let _village = village;
}

#[test]
fn the_store_holds_no_secret_that_can_be_read() {
    Database::each(|database| {
        let app = TestApp::on(database);
        app.user("admin", Role::Administrator, None);
        let (secret, recovery) = enrolled(&app, "admin");
        type Sealed = Option<Vec<u8>>;
        let read = |tx: &mut Conn<'_>| -> Result<(Vec<Sealed>, Vec<Vec<u8>>), StoreError> {
            on_each!(tx, |c| Ok((
                second_factors::table.select(second_factors::secret).load(c)?,
                recovery_codes::table.select(recovery_codes::hash).load(c)?,
            )))
        };
        let (secrets, codes) = app.store().read_blocking("test", read).expect("the store answers");
        let sealed = secrets[0].as_ref().expect("a secret");
        let plain = data_encoding::BASE32_NOPAD.decode(secret.in_words().as_bytes()).expect("base 32");
        assert!(!sealed.windows(plain.len()).any(|window| window == plain));
        assert_eq!(codes.len(), 10);
        assert!(recovery.iter().all(|code| !codes.contains(&code.clone().into_bytes())));
    });
}

#[test]
fn without_a_second_factor_a_service_starts_only_where_nobody_else_reaches_it() {
    let runtime = Runtime::new().expect("a runtime");
    let start = |listen: &str, second_factor, proxies: &[&str]| {
        let database = Database::sqlite();
        let proxies = proxies.iter().map(|proxy| proxy.parse().expect("a network")).collect();
        let listen = listen.parse().expect("an address");
        let settings = Settings { second_factor, proxies, ..Settings::new(listen, &database.url) };
        match runtime.block_on(serve(settings)) {
            Ok(running) => runtime.block_on(running.stop()).map(|()| true).expect("it stops"),
            Err(ServeError::SecondFactor) => false,
            Err(other) => panic!("{other}"),
        }
    };
    use SecondFactor::{Demanded, NotAnywhere, NotHere};
    assert!(start("127.0.0.1:0", NotHere, &[]) && start("[::1]:0", NotHere, &[]));
    assert!(!start("0.0.0.0:0", NotHere, &[]) && !start("127.0.0.1:0", NotHere, &["127.0.0.1/32"]));
    assert!(start("0.0.0.0:0", Demanded, &[]) && start("0.0.0.0:0", NotAnywhere, &[]));
}
