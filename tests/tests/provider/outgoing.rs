//! What the service asks of a provider: of the host that an administrator named, within bounds, and of nobody else.

use std::net::TcpListener;

use serde_json::json;
use tests::Database;

use crate::provider::liar::{Liar, Said};
use crate::provider::{UWASE, World};

/// Bytes that systems hold for a connection, on both sides: what the service did not read may have left the provider all the same.
const HELD_BY_SOCKETS: u64 = 16 << 20;

#[test]
fn an_answer_that_is_too_long_too_slow_or_leads_elsewhere_is_not_taken() {
    let world = World::on(&Database::sqlite());
    // Nobody comes here.
    let inside = TcpListener::bind("127.0.0.1:0").expect("a free port");
    inside.set_nonblocking(true).expect("it is set");
    let address = format!("http://{}/latest/meta-data", inside.local_addr().expect("an address"));
    let odd = [
        Said::Long(256 * 1024 + 1),
        Said::Endless,
        Said::Redirect(address.clone()),
        Said::Zipped,
        Said::Error(500, json!({})),
        Said::Json(json!("no object")),
    ];
    let failed = (502, "provider-failed");
    for said in odd {
        // At each of the three addresses. What is known is asked for again after an hour, and a failure after some seconds.
        world.app.clock.advance(61);
        world.liar.says_of_itself(said.clone());
        let answer = world.try_to_begin("aegis");
        assert_eq!(answer.problem(), failed, "{answer:?}");
        assert!(!answer.body.to_string().contains("127.0.0.1"), "{answer:?}");

        world.liar.is_honest();
        world.liar.has_keys(said.clone());
        world.app.clock.advance(61);
        assert_eq!(world.try_to_begin("aegis").problem(), failed);

        world.liar.is_honest();
        world.app.clock.advance(61);
        let begun = world.begin("aegis");
        world.liar.gives(said);
        assert_eq!(world.finish(&begun, json!({})).problem(), failed);
    }
    assert!(inside.accept().is_err(), "somebody was led there");
    assert!(world.liar.sent() < HELD_BY_SOCKETS, "{}", world.liar.sent());
    // One that says a byte now and then is given up, too.
    let begun = world.begin("aegis");
    world.liar.gives(Said::Slow);
    assert_eq!(world.finish(&begun, json!({})).problem(), failed);
    // And then all is well again.
    world.sign_in("aegis", UWASE, json!({}), json!({})).ok();
}

#[test]
fn a_provider_names_no_address_that_the_administrator_did_not() {
    let world = World::on(&Database::sqlite());
    let other = Liar::new();
    let elsewhere = [
        format!("{}/keys", other.url),
        "http://10.0.0.1/keys".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "https://localhost/keys".to_owned(),
        "file:///etc/passwd".to_owned(),
        "/keys".to_owned(),
        world.liar.url.replace("http://", "http://somebody@"),
    ];
    for field in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        for address in &elsewhere[..6] {
            let mut metadata = Liar::metadata(&world.liar.url);
            metadata[field] = json!(address);
            world.liar.says_of_itself(Said::Json(metadata));
            world.app.clock.advance(61);
            assert_eq!(world.try_to_begin("aegis").problem(), (502, "provider-failed"), "{field} {address}");
        }
    }
    assert_eq!(other.asked(), 0);
    // One that takes another's name.
    let mut metadata = Liar::metadata(&world.liar.url);
    metadata["issuer"] = json!("https://login.example.rw");
    world.liar.says_of_itself(Said::Json(metadata));
    world.app.clock.advance(61);
    assert_eq!(world.try_to_begin("aegis").problem(), (502, "provider-failed"));
}

#[test]
fn whoever_begins_again_and_again_has_the_provider_asked_once() {
    let world = World::on(&Database::sqlite());
    let before = world.liar.asked();
    for _ in 0..50 {
        world.begin("aegis");
    }
    assert_eq!(world.liar.asked(), before, "it is known for an hour");
    world.app.clock.advance(61);
    world.liar.says_of_itself(Said::Error(500, json!({})));
    for _ in 0..50 {
        assert_eq!(world.try_to_begin("aegis").status, 502);
    }
    assert_eq!(world.liar.asked(), before + 1, "a failure is an answer, too");
    // A token under a name of a key that is not known has the keys fetched again, and not each time.
    world.liar.is_honest();
    world.app.clock.advance(61);
    let begun = world.begin("aegis");
    let before = world.liar.asked();
    for _ in 0..20 {
        let token =
            crate::provider::liar::token(&json!({"alg": "ES256", "kid": "two"}), &json!({}), |_| Vec::new());
        world.liar.vouches(&token);
        assert_eq!(world.finish(&begun, json!({})).status, 403);
    }
    assert_eq!(world.liar.asked(), before + 20, "the token each time, and the keys not again so soon");
}

#[test]
fn only_an_administrator_says_with_what_an_organisation_signs_in() {
    let world = World::on(&Database::sqlite());
    let path = crate::provider::path_of(world.aegis.organisation);
    let sound = json!({"issuer": "https://login.example.rw", "client_id": "ihuriro", "client_secret": "a-long-client-secret"});
    let manager = world.aegis.manager_again(&world.app);
    for method in ["GET", "PUT", "DELETE"] {
        let body = (method == "PUT").then_some(&sound);
        assert_eq!(manager.request(method, &path, body).problem(), (403, "role-not-allowed"), "{method}");
    }
    let set = world.admin.request("PUT", &path, Some(&sound)).ok();
    assert_eq!((&set["has_secret"], &set["required"]), (&json!(true), &json!(false)));
    assert!(!world.admin.get(&path).ok().to_string().contains("a-long-client-secret"));
    for (field, value) in [
        ("issuer", "http://login.example.rw"),
        ("issuer", "https://login.example.rw?a=b"),
        ("client_id", "two words"),
        ("client_secret", "short"),
    ] {
        let mut body = sound.clone();
        body[field] = json!(value);
        let answer = world.admin.request("PUT", &path, Some(&body));
        assert_eq!((answer.status, &answer.body["errors"][0]["field"]), (422, &json!(field)), "{value}");
    }
    assert_eq!(world.admin.delete(&path).status, 204);
    assert_eq!(world.admin.get(&path).problem(), (404, "no-identity-provider"));
    assert_eq!(world.try_to_begin("aegis").problem(), (404, "no-identity-provider"));
    assert_eq!(world.try_to_begin("nobody").problem(), (404, "no-identity-provider"));
    let uris = ["http://localhost:1/callback", "https://example.rw/callback", "http://10.0.0.1:1/"];
    for uri in uris {
        let body = json!({"organisation": "nar", "redirect_uri": uri});
        assert_eq!(world.post("/v1/login/provider", &body).problem(), (422, "invalid-fields"), "{uri}");
    }
}
