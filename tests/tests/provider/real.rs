//! npm's `oidc-provider`, which the OpenID Foundation certified, with a browser and the command line.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::{Value, json};
use server::access::{Gate, NewIdentityProvider, Role, issue_password_code, set_provider};
use server::clock::Clock;
use server::store::{Conn, StoreError};
use sync_core::id::{OrganisationId, UserId};
use tests::program::ihuriro;
use tests::{Database, TestApp};
use url::Url;

/// The provider; it ends with this.
struct Provider {
    issuer: String,
    process: Child,
    _runs_until_it_ends: ChildStdin,
}

impl Provider {
    fn start() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("oidc");
        assert!(folder.join("node_modules").is_dir(), "run these by tests/run, which installs the provider");
        let mut process = Command::new("node")
            .arg("provider.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node runs");
        let stdin = process.stdin.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe"))
            .read_line(&mut line)
            .expect("it says where it is");
        let issuer = line.trim().to_owned();
        assert!(issuer.starts_with("http://127.0.0.1:"), "{issuer}");
        Self { issuer, process, _runs_until_it_ends: stdin }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Opens an address as somebody's browser does, who is known to the provider; follows to where the program of the person listens.
fn browse(address: &str, account: &str, amr: &str) {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let mut at = Url::parse(address).expect("an address");
    for _ in 0..10 {
        let cookie: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = agent.get(at.as_str()).header("x-account", account).header("x-amr", amr);
        let answer = request.header("cookie", cookie.join("; ")).call().expect("it answers");
        for set in answer.headers().get_all("set-cookie") {
            let pair = set.to_str().expect("text").split(';').next().unwrap_or_default().to_owned();
            let (name, value) = pair.split_once('=').expect("a cookie");
            cookies.insert(name.to_owned(), value.to_owned());
        }
        match answer.headers().get("location") {
            Some(next) => at = at.join(next.to_str().expect("text")).expect("an address"),
            None => {
                assert_eq!((answer.status().as_u16(), at.path()), (200, "/callback"), "{at}");
                return;
            }
        }
    }
    panic!("it leads nowhere: {at}");
}

/// `ihuriro login --with-provider …`, with somebody at the browser who answers what it asks.
fn sign_in(home: &Path, words: &[&str], typed: &str, account: &str, amr: &str) -> Result<String, String> {
    let mut command = Command::new(ihuriro().expect("the program"));
    command.args(["login", "--with-provider"]).args(words).env_clear().env("HOME", home);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().expect("a pipe").write_all(typed.as_bytes()).expect("it is typed");
    let mut said = String::new();
    for line in BufReader::new(child.stderr.take().expect("a pipe")).lines() {
        let line = line.expect("text");
        // A question stands before the address where it was asked first.
        if let Some(at) = line.find("http://127.0.0.1").filter(|_| line.contains("/auth?")) {
            browse(&line[at..], account, amr);
        }
        said.push_str(&line);
        said.push('\n');
    }
    let output = child.wait_with_output().expect("it ends");
    let printed = String::from_utf8(output.stdout).expect("text");
    if output.status.success() { Ok(printed) } else { Err(said) }
}

/// A service with the machine's clock, as the provider has that; an organisation with this provider, and somebody in it with a code.
fn service(
    database: &Database,
    issuer: &str,
    client: &str,
    secret: Option<&str>,
) -> (TestApp, OrganisationId, UserId) {
    let app = TestApp::with(database, |settings| {
        settings.loopback_providers = true;
        settings.clock = Clock::system();
    });
    let aegis = app.organisation("aegis");
    let uwase = app.user("uwase", Role::Facilitator, Some(aegis));
    let new = NewIdentityProvider {
        issuer: issuer.to_owned(),
        client_id: client.to_owned(),
        client_secret: secret.map(str::to_owned),
        hosts: Vec::new(),
        required: true,
    };
    let set = |tx: &mut Conn<'_>| -> Result<(), StoreError> {
        let gate = Gate::read(tx)?;
        set_provider(tx, &gate, aegis, &new, Clock::system().now())?;
        Ok(())
    };
    app.store().write_blocking("test", set).expect("it is set");
    (app, aegis, uwase)
}

#[test]
fn somebody_signs_in_with_a_provider_that_is_certified() {
    let provider = Provider::start();
    let clients = [("rsa", None), ("p256", Some("a-secret-of-the-client/1:2+3")), ("ed25519", None)];
    Database::each(|database| {
        for (client, secret) in clients {
            let database = if client == "rsa" { database } else { &Database::sqlite() };
            let (app, _, uwase) = service(database, &provider.issuer, client, secret);
            let home = tempfile::tempdir().expect("a folder");
            let words = ["--server", &app.url, "--organisation", "aegis"];
            let issue = |tx: &mut Conn<'_>| issue_password_code(tx, uwase, Clock::system().now());
            let code = app.store().write_blocking("test", issue).expect("a code").code;
            // The first time they say who they are, and what their manager read to them.
            let typed = format!("uwase\n{code}\n");
            let account = format!("uwase-by-{client}");
            let said = sign_in(home.path(), &words, &typed, &account, "pwd").expect("signed in");
            assert!(said.contains("as uwase, facilitator of AEGIS"), "{said}");
            // From then on the provider is enough, and the program knows where.
            let said = sign_in(home.path(), &[], "", &account, "pwd").expect("signed in");
            assert!(said.contains("as uwase"), "{said}");
            let kept = fs::read(home.path().join(".config/ihuriro/login.json")).expect("it is kept");
            let kept: Value = serde_json::from_slice(&kept).expect("JSON");
            let session = app.session(kept["tokens"]["access_token"].as_str().expect("a token"));
            assert_eq!(session.get("/v1/me").ok()["login"], "uwase");
            // Another account there is nobody here.
            let said =
                sign_in(home.path(), &[], "uwase\nAAAAA-AAAAA\n", "somebody", "pwd").expect_err("refused");
            assert!(said.contains("code is not valid"), "{said}");
            let password = json!({"login": "uwase", "password": tests::app::PASSWORD});
            assert_eq!(app.session("").post("/v1/login", &password).problem(), (403, "provider-required"));
        }
    });
}
