//! How the service is reached: by TLS, with a certificate that is renewed while it runs, and by browsers, which are told that nothing is for
//! another site.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use server::http::{Certificate, ServeError, Settings, serve};
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

/// Asks whether the service is there, trusting one certificate alone.
fn ask(app: &TestApp, trusted: &str) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
    let trusted = ureq::tls::Certificate::from_pem(trusted.as_bytes()).expect("a certificate").to_owned();
    let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[trusted])).build();
    let agent: ureq::Agent = ureq::Agent::config_builder().tls_config(tls).build().into();
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
