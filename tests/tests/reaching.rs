//! How the service is reached: by TLS, with a certificate that is renewed while it runs, and by browsers, which are told that nothing is for
//! another site.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use server::http::{Certificate, ServeError, Settings, serve};
use tests::app::PASSWORD;
use tests::program::ihuriro;
use tests::{Database, TestApp, Village};
use ureq::tls::{RootCerts, TlsConfig};

const NAME: &str = "localhost";

/// Writes a new certificate where the service reads it; gives it.
fn renewed(at: &Path) -> String {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([NAME.to_owned()]).expect("a certificate");
    fs::write(at.join("chain.pem"), cert.pem()).expect("it is written");
    fs::write(at.join("key.pem"), signing_key.serialize_pem()).expect("it is written");
    cert.pem()
}

/// A client that trusts one certificate alone.
fn trusting(certificate: &str) -> ureq::Agent {
    let one = ureq::tls::Certificate::from_pem(certificate.as_bytes()).expect("a certificate").to_owned();
    let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[one])).build();
    ureq::Agent::config_builder().tls_config(tls).build().into()
}

/// Asks whether the service is there, trusting one certificate alone.
fn ask(app: &TestApp, trusted: &str) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
    let agent = trusting(trusted);
    let port = app.url.rsplit(':').next().expect("a port");
    agent.get(format!("https://{NAME}:{port}/health")).call()
}

#[test]
fn a_renewed_certificate_is_used_without_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = renewed(folder.path());
    let app = TestApp::with(&Database::sqlite(), |settings: &mut Settings| {
        let certificate = Certificate::new(folder.path().join("chain.pem"), folder.path().join("key.pem"));
        settings.certificate = Some(Certificate { look_every: Duration::ZERO, ..certificate });
    });
    let answer = ask(&app, &first).expect("it answers by TLS");
    let lasting =
        answer.headers().get("strict-transport-security").expect("browsers come by TLS from now on");
    assert!(lasting.to_str().expect("a text").starts_with("max-age="));

    let second = renewed(folder.path());
    ask(&app, &first).expect_err("the first certificate is used no more");
    ask(&app, &second).expect("the second is");
    // What can't be used leaves the one of before.
    fs::write(folder.path().join("key.pem"), "no key").expect("it is written");
    ask(&app, &second).expect("it goes on with the second");
    let third = renewed(folder.path());
    ask(&app, &third).expect("and with the third once it is whole");
}

#[test]
fn a_certificate_that_can_not_be_used_is_said_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    renewed(folder.path());
    fs::write(folder.path().join("chain.pem"), "").expect("it is written");
    let certificate = Certificate::new(folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let database = Database::sqlite();
    let listen = "127.0.0.1:0".parse().expect("an address");
    let settings = Settings { certificate: Some(certificate), ..Settings::new(listen, &database.url) };
    let started = tokio::runtime::Runtime::new().expect("a runtime").block_on(serve(settings));
    assert!(matches!(started, Err(ServeError::Tls(_))), "{started:?}");
}

#[test]
fn browsers_are_told_that_nothing_is_for_another_site() {
    let app = TestApp::on(&Database::sqlite());
    let village = Village::of(&app, "aegis");
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    for path in ["/health", "/v1/groups", "/v1/nothing", "/guide/", "/guide/manager", "/docs/", "/problems"] {
        let request = ureq::http::Request::get(format!("{}{path}", app.url))
            .header("origin", "https://elsewhere.example")
            .header("authorization", format!("Bearer {}", village.manager.token()));
        let answer = agent.run(request.body(()).expect("a request")).expect("it answers");
        let header =
            |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        let policy = header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("default-src"),
            "{path}: {policy}"
        );
        assert!(path.starts_with("/docs") || !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(header("access-control-allow-origin"), "", "{path}");
        assert_eq!(header("strict-transport-security"), "", "{path}: not where there is no TLS");
    }
}

/// Somebody on the way, who keeps all that they see.
struct Tap {
    port: u16,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    /// Before the service at this address.
    fn before(url: &str) -> Self {
        let to = url.rsplit('/').next().expect("host and port").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(service) = TcpStream::connect(&to) else { return };
                for (from, to) in [(&client, &service), (&service, &client)] {
                    let mut from = from.try_clone().expect("a second handle");
                    let mut to = to.try_clone().expect("a second handle");
                    let kept = Arc::clone(&kept);
                    thread::spawn(move || {
                        let mut some = [0; 8192];
                        while let Ok(read @ 1..) = from.read(&mut some) {
                            kept.lock().unwrap_or_else(PoisonError::into_inner).extend(&some[..read]);
                            if to.write_all(&some[..read]).is_err() {
                                return;
                            }
                        }
                        to.shutdown(std::net::Shutdown::Write).ok();
                    });
                }
            }
        });
        Self { port, seen }
    }

    /// Which of these words it saw, and of how many bytes.
    fn saw(&self, words: &[&'static str]) -> (Vec<&'static str>, usize) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = |word: &&&str| seen.windows(word.len()).any(|window| window == word.as_bytes());
        (words.iter().filter(holds).copied().collect(), seen.len())
    }
}

#[test]
fn what_travels_between_people_and_the_service_is_in_clear_nowhere() {
    const WORDS: [&str; 4] = ["QZ4242", "ZQX77", "ibanga", PASSWORD];
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = renewed(folder.path());
    let database = Database::sqlite();
    let app = TestApp::on(&database);
    let village = Village::of(&app, "aegis");
    let jeanne = village.facilitator(&app, "jeanne");
    village.assign(jeanne, village.group);
    let by_tls = TestApp::with(&database, |settings: &mut Settings| {
        let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
        settings.certificate = Some(Certificate::new(chain, key));
    });
    let tap = Tap::before(&by_tls.url);
    let url = format!("https://{NAME}:{}", tap.port);

    // 1. A tablet is enrolled, records and syncs.
    let tablet = |words: &[&str]| {
        let program = ihuriro().expect("the program");
        let mut command = Command::new(program);
        command.args(["tablet", "--folder"]).arg(folder.path().join("tablet")).args(words);
        command.env("IHURIRO_TABLET_PASSPHRASE", "the banana tree in bloom");
        command.env("SSL_CERT_FILE", folder.path().join("chain.pem"));
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let (group, code) = (village.group.to_string(), village.enrolment_code(jeanne));
    tablet(&["enrol", "--server", &url, "--code", &code, "--name", "a tablet"]);
    tablet(&["sync"]);
    tablet(&["participant", "add", &group, "--code", "QZ4242", "--family", "ZQX77"]);
    let summary = ["--present", "QZ4242", "--summary", "Yavuze ibanga."];
    tablet(&[["session", "record", &group, "--date", "2026-03-04"].as_slice(), &summary].concat());
    tablet(&["sync"]);
    // 2. She signs in with a password, and her manager reads what she recorded.
    let agent = trusting(&certificate);
    let login = json!({"login": "jeanne.aegis", "password": PASSWORD});
    agent.post(format!("{url}/v1/login")).send_json(login).expect("a login");
    let bearer = format!("Bearer {}", village.manager.token());
    let read = |agent: &ureq::Agent, url: &str| {
        let request = agent.get(format!("{url}/v1/participants")).header("authorization", &bearer);
        let mut answer = request.header("accept-encoding", "identity").call().expect("participants");
        answer.body_mut().read_to_string().expect("a text")
    };
    assert!(read(&agent, &url).contains("QZ4242"));

    let (seen, bytes) = tap.saw(&WORDS);
    assert!(bytes > 4096, "it all went by here: {bytes} bytes");
    assert_eq!(seen, Vec::<&str>::new());
    // Without TLS they would be seen.
    let open = Tap::before(&app.url);
    read(&agent, &format!("http://127.0.0.1:{}", open.port));
    assert!(!open.saw(&WORDS).0.is_empty(), "so a look at what travels finds such words");
}
